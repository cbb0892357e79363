package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/message"
)

// doubt is about a line of a single dot within content that not all servers take
// for its end (CVE-2023-51764). The content is read on, and what comes behind
// the dot is kept as well, until the server's replies tell: a reply before the
// end mark, or one more than the end mark can have.
//
// A content has one at a time: the first that a command follows, else the last.
type doubt struct {
	at     span // the dot and the line end behind it
	mark   mark
	size   uint64         // of the content before it
	reader message.Reader // which has read that content

	held      []byte // what the client sent behind it, at most MaxHeld bytes
	spilled   bool   // there was more
	ended     bool   // the end mark came
	answered  bool   // and the reply to it
	pipelined bool   // but the client had said more before that
	lost      bool   // bytes of the server were lost before the end mark: it may have answered
	torn      bool   // what would tell is lost
}

// noteMark begins a doubt at a mark that stands before the client's next byte.
func (s *Session) noteMark(t *transfer, m mark) {
	if s.doubt != nil && s.doubt.smuggles() {
		return
	}
	if s.doubt == nil {
		s.doubt = new(doubt)
	}
	end := s.in[dissect.Client].Offset
	*s.doubt = doubt{
		mark: m, at: span{end - m.size(), end}, size: t.size - m.size(), reader: t.reader,
		held: s.doubt.held[:0], lost: s.doubt.lost,
	}
}

// limit cuts b to what may still be held. Where nothing more may, the doubt
// stays, but for a server that was never heard: then a command behind the dot
// decides.
func (s *Session) limit(b []byte) []byte {
	d := s.doubt
	if d == nil || d.spilled {
		return b
	}
	if room := MaxHeld - len(d.held); room > 0 {
		return b[:min(len(b), room)]
	}
	if _, v := d.command(); v != noVerb && !s.heard[dissect.Server] {
		s.wasEnd()
		return nil
	}
	d.spilled = true
	return b
}

// hold keeps what the client sent behind the dot.
func (d *doubt) hold(b []byte) {
	if !d.spilled {
		d.held = append(d.held, b...)
	}
}

// command returns the line behind the dot, and its verb if that line is a
// command by the letter.
func (d *doubt) command() (l textLine, v verb) {
	n := bytes.IndexByte(d.held, '\n') + 1
	if n == 0 {
		return l, noVerb
	}
	l = textLine{bytes.TrimRight(d.held[:n], "\r\n"), span{d.at.end, d.at.end + uint64(n)}}
	if !isCommand(l.text) {
		return l, noVerb
	}
	word, _ := cutWord(l.text)
	return l, lookup(word)
}

// smuggles tells whether a command stands behind the dot that is worth to be
// smuggled.
func (d *doubt) smuggles() bool {
	_, v := d.command()
	return v.smuggled()
}

// smuggled tells the commands that are worth it. A client that ends its content
// in an odd way may well send QUIT behind it.
func (v verb) smuggled() bool { return v != noVerb && v != quit && v != other }

// replyInDoubt takes the first line of a reply.
func (s *Session) replyInDoubt(code int) {
	switch d := s.doubt; {
	case code == shuttingDown:
	case s.state == body:
		s.replyAmidContent(code)
	case d == nil || !d.answered:
	case d.explains(code):
		s.wasEnd()
	default:
		s.wasContent()
	}
}

// replyAmidContent: there a server says nothing, so it took a dot for the end.
func (s *Session) replyAmidContent(code int) {
	if s.match(code) >= 0 {
		return
	}
	if t := s.open; t != nil {
		if m := t.marks.open(); m != (mark{}) {
			s.noteMark(t, m)
		}
	}
	if s.doubt != nil {
		s.wasEnd()
	}
}

// explains tells whether a reply behind that to the end mark is better
// explained by the command behind the dot than by one behind the end mark.
func (d *doubt) explains(code int) bool {
	_, v := d.command()
	return code != closing && (!d.pipelined || fits(v, code))
}

// endInDoubt: the end mark has come. Whether that was a second message only
// matters where commands stand behind the dot.
func (s *Session) endInDoubt() {
	d := s.doubt
	switch {
	case !d.smuggles():
		s.doubt = nil
	case d.spilled || d.lost || !s.heard[dissect.Server]:
		s.leaveDoubt()
	default:
		d.ended = true
		s.need = dissect.NeedAnswer
	}
}

// wasEnd: the server took the dot for the end, and takes what stands behind it
// for commands.
func (s *Session) wasEnd() {
	d, t := s.doubt, s.ended
	s.doubt = nil
	if !d.ended {
		if s.open == nil {
			return // what was in doubt has ended otherwise
		}
		t = s.open
		s.open, s.ended = nil, t
		if !d.lost {
			s.ask(question{verb: endOfContent, mail: t.mail, final: true})
		}
	}
	t.end, t.size, t.reader = d.at, d.size, d.reader
	t.facts.Complete = !t.torn
	s.mail = nil
	s.need, s.state = dissect.NeedNothing, command
	s.tellMark(d)
	s.flushAnswered()
	if d.spilled {
		s.loseTrack()
		return
	}
	s.behind = s.inFlight(d) && len(d.held) > 0
	s.reread(d.held)
	s.readBacklog()
}

// wasContent: the server took the dot for content.
func (s *Session) wasContent() {
	d := s.doubt
	s.doubt = nil
	if d.torn {
		s.tear()
	}
	if l, v := d.command(); s.inFlight(d) && v.smuggled() {
		s.tellMark(d)
		s.tellSmuggled(l, v)
	}
	if d.ended {
		s.need = dissect.NeedNothing
		s.flushAnswered()
		s.readBacklog()
	}
}

// leaveDoubt: nobody will tell. The message is one, and not known to be whole.
func (s *Session) leaveDoubt() {
	s.doubt.torn = true
	s.wasContent()
}

// inFlight tells whether what stands behind the dot was sent before any answer
// to it, by a client that ends its own lines as it should.
func (s *Session) inFlight(d *doubt) bool {
	return s.fullEnds && s.heard[dissect.Server] && !d.lost
}

func (s *Session) tear() {
	for _, t := range []*transfer{s.open, s.ended} {
		if t != nil {
			t.torn, t.facts.Complete = true, false
		}
	}
}

// endDoubt ends a doubt at the end of the connection. Where no server was ever
// heard, a client that stops behind the dot, or sends commands, has meant it as
// the end.
func (s *Session) endDoubt() {
	d := s.doubt
	_, v := d.command()
	if !d.ended && !d.spilled && !s.heard[dissect.Server] && (len(d.held) == 0 || v != noVerb) {
		s.wasEnd()
		return
	}
	s.leaveDoubt()
}

// tellMark tells an odd end of a client that ends its commands as it should.
func (s *Session) tellMark(d *doubt) {
	if !s.fullEnds {
		return
	}
	s.emit(dissect.Event{
		Kind: dissect.OddEnd, Side: dissect.Client, Start: d.at.start, End: d.at.end,
		Line: []byte("."), Text: []byte(d.mark.String()),
	})
}

// tellSmuggled tells a command that stood behind an odd end when the server had
// not said anything to that.
func (s *Session) tellSmuggled(l textLine, v verb) {
	e := dissect.Event{Kind: dissect.Smuggled, Side: dissect.Client, Start: l.start, End: l.end, Line: l.text}
	if v == auth {
		_, rest := cutWord(l.text)
		e.Hide = dissect.Span{From: len(l.text) - len(rest), To: len(l.text)}
	}
	s.emit(e)
}
