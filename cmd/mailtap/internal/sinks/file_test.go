package sinks_test

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
	"github.com/mailtap/mailtap/dissect"
)

func TestEVE(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	low := result("low")
	low.Findings[0].Severity = alerts.Low
	list := accounts(3)
	for range 2 { // the second run appends
		s := open(t, sinks.Options{EVE: path, Least: alerts.Medium})
		for _, r := range append(list, low) {
			s.Send(r)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]sinks.Stat{{Name: "eve", Sent: 3}}, s.Stats()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(strings.Repeat(eveLines(t, list...), 2), read(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// A line that an earlier run could not finish stays a line of its own.
func TestEVETornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	if err := os.WriteFile(path, []byte("whole\n{\"torn"), 0o640); err != nil {
		t.Fatal(err)
	}
	s := open(t, sinks.Options{EVE: path})
	s.Send(result("joe"))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff("whole\n{\"torn\n"+eveLines(t, result("joe")), read(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the admin's mode became %v, %v", info.Mode(), err)
	}
}

// logrotate moves the file away and asks to open it again.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	s := open(t, sinks.Options{EVE: path})
	s.Send(result("before"))
	await(t, "the first is written", func() bool { return s.Stats()[0].Sent == 1 })
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	s.Reopen()
	s.Reopen()
	await(t, "there is a new file", func() bool { _, err := os.Stat(path); return err == nil })
	s.Send(result("after"))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := read(t, path+".1"); got != eveLines(t, result("before")) {
		t.Errorf("the old file has %q", got)
	}
	if got := read(t, path); got != eveLines(t, result("after")) {
		t.Errorf("the new file has %q", got)
	}
}

// A file that cannot be opened again is told, and tried again.
func TestReopenFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	said := make(chan string, 10)
	s := open(t, sinks.Options{EVE: path, Say: func(format string, args ...any) { said <- format }})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	s.Reopen()
	if got := <-said; !strings.Contains(got, "findings wait") {
		t.Errorf("said %q", got)
	}
	if !s.Stats()[0].Failing {
		t.Error("it does not count as failing")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.Send(result("joe"))
	if got := <-said; !strings.Contains(got, "delivered again") {
		t.Errorf("said %q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := read(t, path); got != eveLines(t, result("joe")) {
		t.Errorf("the file has %q", got)
	}
}

// A disk that is full loses nothing: the line is written again as a whole when
// there is room.
func TestFullDisk(t *testing.T) {
	const room = 100
	path := filepath.Join(t.TempDir(), "eve.json")
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	s := open(t, sinks.Options{EVE: path})
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: room, Max: usual.Max}); err != nil {
		t.Fatal(err)
	}
	s.Send(result("joe"))
	await(t, "the disk is full", func() bool { return s.Stats()[0].Failing })
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		t.Fatal(err)
	}
	await(t, "it is written", func() bool { return s.Stats()[0].Sent == 1 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	line := eveLines(t, result("joe"))
	if diff := cmp.Diff(line[:room]+"\n"+line, read(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEVERefused(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "not a file: name another one", pipe: "not a file: name another one", "/dev/null": "not a file: name another one",
		link: "a link: name the file itself", filepath.Join(dir, "no", "eve.json"): "its folder does not exist: create it, or name another file",
	} {
		want = "--eve " + path + ": " + want
		if _, err := sinks.Open(sinks.Options{EVE: path, Rules: catalogue}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// What still has its secrets goes nowhere.
func TestSecretsAreNotSent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	s := open(t, sinks.Options{EVE: path})
	shown := result("joe")
	shown.Session.Facts.Auth[0].Secret = dissect.NewSecret([]byte("hunter2"))
	shown.Findings[0].Evidence[0].Text = "AUTH LOGIN hunter2"
	s.Send(shown)
	s.Send(result("jane"))
	if err := s.Close(); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(eveLines(t, result("jane")), read(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkSend(b *testing.B) {
	s, err := sinks.Open(sinks.Options{EVE: filepath.Join(b.TempDir(), "eve.json"), Rules: catalogue, Say: b.Logf})
	if err != nil {
		b.Fatal(err)
	}
	r := result("joe")
	b.ReportAllocs()
	for b.Loop() {
		s.Send(r)
	}
	s.Close() // what came too fast is given up: the capture never waits
}
