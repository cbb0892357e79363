package pop3

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
	"github.com/mailtap/mailtap/dissect/message"
)

// content is a message that is crossing.
type content struct {
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
	s.open = &content{message: &dissect.Message{}}
	s.emitLine(dissect.Server, dissect.Event{Kind: dissect.MessageBegin, Line: text, Message: s.open.message})
}

// takeBody takes bytes of the message, and returns how many. It looks at lines
// only as long as they tell something.
func (s *Session) takeBody(b []byte) int {
	c := s.open
	n, end := c.dot.Take(b)
	if c.reader.Wants() {
		c.reader.Write(b[:n])
	}
	c.message.Size += uint64(n)
	s.in[dissect.Server].Skip(n)
	if end {
		if n >= 2 {
			c.last = b[n-2]
		}
		mark := uint64(len(".\n"))
		if c.last == '\r' {
			mark = uint64(len(".\r\n"))
		}
		c.message.Size -= min(mark, c.message.Size)
		c.message.Complete = !c.lossy
		s.server = status
		s.endMessage(mark)
		return n
	}
	c.last = b[n-1]
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
	c.dot = line.Dot{}
	c.dot.Take([]byte("?")) // in the midst of a line, as far as anyone knows
}

// endMessage tells the message. mark is the length of the mark that ended it.
func (s *Session) endMessage(mark uint64) {
	c := s.open
	s.open = nil
	if s.server == body {
		s.server = astray
	}
	if !c.message.Complete {
		c.reader.Lose()
	}
	c.reader.Fill(c.message, true)
	end := s.in[dissect.Server].Offset
	s.emit(dissect.Event{Kind: dissect.MessageEnd, Side: dissect.Server, Start: end - mark, End: end, Message: c.message})
}
