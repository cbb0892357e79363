package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// doubt is a command of the client, as it seems, that was found where the text
// of a mail may be crossing. It counts when the server answers it before the
// client says anything more.
type doubt struct {
	line     []byte // its first line; nil: there is none
	at       span   // of line
	rest     []byte // LOGIN with literals that wait for no answer: what follows line
	left     uint64 // bytes of such a literal still to come
	unended  bool   // more of the command has to come, at once
	sync     bool   // its last line announces a literal that waits for an answer
	followed bool   // the client has said more, which waits to be taken
	accepted bool   // though no server is there to answer
}

// search looks for a command in a line of a client that is out of step.
func (s *Session) search(text []byte) {
	if s.doubt.unended {
		s.goOnDoubting(text)
		return
	}
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
		s.endDoubtful(text, certain)
	}
}

// endDoubtful ends a line of the doubtful command. Only at a certain place
// are its literals waited for: anywhere else they would hide what follows.
func (s *Session) endDoubtful(text []byte, certain bool) {
	d := &s.doubt
	m := literalMark(text)
	d.sync = m.found && m.sync
	d.unended = certain && m.found && !m.sync && d.verb() == loginVerb && m.size <= maxArgument
	switch {
	case d.unended:
		d.left = m.size
	case certain:
		s.wait = forProof
	}
}

// doubtfulLiteral keeps bytes of a literal of the doubtful command.
func (s *Session) doubtfulLiteral(b []byte) int {
	d := &s.doubt
	n := int(min(uint64(len(b)), d.left))
	s.in[dissect.Client].Skip(n)
	d.rest = append(d.rest, b[:n]...)
	d.left -= uint64(n)
	return n
}

// goOnDoubting keeps a line of the doubtful command behind a literal.
func (s *Session) goOnDoubting(text []byte) {
	at := s.at[dissect.Client]
	d := &s.doubt
	d.rest = append(d.rest, text...)
	end := int(at.end-at.start) - len(text)
	if end < 0 || end > len("\r\n") {
		end = len("\r\n") // in a layer or compressed, the line took other bytes than its own
	}
	d.rest = append(d.rest, "\r\n"[len("\r\n")-end:]...)
	if len(d.rest) > maxDoubtful {
		s.doubt = doubt{}
		return
	}
	s.endDoubtful(text, true)
}

// reread: the line is no command, so what was kept for its literals may hold
// one. Nothing there is at a certain place.
func (s *Session) reread() {
	d := s.doubt
	s.doubt = doubt{}
	s.in[dissect.Client].Offset = d.at.end
	for rest := d.rest; len(rest) > 0; {
		text, n, whole := s.in[dissect.Client].Next(rest)
		rest = rest[n:]
		if whole {
			s.at[dissect.Client] = span{s.in[dissect.Client].Start, s.in[dissect.Client].Offset}
			s.search(text)
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

// doubted tells whether a reply answers the doubtful command, or one that was
// kept for its literals.
func (s *Session) doubted(tag []byte) bool {
	if !s.last() {
		return false
	}
	if len(s.doubt.rest) > 0 && !s.doubt.has(tag) {
		s.reread()
	}
	return s.doubt.has(tag)
}

func (d *doubt) has(tag []byte) bool {
	doubtful, _ := word(d.line)
	return len(doubtful) > 0 && bytes.Equal(doubtful, tag)
}

// last tells that the client has said nothing behind the doubtful command.
func (s *Session) last() bool {
	return !s.doubt.followed && !s.doubt.unended && len(s.in[dissect.Client].Part()) == 0
}

// awaitsInvitation tells whether the server answers the command with a "+".
func (d *doubt) awaitsInvitation() bool {
	v := d.verb()
	return d.sync || v == authenticateVerb || v == idleVerb
}

func (d *doubt) verb() verb {
	_, after := word(d.line)
	name, _ := word(after)
	return verbOf(name)
}

// confirm takes the doubtful command for one.
func (s *Session) confirm(dst []dissect.Event) []dissect.Event {
	d := s.doubt
	s.doubt = doubt{}
	s.wait = nothing
	s.state[dissect.Client] = atLine
	s.at[dissect.Client] = d.at
	if len(d.rest) > 0 {
		s.in[dissect.Client].Offset = d.at.end
	}
	dst = s.commandLine(dst, d.line)
	for rest := d.rest; len(rest) > 0; {
		var n int
		dst, n = s.step(dst, dissect.Client, rest)
		rest = rest[n:]
	}
	return dst
}

// dropDoubt: the client says more, or nothing any more, so nothing will
// confirm the doubtful command.
func (s *Session) dropDoubt(dst []dissect.Event) []dissect.Event {
	switch {
	case s.doubt.accepted:
		return s.confirm(dst)
	case s.doubt.unended && s.state[dissect.Client] == unsynced:
		return dst // it goes on
	}
	s.doubt = doubt{}
	return dst
}
