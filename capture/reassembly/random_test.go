package reassembly_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// collector keeps what a Table gives of one connection, and where it was lost.
type collector struct {
	t    testing.TB
	got  [2][]byte
	lost [2][]bool

	opened int
}

func (c *collector) Open(*reassembly.Flow)  { c.opened++ }
func (c *collector) Close(*reassembly.Flow) {}

func (c *collector) Again(*reassembly.Flow, reassembly.Direction, uint64, []byte) {}
func (c *collector) Clash(*reassembly.Flow, reassembly.Direction, uint64, reassembly.Version, reassembly.Version) {
}

func (c *collector) Data(_ *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	if off != uint64(len(c.got[dir])) {
		c.t.Fatalf("direction %d: data at %d after %d bytes", dir, off, len(c.got[dir]))
	}
	c.got[dir] = append(c.got[dir], b...)
	c.lost[dir] = append(c.lost[dir], make([]bool, len(b))...)
}

func (c *collector) Gap(_ *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	if off != uint64(len(c.got[dir])) {
		c.t.Fatalf("direction %d: gap at %d after %d bytes", dir, off, len(c.got[dir]))
	}
	c.got[dir] = append(c.got[dir], make([]byte, n)...)
	for range n {
		c.lost[dir] = append(c.lost[dir], true)
	}
}

// talk is a made connection: what each side said, and the segments that
// carried it, possibly in disorder.
type talk struct {
	said     [2][]byte
	segments []decode.Segment
}

// impair says what happens to segments on their way to the capture.
type impair struct{ lose, duplicate, reorder, overlap float64 }

// newTalk makes both sides say a few thousand bytes in turns.
func newTalk(r *rand.Rand, harm impair) *talk {
	k := &talk{}
	isn := [2]uint32{r.Uint32(), r.Uint32()}
	if r.IntN(2) == 0 {
		isn[0] = ^uint32(0) - uint32(r.IntN(3000)) // the numbers wrap
	}
	now := int64(1e18)
	add := func(dir int, flags uint8, from, to int) {
		s := decode.Segment{Time: now, Packet: uint64(len(k.segments) + 1), Flags: flags, SrcPort: 1025, DstPort: 25}
		s.SrcAddr[15], s.DstAddr[15] = 1, 2
		if dir == 1 {
			s.SrcAddr, s.DstAddr, s.SrcPort, s.DstPort = s.DstAddr, s.SrcAddr, s.DstPort, s.SrcPort
		}
		s.Seq = isn[dir] + 1 + uint32(from)
		if flags&decode.SYN != 0 {
			s.Seq--
		}
		s.Ack = isn[dir^1] + 1 + uint32(len(k.said[dir^1]))
		s.Payload = k.said[dir][from:to]
		k.segments = append(k.segments, s)
		now += int64(r.IntN(2e6))
	}
	for dir := range k.said {
		k.said[dir] = make([]byte, 0, 1<<16)
	}
	add(0, decode.SYN, 0, 0)
	add(1, decode.SYN|decode.ACK, 0, 0)
	add(0, decode.ACK, 0, 0)
	for range 3 + r.IntN(20) {
		dir := r.IntN(2)
		from := len(k.said[dir])
		for range 1 + r.IntN(1200) {
			k.said[dir] = append(k.said[dir], byte('a'+r.IntN(26)))
		}
		for from < len(k.said[dir]) {
			to := min(from+1+r.IntN(400), len(k.said[dir]))
			back := 0
			if r.Float64() < harm.overlap {
				back = min(from, r.IntN(200))
			}
			add(dir, decode.ACK|decode.PSH, from-back, to)
			from = to
		}
		add(dir^1, decode.ACK, len(k.said[dir^1]), len(k.said[dir^1]))
	}
	k.harm(r, harm)
	return k
}

