package reassembly

import (
	"encoding/binary"
	"math/bits"

	"github.com/mailtap/mailtap/capture/decode"
)

// key names a connection: both addresses, both ports and the path, the lower
// end first.
type key struct {
	lo0, lo1, hi0, hi1 uint64
	ports, path        uint32
}

// set works on single words: an array that is written by halves and read as
// a whole stalls for as long as all the rest takes.
func (k *key) set(s *decode.Segment) (swapped bool) {
	a0, a1 := binary.BigEndian.Uint64(s.SrcAddr[:]), binary.BigEndian.Uint64(s.SrcAddr[8:])
	b0, b1 := binary.BigEndian.Uint64(s.DstAddr[:]), binary.BigEndian.Uint64(s.DstAddr[8:])
	a, b := uint32(s.SrcPort), uint32(s.DstPort)
	switch {
	case a0 != b0:
		swapped = b0 < a0
	case a1 != b1:
		swapped = b1 < a1
	default:
		swapped = b < a
	}
	if swapped {
		a0, a1, a, b0, b1, b = b0, b1, b, a0, a1, a
	}
	k.lo0, k.lo1, k.hi0, k.hi1 = a0, a1, b0, b1
	k.ports, k.path = a<<16|b, uint32(s.Path)
	return swapped
}

func (k *key) equal(o *key) bool {
	return k.lo0 == o.lo0 && k.lo1 == o.lo1 && k.hi0 == o.hi0 && k.hi1 == o.hi1 && k.ports == o.ports && k.path == o.path
}

// seed makes the places of connections unforeseeable.
type seed [5]uint64

// hash multiplies as wyhash does. hash/maphash takes three times as long.
func (k *key) hash(s *seed) uint32 {
	h := fold(k.lo0^s[0], k.lo1^s[1]) ^ fold(k.hi0^s[2], k.hi1^s[3])
	return uint32(fold(h^uint64(k.ports)<<32^uint64(k.path), s[4]))
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
