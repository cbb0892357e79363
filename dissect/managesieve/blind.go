package managesieve

import (
	"github.com/mailtap/mailtap/dissect"
)

// owes tells whether a rejected attempt may go on all the same: by its
// mechanism the client has more to say, and needs no challenge for it. Scripts
// that read no replies say it.
func (a *attempt) owes() bool {
	switch a.exchange.Attempt.Mechanism {
	case "PLAIN":
		return a.said < 1
	case "LOGIN":
		return a.said < 2
	}
	return false
}

// blindAnswer takes a line where a command has to stand as one more message of
// the attempt that was rejected. No command begins with a quote or a brace, so a
// string there is nothing else.
func (s *Session) blindAnswer(dst []dissect.Event, text []byte) (_ []dissect.Event, taken bool) {
	if s.rejected == nil || !isData(text) {
		return dst, false
	}
	dst = s.ask(dst, question{verb: plainVerb})
	s.command = command{verb: authenticateVerb, answer: true, attempt: s.rejected}
	if m := literalMark(text); m.found && m.at == 0 {
		return s.beginLiteral(dst, dissect.Client, m), true
	}
	a, _, _ := argumentAt(text, 0)
	dst = s.takeAnswer(dst, a.value, text, a.at, false)
	return s.endLine(dst, nil), true
}

// endBlind ends a rejected attempt for good. If it went on, its end is told once
// more, now with what came.
func (s *Session) endBlind(dst []dissect.Event) []dissect.Event {
	a := s.rejected
	s.rejected = nil
	if a == nil || a.wentOn == 0 {
		return dst
	}
	return append(dst, dissect.Event{
		Kind: dissect.AuthEnd, Side: dissect.Client, Start: a.wentOn, End: a.wentOn,
		Attempt: a.exchange.Attempt, Outcome: dissect.Rejected,
	})
}
