package evidence

import (
	"net/netip"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// stream is one direction of a connection while its secrets are looked for.
type stream struct {
	masks *masks
	bases []uint32 // sequence number of the byte at offset 0, the latest last
	next  uint64   // offset behind what was given
}

// maxBases is how many bases of a stream are remembered. A gap whose bytes come
// after all moves it, as they get offsets of their own.
const maxBases = 16

// seq returns the sequence number of the byte at off, for what has just come.
func (s *stream) seq(off uint64) uint32 { return s.bases[len(s.bases)-1] + uint32(off) }

// known tells whether there is a base.
func (s *stream) known() bool { return len(s.bases) > 0 }

// anchor learns the base from bytes at off that lie in the segment being added.
func (s *stream) anchor(segment *decode.Segment, off uint64, b []byte) {
	s.next = off + uint64(len(b))
	if segment == nil {
		return
	}
	at := within(segment.Payload, b)
	if at < 0 {
		return
	}
	base := first(segment) + uint32(at) - uint32(off)
	if s.known() && base == s.bases[len(s.bases)-1] {
		return
	}
	s.bases = append(s.bases, base)
	if len(s.bases) > maxBases {
		s.masks.all = true
		s.bases = s.bases[1:]
	}
}

// cover overwrites the bytes at off, wherever they may have been.
func (s *stream) cover(off uint64, text []byte) {
	for _, base := range s.bases {
		s.masks.add(base+uint32(off), text)
	}
}

// first returns the sequence number of a segment's first byte.
func first(s *decode.Segment) uint32 {
	if s.Flags&decode.SYN != 0 {
		return s.Seq + 1
	}
	return s.Seq
}

// streamsOf returns the chosen session that a connection is, and its streams
// by direction; nil: none.
func (x *selection) streamsOf(f *reassembly.Flow, paths *pathNames) (*chosen, [2]stream) {
	key := endsBetween(f.Src(0), f.Src(1))
	for c := range x.byEnds[key].during(f.First()) {
		if paths.of(f.Path()) == c.path {
			a := c.sender(f.Src(0))
			return c, [2]stream{c.stream(a), c.stream(a ^ 1)}
		}
	}
	return nil, [2]stream{}
}

// stream returns what one end sends.
func (c *chosen) stream(sender int) stream {
	s := stream{masks: &c.masks[sender]}
	if b := c.begins[sender]; b.known {
		s.bases = append(s.bases, b.seq)
	}
	return s
}

// sender returns which of the masks are for what an end sends.
func (c *chosen) sender(end netip.AddrPort) int {
	key := endsBetween(c.Session.Facts.Client, c.Session.Facts.Server)
	if end.Addr().As16() == key.lo && end.Port() == key.loPort {
		return 0
	}
	return 1
}
