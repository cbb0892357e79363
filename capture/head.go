package capture

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"os"
)

// head is the beginning of a file, by which one that was written anew is told
// from one that has grown.
type head struct {
	n   int
	sum [sha256.Size]byte
}

// headLen is how much is compared at most. It reaches beyond the first packet's
// time, also behind the long file headers of dumpcap.
const headLen = 4 << 10

// magicLen is what the format of a file is told by, first of all.
const magicLen = 4

// readHead reads at most n bytes. It also returns the first four, as a number.
func readHead(r io.ReaderAt, n int) (h head, magic uint32) {
	b := make([]byte, max(n, magicLen))
	got, _ := r.ReadAt(b, 0)
	h.n = min(got, n)
	h.sum = sha256.Sum256(b[:h.n])
	return h, binary.LittleEndian.Uint32(b)
}

func (h head) matches(r io.ReaderAt) bool {
	now, _ := readHead(r, h.n)
	return now == h
}

// isOf tells whether a file begins so.
func (h head) isOf(name string) bool {
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	return h.matches(file)
}
