package decode

import (
	"bytes"
	"slices"
)

// datagram is an IP packet's content, of which fragments have come.
type datagram struct {
	key    fragmentKey
	state  datagramState
	proto  uint8
	first  int64   // time of the fragment that began it, ns since 1970 UTC
	size   int     // of the whole; 0 before the last fragment has come
	filled int     // bytes that have come
	pieces []piece // in order, none overlaps another
	data   []byte  // of the pieces, in the order in which they came

	prev, next *datagram // by age
}

type datagramState uint8

const (
	waiting   datagramState = iota // for fragments
	whole                          // kept to know captured duplicates by
	abandoned                      // what comes for it is dropped
)

// piece is the bytes [from, to) of a datagram. The first have of them are
// data[at:]; the capture cut the others.
type piece struct{ from, to, at, have uint16 }

// end returns where the last piece ends.
func (g *datagram) end() int {
	if len(g.pieces) == 0 {
		return 0
	}
	return int(g.pieces[len(g.pieces)-1].to)
}

// fits tells whether f agrees with what is known of the datagram's size.
func (g *datagram) fits(f *fragment) bool {
	switch {
	case g.size == 0:
		return f.more || f.end() >= g.end()
	case f.more:
		return f.end() <= g.size
	}
	return f.end() == g.size
}

// captured returns what was captured of the bytes [from, to) of a piece.
func (g *datagram) captured(p piece, from, to int) []byte {
	have := g.data[p.at : int(p.at)+int(p.have)]
	return have[min(from-int(p.from), len(have)):min(to-int(p.from), len(have))]
}

// overlap counts the bytes of f that have come before, and tells whether any
// was another then.
func (g *datagram) overlap(f *fragment) (common int, differs bool) {
	for _, p := range g.pieces {
		from, to := max(int(p.from), f.offset), min(int(p.to), f.end())
		if from >= to {
			continue
		}
		old, now := g.captured(p, from, to), f.captured(from, to)
		n := min(len(old), len(now))
		common += to - from
		differs = differs || !bytes.Equal(old[:n], now[:n])
	}
	return common, differs
}

// repeats tells whether f has the place of a piece.
func (g *datagram) repeats(f *fragment) bool {
	return slices.ContainsFunc(g.pieces, func(p piece) bool {
		return int(p.from) == f.offset && int(p.to) == f.end()
	})
}

// fill takes those bytes of f that have not come before, and reports whether
// MaxFragments allowed it.
func (g *datagram) fill(f *fragment) bool {
	if f.offset == 0 && (len(g.pieces) == 0 || g.pieces[0].from > 0) {
		g.proto = f.proto
	}
	if !f.more {
		g.size = f.end()
	}
	from := f.offset
	for i := 0; from < f.end(); i++ {
		to := f.end()
		if i < len(g.pieces) {
			to = min(to, int(g.pieces[i].from))
		}
		if from < to {
			if len(g.pieces) == MaxFragments {
				return false
			}
			g.insert(i, f, from, to)
		}
		from = max(from, int(g.pieces[i].to))
	}
	return true
}

// insert takes the bytes [from, to) of f as the piece i.
func (g *datagram) insert(i int, f *fragment, from, to int) {
	b := f.captured(from, to)
	p := piece{uint16(from), uint16(to), uint16(len(g.data)), uint16(len(b))}
	g.pieces = slices.Insert(g.pieces, i, p)
	g.data = append(g.data, b...)
	g.filled += to - from
}

// appendTo appends what was captured of the datagram, up to the first byte
// that was not.
func (g *datagram) appendTo(dst []byte) []byte {
	for _, p := range g.pieces {
		dst = append(dst, g.captured(p, int(p.from), int(p.to))...)
		if p.have < p.to-p.from {
			break
		}
	}
	return dst
}
