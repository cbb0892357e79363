package pop3

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// layer is a security layer that may follow an accepted exchange (RFC 5034,
// section 4). The first byte that comes tells whether it does.
type layer struct {
	mechanism string
	tells     [2]bool // by side: its next byte is the first behind the exchange
	begun     bool    // nothing is read any more
}

// expectLayer: the server has accepted an exchange.
func (s *Session) expectLayer(x *sasl.Exchange) {
	if x != nil && x.Layer() {
		s.layer = layer{mechanism: x.Attempt.Mechanism, tells: [2]bool{true, true}}
	}
}

// layered tells whether nothing is read any more, at the latest from b on.
func (s *Session) layered(side dissect.Side, b []byte) bool {
	l := &s.layer
	if l.tells[side] {
		l.tells = [2]bool{}
		if l.begun = sasl.Framed(b); l.begun {
			at := s.in[dissect.Server].Offset
			s.emit(dissect.Event{Kind: dissect.Layered, Side: dissect.Server, Start: at, End: at, Text: []byte(l.mechanism)})
			s.need = dissect.NeedNothing
		}
	}
	if l.begun {
		s.in[side].Lose(uint64(len(b)))
	}
	return l.begun
}
