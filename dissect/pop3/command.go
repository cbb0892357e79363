package pop3

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// clientLine takes a line of the client.
func (s *Session) clientLine(text []byte) {
	p := parse(text)
	fragment := s.fragment
	s.fragment = false
	switch {
	case s.client == response, s.client == guessed && isResponse(text, p):
		s.responseLine(p, text)
		return
	case s.client == guessed:
		s.client = command
		s.declineInvitation()
	case s.client == perhaps && s.perhapsSent(p, text):
		return
	}
	if fragment && !p.fits {
		s.fragmentLine()
		return
	}
	s.command(p, text)
}

// fragmentLine takes the rest of a line whose beginning was lost: a command,
// or a line of an exchange, which gets no answer of its own.
func (s *Session) fragmentLine() {
	if n := len(s.pending); n == 0 || s.pending[n-1].verb != auth {
		s.ask(question{})
	}
}

// isResponse tells a line of an exchange from a command where either may
// stand. BASE64 has no spaces.
func isResponse(text []byte, p parsed) bool {
	return !p.fits && !bytes.ContainsAny(bytes.Trim(text, blanks), blanks)
}

func (s *Session) command(p parsed, text []byte) {
	switch p.verb {
	case user, pass, apop, auth, stls:
		s.beforeLogin()
	}
	switch p.verb {
	case noVerb:
		s.unknownCommand(text)
	case user:
		s.userCommand(p, text)
	case pass:
		s.passCommand(p, text)
	case apop:
		s.apopCommand(p, text)
	case auth:
		s.authCommand(p, text)
	case stls:
		s.ask(question{verb: stls})
		s.emitLine(dissect.Client, dissect.Event{Kind: dissect.StartTLS, Line: text})
		s.need = dissect.NeedTLSAnswer
	case xtnd:
		s.xtndCommand(p, text)
	case quit:
		s.ask(question{verb: quit})
		s.emitLine(dissect.Client, dissect.Event{Kind: dissect.Bye, Line: text})
	case retr, top, uidl, listing, mailbox:
		s.ask(question{verb: p.verb, several: severalLines(p)})
		s.emitLine(dissect.Client, dissect.Event{Kind: dissect.MailCommand, Line: text, Text: []byte(p.name)})
	default:
		s.ask(question{verb: p.verb, several: severalLines(p)})
	}
}

// severalLines tells whether a good reply is more than a line (RFC 1939,
// section 3; RFC 6856, section 3.2).
func severalLines(p parsed) bool {
	switch p.verb {
	case capa, retr, top:
		return true
	case uidl, listing, lang:
		return len(bytes.Trim(p.rest, blanks)) == 0
	}
	return false
}

// unknownCommand takes a line that is no command that is known. It may be a
// password that came out of turn, so it is not shown.
func (s *Session) unknownCommand(text []byte) {
	if s.doubt && isHeader(text) {
		s.sentFrom(text) // XTND XMIT was lost: no command looks so
		s.sent.lossy = true
		return
	}
	s.ask(question{})
	s.oddity(dissect.Client, dissect.Event{Kind: dissect.Unexpected, Line: text, Hide: dissect.Span{To: len(text)}})
}

// ask puts a question behind those that wait. Hardly a client sends a command
// before it has the answer to the one before: where something was lost between
// them, that is how commands and replies find together again. With a client that
// is known to send ahead they do not.
func (s *Session) ask(q question) {
	found := s.hole || s.doubt && s.replied
	switch {
	case found:
		s.resume()
	case s.leapt && !s.replied:
		// The client does not wait: what is missing may be the answer to the
		// command before, too.
		s.doubt, s.ahead = true, s.ahead || !s.overHole
		s.distrust()
	}
	if found {
		s.overHole = s.hole
	}
	s.leapt = found || s.leapt && !s.replied
	if s.server == astray || s.server == greeting && s.strange {
		s.server = status // for the client, that was the greeting
	}
	s.hole, s.replied = false, false
	if len(s.pending) == MaxPending {
		s.forgetReplies()
	}
	q.sure = !s.doubt || q.verb == stls
	s.pending = append(s.pending, q)
}

// resume takes the client to have its answer to all that was asked before.
func (s *Session) resume() {
	if !s.ahead {
		s.dropPending(len(s.pending))
	}
	s.doubt = s.ahead
	if s.open != nil && s.open.lossy {
		s.endMessage(0)
	}
}

// dropPending takes the oldest n questions as never answered.
func (s *Session) dropPending(n int) {
	for i := range s.pending[:n] {
		s.unanswered(&s.pending[i])
	}
	s.pending = append(s.pending[:0], s.pending[n:]...)
}

// forgetReplies makes room: the older half counts as never answered. Should
// the answers come after all, nobody knows whose they are.
func (s *Session) forgetReplies() {
	s.dropPending(MaxPending / 2)
	s.doubt = true
	s.distrust()
}

// distrust tells that the oldest reply that is missing may be anyone's.
func (s *Session) distrust() {
	for i := range s.pending {
		s.pending[i].sure = false
	}
}

// unanswered closes a question whose answer is not known.
func (s *Session) unanswered(q *question) {
	current := s.isCurrent(q)
	s.endAttempt(q, dissect.OutcomeUnknown, nil)
	switch {
	case q.verb == auth && current:
		s.endExchange()
	case q.verb == xmit && s.need == dissect.NeedAnswer:
		s.Proceed()
	}
}
