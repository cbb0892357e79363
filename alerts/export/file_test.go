package export_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mailtap/mailtap/alerts/export"
)

func writing(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// in returns a path in a folder of the test, where there is a file with text if
// that is not empty.
func in(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if text != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// checkFile tells whether a file has text and nothing lies beside it.
func checkFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if string(got) != want || (err != nil) != (want == "") {
		t.Errorf("the file has %q, want %q (%v)", got, want, err)
	}
	files := 0
	if want != "" {
		files = 1
	}
	if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != files {
		t.Errorf("left behind: %v", list)
	}
}

func TestWriteFile(t *testing.T) {
	for _, tt := range []struct {
		name    string
		old     string
		replace bool
		want    string
	}{
		{"new", "", false, "new"}, {"replace-nothing", "", true, "new"}, {"replace", "a longer old text", true, "new"}, {"there", "old", false, "old"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := in(t, "out.csv", tt.old)
			err := export.WriteFile(path, tt.replace, writing("new"))
			if there := tt.want == "old"; errors.Is(err, export.ErrThere) != there || (err != nil) != there {
				t.Error(err)
			}
			checkFile(t, path, tt.want)
			if info, err := os.Stat(path); tt.want == "new" && (err != nil || info.Mode().Perm() != 0o600) {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		})
	}
}

// What fails leaves the file of before, or none, and its name is never that of
// half a file.
func TestWriteFileFails(t *testing.T) {
	errBroken := errors.New("the database is gone")
	for _, old := range []string{"", "old"} {
		path := in(t, "out.csv", old)
		err := export.WriteFile(path, true, func(w io.Writer) error {
			if _, err := io.WriteString(w, strings.Repeat("half ", 100_000)); err != nil {
				return err
			}
			if got, _ := os.ReadFile(path); string(got) != old {
				t.Errorf("while it is written the file has %d bytes", len(got))
			}
			return errBroken
		})
		if !errors.Is(err, errBroken) {
			t.Error(err)
		}
		checkFile(t, path, old)
	}
}

func TestWriteFileNowhere(t *testing.T) {
	folder := t.TempDir()
	for path, want := range map[string]string{
		folder: "is a folder", filepath.Join(folder, "no", "out.csv"): "its folder is not there",
	} {
		if err := export.WriteFile(path, true, writing("x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A link keeps pointing to the file, and a pipe stays one.
func TestWriteFileElsewhere(t *testing.T) {
	path := in(t, "out.csv", "old")
	link := filepath.Join(t.TempDir(), "link.csv")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := export.WriteFile(link, true, writing("new")); err != nil {
		t.Error(err)
	}
	if to, err := os.Readlink(link); err != nil || to != path {
		t.Errorf("%q, %v", to, err)
	}
	checkFile(t, path, "new")

	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	read := make(chan string)
	go func() {
		b, err := os.ReadFile(pipe)
		read <- fmt.Sprint(string(b), err)
	}()
	if err := export.WriteFile(pipe, true, writing("through")); err != nil {
		t.Error(err)
	}
	if got := <-read; got != "through<nil>" {
		t.Errorf("read %q", got)
	}
}

// What lies in memory is replaced like a file on a disk, and not added to.
func TestWriteFileInMemory(t *testing.T) {
	folder, err := os.MkdirTemp("/dev/shm", "mailtap")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	path := filepath.Join(folder, "out.csv")
	for _, text := range []string{"a longer old text", "new"} {
		if err := export.WriteFile(path, true, writing(text)); err != nil {
			t.Fatal(err)
		}
		checkFile(t, path, text)
	}
}

// Standard output may be a file, to which others write, too.
func TestWriteFileToOpenFile(t *testing.T) {
	path := in(t, "log", "said before, ")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	name := fmt.Sprintf("/dev/fd/%d", f.Fd())
	if _, err := os.Stat(name); err != nil {
		t.Skip(err)
	}
	if err := export.WriteFile(name, true, writing("and now")); err != nil {
		t.Error(err)
	}
	checkFile(t, path, "said before, and now")
}
