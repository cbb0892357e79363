package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// Feed takes the next bytes that side sent and appends what they meant to dst.
// It returns how many bytes it took: fewer than len(b) only when Need is not
// NeedNothing for the client, and NeedTLS for the server.
func (s *Session) Feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	s.out = dst
	s.heard[s.role(side)] = true
	s.goOn()
	n := 0
	if !s.layer.Begun() {
		n = s.feed(side, b)
	}
	if s.layer.Begun() {
		n += s.feedLayer(side, b[n:])
	}
	dst, s.out = s.out, nil
	return dst, n
}

// feed takes what is no layer's. It stops where one begins.
func (s *Session) feed(side dissect.Side, b []byte) int {
	n := 0
	if s.role(side) == dissect.Server {
		n = s.feedServer(b)
	}
	if s.role(side) == dissect.Client { // also the rest behind the answer to TURN
		n += s.feedClient(b[n:])
	}
	return n
}

// feedServer takes replies, until one swaps the roles.
func (s *Session) feedServer(b []byte) int {
	in := &s.in[dissect.Server]
	taken, turned := 0, s.turned
	for taken < len(b) && s.need != dissect.NeedTLS && s.turned == turned {
		if s.state == deaf {
			in.Lose(uint64(len(b) - taken))
			return len(b)
		}
		if s.beginsLayer(dissect.Server, b[taken:]) {
			return taken
		}
		text, n, whole := in.Next(b[taken:])
		taken += n
		if whole {
			s.replyLine(text)
			s.readBacklog()
		}
	}
	return taken
}

func (s *Session) feedClient(b []byte) int {
	if d := s.doubt; d != nil && d.answered && !d.pipelined && len(b) > 0 {
		s.wasContent() // the client has its answer, and goes on
	}
	taken := 0
	for taken < len(b) && s.need == dissect.NeedNothing {
		if s.state == deaf {
			s.in[dissect.Client].Lose(uint64(len(b) - taken))
			return len(b)
		}
		if s.beginsLayer(dissect.Client, b[taken:]) {
			return taken
		}
		taken += s.read(b[taken:])
		s.readBacklog()
	}
	if taken == len(b) {
		return taken
	}
	s.more = true
	if s.keeps() {
		s.putBack(b[taken:])
		taken = len(b)
	}
	return taken
}

// read takes the client's next line, or what b holds of content.
func (s *Session) read(b []byte) int {
	switch s.state {
	case body:
		return s.takeBody(b)
	case chunk:
		return s.takeChunk(b)
	}
	text, n, whole := s.in[dissect.Client].Next(b)
	if whole {
		s.clientLine(text)
	}
	return n
}

// record keeps a line that is a command or a part of a login for certain:
// never one that may be content.
func (s *Session) record(text []byte) {
	word, _ := cutWord(text)
	switch {
	case s.state == command && (!s.missed || lookup(word) != noVerb):
	case s.state == response && s.auth.exchange != nil && !s.auth.dark:
	default:
		return
	}
	s.dialogue.Add(s.role(dissect.Client), s.in[dissect.Client].Start, text)
}

func (s *Session) clientLine(text []byte) {
	in := &s.in[dissect.Client]
	l := textLine{text, span{in.Start, in.Offset}}
	if s.state != firstLine {
		l.text = bytes.TrimRight(text, "\r") // "openssl s_client -crlf" ends typed lines with two
	}
	s.record(text)
	switch s.state {
	case unsynced:
		s.unsyncedLine(l)
	case command:
		s.command(l)
	case response:
		s.responseLine(l)
	case firstLine:
		s.takeFirstLine(l)
	}
	s.lostBefore = false
	if s.state != firstLine && s.state != body {
		s.bareLF = in.Size() == uint64(len(text)+len("\n"))
		s.fullEnds = !s.bareLF
	}
}
