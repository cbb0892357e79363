package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// early tells mailbox data that the server sends though nobody has logged in:
// somebody on the path fills a mailbox before TLS begins.
func (s *Session) early(dst []dissect.Event, text, name []byte) []dissect.Event {
	if s.toldEarly || s.authenticated || !s.sure || !s.greeted || !isMailboxData(name) || s.loggingIn() {
		return dst
	}
	s.toldEarly = true
	return append(dst, s.event(dissect.Server, dissect.EarlyData, text))
}

// isMailboxData tells the names of untagged responses and of response codes
// about mailboxes and messages (RFC 3501, sections 7.1 to 7.4; RFC 9051,
// section 7.3.4; RFC 7162, sections 3.1.2 and 3.2.10).
func isMailboxData(name []byte) bool {
	switch {
	case fold(name, "LIST"), fold(name, "LSUB"), fold(name, "XLIST"), fold(name, "STATUS"), fold(name, "FLAGS"),
		fold(name, "SEARCH"), fold(name, "ESEARCH"), fold(name, "SORT"), fold(name, "THREAD"),
		fold(name, "EXISTS"), fold(name, "RECENT"), fold(name, "EXPUNGE"), fold(name, "VANISHED"),
		fold(name, "FETCH"), fold(name, "UIDFETCH"),
		fold(name, "UIDVALIDITY"), fold(name, "UIDNEXT"), fold(name, "UNSEEN"), fold(name, "PERMANENTFLAGS"),
		fold(name, "HIGHESTMODSEQ"):
		return true
	}
	return false
}

// status says what a response code comes with.
type status uint8

const (
	untagged   status = iota // OK, a greeting
	completion               // a tagged OK
	refusal                  // NO, BAD, BYE: of the session it says nothing
	denial                   // a tagged NO or BAD to a login: Dovecot writes ALERT to all of them
)

// responseCode reads the code in brackets (RFC 3501, section 7.1) .
func (s *Session) responseCode(dst []dissect.Event, text, words []byte, status status) []dissect.Event {
	code, _, ok := bytes.Cut(skipSpace(words), []byte{']'})
	code, open := bytes.CutPrefix(code, []byte{'['})
	if !ok || !open {
		return dst
	}
	name, args := word(code)
	switch {
	case fold(name, "ALERT") && status != denial:
		return append(dst, s.alert(text, "ALERT"))
	case fold(name, "REFERRAL"):
		return append(dst, s.alert(text, "REFERRAL"))
	case status == refusal || status == denial:
		return dst
	case fold(name, "CAPABILITY"):
		return s.capabilities(dst, text, args)
	case status == untagged:
		dst = s.early(dst, text, name)
	}
	if fold(name, "UIDVALIDITY") {
		dst = s.closeMailbox(dst) // another mailbox is open
	}
	return dst
}

// alert makes the event of an ALERT or a REFERRAL (RFC 3501, section 7.1; RFC
// 2193; RFC 2221).
func (s *Session) alert(text []byte, name string) dissect.Event {
	e := s.event(dissect.Server, dissect.ServerAlert, text)
	e.Text = []byte(name)
	return e
}
