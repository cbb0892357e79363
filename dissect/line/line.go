// Package line cuts streams of bytes into the lines of the mail protocols, and
// finds the end of dot-terminated blocks (RFC 5321, section 4.5.2; RFC 1939,
// section 3) without looking at their lines.
//
// It accepts a bare LF as the end of a line, because real programs send it; a
// bare CR is content. Dot takes the mark of POP3 so; package smtp looks for the
// mark of SMTP itself, for there servers differ in what they take for it.
//
// It knows no literals (RFC 3501, section 4.3), no folded header fields and no
// commands: what a line means, and which bytes are none, is the protocol's.
package line

import "bytes"

// MaxLength is how much of a line is kept. RFC 4954, section 4 wants 12288
// octets for AUTH; Kerberos tickets with authorization data are longer.
const MaxLength = 64 << 10

// A Splitter gives the lines of one direction. The zero value is ready for a
// stream that begins at offset 0.
type Splitter struct {
	Offset uint64 // of the next byte
	Start  uint64 // of the line that Next gave last, or is reading
	part   []byte // the beginning of an unfinished line
	done   []byte // what held the last joined line: it must outlive the next part
	Long   bool   // the line that Next gave last was longer than MaxLength, and was cut
	long   bool
	given  bool
	passed uint32 // octets within the line that are not its own
}

// Next takes bytes from b until a line is whole. It returns the line without
// its CRLF or LF, how many bytes of b it took, and whether there was a whole
// line; if not, it took all of b and keeps it. All lines that came out of one
// b are valid until Next is called with another.
func (s *Splitter) Next(b []byte) (text []byte, n int, whole bool) {
	s.begin()
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		s.keep(b)
		s.Offset += uint64(len(b))
		return nil, len(b), false
	}
	n = i + 1
	s.Offset += uint64(n)
	text = b[:i]
	if len(s.part) > 0 || len(text) > MaxLength {
		s.keep(text)
		text = s.part
	}
	s.given = true
	s.Long = s.long
	return bytes.TrimSuffix(text, []byte{'\r'}), n, true
}

// begin forgets the line that was given before.
func (s *Splitter) begin() {
	if !s.given {
		if len(s.part) == 0 && !s.long {
			s.Start, s.passed = s.Offset, 0
		}
		return
	}
	s.given, s.long, s.Long = false, false, false
	s.Start, s.passed = s.Offset, 0
	if len(s.part) == 0 {
		return
	}
	s.part, s.done = s.done[:0], s.part
	if cap(s.part) > 4096 {
		s.part = nil // a rare long line must not cost its memory for hours
	}
}

func (s *Splitter) keep(b []byte) {
	if room := MaxLength - len(s.part); len(b) > room {
		b = b[:room]
		s.long = true
	}
	s.part = append(s.part, b...)
}

// Skip counts n bytes that were taken by somebody else: a literal, a message
// body. There must be no unfinished line.
func (s *Splitter) Skip(n int) {
	s.begin()
	s.Offset += uint64(n)
	s.Start = s.Offset
}

// Pass counts n bytes of the stream that belong to a layer beneath it, and may
// stand within a line.
func (s *Splitter) Pass(n uint64) {
	s.Offset += n
	if !s.given {
		s.passed += uint32(n)
	}
}

// Size returns how many bytes the line has that Next gave last, its end included.
func (s *Splitter) Size() uint64 { return s.Offset - s.Start - uint64(s.passed) }

// Part returns the unfinished line so far.
func (s *Splitter) Part() []byte {
	if s.given {
		return nil
	}
	return s.part
}

// Lose drops the unfinished line and counts n bytes that were lost.
func (s *Splitter) Lose(n uint64) {
	s.given = true
	s.begin()
	s.Offset += n
	s.Start = s.Offset
}
