package smtp

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/mailtap/mailtap/dissect"
)

// unanswered returns an attempt that was refused before the client had said
// all. Devices that read no replies say the rest all the same.
func (a *attempt) unanswered() attempt {
	if a.dark || a.exhausted() || a.exchange == nil || a.messages() == 0 {
		return attempt{}
	}
	return attempt{exchange: a.exchange, steps: a.steps}
}

// blindAnswer takes a line that is no command as one more message of an attempt
// that was refused, if it can be one.
func (s *Session) blindAnswer(l textLine) bool {
	a := &s.blind
	if a.exchange == nil || !a.fits(l.text) {
		return false
	}
	e := dissect.Event{Kind: dissect.AuthStep, Attempt: a.exchange.Attempt}
	if a.exchange.Client(l.text, false) {
		e.Hide.To = len(l.text)
	}
	a.count(l.text)
	a.waits, a.waiting.span = true, l.span
	s.emitAuth(e, l)
	s.ask(question{verb: other})
	if a.exhausted() {
		s.endBlind()
	}
	return true
}

// endBlind ends a refused attempt for good. If it went on, its end is told once
// more, now with what came.
func (s *Session) endBlind() {
	a := s.blind
	s.blind = attempt{}
	if a.waits {
		at := a.waiting.end
		s.emit(dissect.Event{
			Kind: dissect.AuthEnd, Side: dissect.Client, Start: at, End: at,
			Outcome: dissect.Rejected, Attempt: a.exchange.Attempt,
		})
	}
}

// fits tells whether a line is the BASE64 of a message of PLAIN (RFC 4616,
// section 2) or LOGIN. The other mechanisms answer a challenge.
func (a *attempt) fits(line []byte) bool {
	message, err := base64.StdEncoding.DecodeString(string(line))
	if err != nil || len(message) == 0 || !utf8.Valid(message) {
		return false
	}
	nuls := bytes.Count(message, []byte{0})
	switch a.exchange.Attempt.Mechanism {
	case "PLAIN":
		return nuls == 2
	case "LOGIN":
		return nuls == 0
	}
	return false
}
