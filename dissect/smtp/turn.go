package smtp

import (
	"github.com/mailtap/mailtap/dissect"
)

// role returns which role a side has, and which side has a role: behind TURN
// who was called spoke as the server speaks as the client.
func (s *Session) role(side dissect.Side) dissect.Side {
	if s.turned {
		return side.Other()
	}
	return side
}

// turnCommand reads TURN (RFC 821, section 3.8), ATRN (RFC 2645, section 5.2.1)
// and ETRN (RFC 1985, section 5). Only the answer tells who speaks next behind
// the first two.
func (s *Session) turnCommand(v verb, l textLine) {
	s.emitLine(dissect.Turned, l, []byte(v.String()))
	s.ask(question{verb: v})
	if v != etrn {
		s.need = dissect.NeedAnswer
		s.more = s.early != nil // its answer came before the client could know of it
	}
}

func (s *Session) turnAnswered(v verb, code int, text []byte) {
	e := dissect.Event{Kind: dissect.Turned, Outcome: dissect.Accepted, Line: text, Text: []byte(v.String())}
	if code >= refusal {
		e.Outcome = dissect.Rejected
	}
	s.emitReply(e)
	if v == etrn || s.need != dissect.NeedAnswer {
		return // or the client has gone on, whatever the answer
	}
	s.need = dissect.NeedNothing
	switch {
	case e.Outcome == dissect.Rejected:
	case s.turned, s.more, len(s.backlog) > 0: // a side that gives up its turn waits for the answer
		s.state = deaf
	default:
		s.swap()
	}
}

// swap begins the conversation in which the server sends its mail. The side
// that was the client greets.
func (s *Session) swap() {
	s.resetMail()
	s.turned = true
	s.in[0], s.in[1] = s.in[1], s.in[0]
	s.heard[0], s.heard[1] = s.heard[1], s.heard[0]
	s.greeted, s.joined = false, false
}

// toldTurned tells which events are told of a turned conversation: not those
// about what the session's server offers and answers, and its client asks for.
func toldTurned(k dissect.Kind) bool {
	switch k {
	case dissect.Greeting, dissect.Hello, dissect.ListBegin, dissect.Capability, dissect.Mechanism, dissect.ListEnd,
		dissect.StartTLS, dissect.StartTLSReply, dissect.Turned, dissect.AddressTest, dissect.RealClient:
		return false
	}
	return true
}
