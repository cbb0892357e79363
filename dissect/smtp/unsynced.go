package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// unsyncedLine takes a line of which nobody knows what it is: a command, or a
// line of content that looks like one. Commands are held until a reply follows
// them directly: amid content none does. A lone dot can stand nowhere but at
// the end of content.
func (s *Session) unsyncedLine(l textLine) {
	fresh := s.fresh
	s.fresh = false
	switch {
	case s.early != nil:
		s.earlyLine(l)
	case string(l.text) == ".":
		s.dropHeld()
		s.fresh, s.astray = true, false
	case isCommand(l.text):
		s.hold(l, fresh)
	default:
		s.dropHeld()
		s.astray = true
	}
}

// deferContent: a 354 comes though the client was not listened to. What it has
// said is commands then, and DATA the last of them: no content comes before a 354.
func (s *Session) deferContent(text []byte) {
	s.need = dissect.NeedNothing
	s.early = bytes.Clone(text)
}

// earlyLine takes a line behind which the DATA is looked for that a 354 has
// answered. Where none comes it was lost, and the content is next.
func (s *Session) earlyLine(l textLine) {
	switch {
	case string(l.text) == ".":
		s.dropHeld()
	case !isCommand(l.text):
		s.dropHeld()
		s.early = nil
		s.dataCode = startInput
		s.takeFirstLine(l)
	default:
		s.hold(l, false)
		if word, _ := cutWord(l.text); lookup(word) == data && len(s.held) > 0 {
			s.confirm()
		}
	}
}

// hold keeps a command. Where one may well stand, the client is not listened to
// until the server has answered it.
func (s *Session) hold(l textLine, fresh bool) {
	s.size += len(l.text)
	if s.size > MaxHeld {
		s.dropHeld()
		s.astray = true
		return
	}
	s.held = append(s.held, textLine{bytes.Clone(l.text), l.span})
	if fresh {
		s.need = dissect.NeedAnswer
		s.more = false
	}
}

func (s *Session) dropHeld() {
	if len(s.held) > 0 && s.need == dissect.NeedAnswer {
		s.need = dissect.NeedNothing
	}
	s.held, s.size, s.believed = nil, 0, false
}

// confirm reads the held commands.
func (s *Session) confirm() {
	held := s.held
	s.dropHeld()
	s.state = command
	for _, l := range held {
		if s.need != dissect.NeedNothing || s.state != command {
			s.more = true
			return
		}
		s.command(l)
	}
}

// resync uses a reply to find out where an unsynced session stands.
func (s *Session) resync(code int, text []byte) {
	switch {
	case code == shuttingDown:
	case code == startInput && len(s.held) > 0 && s.need == dissect.NeedAnswer && s.more:
		s.deferContent(text)
	case len(s.held) == 0:
		s.fresh = true
		if !s.astray {
			s.state = command
		}
		s.astray = false
	case s.need == dissect.NeedAnswer && s.more && s.heldVerb() != bdat, !fits(s.heldVerb(), code):
		if v := s.heldVerb(); v == mail || v == rset {
			s.mail = nil // the transaction is not known to be the same
		}
		s.dropHeld()
		s.astray = true
	default:
		s.confirm()
	}
}

// heldVerb returns the verb of the first command that is held.
func (s *Session) heldVerb() verb {
	word, _ := cutWord(s.held[0].text)
	return lookup(word)
}
