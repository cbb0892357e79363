package evidence_test

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/dissect"
)

// A disk that is full in the middle of a session leaves no part of it: what is
// in the files is whole, and what is counted as kept is in them.
func TestRingOnFullDisk(t *testing.T) {
	const room = 20_000 // bytes that a file can have
	if os.Getenv(fullDisk) == "" {
		// Apart, as what the test program itself writes would be cut, too.
		cmd := exec.Command(os.Args[0], "-test.run=^TestRingOnFullDisk$")
		cmd.Env = append(os.Environ(), fullDisk+"=yes")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	dir := filepath.Join(t.TempDir(), "ring")
	k, err := evidence.Open(dir, evidence.DefaultSize)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	packets := map[alerts.SessionID]uint64{}
	e := engine.New(func() []string { return []string{"eth0"} }, func(f *dissect.Facts) {
		f.Dialogue = nil
		r := judge.Session(alerts.Clone(f))
		packets[r.Session.ID] = f.Packets
		if err := k.Judged(&r); err != nil {
			failed++
		}
	})
	e.Keep(k)
	logins := mail(t, traffic.Options{Kind: traffic.Logins, Seed: 1, Sessions: 200})
	limitFiles(t, room)
	each(t, logins, e.Packet)
	e.Flush()
	if err := k.Close(); failed == 0 && err == nil {
		t.Error("the disk was never full")
	}
	found := 0
	for _, name := range ringFiles(t, dir) {
		b := readFile(t, name)
		each(t, b, func(*capture.Packet) {}) // which fails where a block is cut
		for _, f := range analyse(t, "eth0", b) {
			found++
			if want := packets[alerts.NewSessionID(f)]; f.Packets != want {
				t.Errorf("%s: %s has %d packets, and had %d", filepath.Base(name), alerts.NewSessionID(f), f.Packets, want)
			}
		}
		if len(b) > room || !bytes.HasPrefix(b, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
			t.Errorf("%s: %d bytes", name, len(b))
		}
	}
	if kept, lost := k.Kept(); kept != found || lost == 0 || kept == 0 {
		t.Errorf("%d sessions count as kept and %d as lost, %d are there", kept, lost, found)
	}
}

// fullDisk is set where the test runs that has no room.
const fullDisk = "MAILTAP_TEST_FULL_DISK"

// limitFiles lets no file of the process grow beyond size.
func limitFiles(t *testing.T, size uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: size}); err != nil {
		t.Fatal(err)
	}
}

// A link of a file's name is not written through, and holds nothing up.
func TestRingPassesOverLinks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ring")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "evidence-00000000.pcapng")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "evidence-00000001.pcapng"), 0o700); err != nil {
		t.Fatal(err)
	}
	all, _ := keep(t, dir, evidence.DefaultSize, readFile(t, filepath.Join(samples, "imap-login.pcap")))
	if b := readFile(t, filepath.Join(dir, "evidence-00000002.pcapng")); len(analyse(t, "eth0", b)) != len(all) {
		t.Errorf("the file has %d bytes, of %d sessions", len(b), len(all))
	}
	if _, err := os.Lstat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("what the link names was written")
	}
}

// Also in the smallest ring a file has many sessions.
func TestSmallRingFillsItsFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ring")
	keep(t, dir, evidence.MinSize, mail(t, traffic.Options{Kind: traffic.Logins, Seed: 1, Sessions: 2000}))
	total := int64(0)
	names := ringFiles(t, dir)
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if n := len(names); n < 16 || n > 18 || total > evidence.MinSize || total < evidence.MinSize*9/10 {
		t.Errorf("%d bytes in %d files", total, n)
	}
}
