//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket/layers"

	"github.com/mailtap/mailtap/cmd/internal/traffic"
)

// startFollow starts 'mailtap analyze --follow' on a folder.
func startFollow(t *testing.T, folder string, args ...string) *liveProgram {
	t.Helper()
	command := append([]string{"mailtap", "analyze", "--follow", "--format", "jsonl"}, args...)
	return startLive(t, "mailtap: following ", append(command, folder)...)
}

// appendFile appends to a file, which it makes where it is missing.
func appendFile(t *testing.T, name string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// rotated cuts a capture before each of these packets, from 0.
func rotated(t *testing.T, file []byte, packets ...int) (parts [][]byte) {
	t.Helper()
	done := 0
	for _, n := range packets {
		before, after := splitCapture(file, n-done)
		if before == nil {
			t.Fatalf("no packet %d", n)
		}
		parts = append(parts, before)
		file, done = after, n
	}
	return append(parts, file)
}

// Sessions of a file that is written in small pieces are told while it grows;
// all in all there is what one reading afterwards finds.
func TestFollowGrowingFile(t *testing.T) {
	for _, name := range []string{"imap-login.pcap", "starttls.pcap", "ntlm.pcap"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := readFile(t, filepath.Join(samples, name))
			want := ids(t, analyzed(t, filepath.Join(samples, name)))
			file := filepath.Join(t.TempDir(), "growing")
			appendFile(t, file, nil)
			p := startFollow(t, file, "--db", "none")
			for piece := range slices.Chunk(content, 1000) {
				appendFile(t, file, piece)
				time.Sleep(5 * time.Millisecond)
			}
			p.waitStdout(t, `"type":"session"`, sessionsEnded(t, name))
			p.stop(t, syscall.SIGINT, statusDone)
			if diff := cmp.Diff(want, ids(t, p.stdout.String())); diff != "" {
				t.Errorf("(-read afterwards +followed):\n%s", diff)
			}
		})
	}
}

// sessionsEnded returns how many sessions of a sample have ended with it.
func sessionsEnded(t *testing.T, name string) int {
	t.Helper()
	return strings.Count(analyzed(t, filepath.Join(samples, name)), `"type":"session"`)
}

// lastPacket returns the time of the last packet of a capture.
func lastPacket(file []byte) (last time.Time) {
	const fileHeader, packetHeader = 24, 16
	for b := file[fileHeader:]; len(b) > 0; b = b[packetHeader+binary.LittleEndian.Uint32(b[8:]):] {
		last = time.Unix(int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))*1000)
	}
	return last
}

// endedBefore returns how many sessions had ended at a time.
func endedBefore(t *testing.T, jsonl string, at time.Time) (n int) {
	t.Helper()
	for _, o := range parseLines[struct {
		Type string
		End  time.Time
	}](t, jsonl) {
		if o.Type == "session" && o.End.Before(at) {
			n++
		}
	}
	return n
}

