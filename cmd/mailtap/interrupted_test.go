package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailtap/mailtap/cmd/internal/traffic"
)

// Ctrl-C ends an analysis also where it waits for a pipe that says nothing. What
// came until then is reported and stored.
func TestInterruptedWhileWaiting(t *testing.T) {
	var file bytes.Buffer
	// Far more than a pipe holds: once it is written, most of it was read.
	if _, err := traffic.Write(&file, traffic.Options{Kind: traffic.Logins, Seed: 3, Sessions: 4000}, nil); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "mailtap.db")
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "mailtap", "analyze", "--db", db, "--quiet", "-")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	pipe, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := pipe.Write(file.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	// It does not end by itself: the pipe stays open.
	hung := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer hung.Stop()
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != statusFailed {
		t.Errorf("exit status %d, want %d", got, statusFailed)
	}
	oneLine(t, stderr.String(), "interrupted: what was found until then is reported and stored")
	if !strings.Contains(stdout.String(), "critical  ") {
		t.Errorf("no findings:\n%s", stdout.String())
	}
	if out, _ := mailtap(t, statusDone, "sessions", "--db", db, "--format", "jsonl", "--limit", "0"); out == "" {
		t.Error("nothing is stored")
	}
}

// A reader that goes away ends an analysis that keeps nothing, and no other.
func TestNobodyReads(t *testing.T) {
	var file bytes.Buffer
	if _, err := traffic.Write(&file, traffic.Options{Kind: traffic.Logins, Seed: 3, Sessions: 4000}, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "logins.pcap")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	packets := func(db string) string {
		var stderr bytes.Buffer
		env := &environment{stdout: deaf{}, stderr: &stderr, getenv: os.Getenv}
		if got := run([]string{"analyze", "--db", db, "--format", "jsonl", path}, env); got != statusFailed {
			t.Errorf("--db %s: exit status %d, want %d", db, got, statusFailed)
		}
		if want := "writing the findings: nobody is there"; !strings.Contains(stderr.String(), want) {
			t.Errorf("--db %s: no %q in\n%s", db, want, stderr.String())
		}
		return regexp.MustCompile(`\d+ packets`).FindString(stderr.String())
	}
	all := packets(filepath.Join(t.TempDir(), "mailtap.db"))
	if some := packets(noDatabase); some == all {
		t.Errorf("%s were read for nobody", all)
	}
}

type deaf struct{}

func (deaf) Write([]byte) (int, error) { return 0, errors.New("nobody is there") }
