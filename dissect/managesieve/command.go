package managesieve

import "github.com/mailtap/mailtap/dissect"

// command is what the client is sending: a command, or an answer to a
// challenge.
type command struct {
	verb      verb // authenticateVerb for an answer
	answer    bool
	attempt   *attempt
	arguments int    // of AUTHENTICATE, so far
	literal   []byte // of AUTHENTICATE, or an answer
	lost      bool   // a part of the literal was lost, or not kept
	unsure    bool   // see question
}

func (s *Session) clientLine(dst []dissect.Event, text []byte) []dissect.Event {
	switch s.state[dissect.Client] {
	case unsynced:
		s.search(text)
		return dst
	case atAnswer:
		return s.answerLine(dst, text)
	case afterLiteral:
		return s.commandRest(dst, text)
	}
	return s.commandLine(dst, text, false)
}

// commandLine takes a line that begins a command.
func (s *Session) commandLine(dst []dissect.Event, text []byte, unsure bool) []dissect.Event {
	if len(text) == 0 {
		return dst
	}
	v, name, next := verbOf(text)
	if s.exchange != nil && s.guess {
		dst = s.forget(dst, nil) // its answer was lost with the challenges: the client goes on
		s.blind = true
	}
	s.exchange = nil
	if dst, taken := s.blindAnswer(dst, text); taken {
		return dst
	}
	dst = s.endBlind(dst)
	unsure = unsure || s.shifted
	s.command = command{verb: v, unsure: unsure}
	dst = s.syncServer(dst, nil)
	if v != authenticateVerb {
		dst = s.ask(dst, question{verb: v, unsure: unsure})
	}
	e := s.event(dissect.Client, dissect.NoEvent, text)
	switch v {
	case authenticateVerb:
		return s.authLine(dst, text, next)
	case scriptVerb:
		e.Kind, e.Text = dissect.MailCommand, name
	case startTLSVerb:
		e.Kind = dissect.StartTLS
	case logoutVerb:
		e.Kind = dissect.Bye
	case unknownVerb:
		e.Kind = dissect.Unexpected
		e.Hide.To = len(text) // it may be anything, a password too
	}
	if e.Kind != dissect.NoEvent {
		dst = append(dst, e)
	}
	return s.endLine(dst, text)
}

// commandRest takes the line that goes on behind a literal.
func (s *Session) commandRest(dst []dissect.Event, text []byte) []dissect.Event {
	s.state[dissect.Client] = atLine
	if s.command.verb == authenticateVerb && !s.command.answer {
		return s.authLine(dst, text, 0)
	}
	return s.endLine(dst, text)
}

// endLine ends a line of a command: it is the last, or announces a literal.
func (s *Session) endLine(dst []dissect.Event, text []byte) []dissect.Event {
	if m := literalMark(text); m.found {
		return s.beginLiteral(dst, dissect.Client, m)
	}
	s.state[dissect.Client] = atLine
	switch {
	case s.command.verb == startTLSVerb:
		s.wait = forTLSAnswer
	case s.command.attempt != nil && !s.command.attempt.over:
		s.exchange = s.command.attempt
		s.wait = forChallenge
	}
	s.command = command{}
	return dst
}

// ask adds a question. Over the bound the oldest one ends without an answer.
func (s *Session) ask(dst []dissect.Event, q question) []dissect.Event {
	if len(s.open) == maxOpen {
		dst = s.endAttempt(dst, &s.open[0], dissect.OutcomeUnknown, nil)
		s.open = append(s.open[:0], s.open[1:]...)
	}
	s.open = append(s.open, q)
	return dst
}

// syncServer: the client goes on, so the server, out of step until now, has
// said all it had to say to earlier commands but that of spare.
func (s *Session) syncServer(dst []dissect.Event, spare *attempt) []dissect.Event {
	if s.state[dissect.Server] != unsynced {
		return dst
	}
	dst = s.forget(dst, spare)
	s.state[dissect.Server] = atLine
	if len(s.in[dissect.Server].Part()) > 0 {
		s.in[dissect.Server].Lose(0)
	}
	return dst
}
