package managesieve

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// layer is a security layer that may follow an accepted exchange (RFC 5804,
// section 2.1). The first byte that comes tells whether it does.
type layer struct {
	mechanism string
	tells     [2]bool // by side: its next byte is the first behind the exchange
	begun     bool    // nothing is read any more
}

// expectLayer: the server has accepted an exchange.
func (s *Session) expectLayer(x *sasl.Exchange) {
	if x.Layer() {
		s.layer = layer{mechanism: x.Attempt.Mechanism, tells: [2]bool{true, true}}
	}
}

// beginsLayer tells whether a layer has begun, at the latest with b. The line
// that accepts an exchange may go on behind a literal, which tells nothing.
func (s *Session) beginsLayer(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, bool) {
	l := &s.layer
	if l.begun || !l.tells[side] || s.state[side] != atLine {
		return dst, l.begun
	}
	l.tells = [2]bool{}
	l.begun = sasl.Framed(b)
	if l.begun {
		e := s.here(dissect.Server, dissect.Layered)
		e.Text = []byte(l.mechanism)
		dst = append(dst, e)
	}
	return dst, l.begun
}
