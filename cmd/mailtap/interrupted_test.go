package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
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
