// Package inflate reads a raw deflate stream (RFC 1951) as its bytes come, and
// tells which of them every byte of text came from.
//
// The readers of the standard library and of others want a source that blocks
// until the next byte is there, and are lost after an error. This one stops
// where its bytes end and goes on with the next, without a goroutine. Each
// step of it takes at most 48 bits, and takes them or leaves them.
package inflate

import (
	"bytes"
	"errors"
)

// Bounds of a stream. One that yields more is meant to keep its reader busy:
// deflate can make 1032 bytes of one.
const (
	MaxRatio = 200     // bytes of text for a byte of the stream
	MaxAhead = 4 << 20 // bytes of text over that ratio
)

// windowSize is how far back a match may reach (RFC 1951, section 2).
const windowSize = 32 << 10

// The ends of a stream.
var (
	ErrCorrupt = errors.New("broken deflate stream")
	ErrEnded   = errors.New("the deflate stream has ended")
	ErrRatio   = errors.New("deflate stream of implausible ratio")
)

// step says what the next bits are.
type step uint8

const (
	blockHeader step = iota
	storedSize       // RFC 1951, section 3.2.4
	stored
	dynamicSizes // RFC 1951, section 3.2.7
	codeLengths
	lengths
	symbols // RFC 1951, section 3.2.3
	atEnd
)

// A Reader is one stream. Use New.
type Reader struct {
	Start uint64 // stream offset of the byte in which the text that Next gave last begins
	End   uint64 // behind the byte in which it ends

	src    []byte // of the call of Next that is running, as the next three
	from   int    // where its text begins in window
	limit  int    // where its text ends at the latest
	byLine bool

	base  uint64 // stream offset of the first byte
	in    uint64 // stream offset behind the bytes that are in bits
	bits  uint64 // the next bits, the first one lowest
	count uint   // of bits

	step  step
	final bool // the block is the last one
	err   error

	left       int    // stored bytes, or bytes of the match, still to come
	distance   int    // of the match; 0: there is none
	matchStart uint64 // as Start and End
	matchEnd   uint64

	literal, dist          *huffman // of the block
	ownLiteral, ownDist    huffman
	sizes                  [maxLiterals + maxDistances]uint8
	filled                 int // of sizes
	literals, dists, codes int // how many sizes there are of each

	window  [windowSize]byte
	at      int    // where the next byte of text goes
	total   uint64 // bytes of text
	stopped bool   // Next gave as much as was asked for
}

// New returns the Reader of a stream whose first byte is at an offset.
func New(offset uint64) *Reader { return &Reader{base: offset, in: offset} }

// Pending tells whether there may be text that needs no more bytes.
func (r *Reader) Pending() bool { return r.err == nil && (r.distance > 0 || r.stopped && r.count > 0) }

// Pass counts n bytes that stand between those of the stream and are none of it.
func (r *Reader) Pass(n uint64) {
	r.base += n
	r.in += n
}

// Next gives the next text of src, at most limit bytes and, by line, none
// behind the first LF, and how many bytes of src it took. Where it gives
// nothing it has taken all of src and needs more, or err tells why there will
// be none. The text is valid until the next call.
func (r *Reader) Next(src []byte, limit int, byLine bool) (text []byte, n int, err error) {
	r.src, r.from, r.byLine = src, r.at, byLine
	r.limit = r.at + min(limit, windowSize-r.at)
	for r.at < r.limit && !r.atLineEnd() {
		if r.distance > 0 {
			r.match()
		} else if !r.advance() {
			break
		}
	}
	r.stopped = r.at == r.limit || r.atLineEnd()
	text = r.window[r.from:r.at]
	r.total += uint64(len(text))
	r.at %= windowSize
	n = len(src) - len(r.src)
	r.src = nil
	if len(text) == 0 {
		err = r.err
	}
	return text, n, err
}

func (r *Reader) atLineEnd() bool { return r.byLine && r.at > r.from && r.window[r.at-1] == '\n' }

