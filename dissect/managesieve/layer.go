package managesieve

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// expectLayer: the server has accepted an exchange that a security layer may
// follow (RFC 5804, section 2.1). The first byte that comes tells whether it does.
func (s *Session) expectLayer(x *sasl.Exchange) {
	if !s.layer.Begun() {
		s.layer = x.Layer()
	}
}

// beginsLayer tells whether a layer begins with b. The line that accepts an
// exchange may go on behind a literal, which tells nothing.
func (s *Session) beginsLayer(side dissect.Side, b []byte) bool {
	return !s.layer.Begun() && s.state[side] == atLine && s.layer.Begins(side, b)
}

// feedLayer takes bytes of a security layer, and reads the text in them.
func (s *Session) feedLayer(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	taken := s.layer.Feed(side, b, func(skip int, text []byte) (n int, more bool) {
		told := len(dst)
		s.in[side].Pass(uint64(skip))
		dst = s.tellLayer(dst, side)
		dst, n = s.feed(dst, side, text)
		dissect.Detach(dst[told:]) // lines that reach across frames share their memory
		return n, s.takes(side)
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
		s.wait = nothing
	case s.layer.Deaf(side):
		s.in[side].Lose(0)
		s.lose(side)
	}
	return dst
}
