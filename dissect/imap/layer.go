package imap

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// expectLayer: the server has accepted an exchange that a security layer may
// follow (RFC 3501, section 6.2.2). The first byte that comes tells whether it
// does. What is compressed is left to the inflater: a deflate stream may begin
// like a layer.
func (s *Session) expectLayer(x *sasl.Exchange) {
	if x != nil && x.Layer() && s.packed == [2]*packed{} {
		s.layer, s.layerTells = x.Attempt, [2]bool{true, true}
	}
}

// beginsLayer looks whether a layer begins with b: then nothing more is read.
func (s *Session) beginsLayer(dst []dissect.Event, side dissect.Side, b []byte) []dissect.Event {
	if !s.layerTells[side] {
		return dst
	}
	s.layerTells = [2]bool{}
	if !sasl.Framed(b) {
		return dst
	}
	e := s.here(dissect.Server, dissect.Layered)
	e.Text = []byte(s.layer.Mechanism)
	s.state = [2]state{opaque, opaque}
	s.wait = nothing
	return append(dst, e)
}
