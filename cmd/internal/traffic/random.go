package traffic

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// random draws from PCG, so that a seed gives the same numbers with every
// release of Go.
type random struct{ source *rand.PCG }

func newRandom(seed uint64, kind string) random {
	var salt [8]byte // kinds of the same seed are not to share their accounts
	copy(salt[:], kind)
	return random{rand.NewPCG(seed, binary.LittleEndian.Uint64(salt[:]))}
}

// below returns a number from 0 to n-1.
func (r random) below(n int) int {
	hi, _ := bits.Mul64(r.source.Uint64(), uint64(n))
	return int(hi)
}

// between returns a number from lo to hi.
func (r random) between(lo, hi int) int { return lo + r.below(hi-lo+1) }

// chance is true in n of 1000 cases.
func (r random) chance(n int) bool { return r.below(1000) < n }

func (r random) fill(b []byte) {
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, r.source.Uint64())
		b = b[8:]
	}
	for i := range b {
		b[i] = byte(r.source.Uint64())
	}
}

func (r random) one(words []string) string { return words[r.below(len(words))] }

// word returns n characters of alphabet.
func (r random) word(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.below(len(alphabet))]
	}
	return string(b)
}
