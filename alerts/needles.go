package alerts

import (
	"bytes"
	"encoding/base64"
	"slices"
	"sort"
)

// needles is a set of strings that finds which of them a text begins with. A
// session of a thousand guesses has thousands, so they are not tried in turn.
type needles struct {
	text   []byte // of all: memory of its own, which is cleared
	sorted []needle
}

// needle is one of them.
type needle struct {
	from, to int // in text
	parent   int // in sorted, the longest other one that it begins with; -1: none
}

func (n *needles) of(one needle) []byte { return n.text[one.from:one.to] }

func (n *needles) add(s string) {
	from := len(n.text)
	n.text = append(n.text, s...)
	n.sorted = append(n.sorted, needle{from: from, to: len(n.text)})
}

// groupSize is how many bytes BASE64 takes together.
const groupSize = 3

// addCores adds the digits that s gives within longer BASE64, where it begins 0,
// 1 or 2 bytes into a group: those that depend on no neighbour.
func (n *needles) addCores(s string) {
	var in [64]byte // a secret is seldom longer
	for shift := range groupSize {
		from := len(n.text)
		n.text = base64.RawStdEncoding.AppendEncode(n.text, append(in[:shift], s...))
		first := [groupSize]int{0, 2, 3}[shift]
		size := (shift+len(s))*8/6 - first
		n.sorted = append(n.sorted, needle{from: from + first, to: from + first + size})
	}
}

func (n *needles) reset() {
	clear(n.text)
	n.text, n.sorted = n.text[:0], n.sorted[:0]
}

func (n *needles) build() {
	slices.SortFunc(n.sorted, func(a, b needle) int { return bytes.Compare(n.of(a), n.of(b)) })
	n.sorted = slices.CompactFunc(n.sorted, func(a, b needle) bool { return bytes.Equal(n.of(a), n.of(b)) })
	for i := range n.sorted {
		one := &n.sorted[i]
		one.parent = i - 1
		for one.parent >= 0 && !bytes.HasPrefix(n.of(*one), n.of(n.sorted[one.parent])) {
			one.parent = n.sorted[one.parent].parent
		}
	}
}

// longest returns the length of the longest needle that text begins with. In a
// cut text a needle may also be cut by its end.
func (n *needles) longest(text string, cut bool) int {
	k := sort.Search(len(n.sorted), func(i int) bool { return string(n.of(n.sorted[i])) >= text })
	if k < len(n.sorted) {
		next := n.of(n.sorted[k])
		if string(next) == text || cut && len(text) >= minPart && len(next) >= len(text) && string(next[:len(text)]) == text {
			return len(text)
		}
	}
	// What sorts before text and is the beginning of it, is also the beginning
	// of all that sorts between the two.
	for k--; k >= 0; k = n.sorted[k].parent {
		if one := n.of(n.sorted[k]); len(one) <= len(text) && text[:len(one)] == string(one) {
			return len(one)
		}
	}
	return 0
}

// parts is a set of parts of needles, a bit for each of their hashes. Most
// places of a text begin with none.
type parts [partBits / 64]uint64

// partBits is the size of parts: the beginnings of the needles of a session of
// a thousand guesses leave half of it empty.
const partBits = 1 << 13

func (p *parts) add(part uint32) {
	h := hashPart(part)
	p[h/64] |= 1 << (h % 64)
}

func (p *parts) has(part uint32) bool {
	h := hashPart(part)
	return p[h/64]&(1<<(h%64)) != 0
}

// partAt returns the minPart bytes of s that begin at i.
func partAt[T string | []byte](s T, i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16
}

// hashPart multiplies by the golden ratio and keeps the upper bits.
func hashPart(part uint32) uint32 { return part * 0x9e3779b1 >> 19 }
