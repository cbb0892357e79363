package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/message"
)

// mail is a message whose content is crossing.
type mail struct {
	facts  *dissect.Message // as it is told
	found  dissect.Message  // what the readers have found that are done
	reader *message.Reader  // of the header, and of the text behind it
	reads  bool             // the reader takes the bytes that come
	holed  bool             // a part was lost
	size   uint64           // bytes of the piece that crosses

	// Of a FETCH response.
	again   *firstLine // its line, where the message was known before
	seen    sizes      // with it
	entire  bool       // a piece was all of the message
	stretch bool       // a piece was a stretch of all of it
	reread  bool       // the header goes on where it was cut
}

// beginMail begins a message, or goes on with one, with the line that brings
// it.
func beginMail(dst []dissect.Event, e dissect.Event, facts *dissect.Message) ([]dissect.Event, *mail) {
	e.Kind, e.Message = dissect.MessageBegin, facts
	return append(dst, e), &mail{facts: facts}
}

// header: what comes begins with the message's header.
func (m *mail) header() {
	m.settle()
	m.reader, m.reads = &message.Reader{}, true
}

// write takes the next bytes of the content.
func (m *mail) write(b []byte) {
	m.size += uint64(len(b))
	if m.reads && m.reader.Wants() {
		m.reader.Write(b)
	}
}

// headerEnds: all of the header has come, though its last line may lack an end.
func (m *mail) headerEnds() {
	if m.reads {
		m.reader.Write(lineEnd)
	}
}

var lineEnd = []byte("\r\n")

// lose: a part of the content was lost.
func (m *mail) lose() {
	m.holed, m.reads = true, false
	if m.reader != nil {
		m.reader.Lose()
	}
}

// settle adds what the reader found to what is known. A client may fetch the
// fields one by one.
func (m *mail) settle() {
	if m.reader == nil {
		return
	}
	var found dissect.Message
	m.reader.Fill(&found, true)
	m.reader, m.reads = nil, false
	adopt(&m.found, &found)
}

// named tells whether anything of the header is known.
func named(m *dissect.Message) bool { return m.HasFrom || m.HasSubject || len(m.To) > 0 }

// endAppended ends the content of a message that the client has sent.
func (s *Session) endAppended(dst []dissect.Event, complete bool) []dissect.Event {
	m := s.command.mail
	if !complete {
		m.lose() // a field may have gone on
	}
	m.settle()
	adopt(m.facts, &m.found)
	m.facts.Size, m.facts.Complete = m.size, complete && !m.holed
	dst, _ = s.remember(dst, known{side: dissect.Client, message: m.facts, entire: true})
	return dst
}

func keepLine(line []byte, at span) *firstLine {
	return &firstLine{bytes.Clone(line[:min(len(line), dissect.MaxQuote)]), at}
}

// begins notes the first line of an APPEND: only the literal makes a message.
func (c *command) begins(text []byte, at span) {
	c.first = keepLine(text, at)
}

// nextMessage tells what the literal behind before is: a mailbox name, a
// message (RFC 3501, section 6.3.11; several: RFC 3502), or a part of one, text
// or the URL of text (CATENATE, RFC 4469).
func (s *Session) nextMessage(dst []dissect.Event, before []byte) []dissect.Event {
	c := &s.command
	before = bytes.TrimRight(before, " ")
	if !c.boxed && len(before) == 0 {
		c.boxed = true
		return dst
	}
	c.boxed = true
	parts, joins := catenated(before)
	if begins := joins || !c.joined || bytes.HasPrefix(before, []byte{')'}); begins {
		if c.mail != nil {
			dst = s.endAppended(dst, true)
		}
		c.mail, c.headless, c.joined = nil, false, joins
	}
	isURL := c.joined && hasSuffixFold(before, "URL")
	if c.mail == nil && (isURL || joins && hasPrefixFold(parts, "URL")) {
		c.headless = true
	}
	c.message = !isURL
	return dst
}

// catenated returns what stands behind "CATENATE (", if before has it.
func catenated(before []byte) (parts []byte, ok bool) {
	const catenate = "CATENATE ("
	for i := bytes.LastIndexByte(before, '('); i >= 0; i = bytes.LastIndexByte(before[:i], '(') {
		if hasSuffixFold(before[:i+1], catenate) {
			return before[i+1:], true
		}
	}
	return nil, false
}

// beginAppended: the first bytes of an appended message have come.
func (s *Session) beginAppended(dst []dissect.Event) []dissect.Event {
	c := &s.command
	e := dissect.Event{Side: dissect.Client, Start: c.first.start, End: c.first.end, Line: c.first.text}
	dst, c.mail = beginMail(dst, e, &dissect.Message{})
	if !c.headless {
		c.mail.header()
	}
	if c.lost {
		c.mail.lose()
	}
	return dst
}

// renew takes what a longer reading of the same header says instead.
func renew(m, longer *dissect.Message) {
	if longer.HasFrom {
		m.From, m.HasFrom = longer.From, true
	}
	if len(longer.To) > 0 {
		m.To, m.ToDropped = longer.To, longer.ToDropped
	}
	if longer.HasSubject {
		m.Subject, m.HasSubject = longer.Subject, true
	}
}

// adopt fills what m does not know yet from another reading of the message.
func adopt(m, other *dissect.Message) {
	if !m.HasFrom {
		m.From, m.HasFrom = other.From, other.HasFrom
	}
	if len(m.To) == 0 {
		m.To, m.ToDropped = other.To, other.ToDropped
	}
	if !m.HasSubject {
		m.Subject, m.HasSubject = other.Subject, other.HasSubject
	}
	m.Protection = max(m.Protection, other.Protection)
}
