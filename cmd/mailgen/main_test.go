package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/cmd/internal/traffic"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	out, truth := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "a.jsonl")
	var stdout, stderr bytes.Buffer
	args := []string{"--kind", "logins", "--sessions", "9", "--seed", "4", "--out", out, "--truth", truth}
	if status := run(args, &stdout, &stderr); status != 0 || stdout.Len() > 0 {
		t.Fatalf("status %d, stdout %q, stderr %q", status, stdout.String(), stderr.String())
	}
	var want []traffic.Credential
	var file bytes.Buffer
	o := traffic.Options{Kind: traffic.Logins, Seed: 4, Sessions: 9}
	if _, err := traffic.Write(&file, o, func(c traffic.Credential) { want = append(want, c) }); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, file.Bytes()) {
		t.Errorf("capture: %d bytes, want %d; %v", len(got), file.Len(), err)
	}
	if diff := cmp.Diff(want, readTruth(t, truth)); diff != "" {
		t.Errorf("truth (-want +got):\n%s", diff)
	}
	for _, path := range []string{out, truth} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func readTruth(t *testing.T, path string) (found []traffic.Credential) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c traffic.Credential
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		found = append(found, c)
	}
	return found
}

func TestStandardOutput(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run([]string{"--kind", "mail", "--bytes", "5kB", "--out", "-"}, &stdout, &stderr); status != 0 {
		t.Fatalf("status %d, %s", status, stderr.String())
	}
	if magic := []byte{0xd4, 0xc3, 0xb2, 0xa1}; !bytes.HasPrefix(stdout.Bytes(), magic) {
		t.Errorf("stdout begins with %x", stdout.Bytes()[:min(stdout.Len(), 4)])
	}
}

func TestWrongUse(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none", "a.pcap")
	tests := []struct {
		name   string
		args   string
		status int
		want   string
	}{
		{"nothing", "", 2, "--out is missing"},
		{"no-kind", "--out -", 2, `kind ""`},
		{"unknown-kind", "--kind news --out -", 2, `kind "news"`},
		{"unknown-flag", "--kin mail --out -", 2, "not defined: -kin"},
		{"words", "--kind mail --out - more", 2, `"more"`},
		{"two-sizes", "--kind mail --bytes 1MB --sessions 1 --out -", 2, "only one"},
		{"bad-size", "--kind mail --bytes 1TB --out -", 2, "500MB"},
		{"zero-size", "--kind mail --bytes 0 --out -", 2, "500MB"},
		{"huge-size", "--kind mail --bytes 99999999999GB --out -", 2, "500MB"},
		{"no-folder", "--kind mail --bytes 1 --out " + missing, 1, "no such file"},
		{"no-folder-for-truth", "--kind mail --bytes 1 --out - --truth " + missing, 1, "no such file"},
		{"help", "--help", 0, "example:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(strings.Fields(tt.args), &stdout, &stderr)
			if status != tt.status || !strings.Contains(stderr.String(), tt.want) || stdout.Len() > 0 {
				t.Errorf("status %d, want %d; %d bytes out; stderr %q, want %q",
					status, tt.status, stdout.Len(), stderr.String(), tt.want)
			}
		})
	}
}

func TestParseSize(t *testing.T) {
	tests := map[string]int64{"1": 1, "12kB": 12_000, "12KB": 12_000, "500MB": 500_000_000, "3GB": 3_000_000_000}
	for in, want := range tests {
		if got, err := parseSize(in); got != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", in, got, err, want)
		}
	}
}
