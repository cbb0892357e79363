package sasl

import "github.com/mailtap/mailtap/dissect"

// framing is what the buffers of a security layer are (RFC 4422, section 3.7).
type framing uint8

const (
	noFrames     framing = iota // no layer follows
	sealed                      // nothing of it is read
	digestFrames                // DIGEST-MD5 with auth-int (RFC 2831, section 2.3)
	gssFrames                   // tokens of GSS-API, each of which tells whether it is sealed (RFC 4752, section 3.3)
	ntlmFrames                  // signatures of NTLM before what they sign ([MS-NLMP], section 3.4.4.2)
)

// Layer is a security layer that may follow an exchange, as both sides speak in
// it: buffers of four octets of length, text and checksums. Where the text is
// only signed, it is told apart from the rest; no checksum of it is verified.
// The zero pointer is no layer.
type Layer struct {
	mechanism string
	framing   framing
	tells     [2]bool // by side: its next byte is the first behind the exchange
	begun     bool
	readable  bool // it is read, or was
	closed    bool // nothing is read, of both sides
	told      bool
	sides     [2]frames
}

// Layer returns the security layer that may follow now that the server has
// accepted the exchange, nil where none can:
//
//   - DIGEST-MD5 whose client answered qop=auth-int or auth-conf (RFC 2831,
//     section 2.1.2.1);
//   - GSSAPI whose client chose layer 2 or 4 in its last token (RFC 4752,
//     section 3.1), which may not be encrypted; where it is all the same, or was
//     not seen, nobody can tell, and a layer may follow. Exchange speaks SPNEGO
//     under this name, without that token: no layer follows;
//   - GSS-SPNEGO, which has no such token and agrees on a layer within SPNEGO, or,
//     where that holds NTLM, by the flags of its last message;
//   - KERBEROS_V4, whose choice is encrypted (RFC 2222, section 7.1).
//
// Whether one does follow is told by the next bytes: see Begins. Where they are
// a line, the session goes on as without a layer.
func (x *Exchange) Layer() *Layer {
	if x == nil || x.layer == noFrames {
		return nil
	}
	return &Layer{mechanism: x.Attempt.Mechanism, framing: x.layer, tells: [2]bool{true, true}, closed: x.layer == sealed}
}

// Framed tells whether b, the first bytes of a side behind an exchange that was
// accepted and has a Layer, begin a buffer of it: four octets of length, in
// network byte order (RFC 4422, section 3.7). One byte is enough. These layers
// have buffers of less than 1<<24 octets (RFC 4752, section 3.1; RFC 2831,
// section 2.1.1; RFC 2222, section 7.1), so the first octet is 0, and no line of a
// mail protocol begins so.
func Framed(b []byte) bool { return len(b) > 0 && b[0] == 0 }

// Begun tells whether the layer has begun: Feed takes the bytes of both sides.
func (l *Layer) Begun() bool { return l != nil && l.begun }

// Begins looks at b, the next bytes of side. The first that comes behind the
// exchange, of either side, tells whether the layer begins there.
func (l *Layer) Begins(side dissect.Side, b []byte) bool {
	if l == nil || l.begun || !l.tells[side] || len(b) == 0 {
		return l.Begun()
	}
	l.begun = Framed(b)
	if other := side.Other(); l.begun && !l.tells[other] {
		l.sides[other].drop()
	}
	l.tells = [2]bool{}
	return l.begun
}

// Feed takes b, the next bytes of side, and returns how many. It calls read with
// the text in them, if any, behind skip octets that are none; read tells how many
// octets of the text it took, and whether it can take more. The first call is
// before anything is taken; where no more can be, the last one shows an octet of
// what is left, if that is more than the end of a frame. Where a side is not read
// any more, or never was, there is nothing to do with its bytes; they do not even
// count, so that it is the same where in them the other side goes on.
func (l *Layer) Feed(side dissect.Side, b []byte, read func(skip int, text []byte) (n int, more bool)) int {
	taken := 0
	_, more := read(0, nil)
	for more && taken < len(b) {
		if !l.reads(side) {
			return len(b)
		}
		skip, text := l.next(side, b[taken:])
		var n int
		n, more = read(skip, text)
		l.sides[side].text -= uint32(n)
		taken += skip + n
	}
	if rest := b[taken:]; !more && l.saysMore(side, rest) {
		read(0, rest[:1])
	}
	return taken
}

// saysMore tells whether b, the next bytes of side, is more than the end of the
// frame that is being read.
func (l *Layer) saysMore(side dissect.Side, b []byte) bool {
	f := &l.sides[side]
	n := uint32(len(b))
	return n > 0 && (!l.reads(side) || n > f.left() || n > f.before && f.text > 0 && f.legible(b[f.before:]) > 0)
}

// reads tells whether side is read.
func (l *Layer) reads(side dissect.Side) bool { return !l.closed && !l.sides[side].ended }

// next takes what is not text from the front of b, the next bytes of a side that
// is read: skip octets. Behind them stands text, if any.
func (l *Layer) next(side dissect.Side, b []byte) (skip int, text []byte) {
	f := &l.sides[side]
	for skip < len(b) {
		n, size, ok := f.next(l.framing, side, b[skip:])
		skip += n
		switch {
		case !ok:
			l.end(f)
			return skip, nil
		case !l.readable && f.open:
			l.readable = true // which is to be told before its text is read
			return skip, nil
		case size > 0:
			return skip, b[skip : skip+size]
		}
	}
	return skip, nil
}

// Lost says that n bytes of side were lost. Only within a frame whose length was
// seen it is known what they were: text of them was text, and reading goes on.
func (l *Layer) Lost(side dissect.Side, n uint64) (text uint64, ok bool) {
	if l == nil {
		return n, false
	}
	l.tells[side] = false
	if !l.begun || !l.reads(side) {
		return n, false
	}
	f := &l.sides[side]
	text, ok = f.lose(n)
	if !ok {
		f.drop()
	}
	return text, ok
}

// end: side cannot be read from here on. Where nothing has been read at all, this
// is no layer that can be read.
func (l *Layer) end(f *frames) {
	f.ended = true
	l.closed = l.closed || !l.readable
}

// Close says that nothing of the layer is to be read.
func (l *Layer) Close() { l.closed = true }

// Closed tells that nothing of the layer is read, of both sides.
func (l *Layer) Closed() bool { return l.Begun() && l.closed }

// Deaf tells, once, that a side is not read any more that was read before. Where
// bytes were lost, Lost has told it.
func (l *Layer) Deaf(side dissect.Side) bool {
	f := &l.sides[side]
	if !f.ended || f.settled || l.closed {
		return false
	}
	f.settled = true
	return true
}

// Words says once what layer it is, as soon as that is known: its mechanism, with
// "integrity" where the text is readable; until then nil.
func (l *Layer) Words() []byte {
	switch {
	case l.told || !l.closed && !l.readable:
		return nil
	case l.readable:
		l.told = true
		return []byte(l.mechanism + " integrity")
	}
	l.told = true
	return []byte(l.mechanism)
}
