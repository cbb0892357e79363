package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// panicked is what Go writes when a program dies.
var panicked = regexp.MustCompile(`(?m)^(panic:|goroutine \d+|fatal error:)`)

// TestBadInput hands over what cannot be read: one line says what is wrong,
// and the exit status is 1.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	whole := readFile(t, filepath.Join(samples, "imap-login.pcap"))
	writeFile(t, path("text"), []byte("Received: by hand\n"))
	writeFile(t, path("empty"), nil)
	writeFile(t, path("short"), whole[:10])
	writeFile(t, path("header"), whole[:24])
	writeFile(t, path("packed.gz"), []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3})
	writeFile(t, path("link"), withLinkType(whole, 147))
	writeFile(t, path("not-a-database"), bytes.Repeat([]byte("not a database\n"), 100))
	writeFile(t, path("newer.db"), newerDatabase(t))
	if err := os.MkdirAll(path("folder/within"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path("folder/within/README"), []byte("no capture\n"))
	sample := filepath.Join(samples, "imap-login.pcap")

	tests := []struct {
		name string
		args []string
		want string // what the line says
	}{
		{"no-such-file", []string{"analyze", "--db", "none", path("nothing.pcap")}, `nothing\.pcap: no such file or directory`},
		{"folder-without-captures", []string{"analyze", "--db", "none", path("folder")}, `folder: no capture file in this folder \(pcap or pcapng, also as \.gz or \.zst\)`},
		{"text", []string{"analyze", "--db", "none", path("text")}, `text: not a capture file: it looks like text`},
		{"empty", []string{"analyze", "--db", "none", path("empty")}, `empty: not a capture file: it is empty`},
		{"cut-in-its-header", []string{"analyze", "--db", "none", path("short")}, `short: not a capture file: pcap, cut off after 10 bytes`},
		{"damaged-gzip", []string{"analyze", "--db", "none", path("packed.gz")}, `packed\.gz: the compressed file is cut off here`},
		{"unknown-link-type", []string{"analyze", "--db", "none", path("link")}, `link: packets of link type 147 are skipped: only Ethernet, .* are read`},
		{"a-folder-as-database", []string{"analyze", "--db", path("folder"), sample}, `folder: not a file: name another one with --db`},
		{"no-folder-for-the-database", []string{"analyze", "--db", path("none/a.db"), sample}, `none/a\.db: its folder does not exist: create it, or name another file with --db`},
		{"not-a-database", []string{"analyze", "--db", path("not-a-database"), sample}, `not-a-database: not a database: name another file with --db`},
		{"list-of-no-database", []string{"sessions", "--db", path("not-a-database")}, `not-a-database: not a database: name another file with --db`},
		{"newer-database", []string{"analyze", "--db", path("newer.db"), sample}, `newer\.db: .*newer.*`},
		{"list-of-a-newer-database", []string{"cases", "--db", path("newer.db")}, `newer\.db: .*newer.*`},
		{"no-such-device", []string{"capture", "--db", "none", "-i", "no-such-dev"}, `.*no-such-dev.*`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.args[0] == "analyze" {
				tt.args = append(tt.args, "--quiet")
			}
			_, stderr := mailtap(t, statusFailed, tt.args...)
			oneLine(t, stderr, tt.want)
		})
	}
	t.Run("no-packets", func(t *testing.T) {
		out, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", path("header"))
		if !strings.Contains(out, "\n0 mail sessions: ") {
			t.Errorf("%s", out)
		}
	})
}

// oneLine wants one message, and no more.
func oneLine(t *testing.T, stderr, want string) {
	t.Helper()
	if !regexp.MustCompile(`\Amailtap: (\S*/)?` + want + `\n\z`).MatchString(stderr) {
		t.Errorf("stderr %q does not say %q in one line", stderr, want)
	}
	if panicked.MatchString(stderr) {
		t.Errorf("a stack trace:\n%s", stderr)
	}
}

// withLinkType changes the link type of a pcap file.
func withLinkType(file []byte, link uint32) []byte {
	out := bytes.Clone(file)
	binary.LittleEndian.PutUint32(out[20:], link)
	return out
}

// newerDatabase makes a database and raises its PRAGMA user_version, which
// stands in the header of the file (SQLite file format, section 1.3).
func newerDatabase(t *testing.T) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "mailtap.db")
	mailtap(t, statusDone, "analyze", "--quiet", "--db", name, filepath.Join(samples, "imap-login.pcap"))
	b := readFile(t, name)
	binary.BigEndian.PutUint32(b[60:], 9999)
	return b
}

// A capture that is cut off, or spoilt, is read up to there: that is told, and
// no failure.
func TestDamagedCapture(t *testing.T) {
	whole := readFile(t, filepath.Join(samples, "imap-login.pcap"))
	before, _ := splitCapture(whole, 19)
	spoilt := append(bytes.Clone(before), bytes.Repeat([]byte{0xff}, 64)...)
	for name, content := range map[string][]byte{"cut": whole[:len(before)+6], "spoilt": spoilt} {
		t.Run(name, func(t *testing.T) {
			file := writeFile(t, filepath.Join(t.TempDir(), "damaged.pcap"), content)
			stdout, stderr := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", file)
			oneLine(t, stderr, `damaged\.pcap: packet 20 at byte \d+: .*; read up to there`)
			all := objects(t, stdout)
			if n := len(all[len(all)-1].Damaged); n != 1 {
				t.Errorf("%d damaged files in the summary, want 1", n)
			}
			if !strings.Contains(stdout, `"rule":"cleartext-password"`) {
				t.Errorf("the login before the damage is not found:\n%s", stdout)
			}
			_, remark := mailtap(t, statusDone, "analyze", "--db", "none", file)
			if !strings.Contains(remark, "mailtap: 19 packets, ") {
				t.Errorf("%s", remark)
			}
		})
	}
}

// Nobody takes what is written: the reader of a pipe has gone, the disk is
// full. What was found is stored all the same.
func TestStdoutFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	r, closed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	r.Close()
	db := filepath.Join(t.TempDir(), "mailtap.db")
	for name, stdout := range map[string]*os.File{"no space left on device": full, "broken pipe": closed} {
		for _, command := range [][]string{
			{"analyze", "--quiet", "--db", db, "--format", "jsonl", samples},
			{"analyze", "--quiet", "--db", db, samples},
			{"findings", "--db", db}, {"sessions", "--db", db, "--format", "json"}, {"cases", "--db", db, "--format", "csv"},
			{"sessions", "--db", db, "--format", "jsonl"},
			{"rules"}, {"rules", "base64-password"}, {"version"},
		} {
			t.Run(name+"/"+strings.Join(command, " "), func(t *testing.T) {
				got := program(t, func(cmd *exec.Cmd) { cmd.Stdout = stdout }, command...)
				if got.status != statusFailed {
					t.Errorf("exit status %d, want %d", got.status, statusFailed)
				}
				oneLine(t, got.stderr, `.*`+name)
			})
		}
	}
	if out, _ := mailtap(t, statusDone, "sessions", "--db", db, "--format", "jsonl"); strings.Count(out, "\n") < 30 {
		t.Errorf("only %d sessions are stored", strings.Count(out, "\n"))
	}
}

// copyFile copies a file and its rights.
func copyFile(t *testing.T, to, from string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