// A ring of files, whose names are used again, gives what the whole capture
// gives, and what is found is stored while it goes on.
func TestFollowRing(t *testing.T) {
	var whole bytes.Buffer
	if _, err := traffic.Write(&whole, traffic.Options{Kind: traffic.Logins, Seed: 5, Sessions: 400}, func(traffic.Credential) {}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	once := analyzed(t, writeFile(t, filepath.Join(dir, "whole"), whole.Bytes()))
	want := ids(t, once)
	ring, db := filepath.Join(dir, "ring"), filepath.Join(dir, "mailtap.db")
	if err := os.Mkdir(ring, 0o700); err != nil {
		t.Fatal(err)
	}
	p := startFollow(t, ring, "--db", db)
	for i, part := range rotated(t, whole.Bytes(), 1500, 2500, 3500, 4500) {
		name := filepath.Join(ring, fmt.Sprintf("cap%d", i%3))
		half := len(part) / 2
		if i >= 3 {
			writeFile(t, name, part[:half]) // from its beginning, as "tcpdump -W 3" does
		} else {
			appendFile(t, name, part[:half])
		}
		appendFile(t, name, part[half:])
		told := endedBefore(t, once, lastPacket(part))
		p.waitStdout(t, `"type":"session"`, told)
		stored, _ := mailtap(t, statusDone, "sessions", "--db", db, "--format", "jsonl", "--limit", "0")
		if n := strings.Count(stored, "\n"); n < told || told == 0 {
			t.Errorf("%d sessions were told, %d are in the database", told, n)
		}
	}
	p.stop(t, syscall.SIGTERM, statusDone)
	out := p.stdout.String()
	if diff := cmp.Diff(want, ids(t, out)); diff != "" {
		t.Errorf("(-whole +ring):\n%s", diff)
	}
	if !strings.Contains(out, fmt.Sprintf(`"files":[%q,%q]`, filepath.Join(ring, "cap0"), filepath.Join(ring, "cap1"))) {
		t.Error("no session crosses the files")
	}
}

// Two rings in one folder overlap, and are captures of their own.
func TestFollowTwoRings(t *testing.T) {
	dir := t.TempDir()
	var parts [2][][]byte
	for i := range parts {
		var file bytes.Buffer
		o := traffic.Options{Kind: traffic.Logins, Seed: uint64(7 + i), Sessions: 60}
		if _, err := traffic.Write(&file, o, func(traffic.Credential) {}); err != nil {
			t.Fatal(err)
		}
		parts[i] = rotated(t, file.Bytes(), 400, 600)
	}
	p := startFollow(t, dir, "--db", "none")
	for n := range parts[0] {
		for i := range parts {
			appendFile(t, filepath.Join(dir, fmt.Sprintf("%c%d", 'a'+i, n)), parts[i][n])
		}
		p.waitStdout(t, fmt.Sprintf("/b%d", n), 1)
	}
	p.stop(t, syscall.SIGINT, statusDone)
	if diff := cmp.Diff(ids(t, analyzed(t, dir)), ids(t, p.stdout.String())); diff != "" {
		t.Errorf("(-read afterwards +followed):\n%s", diff)
	}
}

// Interrupted at once, it reads what there is, and sums up as always. A record
// that is not whole is no damage.
func TestFollowEnds(t *testing.T) {
	content := readFile(t, filepath.Join(samples, "imap-login.pcap"))
	file := filepath.Join(t.TempDir(), "a.pcap")
	writeFile(t, file, append(content, content[24:50]...))
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, statusDone, "\n1 mail session: 1 exposed, 0 weak, "},
		{[]string{"--fail-on", "high"}, statusFound, "\n1 mail session: 1 exposed, 0 weak, "},
		{[]string{"--filter", "tcp port 25"}, statusDone, "\n0 mail sessions: "},
		{[]string{"--format", "jsonl"}, statusDone, `"dropped":0,"damaged":[]}` + "\n"},
	} {
		command := append([]string{"mailtap", "analyze", "--follow", "--db", "none", file}, test.args...)
		p := startLive(t, "mailtap: following "+file+", stop with Ctrl-C\n", command...)
		if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		p.exits(t, test.status)
		if !strings.Contains(p.stdout.String(), test.want) {
			t.Errorf("%q: no %q in\n%s", test.args, test.want, p.stdout)
		}
		if want := ": the file is cut off here; it may not have been written to its end yet\n"; p.stderr.count(want) != 1 {
			t.Errorf("%q: not once %q in\n%s", test.args, want, p.stderr)
		}
	}
}

// The end of a session that was reset, which a reply on its way could still
// follow, is told while nothing is written; all in all there is what one reading
// afterwards finds.
func TestFollowTellsWhileIdle(t *testing.T) {
	w := newWire(t)
	plain := &connection{port: 110, segments: popLogin}
	w.add(plain)
	reset := &connection{port: 110, number: 1, segments: popLogin}
	from, ended := len(w.capture), 0
	w.add(reset)
	for b := w.capture[from:]; ended < len(b); ended += 16 + int(binary.LittleEndian.Uint32(b[ended+8:])) {
		if isFIN(b[ended+16:]) {
			break
		}
	}
	w.capture = w.capture[:from+ended]
	w.packet(reset, 0, &layers.TCP{RST: true, Seq: 1_000_001 + uint32(sent(popLogin, false))}, nil)
	silent := len(w.capture)
	w.now = w.now.Add(10 * time.Second)
	w.add(&connection{port: 110, number: 2, segments: popLogin})

	file := filepath.Join(t.TempDir(), "growing")
	appendFile(t, file, w.capture[:from])
	p := startFollow(t, file, "--db", "none")
	p.waitStdout(t, `"type":"session"`, 1)
	for piece := range slices.Chunk(w.capture[from:silent], (silent-from)/2+1) {
		time.Sleep(time.Second) // so that the file is seen to grow
		appendFile(t, file, piece)
	}
	p.waitStdout(t, `"type":"session"`, 2)
	appendFile(t, file, w.capture[silent:])
	p.waitStdout(t, `"type":"session"`, 3)
	p.stop(t, syscall.SIGINT, statusDone)
	if diff := cmp.Diff(ids(t, analyzed(t, file)), ids(t, p.stdout.String())); diff != "" {
		t.Errorf("(-read afterwards +followed):\n%s", diff)
	}
}

// popLogin is a log-in whose last word is the client's.
var popLogin = []segment{
	{true, []byte("+OK POP3 ready\r\n")},
	{false, []byte("USER otto\r\n")},
	{true, []byte("+OK\r\n")},
	{false, []byte("PASS correct-horse-9\r\n")},
	{true, []byte("+OK\r\n")},
	{false, []byte("QUIT\r\n")},
}

// sent returns how many bytes a side sends.
func sent(segments []segment, server bool) (n int) {
	for _, s := range segments {
		if s.server == server {
			n += len(s.data)
		}
	}
	return n
}

// isFIN tells whether a frame of a wire without tags has the flag FIN.
func isFIN(frame []byte) bool {
	const ethernet, ipv4, flags = 14, 20, 13
	return frame[ethernet+ipv4+flags]&1 != 0
}
