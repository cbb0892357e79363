package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// held is a line of the server, out of step, that looks like the end of what it
// has to say. It counts when the client is the next to speak.
type held struct {
	line []byte
	at   span
}

// lateGreeting tells whether the first line seen of a server greets, though the
// beginning of the connection was not captured. Servers send "* OK" in IDLE,
// too.
func (s *Session) lateGreeting(text []byte) bool {
	if s.heard[dissect.Client] || s.greeted || s.at[dissect.Server].start != s.first {
		return false
	}
	line, ok := bytes.CutPrefix(text, untaggedMark)
	status, words := word(line)
	if !ok || !fold(status, "OK") && !fold(status, "PREAUTH") {
		return false
	}
	words = bytes.ToUpper(words)
	if code := skipSpace(words); bytes.HasPrefix(code, []byte{'['}) && !bytes.HasPrefix(code, []byte("[CAPABILITY ")) {
		return false // Courier has alerts to "your IMAP client", imapproxy tells of connections taken up again
	}
	return bytes.Contains(words, []byte("IMAP")) || bytes.Contains(words, []byte("READY"))
}

// placing says whether a line of a server that is out of step stands at the
// beginning of a response.
type placing uint8

const (
	nowhere placing = iota // it may be anything
	likely                 // if the server says nothing more before the client does
	certain
)

func (s *Session) place(text []byte) placing {
	if bytes.HasPrefix(text, []byte{'+'}) {
		if s.wait == forGoAhead || s.inExchange() || s.doubt.awaitsInvitation() && s.last() {
			return certain
		}
		return nowhere
	}
	if line, ok := bytes.CutPrefix(text, untaggedMark); ok {
		if isCount(line) {
			return likely
		}
		return nowhere
	}
	tag, _, _, ok := s.taggedReply(text)
	switch {
	case !ok:
		return nowhere
	case s.wait != nothing && string(clipTag(tag)) == s.command.tag:
		return certain // the client waits for it
	case s.asked(tag) >= 0 || s.doubted(tag):
		if s.mayFetch() {
			return likely // or the text of a mail that was asked for
		}
		return certain
	}
	switch s.wait {
	case forTLSAnswer:
		s.Proceed() // the reply to STARTTLS was lost, and this is readable
	case forProof:
		s.wait = nothing // the server says something else
	}
	return nowhere
}

// mayFetch tells whether a command is open that brings mail.
func (s *Session) mayFetch() bool {
	for i := range s.open {
		if v := s.open[i].verb; v == mailVerb || v == uidVerb {
			return true
		}
	}
	v := s.doubt.verb()
	return v == mailVerb || v == uidVerb
}

// hold keeps a line of the server that is likely to end what it has to say. A
// client that waits for a proof has to speak first.
func (s *Session) hold(text []byte) {
	s.held = &held{bytes.Clone(text), s.at[dissect.Server]}
	if s.wait == forProof {
		s.wait = nothing
	}
}

// takeHeld: the client speaks, so the server was at the end of a response.
func (s *Session) takeHeld(dst []dissect.Event) []dissect.Event {
	h := s.held
	s.held = nil
	if h == nil || len(s.in[dissect.Server].Part()) > 0 {
		return dst
	}
	s.state[dissect.Server] = atLine
	s.at[dissect.Server] = h.at
	return s.responseLine(dst, h.line)
}

// isCount tells "23 EXISTS" and its like, which a server sends in IDLE.
func isCount(line []byte) bool {
	n, after := word(line)
	name, more := word(after)
	_, ok := number(n, maxNumber)
	return ok && len(more) == 0 && (fold(name, "EXISTS") || fold(name, "RECENT") || fold(name, "EXPUNGE"))
}
