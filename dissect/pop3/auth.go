package pop3

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// login is a USER command that was seen.
type login struct {
	name       string
	line       []byte // a copy
	start, end uint64
	refused    *dissect.Attempt // by the server at once; nil: not
}

// userCommand keeps USER until PASS comes: without one nothing secret crosses.
func (s *Session) userCommand(p parsed, text []byte) {
	in := &s.in[dissect.Client]
	s.login = &login{
		name:  sasl.Text(bytes.Trim(p.rest, blanks)),
		line:  bytes.Clone(text[:min(len(text), dissect.MaxQuote)]),
		start: in.Start,
		end:   in.Offset,
	}
	s.ask(question{verb: user, login: s.login})
}

// passCommand makes the attempt. The password is the rest of the line, spaces
// and all (RFC 1939, section 7).
func (s *Session) passCommand(p parsed, text []byte) {
	l := s.login
	s.login = nil
	a := &dissect.Attempt{Mechanism: "USER"}
	kind := dissect.AuthBegin
	switch {
	case l == nil:
	case l.refused != nil: // the client pays no heed, or has not read the answer
		a, kind = l.refused, dissect.AuthStep
	default:
		s.beginLogin(l, a)
		kind = dissect.AuthStep
	}
	a.Secret = dissect.NewSecret(p.rest)
	s.ask(question{verb: pass, attempt: a})
	hide := dissect.Span{From: len(text) - len(p.rest), To: len(text)}
	s.emitLine(dissect.Client, dissect.Event{Kind: kind, Line: text, Hide: hide, Attempt: a})
}

// beginLogin tells the USER line, now that it matters.
func (s *Session) beginLogin(l *login, a *dissect.Attempt) {
	a.Account, a.HasAccount = l.name, true
	s.emit(dissect.Event{Kind: dissect.AuthBegin, Start: l.start, End: l.end, Line: l.line, Attempt: a})
}

// refuseUser tells a USER that the server refused at once: an attempt that
// ended before the password crossed.
func (s *Session) refuseUser(q *question, text []byte) {
	if s.login == nil || s.login != q.login {
		return // PASS was sent without waiting, or another USER
	}
	q.attempt = &dissect.Attempt{Mechanism: "USER"}
	q.login.refused = q.attempt
	s.beginLogin(q.login, q.attempt)
	s.endAttempt(q, dissect.Rejected, text)
}

// apopCommand reads "APOP name digest" (RFC 1939, section 7).
func (s *Session) apopCommand(p parsed, text []byte) {
	a := &dissect.Attempt{Mechanism: "APOP"}
	s.ask(question{verb: apop, attempt: a})
	hide := dissect.Span{From: len(text) - len(p.rest), To: len(text)}
	rest := bytes.TrimRight(p.rest, blanks)
	if i := bytes.LastIndexByte(rest, ' '); i > 0 {
		a.Account, a.HasAccount = sasl.Text(bytes.Trim(rest[:i], blanks)), true
		hide.From += i + 1
		rest = rest[i+1:]
	}
	a.Secret = dissect.NewSecret(rest)
	if s.stamp != "" {
		a.Detail = []dissect.Pair{{Key: "stamp", Value: s.stamp}}
	}
	s.emitLine(dissect.Client, dissect.Event{Kind: dissect.AuthBegin, Line: text, Hide: hide, Attempt: a})
}

// authCommand reads "AUTH mechanism [initial-response]" (RFC 5034, section 4),
// and the AUTH alone by which older clients ask for the mechanisms.
func (s *Session) authCommand(p parsed, text []byte) {
	mechanism, initial := cutWord(bytes.Trim(p.rest, blanks))
	if len(mechanism) == 0 {
		s.ask(question{verb: authList, several: true})
		return
	}
	x := sasl.Begin(mechanism)
	s.ask(question{verb: auth, attempt: x.Attempt})
	s.endExchange()
	s.exchange = x
	initial = bytes.Trim(initial, blanks)
	s.said = len(initial) > 0
	var hide dissect.Span
	if s.said && x.Client(initial, true) {
		from := bytes.LastIndex(text, initial)
		hide = dissect.Span{From: from, To: from + len(initial)}
	}
	if x.NameHidden() {
		hide = dissect.Span{From: len(text) - len(bytes.TrimLeft(p.rest, blanks)), To: len(bytes.TrimRight(text, blanks))}
	}
	s.emitLine(dissect.Client, dissect.Event{Kind: dissect.AuthBegin, Line: text, Hide: hide, Attempt: x.Attempt})
	s.need = dissect.NeedAnswer
}

