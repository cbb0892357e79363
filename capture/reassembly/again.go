package reassembly

import (
	"bytes"

	"github.com/mailtap/mailtap/capture/decode"
)

// Version is one of two texts that came for the same bytes, and its packet.
type Version struct {
	Text   []byte // valid during the call
	Time   int64
	Packet uint64
	File   int32
	Broken bool // its checksum is wrong; of the first one only
}

// again tells the Handler of the bytes of p that were given before: the first
// old of them. A keep-alive probe brings a byte of garbage (RFC 9293, section
// 3.8.4), what was lost was not given, and a packet that the capture cut
// cannot be trusted, for its checksum cannot be verified.
func (t *Table) again(f *Flow, dir Direction, s *decode.Segment, p *piece, old int) {
	if p.missing > 0 || old == 1 && isProbe(s) {
		return
	}
	h := &f.stream.half[dir]
	from, to := max(0, old-maxAgain), min(old, len(p.data))
	if d := h.disorder; d != nil {
		if p.within(d.first, d.lostTo) {
			from = max(from, after(d.lostTo, p.seq))
		}
		if n := after(d.before, p.seq); d.rewound && n <= old {
			from = max(from, n)
		}
	}
	if uint64(old) > h.off {
		from = max(from, old-int(h.off))
	}
	if from < to {
		t.handler.Again(f, dir, h.off-uint64(old-from), p.data[from:to])
	}
}

// clash tells the Handler if the bytes that p shares with a held piece differ,
// and reports whether f is still wanted.
func (t *Table) clash(f *Flow, dir Direction, held, p *piece) bool {
	if p.missing > 0 || p.probe || held.probe {
		return true
	}
	from := p.seq
	if after(held.seq, from) > 0 {
		from = held.seq
	}
	first, again := held.from(from), p.from(from)
	n := min(len(first), len(again))
	if bytes.Equal(first[:n], again[:n]) {
		return true
	}
	h := &f.stream.half[dir]
	t.handler.Clash(f, dir, h.off+uint64(after(from, h.next)), held.version(first[:n]), p.version(again[:n]))
	return f.stream != nil
}

// from returns the data of p from a number on that is not before it.
func (p *piece) from(seq uint32) []byte { return p.data[min(after(seq, p.seq), len(p.data)):] }

func (p *piece) version(text []byte) Version {
	return Version{text, p.mark.time, p.mark.packet, p.mark.file, p.broken}
}
