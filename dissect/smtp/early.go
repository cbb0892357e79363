package smtp

import (
	"bytes"
	"slices"

	"github.com/mailtap/mailtap/dissect"
)

// passOver ends an AUTH that the server says nothing to. The reply that begins
// with code answers what the client has said behind it; if that is nothing, it
// is the answer of a server that does not know its own words, and tells nothing.
func (s *Session) passOver(code int) {
	s.early, s.passed = nil, false
	if s.need != dissect.NeedAnswer || s.lastVerb() != auth || !s.greeted {
		return
	}
	switch i := s.match(code); {
	case i < 0:
	case s.pending[i].verb == auth && code == authSucceeded && s.more && s.auth.steps < s.auth.messages():
		// Nobody is let in who has not said all: that is about a later AUTH.
	case s.pending[i].verb == auth && code == challenged && s.more && s.auth.exhausted() && s.auth.askedAll():
		// Nor is anybody asked who has.
	default:
		return
	}
	s.passed = s.more
	s.forget(auth)
	s.need, s.state = dissect.NeedNothing, command
	s.endAttempt(dissect.OutcomeUnknown)
}

// answerEarly gives the command that was just read the reply that came when it
// was not listened to yet. A 354 waits for DATA.
func (s *Session) answerEarly() {
	text := s.early
	code, _, words, _ := parseReply(text)
	fits := s.match(code) >= 0
	if fits || code != startInput {
		s.early = nil
	}
	if fits {
		s.answer(code, words, text)
	}
}

// noteLMTP: where no hello tells, a reply to the end of content that names a
// recipient is one of LMTP (RFC 2033, section 4.2).
func (s *Session) noteLMTP(text []byte) {
	q := &s.pending[0]
	if !q.ends() || s.lmtp || !s.missed || s.named || q.mail == nil {
		return
	}
	s.lmtp = q.mail.named(text)
	s.surplus = false
	if !s.lmtp && s.dataCode == startInput && s.waitsAlone() {
		s.surplus, s.several = len(q.mail.to) > 1 || q.mail.torn, len(q.mail.to) > 1
	}
}

// waitsAlone tells that the last content was seen whole, and nothing of the client
// is lost behind it that a reply could answer.
func (s *Session) waitsAlone() bool { return s.ended != nil && !s.ended.torn && !s.lostBefore }

// named tells whether text names one of the recipients.
func (e *envelope) named(text []byte) bool {
	return slices.ContainsFunc(e.to, func(path string) bool { return bytes.Contains(text, []byte("<"+path+">")) })
}

// tellLMTP: so is a reply behind that, when the client has asked for nothing. Where
// it may have had one recipient, a refusal rather says that the server is tired of
// waiting.
func (s *Session) tellLMTP(code int) {
	if s.surplus && (code == completed || s.several && code >= refusal && code != shuttingDown) {
		s.lmtp = true
	}
	s.surplus = false
}
