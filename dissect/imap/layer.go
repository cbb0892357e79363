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
	taken := s.layer.Feed(side, b, func(skip int, text []byte) (n int, more bool) {
		told := len(dst)
		s.in[side].Pass(uint64(skip))
		if p := s.packed[side]; p != nil {
			p.pass(uint64(skip))
		}
		dst = s.tellLayer(dst, side)
		dst, n = s.feed(dst, side, text)
		dissect.Detach(dst[told:]) // lines that reach across frames share their memory
		return n, s.packed[side] != nil || s.takes(side)
	})
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
		if s.packed[side] != nil {
			return s.losePacked(dst, side)
		}
		s.in[side].Lose(0)
		return s.lose(dst, side)
	}
	return dst
}
