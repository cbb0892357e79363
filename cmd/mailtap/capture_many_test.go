//go:build linux

package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
)

// Many log-ins in a short time are stored, all of them, by a capture that has
// given up its reach to other files. To SQLite this is a transaction for which
// it makes temporary files.
func deviceMany(t *testing.T) {
	const sessions = 10_000
	path := filepath.Join(t.TempDir(), "logins.pcap")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	truth := 0
	o := traffic.Options{Kind: traffic.Logins, Seed: 1, Sessions: sessions}
	if _, err := traffic.Write(file, o, func(traffic.Credential) { truth++ }); err != nil {
		t.Fatal(err)
	}
	file.Close()
	pair(t, "tap0", "tap1")
	db := filepath.Join(t.TempDir(), "mailtap.db")
	live := startLive(t, "mailtap: capturing on tap0", binaryInside(), "capture", "-i", "tap0", "--db", db, "--format", "jsonl")
	sendFrames(t, []string{"tap1"}, framesIn(t, path))
	live.signal(t, syscall.SIGTERM)
	live.ends(t, statusDone)
	if strings.Contains(live.stderr.String(), "results are kept in memory") {
		t.Errorf("it says\n%s", live.stderr)
	}
	if _, dropped := live.counted(t); dropped > 0 {
		t.Fatalf("%d packets were dropped", dropped)
	}
	stored := storedFindings(t, db, "cleartext-password") + storedFindings(t, db, "base64-password")
	if stored != truth {
		t.Errorf("%d passwords are stored, %d were sent\n%s", stored, truth, live.stderr)
	}
}

// framesIn reads the frames of a capture file.
func framesIn(t *testing.T, path string) (frames [][]byte) {
	t.Helper()
	file, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var p capture.Packet
	for err = file.Next(&p); err == nil; err = file.Next(&p) {
		frames = append(frames, slices.Clone(p.Data))
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return frames
}
