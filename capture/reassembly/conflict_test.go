package reassembly_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// contrary is one byte that came again and was another.
type contrary struct {
	packet uint64
	dir    reassembly.Direction
	off    uint64
	was    byte
	is     byte
}

// comparer holds against each other what comes again and what was given.
type comparer struct {
	collector
	packet uint64 // being added
	told   map[contrary]int
}

func (h *comparer) Again(_ *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	h.compare(dir, off, h.got[dir][off:], b, h.packet)
}

func (h *comparer) Clash(_ *reassembly.Flow, dir reassembly.Direction, off uint64, first, again reassembly.Version) {
	h.compare(dir, off, first.Text, again.Text, again.Packet)
}

func (h *comparer) compare(dir reassembly.Direction, off uint64, first, again []byte, packet uint64) {
	for i, c := range again {
		if c != first[i] {
			h.told[contrary{packet, dir, off + uint64(i), first[i], c}]++
		}
	}
}

// model is an independent account of what a stream is: byte for byte, what
// came first.
type model struct {
	base [2]uint32
	text [2][]byte
	here [2][]bool
	want map[contrary]int
}

func (m *model) add(s *decode.Segment) {
	dir := reassembly.Direction(0)
	if s.SrcPort == 25 {
		dir = 1
	}
	for i, c := range s.Payload {
		at := int(s.Seq - m.base[dir] + uint32(i))
		switch {
		case !m.here[dir][at]:
			m.text[dir][at], m.here[dir][at] = c, true
		case m.text[dir][at] != c:
			m.want[contrary{s.Packet, dir, uint64(at), m.text[dir][at], c}]++
		}
	}
}

// TestRandomConflicts: whatever the order, what came first is given, and each
// byte that was another is told of once.
func TestRandomConflicts(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	conflicts := 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 7))
		k := newTalk(r, impair{duplicate: 0.2, reorder: 0.2, overlap: 0.3})
		h := &comparer{collector: collector{t: t}, told: map[contrary]int{}}
		m := &model{base: [2]uint32{k.segments[0].Seq + 1, k.segments[1].Seq + 1}, want: map[contrary]int{}}
		for dir := range k.said {
			m.text[dir], m.here[dir] = make([]byte, len(k.said[dir])), make([]bool, len(k.said[dir]))
		}
		table := reassembly.New(reassembly.Limits{}, h)
		for i := range k.segments {
			s := k.segments[i]
			s.Packet = uint64(i)
			s.Payload = bytes.Clone(s.Payload)
			if len(s.Payload) > 0 && r.IntN(4) == 0 {
				s.Payload[r.IntN(len(s.Payload))] = '!'
			}
			h.packet = s.Packet
			m.add(&s)
			table.Add(&s)
		}
		table.Flush()
		for dir := range k.said {
			if !bytes.Equal(h.got[dir], m.text[dir]) {
				t.Fatalf("seed %d, direction %d: the first difference is at %d", seed, dir, differ(h.got[dir], m.text[dir]))
			}
		}
		if diff := cmp.Diff(m.want, h.told, cmp.AllowUnexported(contrary{})); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
		conflicts += len(m.want)
	}
	if conflicts < 10_000 {
		t.Errorf("only %d conflicts", conflicts)
	}
}

// What came again is told of as far as 64 KiB back.
func TestAgainBound(t *testing.T) {
	var from, to uint64
	h := &againHook{do: func(off uint64, b []byte) { from, to = off, off+uint64(len(b)) }}
	table := reassembly.New(reassembly.Limits{}, h)
	var sc script
	play(t, table, &sc, handshake)
	for i := range 100 {
		s := sc.segment(t, "C @0 ack=0")
		s.Seq += uint32(i * 1000)
		s.Payload = zeros1000
		table.Add(s)
	}
	for _, tt := range []struct{ at, from, to int }{{0, 0, 0}, {33_000, 0, 0}, {34_000, 34_464, 35_000}, {35_000, 35_000, 36_000}, {99_000, 99_000, 100_000}} {
		from, to = 0, 0
		s := sc.segment(t, "C @0 ack=0 t=500")
		s.Seq += uint32(tt.at)
		s.Payload = zeros1000
		table.Add(s)
		if int(from) != tt.from || int(to) != tt.to {
			t.Errorf("%d: told of [%d, %d), want [%d, %d)", tt.at, from, to, tt.from, tt.to)
		}
	}
}

var zeros1000 = make([]byte, 1000)

type againHook struct {
	forget
	do func(off uint64, b []byte)
}

func (h *againHook) Again(_ *reassembly.Flow, _ reassembly.Direction, off uint64, b []byte) {
	h.do(off, b)
}
