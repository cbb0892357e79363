package sasl

import (
	"bytes"
	"encoding/binary"

	"github.com/mailtap/mailtap/dissect"
)

// Wrap tokens of RFC 4121, section 4.2.6.2.
const (
	wrapHead     = 16
	fromAcceptor = 1 // flags
	isSealed     = 2
)

// Wrap tokens of RFC 1964, section 1.2.2, in the frame of RFC 2743, section 3.1.
const (
	oldTag       = 0x60
	oldFields    = 16 // TOK_ID, SGN_ALG, SEAL_ALG, filler and SND_SEQ
	oldSum       = 8
	longOldSum   = 20 // HMAC SHA1 DES3-KD
	longSumAlg   = 4
	confounder   = 8
	maxDERLength = 4 // octets that tell the length of a token in a frame
	kerberosSize = 11
	maxOldHead   = 1 + maxDERLength + kerberosSize + oldFields + longOldSum + confounder
)

// tokenHead returns how long the head of a token is that begins with b, as far as
// it tells; ok is false for what is no wrap token.
func tokenHead(b []byte) (size int, ok bool) {
	switch {
	case len(b) == 0:
		return 1, true
	case b[0] != 5 && b[0] != oldTag:
		return 0, false
	case len(b) < 2:
		return 2, true
	case b[0] == 5:
		return wrapHead, b[1] == 4
	}
	inner, ok := oldInner(b)
	if !ok {
		return 0, false
	}
	algorithm := inner + 3
	if len(b) < algorithm {
		return algorithm, true
	}
	sum := oldSum
	if b[inner+2] == longSumAlg {
		sum = longOldSum
	}
	return inner + oldFields + sum + confounder, true
}

// oldInner returns where the token begins in its frame.
func oldInner(b []byte) (at int, ok bool) {
	const long = 0x80
	at = 2
	if b[1] >= long {
		at += int(b[1] &^ long)
	}
	return at + kerberosSize, at <= 1+maxDERLength
}

// beginToken reads the head of a token, behind which body octets stand.
func (f *frames) beginToken(head []byte, side dissect.Side, body uint32) bool {
	if head[0] == oldTag {
		return f.beginOld(head, body)
	}
	flags := head[2]
	sum, rotation := uint32(binary.BigEndian.Uint16(head[4:])), uint32(binary.BigEndian.Uint16(head[6:]))
	if flags&isSealed != 0 || (flags&fromAcceptor != 0) != (side == dissect.Server) || head[3] != 0xff || sum == 0 || sum > body {
		return false
	}
	if !f.follows(binary.BigEndian.Uint64(head[8:])) {
		return false
	}
	// The checksum stands behind the text, and both are rotated to the right. By
	// more than the checksum nobody does ([MS-KILE], section 3.4.5.4.1: by 12), and
	// the text would have to be kept.
	if rotation %= body; rotation > sum {
		return false
	}
	f.before, f.text, f.behind = rotation, body-sum, sum-rotation
	return true
}

// beginOld reads the head of a token of RFC 1964.
func (f *frames) beginOld(head []byte, body uint32) bool {
	inner, _ := oldInner(head)
	token := head[inner:]
	if !bytes.Equal(head[inner-kerberosSize:inner], kerberosOID) || token[0] != 2 || token[1] != 1 ||
		token[4] != 0xff || token[5] != 0xff || body == 0 {
		return false
	}
	f.before, f.text, f.behind = 0, body, 0
	f.padded, f.padding = true, 0
	return true
}
