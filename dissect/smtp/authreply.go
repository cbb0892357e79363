package smtp

import "github.com/mailtap/mailtap/dissect"

// authAnswered takes the server's answer to a line of the exchange.
func (s *Session) authAnswered(code int, words, text []byte) {
	a := &s.auth
	if s.state != response && s.need != dissect.NeedAnswer {
		return // the client has gone on
	}
	s.need = dissect.NeedNothing
	s.state = response
	if code == challenged && a.dark && a.askedAll() {
		s.endAttempt(dissect.OutcomeUnknown) // it asks for more in an exchange whose beginning was lost
		return
	}
	if code == challenged {
		a.guessed = false
		a.asked = min(a.asked, maxSteps-1) + 1
		if a.exchange != nil {
			if s.missed {
				a.exchange.Doubt()
			}
			a.exchange.Challenge(words)
			s.emitReply(dissect.Event{Kind: dissect.AuthStep, Attempt: a.exchange.Attempt, Line: text})
		}
		return
	}
	if code >= refusal && !a.dark && a.steps < a.messages() && (a.refused || a.steps == 0 && s.more) {
		// The client did not wait: what it sends now are its answers.
		a.refused, a.guessed = true, true
		return
	}
	s.state = command
	s.blind = a.unanswered()
	outcome := dissect.Rejected
	switch {
	case a.owed, a.dark && (a.torn || code == authSucceeded && a.asked == 0 && !a.exhausted()):
		outcome = dissect.OutcomeUnknown // what was lost may have been another AUTH
	case s.missed && (s.more || code != authSucceeded && !refusesAuth(code)):
		outcome = dissect.OutcomeUnknown // rather the answer to what was said before it, or behind
	case code == authSucceeded:
		outcome = dissect.Accepted
	case a.dark && isSyntax(code):
		outcome = dissect.OutcomeUnknown // what was lost may have been the "*" that cancels
	}
	if x := a.exchange; x != nil {
		x.End(outcome)
		if outcome == dissect.Accepted && !s.layer.Begun() {
			s.layer = x.Layer()
		}
		s.emitReply(dissect.Event{Kind: dissect.AuthEnd, Outcome: outcome, Attempt: x.Attempt, Line: text, Hide: x.Repeated(text)})
	}
	s.auth = attempt{}
}

// endAttempt ends an attempt without a word of the server.
func (s *Session) endAttempt(o dissect.Outcome) {
	x := s.auth.exchange
	if s.auth.refused {
		o = dissect.Rejected
	}
	s.auth = attempt{}
	if x == nil {
		return
	}
	x.End(o)
	offset := s.in[dissect.Client].Offset
	s.emit(dissect.Event{
		Kind: dissect.AuthEnd, Side: dissect.Client, Start: offset, End: offset, Outcome: o, Attempt: x.Attempt,
	})
}

// refusesAuth tells the codes that refuse AUTH (RFC 4954, section 6; RFC 5321,
// section 4.2.2).
func refusesAuth(code int) bool {
	switch code {
	case 432, 454, noService, 530, 534, 535, 538:
		return true
	}
	return isSyntax(code)
}

// isSyntax tells the codes that speak about the command, not about what it asks
// for (RFC 5321, section 4.2.2).
func isSyntax(code int) bool { return 500 <= code && code <= 504 }
