package imap

import (
	"bytes"
	"strings"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// loginMechanism is how Facts call the LOGIN command.
const loginMechanism = "LOGIN-CMD"

// attempt is one LOGIN or AUTHENTICATE.
type attempt struct {
	facts     *dissect.Attempt
	exchange  *sasl.Exchange // nil for LOGIN
	arguments int            // of LOGIN, so far
	cancelled bool
	deaf      bool // a part of it was lost: what comes has no known meaning
}

// loginCommand takes LOGIN (RFC 3501, section 6.2.3), whose arguments begin at
// text[i].
func (s *Session) loginCommand(dst []dissect.Event, text []byte, i int) []dissect.Event {
	a := &struct {
		attempt
		facts dissect.Attempt // beside it: one allocation less
	}{}
	a.facts.Mechanism = loginMechanism
	a.attempt.facts = &a.facts
	dst = s.ask(dst, &a.attempt)
	return s.loginPart(dst, text, i, dissect.AuthBegin)
}

// loginPart takes a line of LOGIN, from text[i] on.
func (s *Session) loginPart(dst []dissect.Event, text []byte, i int, k dissect.Kind) []dissect.Event {
	m := literalMark(text)
	if m.at == 0 || m.found && text[m.at-1] != ' ' {
		m = mark{at: len(text)} // the end of an atom that looks like one
	}
	e := s.event(dissect.Client, k, text)
	e.Attempt = s.command.attempt.facts
	e.Hide = s.command.attempt.read(text, i, m)
	if k == dissect.AuthBegin || len(text) > 0 {
		dst = append(dst, e)
	}
	switch {
	case !m.found || s.command.attempt.arguments >= 2:
		return s.endCommand(dst)
	case m.tooBig:
		dst = append(dst, s.hidden(dissect.Malformed, text))
		return s.endCommand(dst)
	}
	s.announced(m)
	return dst
}

// read takes the arguments from text[i] on, as far as they stand there, and
// tells where the password is.
func (a *attempt) read(text []byte, i int, m mark) (hide dissect.Span) {
	i = m.at - len(skipSpace(text[i:m.at]))
	bare := false
	if i < m.at && a.arguments == 0 {
		value, n := firstArgument(text[i:m.at])
		a.take(value)
		bare = text[i] != '"'
		i = m.at - len(skipSpace(text[i+n:m.at]))
	}
	if i == m.at {
		return dissect.Span{}
	}
	hide = dissect.Span{From: i, To: len(text)}
	switch password := quotedTail(text[i:]); {
	case a.arguments > 1:
	case bare && m.found:
		a.forgetAccount()
		hide.To = m.at
	case bare && password != nil:
		a.forgetAccount()
		a.take(lastArgument(password))
	default:
		a.take(lastArgument(text[i:]))
	}
	return hide
}

// quotedTail returns the quoted string that b ends with, behind words without
// quotes; nil if there is none.
func quotedTail(b []byte) []byte {
	b = bytes.TrimRight(b, " \t")
	i := bytes.Index(b, []byte(` "`)) + 1
	if i == 0 || b[0] == '"' || i+1 == len(b) || b[len(b)-1] != '"' {
		return nil
	}
	return b[i:]
}

// forgetAccount: more words than one stand without quotes before the password.
// They are its beginning, or the account has spaces: nobody can tell.
func (a *attempt) forgetAccount() { a.facts.Account, a.facts.HasAccount = "", false }

// take keeps the next argument.
func (a *attempt) take(value []byte) {
	a.arguments++
	switch {
	case a.deaf:
	case a.arguments == 1:
		account := string(value[:min(len(value), dissect.MaxText)])
		a.facts.Account, a.facts.HasAccount = strings.ToValidUTF8(account, "\uFFFD"), true
	case a.arguments == 2:
		a.facts.Secret = dissect.NewSecret(value)
	}
}

// retract takes back the argument that was read last, on a wrong guess.
func (a *attempt) retract() {
	switch {
	case a.exchange != nil:
	case a.arguments == 1:
		a.forgetAccount()
	case a.arguments == 2:
		a.facts.Secret = dissect.Secret{}
	}
	a.deaf = true
}

// firstArgument reads a quoted string or an atom. Atoms of real clients hold
// any character but a space. Clients that put quotes round a name as it is,
// whatever it holds, end it with the first quote before a space.
func firstArgument(b []byte) (value []byte, n int) {
	if b[0] == '"' {
		if value, n, ok := quoted(b); ok && (n == len(b) || isSpace(b[n])) {
			return value, n
		}
		if n := bytes.Index(b[1:], []byte(`" `)); n >= 0 {
			return b[1 : 1+n], n + 2
		}
	}
	if n = bytes.IndexAny(b, " \t"); n < 0 {
		n = len(b)
	}
	return b[:n], n
}

// lastArgument reads all of b: some clients do not quote a password with
// spaces, and some put quotes round one as it is.
func lastArgument(b []byte) []byte {
	b = bytes.TrimRight(b, " \t")
	if b[0] != '"' {
		return b
	}
	if value, n, ok := quoted(b); ok && n == len(b) {
		return value
	}
	if last := len(b) - 1; last > 0 && b[last] == '"' {
		return b[1:last]
	}
	return b
}

// loginLiteral takes an argument that came as a literal.
func (s *Session) loginLiteral(dst []dissect.Event) []dissect.Event {
	c := &s.command
	if c.lost || c.size > maxArgument {
		c.attempt.deaf = true
	}
	s.recordArgument()
	e := s.here(dissect.Client, dissect.AuthStep)
	e.Start = c.start
	e.Line = c.text
	e.Attempt = c.attempt.facts
	if c.attempt.arguments > 0 || c.attempt.deaf || c.guess {
		e.Hide.To = len(c.text)
	}
	c.attempt.take(c.text)
	return append(dst, e)
}

// authenticateCommand takes AUTHENTICATE (RFC 3501, section 6.2.2), with an
// initial response or not (RFC 4959).
func (s *Session) authenticateCommand(dst []dissect.Event, text, args []byte) []dissect.Event {
	mechanism, after := word(args)
	if len(mechanism) == 0 {
		dst = s.ask(dst, nil)
		dst = append(dst, s.event(dissect.Client, dissect.Malformed, text))
		return s.endCommand(dst)
	}
	x := sasl.Begin(mechanism)
	dst = s.ask(dst, &attempt{facts: x.Attempt, exchange: x})
	e := s.event(dissect.Client, dissect.AuthBegin, text)
	e.Attempt = x.Attempt
	if initial := bytes.Trim(after, " \t"); len(initial) > 0 && x.Client(initial, true) {
		e.Hide = dissect.Span{From: len(text) - len(skipSpace(after)), To: len(text)}
	}
	if x.NameHidden() {
		e.Hide = dissect.Span{From: len(text) - len(skipSpace(args)), To: len(text)}
	}
	s.wait = forChallenge
	return append(dst, e)
}

// answerLine takes a line of the client that answers a challenge.
func (s *Session) answerLine(dst []dissect.Event, text []byte) []dissect.Event {
	a := s.command.attempt
	if (s.command.guess || a.deaf) && bytes.IndexByte(text, ' ') >= 0 {
		s.leaveExchange(text)
		return dst
	}
	e := s.event(dissect.Client, dissect.AuthStep, text)
	e.Attempt = a.facts
	switch {
	case sasl.IsCancel(text):
		a.cancelled = true
	case isCommand(text): // the server takes it for an answer, but BASE64 has no spaces
		e.Kind, e.Attempt = dissect.Unexpected, nil
		if _, after := word(text); verbOf(skipSpace(after)) == logoutVerb {
			e.Kind = dissect.Bye
		}
	case a.deaf || a.exchange.Client(text, false):
		e.Hide.To = len(text)
	}
	s.wait = forChallenge
	s.state[dissect.Client] = atLine
	return append(dst, e)
}

// leaveExchange: text is no line of an exchange, for BASE64 has no spaces, and
// the server's word was lost. It may be a command, or the text of a mail.
func (s *Session) leaveExchange(text []byte) {
	s.command = command{}
	s.state[dissect.Client] = unsynced
	s.resume = s.at[dissect.Client].start
	s.search(text)
}

// endAttempt ends a login, told by line of the server or by nothing.
func (s *Session) endAttempt(dst []dissect.Event, q *question, o dissect.Outcome, line []byte) []dissect.Event {
	a := q.attempt
	if a == nil {
		return dst
	}
	switch {
	case a.cancelled && o != dissect.Accepted:
		o = dissect.Cancelled
	case a.deaf && a.exchange != nil && o == dissect.Rejected:
		o = dissect.OutcomeUnknown // what was lost may have been a "*"
	}
	a.facts.Outcome = o
	if a.exchange != nil {
		a.exchange.End(o)
	}
	if o == dissect.Accepted {
		s.expectLayer(a.exchange)
	}
	e := s.here(dissect.Server, dissect.AuthEnd)
	if line != nil {
		e = s.event(dissect.Server, dissect.AuthEnd, line)
		e.Hide = a.exchange.Repeated(line)
	}
	e.Attempt, e.Outcome = a.facts, o
	return append(dst, e)
}