// advance takes one step. It returns false where there are too few bytes.
func (r *Reader) advance() bool {
	r.refill()
	switch r.step {
	case symbols:
		return r.symbol()
	case stored:
		return r.copyStored()
	case blockHeader:
		return r.header()
	case storedSize:
		return r.size()
	case dynamicSizes:
		return r.tableSizes()
	case codeLengths:
		return r.codeLength()
	case lengths:
		return r.length()
	}
	return r.fail(ErrEnded)
}

func (r *Reader) fail(err error) bool {
	if r.err == nil {
		r.err = err
	}
	r.step, r.distance = atEnd, 0
	r.in += uint64(len(r.src))
	r.src = nil
	return false
}

// refill moves bytes into bits, as many as fit.
func (r *Reader) refill() {
	for r.count <= 56 && len(r.src) > 0 {
		r.bits |= uint64(r.src[0]) << r.count
		r.count += 8
		r.src = r.src[1:]
		r.in++
	}
}

// position is where the next bit stands, in bits.
func (r *Reader) position() uint64 { return r.in*8 - uint64(r.count) }

// take takes n bits, if they are there.
func (r *Reader) take(n uint) (v int, ok bool) {
	if r.count < n {
		return 0, false
	}
	v = int(r.bits & (1<<n - 1))
	r.drop(n)
	return v, true
}

func (r *Reader) drop(n uint) {
	r.bits >>= n
	r.count -= n
}

// put adds a byte of text that stands at [start, end) of the stream.
func (r *Reader) put(c byte, start, end uint64) {
	if r.at == r.from {
		r.Start = start
	}
	r.End = end
	r.window[r.at] = c
	r.at++
}

// header reads the beginning of a block (RFC 1951, section 3.2.3).
func (r *Reader) header() bool {
	if r.final {
		return r.fail(ErrEnded)
	}
	v, ok := r.take(3)
	if !ok {
		return false
	}
	r.final = v&1 == 1
	switch v >> 1 {
	case 0:
		r.drop(r.count % 8)
		r.step = storedSize
	case 1:
		r.literal, r.dist = &fixedLiterals, &fixedDistances
		r.step = symbols
	case 2:
		r.step = dynamicSizes
	default:
		return r.fail(ErrCorrupt)
	}
	return true
}

func (r *Reader) size() bool {
	v, ok := r.take(32)
	if !ok {
		return false
	}
	r.left = v & 0xffff
	if r.left != ^v>>16&0xffff {
		return r.fail(ErrCorrupt)
	}
	r.step = stored
	if r.left == 0 {
		r.step = blockHeader
	}
	return true
}

// copyStored takes bytes as they are.
func (r *Reader) copyStored() bool {
	if r.count < 8 {
		return false
	}
	for r.count >= 8 && r.left > 0 && r.at < r.limit && !r.atLineEnd() {
		start := r.position() / 8
		r.put(byte(r.bits), start, start+1)
		r.drop(8)
		r.left--
	}
	if r.left == 0 {
		r.step = blockHeader
	}
	return true
}

// match copies from the window (RFC 1951, section 3.2.3). Where the distance
// is less than the length, the copy reads what it has written.
func (r *Reader) match() {
	if r.at == r.from {
		r.Start = r.matchStart
	}
	r.End = r.matchEnd
	distance := r.distance
	for r.left > 0 && r.at < r.limit && !r.atLineEnd() {
		source := (r.at - distance) & (windowSize - 1)
		n := min(r.left, r.limit-r.at, distance, windowSize-source)
		text := r.window[source : source+n]
		if r.byLine {
			// What stands behind the line may be needed to copy the rest.
			if i := bytes.IndexByte(text, '\n'); i >= 0 {
				text = text[:i+1]
			}
		}
		copy(r.window[r.at:], text)
		r.at += len(text)
		r.left -= len(text)
		if len(text) == distance {
			distance *= 2 // the text repeats: as much again may be copied at once
		}
	}
	if r.left == 0 {
		r.distance = 0
	}
}
