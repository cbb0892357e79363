package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/message"
)

// envelope reads an ENVELOPE: (date subject from sender reply-to to cc bcc
// in-reply-to message-id), where an address list is ((name route mailbox host)
// ...) (RFC 3501, section 7.4.2).
type envelope struct {
	depth   int // of parentheses; 0 once it is over
	field   int // of the envelope
	part    int // of the address
	mailbox []byte
	holed   bool // a part was lost: the next string has no known meaning

	facts dissect.Message
}

// The fields that are kept, and the parts of an address.
const (
	subjectField = 1
	fromField    = 2
	toField      = 5

	mailboxPart = 2
	hostPart    = 3
)

// The depths of parentheses.
const (
	inEnvelope = 1
	inAddress  = 3
)

// open tells whether the strings that come belong to the envelope.
func (e *envelope) open() bool { return e != nil && e.depth > 0 }

func (e *envelope) closeList() {
	e.depth--
	e.part = 0
	if e.depth == inEnvelope {
		e.field++ // an address list is over
	}
}

// value takes a string, nil for NIL.
func (e *envelope) value(b []byte) {
	switch e.depth {
	case inEnvelope:
		if e.field == subjectField && b != nil {
			e.subject(b)
		}
		e.field++
	case inAddress:
		e.addressPart(b)
		e.part++
	}
	e.holed = false
}

func (e *envelope) subject(b []byte) {
	if e.holed {
		return
	}
	line := bytes.Map(func(r rune) rune {
		if r == '\r' || r == '\n' {
			return ' '
		}
		return r
	}, b)
	var r message.Reader
	r.Write([]byte("Subject: "))
	r.Write(line)
	r.Write([]byte("\r\n\r\n"))
	r.Fill(&e.facts, false)
}

func (e *envelope) addressPart(b []byte) {
	switch e.part {
	case mailboxPart:
		e.mailbox = nil
		if !e.holed {
			e.mailbox = bytes.Clone(b[:min(len(b), dissect.MaxText)])
		}
	case hostPart:
		// Without a host it is the name of a group (RFC 5322, section 3.4).
		if len(b) > 0 && len(e.mailbox) > 0 && !e.holed {
			address := string(e.mailbox) + "@" + string(b)
			e.address(address[:min(len(address), dissect.MaxText)])
		}
	}
}

func (e *envelope) address(a string) {
	switch e.field {
	case fromField:
		if !e.facts.HasFrom {
			e.facts.From, e.facts.HasFrom = a, true
		}
	case toField:
		if len(e.facts.To) == dissect.MaxRecipients {
			e.facts.ToDropped++
			return
		}
		e.facts.To = append(e.facts.To, a)
	}
}
