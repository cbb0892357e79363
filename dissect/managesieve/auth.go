package managesieve

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// attempt is one AUTHENTICATE.
type attempt struct {
	exchange  *sasl.Exchange
	said      int // messages of the client
	cancelled bool
	deaf      bool // a part of it was lost: what comes has no known meaning
	over      bool
	wentOn    uint64 // the offset behind what it said after it was rejected; 0: nothing
}

// authLine takes a line of AUTHENTICATE (RFC 5804, section 2.1), from text[i]
// on: the mechanism, and perhaps an initial response.
func (s *Session) authLine(dst []dissect.Event, text []byte, i int) []dissect.Event {
	begun := s.command.attempt != nil
	e := s.event(dissect.Client, dissect.AuthStep, text)
	m := literalMark(text)
	said := s.command.arguments
	for {
		a, next, ok := argumentAt(text[:m.at], i)
		if !ok {
			break
		}
		var hide bool
		dst, hide = s.authArgument(dst, a.value)
		if hide {
			if e.Hide.To == 0 {
				e.Hide.From = a.at.From
			}
			e.Hide.To = a.at.To
		}
		i = next
	}
	switch {
	case s.command.attempt != nil && !begun:
		e.Kind, e.Attempt = dissect.AuthBegin, s.command.attempt.exchange.Attempt
		dst = append(dst, e)
	case s.command.attempt != nil && s.command.arguments > said:
		e.Attempt = s.command.attempt.exchange.Attempt
		dst = append(dst, e)
	case s.command.attempt == nil && !m.found:
		e.Kind = dissect.Malformed
		dst = append(dst, e)
	}
	return s.endLine(dst, text)
}

// authArgument takes the next argument of AUTHENTICATE, and tells whether it
// may not be shown.
func (s *Session) authArgument(dst []dissect.Event, value []byte) (_ []dissect.Event, hide bool) {
	c := &s.command
	c.arguments++
	switch {
	case c.arguments == 1 && c.lost:
		return s.ask(dst, question{verb: authenticateVerb, unsure: c.unsure}), false
	case c.arguments == 1:
		c.attempt = &attempt{exchange: sasl.Begin(value)}
		dst = s.ask(dst, question{verb: authenticateVerb, attempt: c.attempt, unsure: c.unsure})
		return dst, c.attempt.exchange.NameHidden()
	case c.arguments > 2 || c.attempt == nil:
		return dst, true
	case c.lost:
		c.attempt.deaf = true
		return dst, true
	}
	if len(value) > 0 {
		c.attempt.said++
	}
	return dst, c.attempt.exchange.Client(value, true)
}

// authLiteral takes an argument of AUTHENTICATE, or an answer, that came as a
// literal.
func (s *Session) authLiteral(dst []dissect.Event) []dissect.Event {
	c := &s.command
	if c.verb != authenticateVerb {
		return dst
	}
	value := c.literal
	if c.lost {
		value = nil
	}
	if c.answer {
		return s.takeAnswer(dst, value, value, dissect.Span{To: len(value)}, c.lost)
	}
	begun := c.attempt != nil
	dst, hide := s.authArgument(dst, value)
	if c.attempt == nil {
		return dst
	}
	e := s.event(dissect.Client, dissect.AuthStep, value)
	e.Attempt = c.attempt.exchange.Attempt
	if !begun {
		e.Kind = dissect.AuthBegin
	}
	if hide {
		e.Hide.To = len(value)
	}
	c.lost = false
	return append(dst, e)
}

// answerLine takes a line of the client that answers a challenge: one string.
func (s *Session) answerLine(dst []dissect.Event, text []byte) []dissect.Event {
	if v, _, _ := verbOf(text); s.guess && v != unknownVerb {
		s.state[dissect.Client] = atLine
		return s.commandLine(dst, text, false)
	}
	s.command = command{verb: authenticateVerb, answer: true, attempt: s.exchange}
	dst = s.syncServer(dst, s.exchange)
	if m := literalMark(text); m.found && m.at == 0 {
		return s.beginLiteral(dst, dissect.Client, m)
	}
	a, _, _ := argumentAt(text, 0)
	if len(text) > 0 && text[0] != '"' {
		if v, _, _ := verbOf(text); v == logoutVerb {
			// The server takes it for an answer, but those are strings.
			return s.endLine(append(dst, s.event(dissect.Client, dissect.Bye, text)), nil)
		}
		a = argument{text, dissect.Span{To: len(text)}}
	}
	dst = s.takeAnswer(dst, a.value, text, a.at, false)
	return s.endLine(dst, nil)
}

// takeAnswer takes an answer that stands on line at.
func (s *Session) takeAnswer(dst []dissect.Event, value, line []byte, at dissect.Span, lost bool) []dissect.Event {
	a := s.command.attempt
	a.deaf = a.deaf || lost
	a.said++
	e := s.event(dissect.Client, dissect.AuthStep, line)
	e.Attempt = a.exchange.Attempt
	switch {
	case sasl.IsCancel(bytes.Trim(value, " \t")):
		a.cancelled = true
	case a.deaf || a.exchange.Client(value, false):
		e.Hide = at
	}
	dst = append(dst, e)
	if a == s.rejected {
		a.wentOn = s.in[dissect.Client].Offset
		if !a.owes() {
			dst = s.endBlind(dst)
		}
	}
	return dst
}

// challenge takes a string that the server sends in an exchange.
func (s *Session) challenge(dst []dissect.Event, q *question, line, value []byte) []dissect.Event {
	a := q.attempt
	if s.blind || s.shifted || q.unsure {
		a.exchange.Doubt()
	}
	a.exchange.Challenge(value)
	if a == s.exchange && (s.wait == forChallenge || s.state[dissect.Client] == unsynced) {
		s.wait = nothing
		s.state[dissect.Client] = atAnswer
		s.guess = false
		s.doubt = doubt{}
	}
	e := s.event(dissect.Server, dissect.AuthStep, line)
	e.Attempt = a.exchange.Attempt
	return append(dst, e)
}

// endAttempt ends an attempt, told by line of the server or by nothing.
func (s *Session) endAttempt(dst []dissect.Event, q *question, o dissect.Outcome, line []byte) []dissect.Event {
	a := q.attempt
	if a == nil {
		return dst
	}
	switch {
	case q.unsure:
		o = dissect.OutcomeUnknown
	case a.cancelled && o == dissect.Rejected:
		o = dissect.Cancelled
	case a.deaf && o == dissect.Rejected:
		o = dissect.OutcomeUnknown // what was lost may have been a "*"
	}
	a.over = true
	a.exchange.End(o)
	if o == dissect.Rejected && a.owes() {
		s.rejected = a
	}
	if o == dissect.Accepted {
		s.expectLayer(a.exchange)
	}
	if a == s.exchange {
		s.exchange = nil
		if s.wait == forChallenge {
			s.wait = nothing
		}
		if s.state[dissect.Client] == atAnswer {
			s.state[dissect.Client] = atLine
		}
	}
	e := s.here(dissect.Server, dissect.AuthEnd)
	if line != nil {
		e = s.event(dissect.Server, dissect.AuthEnd, line)
		e.Hide = a.exchange.Repeated(line)
	}
	e.Attempt, e.Outcome = a.exchange.Attempt, o
	return append(dst, e)
}
