package sasl

import (
	"encoding/binary"

	"github.com/mailtap/mailtap/dissect"
)

// Bounds of a frame.
const (
	lengthSize   = 4         // octets of the length before a frame (RFC 4422, section 3.7)
	maxFrame     = 1<<24 - 1 // octets of a frame (RFC 4752, section 3.1; RFC 2831, section 2.1.1); none is kept
	maxFrameHead = lengthSize + maxOldHead
	maxPadding   = 8 // octets behind the text of an old token (RFC 1964, section 1.2.2.3)
)

// Behind the text of DIGEST-MD5 stand ten octets of HMAC, the message type and
// the sequence number (RFC 2831, section 2.3).
const (
	digestTrailer = 16
	digestMAC     = 10
	digestType    = 1
)

// Before the text that NTLM signs stand the version of the signature, its checksum
// and its number, which is in little-endian order ([MS-NLMP], section 2.2.2.9.2).
const (
	ntlmSignatureSize    = 16
	ntlmSignatureNumber  = 12
	ntlmSignatureVersion = 1
)

// frames reads one side of a layer. Of a frame it keeps the head, without text,
// and the last octets.
type frames struct {
	head    [maxFrameHead]byte
	have    int
	open    bool   // the head is whole
	before  uint32 // octets of a checksum that stand before the text
	text    uint32 // octets of text to come; padded: and of what follows it
	behind  uint32 // octets to come behind the text
	padded  bool   // how much of the end is padding is told by it
	padding byte
	torn    bool // octets behind the text were lost
	trailer [digestTrailer]byte
	number  uint64 // of the next frame
	counted bool   // number is known
	ended   bool   // nothing is read any more
	settled bool   // the machine knows
}

// next takes what stands before the next text in b: n octets, behind which size
// octets of text stand. It stops behind a head.
func (f *frames) next(kind framing, side dissect.Side, b []byte) (n, size int, ok bool) {
	if !f.open {
		n, ok = f.takeHead(kind, side, b)
		return n, 0, ok
	}
	if f.before > 0 {
		n = int(min(f.before, uint32(len(b))))
		f.before -= uint32(n)
	}
	if f.text > 0 && n < len(b) {
		size = f.legible(b[n:])
	}
	if size > 0 || n == len(b) && f.left() > 0 {
		return n, size, true
	}
	m, ok := f.takeBehind(kind, b[n:])
	if f.left() == 0 {
		ok = ok && f.close(kind)
	}
	return n + m, 0, ok
}

// left returns how much of the frame has not come yet.
func (f *frames) left() uint32 { return f.before + f.text + f.behind }

// takeHead takes the head of a frame, as far as it is known how long it is.
func (f *frames) takeHead(kind framing, side dissect.Side, b []byte) (n int, ok bool) {
	for n < len(b) {
		need, ok := f.headSize(kind)
		if !ok {
			return n, false
		}
		m := copy(f.head[f.have:need], b[n:])
		f.have += m
		n += m
		if need, ok = f.headSize(kind); !ok {
			return n, false
		}
		if f.have == need {
			return n, f.begin(kind, side)
		}
	}
	return n, true
}

// headSize returns how long the head is, as far as it tells: never less than what
// is there.
func (f *frames) headSize(kind framing) (size int, ok bool) {
	h := f.head[:f.have]
	if size = lengthSize; len(h) < size {
		return size, true
	}
	switch kind {
	case gssFrames:
		token, ok := tokenHead(h[lengthSize:])
		if !ok {
			return 0, false
		}
		size += token
	case ntlmFrames:
		size += ntlmSignatureSize
	}
	return size, f.size() <= maxFrame && size-lengthSize <= int(f.size())
}

// drop: bytes were lost, and with them where the next frame begins.
func (f *frames) drop() { f.ended, f.settled = true, true }

// size is the length that the frame announces.
func (f *frames) size() uint32 { return binary.BigEndian.Uint32(f.head[:]) }

// begin reads the head, which is whole, and tells whether the text can be read.
func (f *frames) begin(kind framing, side dissect.Side) bool {
	f.open, f.torn, f.padded = true, false, false
	body := f.size() - uint32(f.have-lengthSize)
	switch token := f.head[lengthSize:f.have]; kind {
	case gssFrames:
		return f.beginToken(token, side, body)
	case ntlmFrames:
		f.text = body
		return binary.LittleEndian.Uint32(token) == ntlmSignatureVersion &&
			f.follows(uint64(binary.LittleEndian.Uint32(token[ntlmSignatureNumber:])))
	}
	if body < digestTrailer {
		return false
	}
	f.text, f.behind = body-digestTrailer, digestTrailer
	return true
}

// follows tells whether number is that of the next frame, and counts it. The first
// may have any.
func (f *frames) follows(number uint64) bool {
	if f.counted && number != f.number {
		return false
	}
	f.number, f.counted = number+1, true
	return true
}

// legible returns how much of b is text. The padding of an old token is as many
// octets as each of them says, and no text of a mail protocol ends so.
func (f *frames) legible(b []byte) int {
	n := int(min(f.text, uint32(len(b))))
	if !f.padded {
		return n
	}
	for i := max(0, int(f.text)-maxPadding); i < n; i++ {
		if left := f.text - uint32(i); uint32(b[i]) == left {
			if i == 0 {
				f.text, f.behind, f.padding = 0, left, byte(left)
			}
			return i
		}
	}
	return n
}

// takeBehind takes octets behind the text.
func (f *frames) takeBehind(kind framing, b []byte) (n int, ok bool) {
	n = int(min(f.behind, uint32(len(b))))
	if kind == digestFrames {
		copy(f.trailer[digestTrailer-f.behind:], b[:n])
	}
	f.behind -= uint32(n)
	for i, c := range b[:n] {
		if f.padded && c != f.padding {
			return i + 1, false
		}
	}
	return n, true
}

// close ends a frame, and tells whether its end is sound.
func (f *frames) close(kind framing) bool {
	f.open, f.have = false, 0
	if kind != digestFrames {
		return !f.padded || f.padding > 0
	}
	want := f.number
	f.number++
	tail := f.trailer[digestMAC:]
	return f.torn || binary.BigEndian.Uint16(tail) == digestType && uint64(binary.BigEndian.Uint32(tail[2:])) == want
}

// lose takes the loss of n octets, and tells how many of them were text. Those of
// a head, and of the end of an old token, leave nothing to go on with.
func (f *frames) lose(n uint64) (text uint64, ok bool) {
	if !f.open || n > uint64(f.left()) || f.padded && n+maxPadding > uint64(f.left()) {
		return n, false
	}
	before := min(n, uint64(f.before))
	text = min(n-before, uint64(f.text))
	behind := n - before - text
	f.before -= uint32(before)
	f.text -= uint32(text)
	f.behind -= uint32(behind)
	f.torn = f.torn || behind > 0
	return text, true
}
