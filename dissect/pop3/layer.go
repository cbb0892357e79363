package pop3

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// expectLayer: the server has accepted an exchange that a security layer may
// follow (RFC 5034, section 4). The first byte that comes tells whether it does.
func (s *Session) expectLayer(x *sasl.Exchange) {
	if !s.layer.Begun() {
		s.layer = x.Layer()
	}
}

// feedLayer takes bytes of a security layer, and reads the text in them.
func (s *Session) feedLayer(side dissect.Side, b []byte) int {
	return s.layer.Feed(side, b, func(skip int, text []byte) (n int, more bool) {
		told := len(s.out)
		s.in[side].Pass(uint64(skip))
		s.tellLayer(side)
		n = s.feed(side, text)
		dissect.Detach(s.out[told:]) // lines that reach across frames share their memory
		return n, s.takes(side)
	})
}

// takes tells whether bytes of side can be read now.
func (s *Session) takes(side dissect.Side) bool {
	return s.need == dissect.NeedNothing || side == dissect.Server && s.need != dissect.NeedTLS
}

// tellLayer tells what is now known of the layer.
func (s *Session) tellLayer(side dissect.Side) {
	if words := s.layer.Words(); words != nil {
		s.dialogue.Frame()
		at := s.in[dissect.Server].Offset
		s.emit(dissect.Event{Kind: dissect.Layered, Side: dissect.Server, Start: at, End: at, Text: words})
	}
	switch {
	case s.layer.Closed():
		s.need = dissect.NeedNothing
	case s.layer.Deaf(side):
		s.in[side].Lose(0)
		s.lose(side)
	}
}
