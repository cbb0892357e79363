package pop3

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// xtndCommand reads XTND. Behind XTND XMIT, which the first servers of POP3 had
// and RFC 1939 does not, the client sends a message as with SMTP's DATA. The
// other commands of XTND have other names on every server.
func (s *Session) xtndCommand(p parsed, text []byte) {
	if !bytes.EqualFold(bytes.Trim(p.rest, blanks), []byte("XMIT")) {
		s.ask(question{verb: other})
		return
	}
	s.ask(question{verb: xmit})
	s.emitLine(dissect.Client, dissect.Event{Kind: dissect.MailCommand, Line: text, Text: []byte("XTND XMIT")})
	s.need = dissect.NeedAnswer
}

// xmitAnswered takes the answer to it.
func (s *Session) xmitAnswered(ok bool, text []byte) {
	s.need = dissect.NeedNothing
	s.client = command
	if ok {
		s.beginSent(text)
	}
}

// beginSent begins a message of the client. text is the +OK, if it was seen.
func (s *Session) beginSent(text []byte) {
	s.client = sending
	s.sent = &content{side: dissect.Client, message: &dissect.Message{}}
	side := dissect.Server
	if text == nil {
		side = dissect.Client
	}
	s.emitLine(side, dissect.Event{Kind: dissect.MessageBegin, Line: text, Message: s.sent.message})
}

// perhapsSent takes the line behind XTND XMIT whose answer was not seen: a
// command, or the first line of a message.
func (s *Session) perhapsSent(p parsed, text []byte) bool {
	s.client = command
	if p.fits {
		return false
	}
	s.sentFrom(text)
	return true
}

// sentFrom begins a message with a line that was read as a line.
func (s *Session) sentFrom(text []byte) {
	s.beginSent(nil)
	s.sent.write(text, s.in[dissect.Client].Size())
}

// endSent: the client's message is over, and the server is to answer it.
func (s *Session) endSent(mark uint64) {
	c := s.sent
	s.sent = nil
	s.client = command
	s.tell(c, mark)
}

// isHeader tells the first line of a message from a stray line of a client,
// which may be a password with a colon.
func isHeader(text []byte) bool {
	if !isField(text) {
		return false
	}
	name, _, _ := bytes.Cut(text, []byte{':'})
	for _, known := range [...]string{"Return-Path", "Received", "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version"} {
		if bytes.EqualFold(name, []byte(known)) {
			return true
		}
	}
	return false
}
