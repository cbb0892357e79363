package imap

import (
	"slices"

	"github.com/mailtap/mailtap/dissect"
)

// question is a command whose reply has not come.
type question struct {
	tag     string
	verb    verb
	attempt *attempt // LOGIN, AUTHENTICATE
	invited bool     // IDLE: its "+" has come
}

// command is what the client is sending: until its last line, and for
// AUTHENTICATE, STARTTLS and COMPRESS until the reply.
type command struct {
	tag      string
	verb     verb
	guess    bool // it goes on without the server's word
	lost     bool // a part of the literal was lost
	boxed    bool // APPEND: the mailbox was named
	message  bool // APPEND: the literal is a message, or a part of one
	joined   bool // APPEND: the message is put together from parts
	headless bool // APPEND: the text begins elsewhere, for its first part is a URL
	attempt  *attempt

	size  uint64 // of the literal
	start uint64 // stream offset of the literal
	text  []byte // the literal, for LOGIN, ID and URLFETCH

	id *identity // ID

	first *firstLine // APPEND
	mail  *mail
}

// firstLine is a copy of the first line of a command.
type firstLine struct {
	text []byte
	span
}

func (s *Session) clientLine(dst []dissect.Event, text []byte) []dissect.Event {
	if s.in[dissect.Client].Long {
		return s.longLine(dst, text)
	}
	switch s.state[dissect.Client] {
	case unsynced:
		s.search(text)
		return dst
	case atAnswer:
		return s.answerLine(dst, text)
	case afterLiteral:
		return s.continued(dst, text)
	}
	return s.commandLine(dst, text)
}

// longLine takes a line whose end was cut: nobody knows whether a literal
// follows.
func (s *Session) longLine(dst []dissect.Event, text []byte) []dissect.Event {
	switch s.state[dissect.Client] {
	case unsynced:
		s.doubt = doubt{}
		return dst
	case atAnswer:
		s.command.attempt.deaf = true
		return s.answerLine(dst, text)
	}
	return s.misread(dst, text)
}

// commandLine takes the first line of a command.
func (s *Session) commandLine(dst []dissect.Event, text []byte) []dissect.Event {
	if len(text) == 0 || fold(text, "DONE") {
		return dst // RFC 2177: the end of IDLE has no tag
	}
	tag, after := word(text)
	name, args := word(after)
	if !isTag(tag) && !(isVisible(tag) && verbOf(name) != unknownVerb) || !isTag(name) {
		return append(dst, s.hidden(dissect.Malformed, text))
	}
	v := verbOf(name)
	if v == uidVerb {
		sub, subArgs := word(args)
		if len(sub) > 0 && !isTag(sub) {
			return append(dst, s.hidden(dissect.Malformed, text))
		}
		name = text[len(text)-len(skipSpace(after)) : len(text)-len(subArgs)]
		args = subArgs
		if verbOf(sub) == appendVerb {
			v = appendVerb
		}
	}
	s.command = command{tag: string(clipTag(tag)), verb: v}
	switch v {
	case loginVerb:
		return s.loginCommand(dst, text, len(text)-len(args))
	case authenticateVerb:
		return s.authenticateCommand(dst, text, args)
	}
	dst = s.ask(dst, nil)
	switch v {
	case startTLSVerb:
		s.wait = forTLSAnswer
		return append(dst, s.event(dissect.Client, dissect.StartTLS, text))
	case compressVerb:
		s.wait = forDeflate
		return dst
	case logoutVerb:
		dst = append(dst, s.event(dissect.Client, dissect.Bye, text))
	case identifyVerb:
		s.command.id = &identity{}
	case unknownVerb:
		dst = append(dst, s.hidden(dissect.Unexpected, text))
	case appendVerb:
		s.command.begins(beforeToken(text), s.at[dissect.Client])
	}
	if v.onMail() {
		e := s.event(dissect.Client, dissect.MailCommand, beforeToken(text))
		e.Text = name
		dst = append(dst, e)
	}
	return s.endPart(dst, text, args)
}

func clipTag(b []byte) []byte { return b[:min(len(b), maxTag)] }

// hidden makes an event of a line that may hold anything, a password too: only
// its first word is shown, where another follows. One alone may be the answer to
// a challenge that the server has just taken back.
func (s *Session) hidden(k dissect.Kind, text []byte) dissect.Event {
	e := s.event(dissect.Client, k, text)
	if first, after := word(text); len(skipSpace(after)) > 0 {
		e.Hide.From = min(len(first), maxTag)
	}
	e.Hide.To = len(text)
	return e
}

// ask adds the command to those that wait for a reply. The oldest makes room.
func (s *Session) ask(dst []dissect.Event, a *attempt) []dissect.Event {
	if len(s.open) == maxOpen {
		dst = s.endAttempt(dst, &s.open[0], dissect.OutcomeUnknown, nil)
		s.forget(0)
	}
	s.command.attempt = a
	s.open = append(s.open, question{tag: s.command.tag, verb: s.command.verb, attempt: a})
	return dst
}

