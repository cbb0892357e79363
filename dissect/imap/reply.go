package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

func (s *Session) serverLine(dst []dissect.Event, text []byte) []dissect.Event {
	switch s.state[dissect.Server] {
	case unsynced:
		if s.lateGreeting(text) {
			s.state = [2]state{atLine, atLine}
			s.sure = true
			return s.greet(dst, text)
		}
		s.held = nil
		switch s.place(text) {
		case nowhere:
			return dst
		case likely:
			s.hold(text)
			return dst
		}
	case greeting:
		s.state[dissect.Server] = atLine
		return s.greet(dst, text)
	case afterLiteral:
		return s.responsePart(dst, text, text)
	}
	s.state[dissect.Server] = atLine
	return s.responseLine(dst, text)
}

// greet takes the first line of a session (RFC 3501, section 7.1). Some
// captures hold all lines of the client before it.
func (s *Session) greet(dst []dissect.Event, text []byte) []dissect.Event {
	line, _ := bytes.CutPrefix(text, untaggedMark)
	status, words := word(line)
	e := s.event(dissect.Server, dissect.Greeting, text)
	e.Text = afterCode(words)
	switch {
	case fold(status, "OK"):
		dst = append(dst, e)
	case fold(status, "PREAUTH"):
		s.authenticated = true
		e.Kind = dissect.Preauth
		dst = append(dst, e)
	case fold(status, "BYE"):
		dst = append(dst, e)
		e.Kind = dissect.Bye
		dst = append(dst, e)
	default:
		dst = append(dst, s.event(dissect.Server, dissect.Unexpected, text))
		return s.responseLine(dst, text)
	}
	s.greeted = true
	return s.responseCode(dst, text, words, untagged)
}

var untaggedMark = []byte("* ")

// responseLine takes the first line of a response (RFC 3501, section 7).
func (s *Session) responseLine(dst []dissect.Event, text []byte) []dissect.Event {
	switch {
	case bytes.HasPrefix(text, []byte{'+'}):
		return s.invitation(dst, text)
	case bytes.HasPrefix(text, untaggedMark):
		return s.untagged(dst, text)
	}
	tag, status, words, ok := s.taggedReply(text)
	if !ok {
		return append(dst, s.event(dissect.Server, dissect.Malformed, text))
	}
	return s.tagged(dst, text, tag, status, words)
}

// taggedReply reads the end of a command: OK, NO or BAD. Some clients send tags
// that break the grammar, and some servers answer them.
func (s *Session) taggedReply(text []byte) (tag, status, words []byte, ok bool) {
	tag, after := word(text)
	status, words = word(after)
	return tag, status, words, (isTag(tag) || s.asked(tag) >= 0) && (fold(status, "OK") || fold(status, "NO") || fold(status, "BAD"))
}

// tagged takes the reply to a command.
func (s *Session) tagged(dst []dissect.Event, text, tag, status, words []byte) []dissect.Event {
	if s.doubted(tag) {
		dst = s.confirm(dst)
	}
	o := dissect.Rejected
	if fold(status, "OK") {
		o = dissect.Accepted
	}
	i := s.asked(tag)
	if i < 0 {
		return s.stray(dst, text, o)
	}
	q := s.open[i]
	s.forget(i)
	waited := s.wait == forDeflate && s.command.tag == q.tag
	if s.command.tag == q.tag {
		s.answered(o)
	}
	switch q.verb {
	case loginVerb, authenticateVerb:
		dst = s.endAttempt(dst, &q, o, text)
		s.authenticated = s.authenticated || o == dissect.Accepted
	case startTLSVerb:
		if s.packed != [2]*packed{} {
			return s.tlsBeneath(dst, o)
		}
		e := s.event(dissect.Server, dissect.StartTLSReply, text)
		e.Outcome = o
		dst = append(dst, e)
	case compressVerb:
		if o == dissect.Accepted {
			dst = s.compressed(dst, text, waited)
		}
	case selectVerb, unauthenticateVerb:
		dst = s.closeMailbox(dst)
	}
	switch {
	case o == dissect.Accepted:
		return s.responseCode(dst, text, words, completion)
	case q.attempt != nil:
		return s.responseCode(dst, text, words, denial)
	}
	return s.responseCode(dst, text, words, refusal)
}

// stray takes a reply to a command that was not seen. It may have been a login,
// if it was accepted, or have opened another mailbox; where no command is seen
// at all, UIDVALIDITY tells the latter.
func (s *Session) stray(dst []dissect.Event, text []byte, o dissect.Outcome) []dissect.Event {
	s.sure = s.sure && o != dissect.Accepted
	if s.heard[dissect.Client] {
		dst = s.loseMailbox(dst)
	}
	if s.wait == forProof {
		s.wait = nothing
	}
	if s.heard[dissect.Client] && s.follows() {
		dst = append(dst, s.event(dissect.Server, dissect.Unexpected, text))
	}
	return dst
}

// answered: the server has replied to what the client was sending.
func (s *Session) answered(o dissect.Outcome) {
	side := dissect.Client
	switch {
	case s.wait == forTLSAnswer && o == dissect.Accepted:
		s.wait = forTLS
		return
	case s.wait != nothing, s.state[side] == atAnswer:
		// A literal that was refused is not sent, an exchange is over: a new
		// command comes next.
		s.wait = nothing
		s.command = command{}
		s.state[side] = atLine
	case s.state[side] == unsynced && s.command.attempt != nil:
		s.command = command{} // but its next command may be among what was lost
		if len(s.in[side].Part()) == 0 {
			s.resume = s.in[side].Offset
		}
	}
}

