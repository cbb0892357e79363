package alerts

import (
	"encoding/base64"
	"slices"
	"strings"
)

// needles is a set of strings that finds which of them a text begins with. A
// session of a thousand guesses has thousands, so they are not tried in turn.
type needles struct {
	sorted []string
	parent []int // of each, the longest other one that it begins with; -1: none
}

func (n *needles) add(s string) { n.sorted = append(n.sorted, s) }

// groupSize is how many bytes BASE64 takes together.
const groupSize = 3

// addCores adds the digits that s gives within longer BASE64, where it begins 0,
// 1 or 2 bytes into a group: those that depend on no neighbour.
func (n *needles) addCores(s string) {
	var in [64]byte // a secret is seldom longer
	var out [3 * 88]byte
	digits := out[:0]
	var ends [groupSize]int
	for shift := range groupSize {
		from := len(digits)
		digits = base64.RawStdEncoding.AppendEncode(digits, append(in[:shift], s...))
		first := [groupSize]int{0, 2, 3}[shift]
		size := (shift+len(s))*8/6 - first
		copy(digits[from:], digits[from+first:][:size])
		digits = digits[:from+size]
		ends[shift] = len(digits)
	}
	all, from := string(digits), 0
	for _, end := range ends {
		n.add(all[from:end])
		from = end
	}
}

func (n *needles) reset() {
	clear(n.sorted)
	n.sorted, n.parent = n.sorted[:0], n.parent[:0]
}

func (n *needles) build() {
	slices.Sort(n.sorted)
	n.sorted = slices.Compact(n.sorted)
	n.parent = n.parent[:0]
	for i, s := range n.sorted {
		p := i - 1
		for p >= 0 && !strings.HasPrefix(s, n.sorted[p]) {
			p = n.parent[p]
		}
		n.parent = append(n.parent, p)
	}
}

// longest returns the length of the longest needle that text begins with. In a
// cut text a needle may also be cut by its end.
func (n *needles) longest(text string, cut bool) int {
	k, found := slices.BinarySearch(n.sorted, text)
	if found {
		return len(text)
	}
	if cut && len(text) >= minPart && k < len(n.sorted) && strings.HasPrefix(n.sorted[k], text) {
		return len(text)
	}
	// What sorts before text and is the beginning of it, is also the beginning
	// of all that sorts between the two.
	for k--; k >= 0; k = n.parent[k] {
		if strings.HasPrefix(text, n.sorted[k]) {
			return len(n.sorted[k])
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
func partAt(s string, i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16
}

// hashPart multiplies by the golden ratio and keeps the upper bits.
func hashPart(part uint32) uint32 { return part * 0x9e3779b1 >> 19 }