// asked finds the oldest open command with a tag, -1 if there is none.
func (s *Session) asked(tag []byte) int {
	tag = clipTag(tag)
	for i := range s.open {
		if s.open[i].tag == string(tag) {
			return i
		}
	}
	return -1
}

func (s *Session) forget(i int) {
	copy(s.open[i:], s.open[i+1:])
	last := len(s.open) - 1
	s.open[last] = question{}
	s.open = s.open[:last]
}

// endPart ends a line of a command: it goes on with a literal, or is over. part
// is what was not looked at yet.
func (s *Session) endPart(dst []dissect.Event, text, part []byte) []dissect.Event {
	m := literalMark(text)
	before := part[:len(part)-(len(text)-m.at)]
	switch s.command.verb {
	case identifyVerb:
		dst = s.identify(dst, dissect.Client, s.command.id, text, before)
	case appendVerb, urlVerb:
		dst = s.urlsAuth(dst, dissect.Client, text)
	}
	switch {
	case !m.found:
		return s.endCommand(dst)
	case m.tooBig:
		dst = append(dst, s.hidden(dissect.Malformed, text))
		return s.endCommand(dst)
	}
	if s.command.verb == appendVerb {
		dst = s.nextMessage(dst, before)
	}
	s.announced(m)
	return dst
}

// announced: the client has announced a literal.
func (s *Session) announced(m mark) {
	s.command.size = m.size
	s.state[dissect.Client] = atLine
	if m.sync {
		s.wait = forGoAhead
		return
	}
	s.beginLiteral()
}

func (s *Session) beginLiteral() {
	s.command.start = s.in[dissect.Client].Offset
	s.command.lost = false
	s.command.text = nil
	s.left[dissect.Client] = s.command.size
	s.state[dissect.Client] = inLiteral
}

// commandContent takes bytes of a literal of the client.
func (s *Session) commandContent(dst []dissect.Event, b []byte) []dissect.Event {
	c := &s.command
	switch {
	case c.verb == loginVerb, c.verb == identifyVerb, c.verb == urlVerb:
		c.text = append(c.text, b[:min(len(b), maxArgument-len(c.text))]...)
	case c.message && len(b) > 0:
		if c.mail == nil {
			dst = s.beginAppended(dst)
		}
		c.mail.write(b)
	}
	return dst
}

// endArgument: a literal of the client is over.
func (s *Session) endArgument(dst []dissect.Event) []dissect.Event {
	c := &s.command
	whole := !c.lost && c.size <= maxArgument
	switch c.verb {
	case loginVerb:
		return s.loginLiteral(dst)
	case identifyVerb:
		if !whole {
			c.text = nil
		}
		return s.identifyLiteral(dst, dissect.Client, c.id, c.start, c.text)
	case urlVerb:
		s.at[dissect.Client] = span{c.start, s.in[dissect.Client].Offset}
		return s.urlsAuth(dst, dissect.Client, c.text)
	}
	return dst
}

// continued takes a line of a command behind a literal.
func (s *Session) continued(dst []dissect.Event, text []byte) []dissect.Event {
	c := &s.command
	switch {
	case len(text) > 0 && text[0] != ' ' && text[0] != ')',
		c.verb == loginVerb && c.attempt.arguments >= 2 && len(skipSpace(text)) > 0:
		return s.misread(dst, text)
	case c.verb == loginVerb:
		return s.loginPart(dst, text, 0, dissect.AuthStep)
	}
	return s.endPart(dst, text, text)
}

// misread: this cannot be the line that was due. Either the client has lost
// count of its literal, or the server never agreed to one.
func (s *Session) misread(dst []dissect.Event, text []byte) []dissect.Event {
	c := s.command
	if c.attempt != nil {
		c.attempt.retract()
	}
	if c.mail != nil {
		c.mail.lose()
	}
	if whole := slices.Concat(c.text, text); c.verb == loginVerb && c.guess && !c.lost && isCommand(whole) {
		dst = s.endCommand(dst)
		s.at[dissect.Client].start = c.start
		return s.commandLine(dst, whole)
	}
	dst = append(dst, s.hidden(dissect.Malformed, text))
	dst = s.endCommand(dst)
	s.state[dissect.Client] = unsynced
	s.resume = s.in[dissect.Client].Offset
	return dst
}

// endCommand: the client has sent all of its command.
func (s *Session) endCommand(dst []dissect.Event) []dissect.Event {
	if s.command.mail != nil {
		dst = s.endAppended(dst, true)
	}
	s.command = command{}
	s.state[dissect.Client] = atLine
	return dst
}
