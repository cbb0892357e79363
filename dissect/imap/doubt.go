package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// doubt is a command of the client, as it seems, that was found where the text
// of a mail may be crossing. It counts when the server answers it before the
// client says anything more.
type doubt struct {
	line     []byte  // its first line; nil: there is none
	at       span    // of line
	certain  bool    // a command begins there, if any does
	rest     []piece // LOGIN with literals that wait for no answer: what follows line
	size     int     // what rest takes
	left     uint64  // bytes of such a literal still to come
	unended  bool    // more of the command has to come, at once
	sync     bool    // its last line announces a literal that waits for an answer
	followed bool    // the client has said more, which waits to be taken
	accepted bool    // though no server is there to answer
}

// piece is some text, and where it stands in the stream. In a layer or
// compressed it takes other bytes than its own, and the next one does not follow
// at once.
type piece struct {
	text []byte
	span
}

// pieceCost is what a piece takes beside its text.
const pieceCost = 48

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
		s.doubt = doubt{line: bytes.Clone(text), at: at, certain: certain}
		s.endDoubtful(text)
	}
}

// endDoubtful ends a line of the doubtful command. Only at a certain place is a
// proof waited for.
func (s *Session) endDoubtful(text []byte) {
	d := &s.doubt
	m := literalMark(text)
	d.sync = m.found && m.sync
	d.unended = m.found && !m.sync && d.verb() == loginVerb && m.size <= maxArgument
	switch {
	case d.unended:
		d.left = m.size
	case d.certain:
		s.wait = forProof
	}
}

// doubtfulLiteral keeps bytes of a literal of the doubtful command.
func (s *Session) doubtfulLiteral(b []byte) int {
	d, in := &s.doubt, &s.in[dissect.Client]
	n := int(min(uint64(len(b)), d.left))
	start := in.Offset
	in.Skip(n)
	s.moved(dissect.Client)
	d.left -= uint64(n)
	s.keepDoubtful(b[:n], span{start, in.Offset})
	return n
}

// goOnDoubting keeps a line of the doubtful command behind a literal.
func (s *Session) goOnDoubting(text []byte) {
	at := s.at[dissect.Client]
	end := int(at.end-at.start) - len(text)
	if end < 0 || end > len("\r\n") {
		end = len("\r\n") // in a layer or compressed, the line took other bytes than its own
	}
	s.keepDoubtful(append(bytes.Clone(text), "\r\n"[len("\r\n")-end:]...), at)
	if s.doubt.line != nil {
		s.endDoubtful(text)
	}
}

// keepDoubtful keeps what follows the first line of the doubtful command. Over
// the bound it is none.
func (s *Session) keepDoubtful(text []byte, at span) {
	d := &s.doubt
	if last := len(d.rest) - 1; last >= 0 && at.start <= d.rest[last].end {
		d.rest[last].text = append(d.rest[last].text, text...)
		d.rest[last].end = at.end
	} else {
		d.rest = append(d.rest, piece{bytes.Clone(text), at})
		d.size += pieceCost
	}
	d.size += len(text)
	if d.size > maxDoubtful {
		s.doubt = doubt{}
	}
}

// reread: the line is no command, so what was kept for its literals may hold
// one. Nothing there is at a certain place.
func (s *Session) reread() {
	d, in := s.doubt, &s.in[dissect.Client]
	s.doubt = doubt{}
	read := in.Offset
	for _, p := range d.rest {
		in.Offset = p.start
		for len(p.text) > 0 {
			text, n, whole := in.Next(p.text)
			p.text = p.text[n:]
			if whole {
				s.at[dissect.Client] = span{in.Start, in.Offset}
				s.search(text)
			}
		}
	}
	in.Offset = read
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
	if s.doubt.followed || len(s.in[dissect.Client].Part()) > 0 {
		return false
	}
	if (s.doubt.unended || len(s.doubt.rest) > 0) && !s.doubt.has(tag) {
		s.reread()
	}
	return !s.doubt.unended && s.doubt.has(tag)
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
	d, in := s.doubt, &s.in[dissect.Client]
	s.doubt = doubt{}
	s.wait = nothing
	s.state[dissect.Client] = atLine
	s.at[dissect.Client] = d.at
	read := in.Offset
	if len(d.rest) > 0 {
		in.Offset = d.at.end
	}
	dst = s.commandLine(dst, d.line)
	for _, p := range d.rest {
		in.Offset = p.start
		for len(p.text) > 0 {
			var n int
			dst, n = s.step(dst, dissect.Client, p.text)
			p.text = p.text[n:]
		}
	}
	in.Offset = read
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
