package reassembly_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// FuzzTable: what is given tiles each direction, every Open has its Close,
// nothing stays, and another Table gives the same, whatever its seed. The
// first byte says at which call the connection is ignored; then come segments
// of four bytes: flags and end, number, size, acknowledgement and time.
func FuzzTable(f *testing.F) {
	f.Add([]byte{0, 0x02, 0, 0, 0, 0x12, 0, 0, 0, 0x18, 0, 5, 0, 0x11, 5, 0, 0})
	f.Add([]byte{3, 0x18, 200, 9, 1, 0x98, 10, 9, 200, 0x10, 0, 0, 0, 0x84, 3, 3, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		want := replayBytes(t, b[0], b[1:])
		if diff := cmp.Diff(want, replayBytes(t, b[0], b[1:])); diff != "" {
			t.Errorf("two tables differ (-first +second):\n%s", diff)
		}
	})
}

func replayBytes(t *testing.T, ignore byte, b []byte) []string {
	h := &tiler{t: t, ends: map[*reassembly.Flow]*[2]uint64{}, ignore: int(ignore)}
	table := reassembly.New(reassembly.Limits{Flows: 16, Held: 4096, HeldEach: 1024}, h)
	now := int64(1e18)
	for ; len(b) >= 4; b = b[4:] {
		now += int64(b[3]) * 1e5
		if b[0]&0x80 != 0 {
			now += 4e8
		}
		table.Add(fuzzed([4]byte(b), now))
		if held := table.Stats().Held; held < 0 || held > 4096 {
			t.Fatalf("%d bytes held", held)
		}
	}
	table.Flush()
	if st := table.Stats(); st.Open != 0 || st.Held != 0 {
		t.Fatalf("at the end %d open, %d held", st.Open, st.Held)
	}
	if len(h.ends) != 0 {
		t.Fatalf("%d were not closed", len(h.ends))
	}
	return h.log
}

var (
	zeros = make([]byte, 256)
	ones  = bytes.Repeat([]byte{1}, 256)
)

func fuzzed(b [4]byte, now int64) *decode.Segment {
	s := &decode.Segment{Time: now, Flags: b[0] & 0x1f, SrcPort: 1000 + uint16(b[0]>>5&1), DstPort: 25, Seq: wide(b[1]), Ack: wide(b[3])}
	s.Payload = zeros[:b[2]&0x7f]
	s.Missing = int(b[2] >> 7 * 9)
	if b[2]&1 != 0 {
		s.Payload = ones[:len(s.Payload)]
	}
	s.Path = decode.PathID(b[0] >> 4 & b[1] & 1)
	if b[0]&0x40 != 0 {
		s.SrcAddr[0], s.SrcPort, s.DstPort = 1, s.DstPort, s.SrcPort
	} else {
		s.DstAddr[0] = 1
	}
	return s
}

// wide makes numbers that are near to each other, and some all over the circle.
func wide(b byte) uint32 {
	if b >= 240 {
		return uint32(b) << 28
	}
	return uint32(b) * 7
}

// tiler checks that the offsets of each direction follow on each other.
type tiler struct {
	t      *testing.T
	ends   map[*reassembly.Flow]*[2]uint64
	log    []string
	ignore int // at the call of this number
}

func (h *tiler) say(f *reassembly.Flow, format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf("%v %v %v ", f.Src(0), f.First(), f.Packets())+fmt.Sprintf(format, args...))
	if len(h.log) == h.ignore {
		f.Ignore()
	}
}

func (h *tiler) Open(f *reassembly.Flow) {
	if h.ends[f] != nil {
		h.t.Fatal("opened twice")
	}
	h.ends[f] = new([2]uint64)
	h.say(f, "open %v", f.Late())
}

func (h *tiler) advance(f *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	ends := h.ends[f]
	if ends == nil || ends[dir] != off || n == 0 {
		h.t.Fatalf("%d bytes at %d, want them at %v", n, off, ends)
	}
	ends[dir] += n
}

func (h *tiler) Data(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	h.advance(f, dir, off, uint64(len(b)))
	h.say(f, "%d data %d", dir, len(b))
}

func (h *tiler) Gap(f *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	h.advance(f, dir, off, n)
	h.say(f, "%d gap %d", dir, n)
}

// Again repeats what was given, and no more of it than is told.
func (h *tiler) Again(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	ends := h.ends[f]
	if ends == nil || len(b) == 0 || off+uint64(len(b)) > ends[dir] || ends[dir]-off > 1<<16 {
		h.t.Fatalf("%d bytes again at %d, of %v", len(b), off, ends)
	}
	h.say(f, "%d again %d %d", dir, off, len(b))
}

func (h *tiler) Clash(f *reassembly.Flow, dir reassembly.Direction, off uint64, first, again reassembly.Version) {
	if len(first.Text) != len(again.Text) || string(first.Text) == string(again.Text) {
		h.t.Fatalf("no conflict: %q, %q", first.Text, again.Text)
	}
	if ends := h.ends[f]; ends != nil && off < ends[dir] {
		h.t.Fatalf("a conflict at %d of what was given, to %d", off, ends[dir])
	}
	h.say(f, "%d clash %d %d", dir, off, len(again.Text))
}

func (h *tiler) Close(f *reassembly.Flow) {
	if h.ends[f] == nil {
		h.t.Fatal("closed without Open")
	}
	h.say(f, "close %v %d %d", f.Flags(), f.Bytes(0), f.Bytes(1))
	delete(h.ends, f)
}
