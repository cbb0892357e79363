package engine_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// sameFacts compares Facts but for the files that hold them.
var sameFacts = cmp.Options{
	cmpopts.IgnoreUnexported(dissect.Facts{}),
	cmpopts.IgnoreFields(dissect.Facts{}, "Files"),
	cmpopts.IgnoreFields(dissect.Stamp{}, "File", "Packet"),
	cmpopts.EquateComparable(dissect.Facts{}.Client),
	cmp.Comparer(func(a, b dissect.Secret) bool { return a.Present() == b.Present() && a.Reveal() == b.Reveal() }),
	cmp.Transformer("said", func(d *dissect.Dialogue) (lines []string) {
		for i := range d.Lines() {
			lines = append(lines, string(d.Text(&d.Lines()[i])))
		}
		return lines
	}),
}

// TestRotated: a capture that was written into several files gives the Facts
// of the whole.
func TestRotated(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for _, kind := range []string{traffic.Mail, traffic.Logins, traffic.Dirty} {
		t.Run(kind, func(t *testing.T) {
			file, _ := generate(t, traffic.Options{Kind: kind, Seed: 3, Bytes: 3e6})
			var want []*dissect.Facts
			analyse(t, file, func(f *dissect.Facts) { want = append(want, f) })
			if len(want) == 0 {
				t.Fatal("no sessions")
			}
			got, crossing := analyseFiles(t, rotate(t, file, 5))
			if crossing == 0 {
				t.Error("no session crosses the files")
			}
			if diff := cmp.Diff(want, got, sameFacts); diff != "" {
				t.Errorf("(-whole +rotated):\n%s", diff)
			}
		})
	}
}

// rotate writes a capture into n files or so, which end where the clock goes
// on.
func rotate(t *testing.T, file []byte, n int) []string {
	t.Helper()
	const fileHeader, packetHeader = 24, 16
	dir := t.TempDir()
	var names []string
	part := file[:fileHeader:fileHeader]
	write := func() {
		name := filepath.Join(dir, fmt.Sprintf("%02d.pcap", len(names)))
		if err := os.WriteFile(name, part, 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		part = file[:fileHeader:fileHeader]
	}
	latest := uint64(0)
	for b := file[fileHeader:]; len(b) > 0; {
		now := uint64(binary.LittleEndian.Uint32(b))<<32 | uint64(binary.LittleEndian.Uint32(b[4:]))
		size := packetHeader + int(binary.LittleEndian.Uint32(b[8:]))
		if len(part) > len(file)/n && now > latest {
			write()
		}
		latest = max(latest, now)
		part = append(part, b[:size]...)
		b = b[size:]
	}
	write()
	return names
}

// analyseFiles returns the sessions of a chain of files, and how many of them
// are in more than one.
func analyseFiles(t *testing.T, names []string) (all []*dissect.Facts, crossing int) {
	t.Helper()
	chain := capture.NewChain(names)
	defer chain.Close()
	e := engine.New(chain.Files, func(f *dissect.Facts) {
		all = append(all, f)
		if len(f.Files) > 1 {
			crossing++
		}
	})
	ps := make([]capture.Packet, engine.MaxBatch)
	for {
		n, err := chain.Batch(ps)
		e.Packets(ps[:n])
		switch err {
		case nil:
		case io.EOF:
			e.Flush()
			return all, crossing
		default:
			t.Fatal(err)
		}
	}
}

// TestFlushTwice: what has ended is not told again, and nothing is kept of it.
func TestFlushTwice(t *testing.T) {
	for _, kind := range []string{traffic.Mail, traffic.Span, traffic.Logins, traffic.Dirty} {
		file, _ := generate(t, traffic.Options{Kind: kind, Seed: 4, Bytes: 2e6})
		n := 0
		e := analyse(t, file, func(*dissect.Facts) { n++ })
		want, stats := n, e.Stats()
		e.Flush()
		if n != want || want == 0 {
			t.Errorf("%s: %d sessions after one Flush, %d after two", kind, want, n)
		}
		if diff := cmp.Diff(stats, e.Stats()); diff != "" {
			t.Errorf("%s: (-once +twice):\n%s", kind, diff)
		}
		if held := e.HeldBack(); held != 0 {
			t.Errorf("%s: %d bytes are held back", kind, held)
		}
	}
}
