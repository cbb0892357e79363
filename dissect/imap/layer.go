package imap

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// expectLayer: the server has accepted an exchange that a security layer may
// follow (RFC 3501, section 6.2.2). The first byte that comes tells whether it
// does. What is compressed is left to the inflater: a deflate stream may begin
// like a layer. A second layer replaces the first (RFC 4422, section 3.7): its
// frames do not go on with the numbers of those before, and are not read.
func (s *Session) expectLayer(x *sasl.Exchange) {
	if s.packed == [2]*packed{} && !s.layer.Begun() {
		s.layer = x.Layer()
	}
}

// feedLayer takes bytes of a security layer, and reads the text in them.
func (s *Session) feedLayer(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	told, taken := len(dst), 0
	dst = s.tellLayer(dst, side)
	for taken < len(b) && s.takes(side) {
		if !s.layer.Reads(side) {
			taken = len(b)
			break
		}
		skip, text := s.layer.Next(side, b[taken:])
		s.in[side].Pass(uint64(skip))
		taken += skip
		dst = s.tellLayer(dst, side)
		if len(text) > 0 {
			var n int
			dst, n = s.feed(dst, side, text)
			s.layer.Took(side, n)
			taken += n
		}
	}
	dissect.Detach(dst[told:])
	return dst, taken
}

// tellLayer tells what is now known of the layer.
func (s *Session) tellLayer(dst []dissect.Event, side dissect.Side) []dissect.Event {
	if words := s.layer.Words(); words != nil {
		s.dialogue.Frame()
		e := s.here(dissect.Server, dissect.Layered)
		e.Text = words
		dst = append(dst, e)
	}
	switch {
	case s.layer.Closed():
		s.state = [2]state{opaque, opaque}
		s.wait = nothing
	case s.layer.Deaf(side):
		s.in[side].Lose(0)
		return s.lose(dst, side)
	}
	return dst
}