// harm loses, doubles and delays segments, as a bad mirror port does.
func (k *talk) harm(r *rand.Rand, harm impair) {
	out := k.segments[:3:3]
	for _, s := range k.segments[3:] {
		if r.Float64() < harm.lose {
			continue
		}
		out = append(out, s)
		if r.Float64() < harm.duplicate {
			out = append(out, s)
		}
	}
	for i := 3; i+1 < len(out); i++ {
		if r.Float64() < harm.reorder {
			j := min(len(out)-1, i+1+r.IntN(4))
			out[i], out[j] = out[j], out[i]
			out[i].Time, out[j].Time = out[j].Time, out[i].Time
		}
	}
	k.segments = out
}

func replay(t testing.TB, k *talk) (*collector, reassembly.Stats) {
	c := &collector{t: t}
	table := reassembly.New(reassembly.Limits{}, c)
	for i := range k.segments {
		table.Add(&k.segments[i])
	}
	table.Flush()
	return c, table.Stats()
}

// TestRandomWhole: whatever the order, overlaps and copies, the same bytes.
func TestRandomWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for seed := range uint64(2000) {
		k := newTalk(rand.New(rand.NewPCG(seed, 1)), impair{duplicate: 0.1, reorder: 0.2, overlap: 0.1})
		c, st := replay(t, k)
		for dir := range k.said {
			if !bytes.Equal(c.got[dir], k.said[dir]) {
				t.Fatalf("seed %d, direction %d: %d bytes, want %d, first difference at %d", seed, dir, len(c.got[dir]), len(k.said[dir]), differ(c.got[dir], k.said[dir]))
			}
		}
		if st.GapBytes != 0 || st.Held != 0 {
			t.Fatalf("seed %d: %d bytes lost, %d held", seed, st.GapBytes, st.Held)
		}
	}
}

// TestRandomLossy: what was lost is a gap, and everything else is right.
func TestRandomLossy(t *testing.T) {
	lost := 0
	for seed := range uint64(2000) {
		k := newTalk(rand.New(rand.NewPCG(seed, 2)), impair{lose: 0.1, duplicate: 0.05, reorder: 0.1, overlap: 0.1})
		captured := [2][]bool{make([]bool, len(k.said[0])), make([]bool, len(k.said[1]))}
		bases := [2]uint32{k.segments[0].Seq + 1, k.segments[1].Seq + 1}
		for _, s := range k.segments[3:] {
			dir := 0
			if s.SrcPort == 25 {
				dir = 1
			}
			for i := range s.Payload {
				captured[dir][int(s.Seq-bases[dir])+i] = true
			}
		}
		c, _ := replay(t, k)
		for dir := range k.said {
			if len(c.got[dir]) > len(k.said[dir]) {
				t.Fatalf("seed %d, direction %d: %d bytes of %d", seed, dir, len(c.got[dir]), len(k.said[dir]))
			}
			for i, b := range c.got[dir] {
				switch {
				case c.lost[dir][i] && captured[dir][i]:
					lost++ // it came more than a second late, or behind what was given up
				case !c.lost[dir][i] && b != k.said[dir][i]:
					t.Fatalf("seed %d, direction %d: byte %d is wrong", seed, dir, i)
				}
			}
			for i := len(c.got[dir]); i < len(k.said[dir]); i++ {
				if captured[dir][i] {
					t.Fatalf("seed %d, direction %d: byte %d was captured and not given", seed, dir, i)
				}
			}
		}
	}
	if lost > 0 {
		t.Errorf("%d captured bytes were given up, though none came a second late", lost)
	}
}

func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// skewed delays one direction behind the handshake, as a mirror port with two
// queues does: order within a direction is kept.
func (k *talk) skewed(r *rand.Rand) {
	var queues [2][]decode.Segment
	for _, s := range k.segments[3:] {
		dir := 0
		if s.SrcPort == 25 {
			dir = 1
		}
		queues[dir] = append(queues[dir], s)
	}
	k.segments = k.segments[:3]
	for now := int64(1e7); len(queues[0])+len(queues[1]) > 0; now += 1e5 {
		dir := r.IntN(2)
		if len(queues[dir]) == 0 {
			dir ^= 1
		}
		n := min(len(queues[dir]), 1+r.IntN(6))
		for _, s := range queues[dir][:n] {
			s.Time = 1e18 + now
			k.segments = append(k.segments, s)
		}
		queues[dir] = queues[dir][n:]
	}
}

