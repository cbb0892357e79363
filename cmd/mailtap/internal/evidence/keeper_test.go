package evidence_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/dissect"
)

// keep runs captures through an engine whose packets are kept in dir, and
// returns the sessions.
func keep(t testing.TB, dir string, size int64, captures ...[]byte) (all []*dissect.Facts, k *evidence.Keeper) {
	t.Helper()
	k, err := evidence.Open(dir, size)
	if err != nil {
		t.Fatal(err)
	}
	e := engine.New(func() []string { return []string{"eth0"} }, func(f *dissect.Facts) {
		f.Dialogue = nil
		all = append(all, f)
		r := judge.Session(alerts.Clone(f))
		if err := k.Judged(&r); err != nil {
			t.Error(err)
		}
	})
	e.Keep(k)
	for _, b := range captures {
		each(t, b, e.Packet)
		e.Flush()
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	return all, k
}

// ringFiles returns the files of a ring, oldest first.
func ringFiles(t testing.TB, dir string) (names []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "evidence-*.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// While the folder is away, that is told once; sessions behind it are kept again.
func TestKeeperGoesOnAfterAnError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ring")
	k, err := evidence.Open(dir, evidence.DefaultSize)
	if err != nil {
		t.Fatal(err)
	}
	var told []error
	var sessions int
	e := engine.New(func() []string { return []string{"eth0"} }, func(f *dissect.Facts) {
		f.Dialogue = nil
		r := judge.Session(alerts.Clone(f))
		if sessions++; sessions == 4 {
			os.Rename(dir+".away", dir)
		}
		if err := k.Judged(&r); err != nil {
			told = append(told, err)
		}
	})
	e.Keep(k)
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	var logins bytes.Buffer
	if _, err := traffic.Write(&logins, traffic.Options{Kind: traffic.Logins, Seed: 1, Sessions: 10}, func(traffic.Credential) {}); err != nil {
		t.Fatal(err)
	}
	each(t, logins.Bytes(), e.Packet)
	e.Flush()
	if len(told) != 1 || !strings.Contains(told[0].Error(), "no such file") {
		t.Errorf("told: %v", told)
	}
	if kept, lost := k.Kept(); lost != 3 || kept != sessions-3 {
		t.Errorf("of %d sessions %d were kept and %d lost, want 3 lost", sessions, kept, lost)
	}
	if err := k.Close(); err != nil || len(ringFiles(t, dir)) != 1 {
		t.Errorf("%v, files %v", err, ringFiles(t, dir))
	}
}

// A ring has what a capture had of the sessions with findings: the same is
// found in it, and export finds their packets there.
func TestKeeperKeepsWhatIsFound(t *testing.T) {
	for _, sample := range []string{"imap-login", "smtp-message", "starttls-masked", "tls-weak-ciphers", "ntlm", "imap-compress", "smuggling"} {
		t.Run(sample, func(t *testing.T) {
			b := readFile(t, filepath.Join(samples, sample+".pcap"))
			dir := filepath.Join(t.TempDir(), "ring")
			all, k := keep(t, dir, 64<<20, b)
			kept := ""
			for _, name := range ringFiles(t, dir) {
				kept += string(readFile(t, name))
			}
			flagged := slices.DeleteFunc(slices.Clone(all), func(f *dissect.Facts) bool { return len(wanted([]*dissect.Facts{f})[0].Findings) == 0 })
			if n, lost := k.Kept(); n != len(flagged) || lost != 0 || n == 0 {
				t.Errorf("%d sessions kept and %d lost of %d", n, lost, len(flagged))
			}
			if diff := cmp.Diff(rulesOf(flagged), rulesOf(analyse(t, "eth0", []byte(kept)))); diff != "" {
				t.Errorf("(-captured +kept):\n%s", diff)
			}
			out, report := export(t, flagged, evidence.Options{Captures: ringFiles(t, dir)})
			if diff := cmp.Diff(rulesOf(flagged), rulesOf(analyse(t, "eth0", out))); diff != "" {
				t.Errorf("%q (-captured +exported):\n%s", report.Remarks, diff)
			}
		})
	}
}

// Packets come in fragments and tunnels here, too. A handshake in fragments,
// which no network makes, is not kept, so that the session begins later.
func TestKeeperOfAnyWire(t *testing.T) {
	for name, change := range wires {
		t.Run(name, func(t *testing.T) {
			b := rewrite(t, readFile(t, filepath.Join(samples, "pop3-userpass.pcap")), change)
			dir := filepath.Join(t.TempDir(), "ring")
			all, _ := keep(t, dir, 64<<20, b)
			kept := analyse(t, "eth0", readFile(t, ringFiles(t, dir)[0]))
			if diff := cmp.Diff(withoutID(rulesOf(all)), withoutID(rulesOf(kept))); diff != "" {
				t.Errorf("(-captured +kept):\n%s", diff)
			}
		})
	}
}

func withoutID(lines []string) []string {
	for i, l := range lines {
		_, lines[i], _ = strings.Cut(l, " ")
	}
	return lines
}

// mail makes a capture of mail in memory.
func mail(t testing.TB, o traffic.Options) []byte {
	t.Helper()
	var buf bytes.Buffer
	if _, err := traffic.Write(&buf, o, func(traffic.Credential) {}); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// The files never take more than their bound, only their owner can read them,
// those of others are left alone, and each can be read.
func TestRingBounds(t *testing.T) {
	const size = 2 << 20
	dir := filepath.Join(t.TempDir(), "ring")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	others := []string{"evidence-1.pcapng", "evidence-00000000.pcapng.gz", "mine.pcapng"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range uint64(3) { // a ring goes on where it was left
		keep(t, dir, size, mail(t, traffic.Options{Kind: traffic.Mail, Seed: seed, Bytes: 6e6}))
		total, newest := int64(0), ""
		for _, name := range ringFiles(t, dir) {
			if slices.Contains(others, filepath.Base(name)) {
				continue
			}
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s: mode %v", name, info.Mode())
			}
			total, newest = total+info.Size(), name
			if len(analyse(t, "eth0", readFile(t, name))) == 0 {
				t.Errorf("%s: no session", name)
			}
		}
		if total > size || total < size/2 {
			t.Errorf("%d bytes of %d are used", total, size)
		}
		if n := len(ringFiles(t, dir)); n < 5 || n > 40 || newest == "" {
			t.Errorf("%d files", n)
		}
	}
	for _, name := range others {
		if string(readFile(t, filepath.Join(dir, name))) != "mine" {
			t.Errorf("%s was changed", name)
		}
	}
}

// What others may look into is no place for passwords.
func TestRingRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.Open(dir, evidence.DefaultSize); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("a folder of mode 750: %v", err)
	}
	if _, err := evidence.Open(filepath.Join(dir, "new"), 1000); err == nil {
		t.Error("1000 bytes are accepted")
	}
}

