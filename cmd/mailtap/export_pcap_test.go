package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stored analyses a copy of a sample, and returns the folder with the database
// and the copy.
func stored(t *testing.T, sample string) (dir, db, file string) {
	t.Helper()
	dir = t.TempDir()
	db, file = filepath.Join(dir, "m.db"), filepath.Join(dir, sample)
	writeFile(t, file, readFile(t, filepath.Join(samples, sample)))
	mailtap(t, statusDone, "analyze", "--quiet", "--db", db, file)
	return dir, db, file
}

func TestExportPcap(t *testing.T) {
	dir, db, file := stored(t, "imap-login.pcap")
	shown, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", "--show-secrets", file)
	secret := ""
	for _, o := range objects(t, shown) {
		for _, a := range o.Auth {
			secret = *a.Secret
		}
	}
	out := filepath.Join(dir, "out.pcapng")
	_, diag := mailtap(t, statusDone, "export", "pcap", "--db", db, "--output", out)
	if !strings.Contains(diag, "packets of 1 session") {
		t.Errorf("it says %q", diag)
	}
	info, err := os.Stat(out)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	b := readFile(t, out)
	if secret == "" || bytes.Contains(b, []byte(secret)) || !bytes.Contains(b, []byte("cleartext-password (f_")) {
		t.Error("a secret is in it, or no comment")
	}
	if got, want := strings.Join(ids(t, analyzed(t, out)), "\n"), strings.Join(ids(t, analyzed(t, file)), "\n"); got != want {
		t.Errorf("found in it:\n%s\nwant:\n%s", got, want)
	}

	t.Run("not-over-another", func(t *testing.T) {
		_, diag := mailtap(t, statusFailed, "export", "pcap", "--db", db, "--output", out)
		if !strings.Contains(diag, "--force") || !bytes.Equal(b, readFile(t, out)) {
			t.Errorf("it says %q", diag)
		}
		mailtap(t, statusDone, "export", "pcap", "--db", db, "--output", out, "--force", "--show-secrets")
		if !bytes.Contains(readFile(t, out), []byte(secret)) {
			t.Error("--force or --show-secrets was not heeded")
		}
	})
	t.Run("not-over-its-source", func(t *testing.T) {
		_, diag := mailtap(t, statusFailed, "export", "pcap", "--db", db, "--output", file, "--force")
		if !strings.Contains(diag, "read from this file") {
			t.Errorf("it says %q", diag)
		}
	})
	t.Run("by-id", func(t *testing.T) {
		one := filepath.Join(dir, "one.pcapng")
		session := objects(t, analyzed(t, file))[0].ID
		mailtap(t, statusDone, "export", "pcap", session, "--db", db, "--output", one)
		mailtap(t, statusUsage, "export", "pcap", "f_00", "--db", db, "--output", filepath.Join(dir, "no.pcapng"))
		mailtap(t, statusFailed, "export", "pcap", "s_00", "--db", db, "--output", filepath.Join(dir, "no.pcapng"))
		mailtap(t, statusUsage, "export", "csv", session, "--db", db)
	})
	t.Run("moved", func(t *testing.T) {
		elsewhere := filepath.Join(t.TempDir(), "kept.pcap")
		if err := os.Rename(file, elsewhere); err != nil {
			t.Fatal(err)
		}
		gone := filepath.Join(dir, "gone.pcapng")
		_, diag := mailtap(t, statusFailed, "export", "pcap", "--db", db, "--output", gone)
		if !strings.Contains(diag, "--captures") || !strings.Contains(diag, "imap-login.pcap") {
			t.Errorf("it says %q", diag)
		}
		if _, err := os.Lstat(gone); err == nil {
			t.Error("a file without packets is left")
		}
		mailtap(t, statusDone, "export", "pcap", "--db", db, "--output", gone, "--captures", filepath.Dir(elsewhere))
		writeFile(t, file, readFile(t, filepath.Join(samples, "starttls.pcap")))
		if _, diag := mailtap(t, statusFailed, "export", "pcap", "--db", db, "--output", out+"2"); !strings.Contains(diag, "no packet of it in") {
			t.Errorf("of another capture it says %q", diag)
		}
	})
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// layered is a log-in behind a SASL layer that signs and does not encrypt: what
// is secret lies in two of its frames. All that the frames hold is overwritten.
const layered = `S: "SASL" "DIGEST-MD5"
S: OK
C: AUTHENTICATE "DIGEST-MD5"
S: "{b64:realm="example.org",nonce="n",qop="auth,auth-int",algorithm=md5-sess}"
C: "{b64:username="joe",realm="example.org",nonce="n",qop=auth-int,response=00000000000000000000000000000000}"
S: OK (SASL "{b64:rspauth=00}")
S- \x00\x00\x00*"IMPLEMENTATION" "x"\r\nOK\r\n0123456789\x00\x01\x00\x00\x00\x00
C- \x00\x00\x00,AUTHENTICATE "PLAIN" "AGpvZQ0123456789\x00\x01\x00\x00\x00\x00\x00\x00\x00!BodW50ZXIyMg=="\r\n0123456789\x00\x01\x00\x00\x00\x01
S- \x00\x00\x00\x14OK\r\n0123456789\x00\x01\x00\x00\x00\x01
C- \x00\x00\x00\x18LOGOUT\r\n0123456789\x00\x01\x00\x00\x00\x02
`

func TestExportPcapOfSASLLayer(t *testing.T) {
	segments, err := parseDialogue(layered)
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(t)
	w.add(&connection{port: 4190, segments: segments})
	file := w.file("layered.pcap")
	dir := t.TempDir()
	db, out := filepath.Join(dir, "m.db"), filepath.Join(dir, "out.pcapng")
	shown, _ := mailtap(t, statusDone, "analyze", "--db", db, "--quiet", "--format", "jsonl", "--show-secrets", file)
	if !strings.Contains(shown, "hunter22") {
		t.Errorf("the log-in in the layer is not read:\n%s", shown)
	}
	mailtap(t, statusDone, "export", "pcap", "--db", db, "--output", out)
	b := readFile(t, out)
	for _, part := range []string{`"PLAIN"`, "AGpvZQ", `g=="`} {
		if bytes.Contains(b, []byte(part)) {
			t.Errorf("%s, of what crossed in frames, is in it", part)
		}
	}
}
