package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/message"
)

// mail is a message whose content is crossing.
type mail struct {
	facts  *dissect.Message
	reader *message.Reader // of the header, and of the text behind it
	reads  bool            // the reader takes the bytes that come
	holed  bool            // a part was lost
}

// beginMail begins a message with the line that brings it.
func beginMail(dst []dissect.Event, e dissect.Event) ([]dissect.Event, *mail) {
	m := &mail{facts: &dissect.Message{}}
	e.Kind, e.Message = dissect.MessageBegin, m.facts
	return append(dst, e), m
}

// header: what comes begins with the message's header.
func (m *mail) header() {
	m.settle()
	m.reader, m.reads = &message.Reader{}, true
}

// write takes the next bytes of the content.
func (m *mail) write(b []byte) {
	m.facts.Size += uint64(len(b))
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
	adopt(m.facts, &found)
}

// named tells whether anything of the header is known.
func (m *mail) named() bool {
	return m.facts.HasFrom || m.facts.HasSubject || len(m.facts.To) > 0
}

// endMail ends a message.
func (s *Session) endMail(dst []dissect.Event, side dissect.Side, m *mail, complete bool) []dissect.Event {
	m.settle()
	m.facts.Complete = complete && !m.holed
	e := s.here(side, dissect.MessageEnd)
	e.Message = m.facts
	return append(dst, e)
}

// begins notes the first line of an APPEND: only the literal makes a message.
func (c *command) begins(text []byte, at span) {
	c.first = &firstLine{bytes.Clone(text[:min(len(text), dissect.MaxQuote)]), at}
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
			dst = s.endMail(dst, dissect.Client, c.mail, true)
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
	dst, c.mail = beginMail(dst, e)
	if !c.headless {
		c.mail.header()
	}
	if c.lost {
		c.mail.lose()
	}
	return dst
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
