package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// fits tells whether code can answer a command.
func fits(v verb, code int) bool {
	switch v {
	case data, xexch50:
		return code == startInput || code >= refusal
	case auth:
		return code == challenged || code == authSucceeded || code >= refusal
	case starttls:
		return code == serviceReady || code >= refusal
	case mangled, other:
		return code != challenged && code != startInput && code != authSucceeded
	case quit:
		return code == closing || code == completed || code >= refusal
	case xclient:
		return code == serviceReady || code == completed || code >= refusal // Postfix greets again
	}
	return code >= refusal || code < 300 && code != serviceReady && code != closing && code != authSucceeded
}

// match returns which question code answers, the oldest that it fits; -1 is
// none.
func (s *Session) match(code int) int {
	for i := range s.pending {
		if fits(s.pending[i].verb, code) {
			return i
		}
	}
	return -1
}

// answer pairs a whole reply with its question.
func (s *Session) answer(code int, words, text []byte) {
	if code == closing {
		s.emitReply(dissect.Event{Kind: dissect.Bye, Line: text, Text: words})
	}
	if code == eachFollows {
		s.awaitEach()
		return
	}
	i := s.match(code)
	if code != startInput {
		s.note(code)
	}
	if i < 0 {
		s.unasked(code, words, text)
		return
	}
	for _, q := range s.pending[:i] {
		s.settle(q, noCode)
	}
	s.dropPending(i)
	s.noteLMTP(text)
	q := s.pending[0]
	if !s.moreReplies() {
		s.dropPending(1)
	}
	if q.ends() && s.sure(q) {
		q.mail.contentAnswered(code)
	}
	switch q.verb {
	case data:
		if code == startInput {
			s.align(q.mail)
		}
		s.dataAnswered(code)
	case xexch50:
		s.binaryAnswered(code)
	case bdat:
		s.bdatAnswered(q, code)
	case vrfy, expn:
		s.addressAnswered(q, code, text)
	case xclient, xforward:
		s.originAnswered(q, code, words, text)
	case turn, etrn, atrn:
		s.turnAnswered(q.verb, code, text)
	case starttls:
		s.starttlsAnswered(code, text)
	case mangled:
		s.mangledAnswered(q, code)
	case auth:
		s.authAnswered(code, words, text)
	case rcpt:
		s.settle(q, code)
		s.recipientAnswered(q, code, text)
	default:
		s.settle(q, code)
	}
	if d := s.doubt; d != nil && d.ended && !s.asked(s.ended.mail) {
		d.answered, d.pipelined = true, len(s.backlog) > 0
	}
	s.flushAnswered()
}

// moreReplies tells whether the oldest question gets more replies: LMTP answers
// the end of content once for each recipient (RFC 2033, section 4.2).
func (s *Session) moreReplies() bool {
	q := &s.pending[0]
	if q.final && s.lmtp {
		q.final = false
		q.verb = endOfContent
		q.more = len(q.mail.to) + q.mail.dropped
	}
	q.more--
	return q.more > 0
}

// awaitEach: the end of content gets a reply for each recipient, and one for the
// message (PRDR, draft-hall-prdr).
func (s *Session) awaitEach() {
	s.named = true // LMTP needs no such word
	for i := range s.pending {
		if q := &s.pending[i]; q.ends() && q.mail != nil {
			q.final, q.verb = false, endOfContent
			q.more = len(q.mail.to) + q.mail.dropped + 1
			return
		}
	}
}

// settle notes the answer to a command that says hello, or names sender or
// recipient.
func (s *Session) settle(q question, code int) {
	switch q.verb {
	case helo, ehlo, lhlo:
		switch {
		case code >= permanent && s.sure(q): // it is not spoken here
			s.lmtp, s.named = q.lmtp, false
		case code == noCode: // nor may this be
			s.lmtp = s.lmtp || q.lmtp
		}
	case mail:
		s.mailAnswered(q, code)
	case rcpt:
		s.rcptAnswered(q, code)
	}
}

// unasked takes a reply whose command was not seen. Only codes that leave no
// choice move the session.
func (s *Session) unasked(code int, words, text []byte) {
	s.tellLMTP(code)
	s.doubtMail(code)
	s.owed = s.owed && !fits(auth, code)
	s.entered = s.entered || code == authSucceeded
	switch {
	case s.state == body || s.state == chunk:
	case s.early != nil: // until DATA is read
	case s.passed:
		s.early = bytes.Clone(text)
	case code == startInput:
		s.need = dissect.NeedNothing
		s.contentMayFollow(code)
		if s.lostLine {
			s.lostBefore = false // that was DATA, and nothing of the content
		}
	case code == challenged:
		s.need = dissect.NeedNothing
		s.state = response
	case code == serviceReady && readyForTLS(words) && (s.state == unsynced || !s.heard[dissect.Client]):
		s.starttlsAnswered(code, text)
	case s.state == response && s.auth.dark && fits(auth, code) && code != shuttingDown:
		s.authAnswered(code, words, text) // what was lost is what this answers
	case s.state == response && s.auth.dark:
		s.state = command
	case s.state == response:
		s.auth.guessed = true // the server gives up, as when it has waited for long, and the client's answer may be on its way
	}
}

func (s *Session) starttlsAnswered(code int, text []byte) {
	e := dissect.Event{Kind: dissect.StartTLSReply, Outcome: dissect.Rejected, Line: text}
	s.need = dissect.NeedNothing
	if code == serviceReady {
		e.Outcome = dissect.Accepted
		s.need = dissect.NeedTLS
		if s.turned {
			s.need, s.state = dissect.NeedNothing, deaf
		}
	}
	s.emitReply(e)
}
