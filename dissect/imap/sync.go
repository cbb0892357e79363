package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// doubt is a line of the client that looks like a command, but was found where
// the text of a mail may be crossing. It counts when the server answers it
// before the client says anything more.
type doubt struct {
	line     []byte // nil: there is none
	at       span
	followed bool // the client has said more, which waits to be taken
	accepted bool // though no server is there to answer
}

// held is a line of the server, out of step, that looks like the end of what it
// has to say. It counts when the client is the next to speak.
type held struct {
	line []byte // nil: there is none
	at   span
}

// search looks for a command in a line of a client that is out of step.
func (s *Session) search(text []byte) {
	s.doubt = doubt{}
	at := s.at[dissect.Client]
	certain := at.start == s.resume
	switch {
	case fold(text, "DONE"):
		if certain {
			s.resume = at.end
		}
	case isCommand(text):
		s.doubt = doubt{line: bytes.Clone(text), at: at}
		if certain {
			s.wait = forProof
		}
	}
}

// isCommand tells whether a line can begin a command, with a verb that is
// known.
func isCommand(text []byte) bool {
	tag, after := word(text)
	name, _ := word(after)
	return isTag(tag) && verbOf(name) != unknownVerb
}

// doubted tells whether a reply answers the doubtful line.
func (s *Session) doubted(tag []byte) bool {
	doubtful, _ := word(s.doubt.line)
	return len(doubtful) > 0 && bytes.Equal(doubtful, tag) && s.last()
}

// last tells that the client has said nothing behind the doubtful line.
func (s *Session) last() bool {
	return !s.doubt.followed && len(s.in[dissect.Client].Part()) == 0
}

// awaitsInvitation tells whether the server answers the line with a "+".
func (d *doubt) awaitsInvitation() bool {
	m := literalMark(d.line)
	v := d.verb()
	return m.found && m.sync || v == authenticateVerb || v == idleVerb
}

func (d *doubt) verb() verb {
	_, after := word(d.line)
	name, _ := word(after)
	return verbOf(name)
}

// confirm takes the doubtful line for a command.
func (s *Session) confirm(dst []dissect.Event) []dissect.Event {
	d := s.doubt
	s.doubt = doubt{}
	s.wait = nothing
	s.state[dissect.Client] = atLine
	s.at[dissect.Client] = d.at
	return s.commandLine(dst, d.line)
}

// dropDoubt: nothing will confirm the doubtful line any more.
func (s *Session) dropDoubt(dst []dissect.Event) []dissect.Event {
	if s.doubt.accepted {
		return s.confirm(dst)
	}
	s.doubt = doubt{}
	return dst
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
	tag, _, _, ok := taggedReply(text)
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
	s.held = held{bytes.Clone(text), s.at[dissect.Server]}
	if s.wait == forProof {
		s.wait = nothing
	}
}

// takeHeld: the client speaks, so the server was at the end of a response.
func (s *Session) takeHeld(dst []dissect.Event) []dissect.Event {
	h := s.held
	s.held = held{}
	if h.line == nil || len(s.in[dissect.Server].Part()) > 0 {
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