// turns writes down who speaks, and how much until the other does.
type turns struct {
	collector
	dirs  []reassembly.Direction
	sizes []int
}

func (h *turns) Data(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	h.collector.Data(f, dir, off, b)
	if n := len(h.dirs); n == 0 || h.dirs[n-1] != dir {
		h.dirs, h.sizes = append(h.dirs, dir), append(h.sizes, 0)
	}
	h.sizes[len(h.sizes)-1] += len(b)
}

// TestTurns: whatever the skew of the two directions, their bytes come in the
// turns in which they were said.
func TestTurns(t *testing.T) {
	give := func(k *talk) *turns {
		h := &turns{collector: collector{t: t}}
		table := reassembly.New(reassembly.Limits{}, h)
		for i := range k.segments {
			table.Add(&k.segments[i])
		}
		table.Flush()
		return h
	}
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 4))
		k := newTalk(r, impair{})
		want := give(k)
		k.skewed(r)
		got := give(k)
		if diff := cmp.Diff(want.dirs, got.dirs) + cmp.Diff(want.sizes, got.sizes); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// forged makes a segment that neither end sent: its numbers are guessed, or
// its kind does not fit.
func forged(r *rand.Rand, near decode.Segment) decode.Segment {
	s := near
	s.Packet = 1e6
	s.Payload = bytes.Repeat([]byte("!"), r.IntN(40))
	s.Flags = []uint8{decode.SYN, decode.SYN | decode.ACK, decode.RST, decode.RST | decode.ACK, decode.ACK, decode.ACK | decode.FIN}[r.IntN(6)]
	wild := func(base uint32) uint32 {
		if r.IntN(2) == 0 {
			return r.Uint32()
		}
		return base + 20_000 + uint32(r.IntN(1<<20))
	}
	s.Seq, s.Ack = wild(near.Seq), wild(near.Ack)
	return s
}

// everything keeps all bytes of all connections.
type everything struct {
	forget
	got [2][]byte
}

func (h *everything) Data(_ *reassembly.Flow, dir reassembly.Direction, _ uint64, b []byte) {
	h.got[dir] = append(h.got[dir], b...)
}

// TestForged: forged segments may cost some bytes and may cut a connection in
// two, but what is said once a few turns have been acknowledged in peace is
// heard.
func TestForged(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	checked := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 5))
		k := newTalk(r, impair{})
		h := &everything{}
		table := reassembly.New(reassembly.Limits{}, h)
		var peace [2]int // turns of each direction
		for i, s := range k.segments {
			s.Time += int64(i) * 2e8 // long enough to give up waiting
			table.Add(&s)
			if i < len(k.segments)/2 && r.IntN(4) == 0 {
				f := forged(r, s)
				table.Add(&f)
			}
			if i >= len(k.segments)/2 && len(s.Payload) == 0 && s.SrcPort == 25 {
				peace[0]++
			} else if i >= len(k.segments)/2 && len(s.Payload) == 0 {
				peace[1]++
			}
		}
		table.Flush()
		for dir := range k.said {
			end := k.said[dir][max(0, len(k.said[dir])-50):]
			if peace[dir] < 4 {
				continue
			}
			checked++
			if !bytes.Contains(h.got[dir], end) {
				t.Errorf("seed %d, direction %d: the last %d of %d bytes were not given", seed, dir, len(end), len(k.said[dir]))
			}
		}
	}
	if checked < 1000 {
		t.Errorf("only %d directions were checked", checked)
	}
}
