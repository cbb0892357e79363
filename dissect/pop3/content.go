package pop3

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
	"github.com/mailtap/mailtap/dissect/message"
)

// content is a message that is crossing.
type content struct {
	side    dissect.Side // who sends it
	message *dissect.Message
	reader  message.Reader
	dot     line.Dot
	last    byte // the last byte taken
	lossy   bool // bytes of it were lost
}

// beginMessage begins a message. text is the +OK, if it was seen to belong to
// it.
func (s *Session) beginMessage(text []byte) {
	s.server = body
	s.open = &content{side: dissect.Server, message: &dissect.Message{}}
	s.emitLine(dissect.Server, dissect.Event{Kind: dissect.MessageBegin, Line: text, Message: s.open.message})
}

// takeBody takes bytes of a message, and returns how many. It looks at lines
// only as long as they tell something.
func (s *Session) takeBody(c *content, b []byte) int {
	n, end := c.dot.Take(b)
	if c.reader.Wants() {
		c.reader.Write(b[:n])
	}
	c.message.Size += uint64(n)
	s.in[c.side].Skip(n)
	if !end {
		c.last = b[n-1]
		return n
	}
	if n >= 2 {
		c.last = b[n-2]
	}
	mark := uint64(len(".\n"))
	if c.last == '\r' {
		mark = uint64(len(".\r\n"))
	}
	c.message.Size -= min(mark, c.message.Size)
	c.message.Complete = !c.lossy
	if c.side == dissect.Client {
		s.endSent(mark)
		s.ask(question{verb: other}) // the server says what became of it
		return n
	}
	s.server = status
	s.endMessage(mark)
	return n
}

// write takes a first line that was read as a line, of size bytes.
func (c *content) write(text []byte, size uint64) {
	c.reader.Write(text)
	c.reader.Write([]byte("\r\n"))
	c.message.Size = size
}

// lose: bytes are missing, perhaps the end and more.
func (c *content) lose() {
	c.lossy = true
	c.reader.Lose()
	c.message.Size -= c.dot.Begun()
	c.dot = line.Dot{}
	c.dot.Take([]byte("?")) // in the midst of a line, as far as anyone knows
}

// endMessage ends the message of the server. mark is the length of the mark
// that ended it.
func (s *Session) endMessage(mark uint64) {
	c := s.open
	s.open = nil
	if s.server == body {
		s.server = astray
	}
	s.tell(c, mark)
}

// tell tells a message that is over.
func (s *Session) tell(c *content, mark uint64) {
	if !c.message.Complete {
		c.reader.Lose()
		c.message.Size -= c.dot.Begun()
	}
	c.reader.Fill(c.message, true)
	end := s.in[c.side].Offset
	s.emit(dissect.Event{Kind: dissect.MessageEnd, Side: c.side, Start: end - mark, End: end, Message: c.message})
}