// responseLine takes a line of the exchange. There is none where bytes of it
// were lost: then the line is passed over.
func (s *Session) responseLine(p parsed, text []byte) {
	s.replied = false
	if s.exchange == nil {
		s.client = command
		return
	}
	s.leave(true) // for another follows
	if sasl.IsCancel(text) {
		s.cancel(text)
		return
	}
	s.said = true
	s.need = dissect.NeedAnswer
	in := &s.in[dissect.Client]
	e := dissect.Event{Kind: dissect.AuthStep, Start: in.Start, End: in.Offset, Line: text, Attempt: s.exchange.Attempt}
	if p.verb == quit && p.fits {
		e.Line = bytes.Clone(text)
		s.parting = &e
		return
	}
	s.respond(e)
}

// respond takes a line of the client for an answer.
func (s *Session) respond(e dissect.Event) {
	if s.exchange.Client(e.Line, false) {
		e.Hide.To = len(e.Line)
	}
	s.emit(e)
}

// leave tells what the QUIT of a client is that was asked for an answer: a server
// that goes on has taken it for one. That which refuses may have, too, but the
// client did not mean one.
func (s *Session) leave(taken bool) {
	e := s.parting
	s.parting = nil
	switch {
	case e == nil:
	case taken:
		s.respond(*e)
	default:
		s.emit(*e)
	}
}

// cancel ends the attempt, while the server's answer is still to come.
func (s *Session) cancel(text []byte) {
	for i := range s.pending {
		if q := &s.pending[i]; q.attempt == s.exchange.Attempt {
			q.attempt = nil
		}
	}
	s.exchange.End(dissect.Cancelled)
	s.emitLine(dissect.Client, dissect.Event{
		Kind: dissect.AuthEnd, Outcome: dissect.Cancelled, Line: text, Attempt: s.exchange.Attempt,
	})
	s.endExchange()
}

// challenge takes a "+" of the server: only AUTH is answered so, which tells
// the pair where it was in doubt.
func (s *Session) challenge(text []byte) {
	i := 0
	for i < len(s.pending) && s.pending[i].verb != auth && !s.pending[i].sure {
		i++
	}
	if i == len(s.pending) || s.pending[i].verb != auth {
		s.strangeChallenge()
		return
	}
	s.dropPending(i)
	if !s.isCurrent(&s.pending[0]) {
		return
	}
	s.pending[0].sure = true
	s.server, s.client, s.need = status, response, dissect.NeedNothing
	if s.exchange == nil {
		return
	}
	s.leave(true)
	if s.lossy {
		s.exchange.Doubt()
	}
	s.exchange.Challenge(bytes.TrimSpace(text[1:]))
	s.emitLine(dissect.Server, dissect.Event{Kind: dissect.AuthStep, Line: text, Attempt: s.exchange.Attempt})
}

// strangeChallenge: AUTH was not seen, so a line that looked like no command was
// a part of the exchange. It has no other answer.
func (s *Session) strangeChallenge() {
	if len(s.pending) > 0 && s.pending[0].verb == noVerb && !s.pending[0].sure {
		s.dropPending(1)
	}
}

// isCurrent tells whether q asked for the exchange that is going on, if any is.
func (s *Session) isCurrent(q *question) bool {
	return s.exchange == nil || s.exchange.Attempt == q.attempt
}

// invites tells a +OK that ends nothing: the client has not said anything yet.
// Exchange answers AUTH NTLM so, where "+" belongs ([MS-POP3], section 2.2).
func (s *Session) invites(q *question) bool {
	return q.verb == auth && s.exchange != nil && s.isCurrent(q) && !s.said && !s.invited
}

// invite lets the client go on with the exchange, or with anything else.
func (s *Session) invite(text []byte) {
	s.invited = true
	s.client, s.need = guessed, dissect.NeedNothing
	s.emitLine(dissect.Server, dissect.Event{Kind: dissect.AuthStep, Line: text, Attempt: s.exchange.Attempt})
}

// declineInvitation: the client said something else, so that the +OK was all
// the answer that AUTH will get.
func (s *Session) declineInvitation() {
	if s.invited && !s.said && len(s.pending) > 0 {
		s.dropPending(1)
	}
}

func (s *Session) endExchange() {
	s.exchange, s.client, s.parting = nil, command, nil
	s.said, s.invited = false, false
	if s.need == dissect.NeedAnswer {
		s.need = dissect.NeedNothing
	}
}

// endAttempt closes the attempt of a question, if it has one. text is the
// server's answer, or nil.
func (s *Session) endAttempt(q *question, o dissect.Outcome, text []byte) {
	a := q.attempt
	if a == nil {
		return
	}
	q.attempt = nil
	s.blind = s.blind || o == dissect.OutcomeUnknown
	a.Outcome = o
	e := dissect.Event{Kind: dissect.AuthEnd, Outcome: o, Line: text, Attempt: a}
	if text != nil {
		if s.exchange != nil && s.exchange.Attempt == a {
			e.Hide = s.exchange.Repeated(text)
		}
		s.emitLine(dissect.Server, e)
		return
	}
	e.Side, e.Start = dissect.Server, s.in[dissect.Server].Offset
	e.End = e.Start
	s.emit(e)
}
