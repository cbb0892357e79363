package alerts_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mailtap/mailtap/alerts"
)

func TestLoadKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mailtap.key")
	made, err := alerts.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 || info.Size() != 32 {
		t.Errorf("file: %v, %v", info, err)
	}
	if again, err := alerts.LoadKey(path); err != nil || again != made || made == [32]byte{} {
		t.Errorf("read %x, made %x, %v", again, made, err)
	}
	if one, two := alerts.RandomKey(), alerts.RandomKey(); one == two {
		t.Error("two random keys are the same")
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

func TestLoadKeyRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, size int, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, size), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct{ name, path, want string }{
		{"world-readable", file("world", 32, 0o604), "chmod 600"},
		{"group-readable", file("group", 32, 0o640), "chmod 600"},
		{"short", file("short", 31, 0o600), "31 bytes"},
		{"empty", file("empty", 0, 0o600), "0 bytes"},
		{"long", file("long", 33, 0o600), "33 bytes"},
		{"directory", dir, "not a regular file"},
		{"no-directory", filepath.Join(dir, "none", "key"), "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, err := alerts.LoadKey(tt.path)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path) {
				t.Errorf("error %v, want %q and the path", err, tt.want)
			}
			if key != [32]byte{} {
				t.Error("a key came with the error")
			}
		})
	}
}

// A capture and a TUI may start at the same time.
func TestLoadKeyTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	var keys [8][32]byte
	var errs [8]error
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i], errs[i] = alerts.LoadKey(path) })
	}
	wg.Wait()
	for i := range keys {
		if errs[i] != nil || keys[i] != keys[0] {
			t.Errorf("%d: key %x, want %x, %v", i, keys[i], keys[0], errs[i])
		}
	}
}
