package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
	"github.com/mailtap/mailtap/dissect/message"
)

// transfer is a message whose content crosses.
type transfer struct {
	facts   *dissect.Message
	mail    *envelope
	reader  message.Reader
	dot     line.Dot
	tail    [len(endMark)]byte // the last bytes of the content
	size    uint64
	torn    bool // bytes of it were lost
	chunked bool // BDAT brings it
	mute    bool // it belongs to the message before: nothing is told of it
	end     span // the end mark, or where the end was noticed
}

// endMark ends the content of DATA (RFC 5321, section 4.5.2). Where the
// content is empty, its first CRLF is that of the DATA line.
const endMark = "\r\n.\r\n"

// begin starts the transfer of a transaction's message.
func (s *Session) begin(mail *envelope) *transfer {
	s.flushLate()
	if mail == nil {
		offset := s.in[dissect.Client].Offset
		mail = &envelope{span: span{offset, offset}}
	}
	t := s.newTransfer(mail)
	s.emit(dissect.Event{
		Kind: dissect.MessageBegin, Side: dissect.Client, Start: mail.start, End: mail.end,
		Line: mail.line, Message: t.facts,
	})
	return t
}

func (s *Session) newTransfer(mail *envelope) *transfer {
	t := &transfer{facts: &dissect.Message{}, mail: mail}
	copy(t.tail[len(endMark)-2:], endMark)
	if s.lostBefore {
		t.lose()
	}
	s.open = t
	return t
}

// lose: bytes of the content were lost. What comes next does not begin a line,
// as far as is known.
func (t *transfer) lose() {
	t.torn = true
	t.reader.Lose()
	t.dot = line.Dot{}
	t.dot.Take([]byte{'?'})
}

// takeBody takes content of DATA, up to and with the end mark.
func (s *Session) takeBody(b []byte) int {
	t := s.bodyTransfer()
	n, end := t.dot.Take(b)
	t.take(b[:n])
	s.in[dissect.Client].Skip(n)
	if end {
		s.endBody()
	}
	return n
}

// bodyTransfer returns the transfer that content of DATA belongs to. Where DATA
// follows BDAT in the same transaction, which RFC 3030, section 3 forbids, what
// came before is void.
func (s *Session) bodyTransfer() *transfer {
	t := s.open
	switch {
	case t == nil:
		return s.begin(s.mail)
	case t.chunked:
		t.reader, t.dot = message.Reader{}, line.Dot{}
		t.chunked, t.torn = false, true
	}
	return t
}

// take counts content and shows it to whoever reads the header.
func (t *transfer) take(b []byte) {
	t.size += uint64(len(b))
	if t.reader.Wants() {
		t.reader.Write(b)
	}
	keep := b[max(0, len(b)-len(t.tail)):]
	copy(t.tail[:], t.tail[len(keep):])
	copy(t.tail[len(t.tail)-len(keep):], keep)
}

// endBody: the end mark was found.
func (s *Session) endBody() {
	t := s.open
	mark := len(".\n")
	if bytes.HasSuffix(t.tail[:], []byte("\r\n")) {
		mark = len(".\r\n")
	}
	t.size -= uint64(mark)
	s.state, s.mail = command, nil
	s.ask(question{verb: endOfContent, mail: t.mail, final: true})
	s.finish(mark)
	s.flushLate()
	s.odd = !s.bareLF && !t.mute && string(t.tail[:]) != endMark
	if s.odd {
		s.malformed(textLine{[]byte("."), t.end})
	}
}

// smuggled tells whether content that no 354 has asked for may belong to the
// message before: that one ended with a mark that not all servers take for one
// (CVE-2023-51764). Then only a 354 would tell that there is a second message.
func (s *Session) smuggled() bool { return s.odd && s.dataCode == noCode }

// finish ends the open transfer, with an end mark of so many bytes. Its event
// waits while the answers to its RCPT commands have not come.
func (s *Session) finish(mark int) {
	t := s.open
	s.open = nil
	end := s.in[dissect.Client].Offset
	t.end = span{end - uint64(mark), end}
	t.facts.Complete = !t.torn
	s.ended = t
	if !s.asked(t.mail) {
		s.flushLate()
	}
}

// abandonContent ends the open transfer before its end mark.
func (s *Session) abandonContent() {
	if s.open == nil {
		return
	}
	s.open.torn = true
	s.finish(0)
}

// asked tells whether a RCPT of mail waits for its answer.
func (s *Session) asked(mail *envelope) bool {
	for i := range s.pending {
		if q := &s.pending[i]; q.verb == rcpt && q.mail == mail {
			return true
		}
	}
	return false
}

// flushLate tells the end of the last transfer. Recipients whose answer has
// not come count as accepted.
func (s *Session) flushLate() {
	t := s.ended
	if t == nil {
		return
	}
	s.ended = nil
	if t.mute {
		return
	}
	for i := range s.pending {
		if q := &s.pending[i]; q.verb == rcpt && q.mail == t.mail {
			t.mail.add(q.path)
			q.verb = other
		}
	}
	m := t.facts
	t.reader.Fill(m, false)
	m.From, m.HasFrom = t.mail.from, t.mail.hasFrom
	m.To, m.ToDropped = t.mail.to, t.mail.dropped
	m.Size = t.size
	s.emit(dissect.Event{
		Kind: dissect.MessageEnd, Side: dissect.Client, Start: t.end.start, End: t.end.end, Message: m,
	})
}
