package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/message"
)

// transfer is a message whose content crosses.
type transfer struct {
	facts   *dissect.Message
	mail    *envelope
	reader  message.Reader
	marks   marks
	size    uint64
	torn    bool // bytes of it were lost
	chunked bool // BDAT brings it
	headed  bool // its first line can begin a message; not known where 354 was seen
	behind  stretch
	end     span // the end mark, or where the end was noticed
}

// begin starts the transfer of a transaction's message.
func (s *Session) begin(mail *envelope) *transfer {
	if s.doubt != nil && s.doubt.ended {
		s.doubt = nil // the server asks for more content: it will not tell about that before
	}
	s.flushLate()
	if mail == nil {
		offset := s.in[dissect.Client].Offset
		mail = &envelope{torn: true, span: span{offset, offset}}
	}
	t := &transfer{facts: &dissect.Message{}, mail: mail, marks: s.freshMarks()}
	mail.facts = t.facts
	if s.lostBefore {
		t.lose()
	}
	s.open = t
	s.emit(dissect.Event{
		Kind: dissect.MessageBegin, Side: dissect.Client, Start: mail.start, End: mail.end,
		Line: mail.line, Message: t.facts,
	})
	return t
}

// freshMarks stands behind the line of DATA, whose end begins the mark of empty
// content (RFC 5321, section 4.1.1.4).
func (s *Session) freshMarks() marks {
	if s.bareLF {
		return marks{last: [2]int16{'\n', '\n'}}
	}
	return marks{last: [2]int16{'\r', '\n'}}
}

// lose: bytes of the content were lost. What comes next does not begin a line,
// as far as is known.
func (t *transfer) lose() {
	t.torn = true
	t.size -= t.marks.begun()
	t.behind.begin(t.size)
	t.reader.Lose()
	t.marks = marks{last: [2]int16{unknown, unknown}}
}

// takeBody takes content of DATA, up to and with the next mark.
func (s *Session) takeBody(b []byte) int {
	b = s.limit(b)
	if s.state != body {
		return 0
	}
	t := s.bodyTransfer()
	byLine := s.mayBeTransaction()
	if i := bytes.IndexByte(b, '\n'); byLine && i >= 0 {
		b = b[:i+1]
	}
	prev := t.marks.last[1]
	n, m := t.marks.next(b)
	t.take(b[:n])
	if t.torn {
		t.behind.hold(b[:n])
	}
	s.in[dissect.Client].Skip(n)
	s.lookForBareEnd(prev, b[:n], m)
	if s.doubt != nil {
		s.doubt.hold(b[:n])
	}
	switch {
	case m == mark{}:
		if byLine {
			s.lookForTransaction()
		}
	case m.end(), s.bareLF && m.lines():
		s.endBody(m)
	default:
		s.noteMark(t, m)
	}
	return n
}

// lookForBareEnd looks at content that was just taken. The first line end of a
// session that is not CRLF (RFC 5321, section 2.3.8) is told. Where bytes were
// lost, so may be the end of the content. Behind what is searched for them, those
// of a mark are found, m.
func (s *Session) lookForBareEnd(prev int16, b []byte, m mark) {
	if s.bareEnd || s.open.torn {
		return
	}
	is, back := m.bareEnd()
	if s.open.marks.bare {
		at, found := bareEnd(prev, b)
		if !found {
			return
		}
		is, back = lf, uint64(len(b)-at)
		if at < 0 || b[at] == '\r' {
			is = cr
		}
	}
	if is == noEnd {
		return
	}
	s.bareEnd = true
	end := []byte("\n")
	if is == cr {
		end = []byte("\r")
	}
	start := s.in[dissect.Client].Offset - back
	s.emitLine(dissect.BareEnd, textLine{end, span{start, start + 1}}, []byte(lineEndNames[is]))
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
		t.reader, t.marks = message.Reader{}, s.freshMarks()
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
}

// endBody: the mark was found that ends the content.
func (s *Session) endBody(m mark) {
	t := s.open
	t.size -= m.size()
	s.state, s.mail = command, nil
	s.ask(question{verb: endOfContent, mail: t.mail, final: true})
	s.finish(m.size())
	if s.doubt != nil {
		s.endInDoubt()
	}
}

// finish ends the open transfer, with an end mark of so many bytes.
func (s *Session) finish(mark uint64) {
	t := s.open
	s.open = nil
	end := s.in[dissect.Client].Offset
	t.end = span{end - mark, end}
	t.facts.Complete = !t.torn
	s.ended = t
	s.flushAnswered()
}

// abandonContent ends the open transfer before its end mark.
func (s *Session) abandonContent() {
	if s.open == nil {
		return
	}
	t := s.open
	t.torn = true
	t.size -= t.marks.begun()
	t.reader.Lose() // a field may have gone on
	s.finish(0)
}

// asked tells whether the content of mail, or one of its RCPT commands, waits
// for an answer.
func (s *Session) asked(mail *envelope) bool {
	for i := range s.pending {
		if q := &s.pending[i]; q.mail == mail && (q.verb == rcpt || q.ends()) {
			return true
		}
	}
	return false
}

// flushAnswered tells the end of the last transfer once all is known of it.
func (s *Session) flushAnswered() {
	if s.ended != nil && s.doubt == nil && !s.asked(s.ended.mail) {
		s.flushLate()
	}
}

// flushLate tells the end of the last transfer. Recipients whose answer has
// not come count as accepted.
func (s *Session) flushLate() {
	t := s.ended
	if t == nil {
		return
	}
	s.ended = nil
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
		Kind: dissect.MessageEnd, Side: dissect.Client, Start: t.end.start, End: t.end.end,
		Outcome: m.Outcome, Message: m,
	})
}

// contentAnswered takes the reply to the end of content. LMTP has one for each
// recipient (RFC 2033, section 4.2): the message is accepted if one of them is.
func (e *envelope) contentAnswered(code int) {
	switch {
	case e == nil || e.facts == nil || code == noCode:
	case code < refusal:
		e.facts.Outcome = dissect.Accepted
	case e.facts.Outcome == dissect.OutcomeUnknown:
		e.facts.Outcome = dissect.Rejected
	}
}