// invitation takes a line that begins with "+" (RFC 3501, section 7.5).
func (s *Session) invitation(dst []dissect.Event, text []byte) []dissect.Event {
	if s.doubt.awaitsInvitation() && s.last() {
		dst = s.confirm(dst)
	}
	for i := range s.open {
		if q := &s.open[i]; q.verb == idleVerb && !q.invited {
			q.invited = true // an earlier IDLE is answered first
			return dst
		}
	}
	switch {
	case s.wait == forGoAhead:
		s.wait = nothing
		s.beginLiteral()
	case s.inExchange() && s.command.attempt.cancelled:
		// It answers AUTHENTICATE, and comes late.
	case s.inExchange():
		s.wait = nothing
		s.state[dissect.Client] = atAnswer
		s.command.guess = false
		a := s.command.attempt
		if !s.sure {
			a.exchange.Doubt()
		}
		a.exchange.Challenge(skipSpace(text[1:]))
		e := s.event(dissect.Server, dissect.AuthStep, text)
		e.Attempt = a.facts
		dst = append(dst, e)
	case s.heard[dissect.Client] && s.follows():
		dst = append(dst, s.event(dissect.Server, dissect.Unexpected, text))
	}
	return dst
}

// inExchange tells whether a "+" is a challenge: one is due, or bytes were lost
// within an exchange.
func (s *Session) inExchange() bool {
	return s.wait == forChallenge || s.state[dissect.Client] == unsynced && s.command.verb == authenticateVerb
}

// untagged takes a response that answers no command by name.
func (s *Session) untagged(dst []dissect.Event, text []byte) []dissect.Event {
	name, words := word(text[len(untaggedMark):])
	switch {
	case fold(name, "OK"):
		return s.responseCode(dst, text, words, untagged)
	case fold(name, "NO"), fold(name, "BAD"), fold(name, "PREAUTH"):
		return s.responseCode(dst, text, words, refusal)
	case fold(name, "BYE"):
		e := s.event(dissect.Server, dissect.Bye, text)
		e.Text = afterCode(words)
		return s.responseCode(append(dst, e), text, words, refusal)
	case fold(name, "CAPABILITY"):
		if !s.asksNoLogin() {
			return dst
		}
		return s.capabilities(dst, text, words)
	case fold(name, "ID"):
		s.response.id = &identity{}
		return s.responsePart(dst, text, words)
	case fold(name, "GENURLAUTH"), fold(name, "URLFETCH"):
		dst = s.urlsAuth(dst, dissect.Server, text)
		return s.responsePart(dst, text, nil)
	}
	dst = s.early(dst, text, name)
	switch {
	case fold(name, "SEARCH"), fold(name, "SORT"), fold(name, "THREAD"), fold(name, "ESEARCH"):
		return dst // long, and without literals
	case fold(name, "VANISHED"):
		return s.vanished(dst, words)
	}
	if n, ok := number(name, maxNumber); ok {
		return s.numbered(dst, text, uint32(n), words)
	}
	return s.responsePart(dst, text, nil)
}

// maxNumber is the greatest message number (RFC 3501, section 9: nz-number).
const maxNumber = 1<<32 - 1

// numbered takes a response about a message number (RFC 3501, section 7.4).
func (s *Session) numbered(dst []dissect.Event, text []byte, n uint32, words []byte) []dissect.Event {
	name, items := word(words)
	dst = s.early(dst, text, name)
	switch {
	case fold(name, "EXPUNGE"):
		s.mailbox.expunge(n)
		return dst
	case fold(name, "FETCH"), fold(name, "UIDFETCH"):
		s.response.fetch = true
		s.response.number = n
	}
	return s.responsePart(dst, text, items)
}

// afterCode gives the words for people.
func afterCode(words []byte) []byte {
	words = skipSpace(words)
	if bytes.HasPrefix(words, []byte{'['}) {
		if _, after, ok := bytes.Cut(words, []byte{']'}); ok {
			return skipSpace(after)
		}
	}
	return words
}

// asksNoLogin tells whether the oldest command without an answer is known, and
// is no login.
func (s *Session) asksNoLogin() bool {
	return len(s.open) > 0 && s.open[0].attempt == nil
}

// capabilities reads a capability list. A list after the login may differ with
// good reason (RFC 3501, section 6.1.1), so it says nothing, nor does one where
// a login may have been missed. A server may send the new list before it says
// that the login has succeeded, so an untagged one must have been asked for.
func (s *Session) capabilities(dst []dissect.Event, text, list []byte) []dissect.Event {
	if s.authenticated || !s.sure {
		return dst
	}
	e := s.event(dissect.Server, dissect.ListBegin, text)
	dst = append(dst, e)
	for range maxCapabilities {
		e.Text, list = word(list)
		if len(e.Text) == 0 {
			break
		}
		e.Kind = dissect.Capability
		dst = append(dst, e)
		if hasPrefixFold(e.Text, "AUTH=") {
			e.Kind, e.Text = dissect.Mechanism, e.Text[len("AUTH="):]
			dst = append(dst, e)
		}
	}
	e.Kind, e.Text = dissect.ListEnd, nil
	return append(dst, e)
}
