package smtp

import (
	"github.com/mailtap/mailtap/dissect"
)

// addressAnswered tells the reply to VRFY or EXPN. 252 says nothing about the
// address (RFC 5321, section 3.5.3).
func (s *Session) addressAnswered(q question, code int, text []byte) {
	if !s.sure(q) {
		return
	}
	e := dissect.Event{Kind: dissect.AddressTest, Line: text, Text: []byte(q.verb.String())}
	switch {
	case code == completed || code == willForward:
		e.Outcome = dissect.Accepted
	case code >= permanent:
		e.Outcome = dissect.Rejected
	}
	s.emitReply(e)
}

// recipientAnswered tells a refused RCPT, unless the reply speaks about the
// command and not about the address.
func (s *Session) recipientAnswered(q question, code int, text []byte) {
	if code < permanent || isSyntax(code) || !s.sure(q) {
		return
	}
	s.emitReply(dissect.Event{
		Kind: dissect.AddressTest, Outcome: dissect.Rejected, Line: text, Text: []byte(rcpt.String()),
	})
}