// A file whose writer was killed is read up to the cut.
func TestCutFileIsReadable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ring")
	keep(t, dir, 64<<20, readFile(t, filepath.Join(samples, "imap-login.pcap")))
	whole := readFile(t, ringFiles(t, dir)[0])
	packets := func(b []byte) (n int) {
		r, err := capture.NewReader(bytes.NewReader(b))
		if err != nil {
			return 0
		}
		var p capture.Packet
		for ; ; n++ {
			if err = r.Next(&p); err != nil {
				break
			}
		}
		if _, damaged := err.(*capture.Damage); err != io.EOF && !damaged {
			t.Fatal(err)
		}
		return n
	}
	last := packets(whole)
	for cut := len(whole) - 1; cut > 200; cut -= 7 {
		n := packets(whole[:cut])
		if n > last || n < last-1 && cut > len(whole)-40 {
			t.Fatalf("cut after %d bytes: %d packets, %d before", cut, n, last)
		}
		last = n
	}
}

// A session that is too long is kept without its bodies, and it is said.
func TestKeeperCutsBodies(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ring")
	keep(t, dir, 64<<20, mail(t, traffic.Options{Kind: traffic.Mail, Seed: 2, Bytes: 30e6}))
	kept, size := []byte(nil), 0
	for _, name := range ringFiles(t, dir) {
		b := readFile(t, name)
		kept, size = append(kept, b...), size+len(b)
	}
	if !bytes.Contains(kept, []byte("found no room and are left out")) {
		t.Errorf("nothing is left out of %d bytes", size)
	}
}

// What evidence costs the engine, off and on, on a mirror port of which 3 % are
// mail, and on mail alone.
func BenchmarkEngine(b *testing.B) {
	for _, kind := range []string{traffic.Span, traffic.Mail} {
		var packets []capture.Packet
		size := int64(0)
		each(b, mail(b, traffic.Options{Kind: kind, Seed: 2, Bytes: 30e6}), func(p *capture.Packet) {
			c := *p
			c.Data = bytes.Clone(p.Data)
			packets, size = append(packets, c), size+int64(len(c.Data))
		})
		for _, on := range []bool{false, true} {
			b.Run(kind+map[bool]string{false: "-off", true: "-on"}[on], func(b *testing.B) {
				k, err := evidence.Open(filepath.Join(b.TempDir(), "ring"), evidence.DefaultSize)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					e := engine.New(func() []string { return []string{"eth0"} }, func(f *dissect.Facts) {
						k.Judged(&alerts.Result{Session: alerts.Session{ID: alerts.NewSessionID(f), Facts: f}})
						f.Dialogue.Recycle()
					})
					if on {
						e.Keep(k)
					}
					for i := range packets {
						e.Packet(&packets[i])
					}
					e.Flush()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(packets)), "ns/packet")
			})
		}
	}
}

// Two captures would take each other's files for their own, and more room than
// was said.
func TestRingHasOneWriter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ring")
	first, err := evidence.Open(dir, evidence.DefaultSize)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.Open(dir, evidence.DefaultSize); err == nil || !strings.Contains(err.Error(), "name another folder") {
		t.Errorf("a second capture: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := evidence.Open(dir, evidence.DefaultSize)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	second.Close()
}

// However many connections begin at a time, each session is kept from its first
// packet to its last.
func TestKeeperKeepsHandshakes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ring")
	all, _ := keep(t, dir, evidence.DefaultSize, mail(t, traffic.Options{Kind: traffic.Logins, Seed: 1, Sessions: 200}))
	whole := func(all []*dissect.Facts) (list []string) {
		for _, f := range all {
			list = append(list, fmt.Sprint(alerts.NewSessionID(f), f.Packets, f.Flags.Names()))
		}
		slices.Sort(list)
		return list
	}
	if diff := cmp.Diff(whole(all), whole(analyse(t, "eth0", readFile(t, ringFiles(t, dir)[0])))); diff != "" {
		t.Errorf("(-captured +kept):\n%s", diff)
	}
}
