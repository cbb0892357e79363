package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// record keeps a line for the transcript, unless it may hold a piece of a
// message.
func (s *Session) record(side dissect.Side, text []byte) {
	if s.dialogue == nil || s.state[side] == unsynced {
		return
	}
	if side == dissect.Server && s.mayQuoteMail(text) || side == dissect.Client && s.strays(text) || countURLs(text) > 1 {
		return
	}
	s.keepLine(side, s.in[side].Start, text)
}

func (s *Session) keepLine(side dissect.Side, start uint64, text []byte) {
	if s.packed[side] != nil {
		s.dialogue.AddInflated(side, start, text)
		return
	}
	s.dialogue.Add(side, start, text)
}

// mayQuoteMail tells whether a line of the server may hold text of a message in
// a quoted string, or words of its header.
func (s *Session) mayQuoteMail(text []byte) bool {
	if bytes.IndexByte(text, '"') < 0 {
		return false
	}
	line, untagged := bytes.CutPrefix(text, untaggedMark)
	_, after := word(line)
	name, _ := word(after)
	return s.response.fetch || untagged && (fold(name, "FETCH") || fold(name, "UIDFETCH"))
}

// strays tells a line of the client that cannot go on behind a literal: it
// belongs to one that was miscounted.
func (s *Session) strays(text []byte) bool {
	return s.state[dissect.Client] == afterLiteral && len(text) > 0 && text[0] != ' ' && text[0] != ')'
}

// recordArgument keeps a literal of LOGIN.
func (s *Session) recordArgument() {
	if c := &s.command; !c.guess && !c.attempt.deaf {
		s.keepLine(dissect.Client, c.start, c.text)
	}
}
