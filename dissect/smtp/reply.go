package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// Reply codes that decide something (RFC 5321, section 4.2.3; RFC 4954,
// section 6).
const (
	noCode        = 0 // the answer was not seen
	serviceReady  = 220
	closing       = 221
	authSucceeded = 235
	completed     = 250
	willForward   = 251
	challenged    = 334
	eachFollows   = 353 // PRDR: a reply for each recipient follows (draft-hall-prdr)
	startInput    = 354
	shuttingDown  = 421
	badSequence   = 503
	noService     = 554
	refusal       = 400 // and above
	permanent     = 500 // and above
)

// reply is where the reply stands that is being read.
type reply struct {
	lines    int  // of it so far
	greeting bool // it answers nothing
	torn     bool // bytes of the server were lost: its first line may be one of them
}

// parseReply reads a reply line. A code alone is one, too (RFC 5321, section
// 4.2).
func parseReply(b []byte) (code int, last bool, words []byte, ok bool) {
	if len(b) < 3 || b[0] < '2' || b[0] > '5' {
		return 0, false, nil, false
	}
	for _, c := range b[:3] {
		if c < '0' || c > '9' {
			return 0, false, nil, false
		}
		code = code*10 + int(c-'0')
	}
	switch rest := b[3:]; {
	case len(rest) == 0:
		return code, true, rest, true
	case rest[0] == '-':
		return code, false, rest[1:], true
	case rest[0] == ' ' || rest[0] == '\t':
		return code, true, rest[1:], true
	case '0' <= rest[0] && rest[0] <= '9':
		return 0, false, nil, false
	default:
		return code, true, rest, true
	}
}

func (s *Session) replyLine(text []byte) {
	code, last, words, ok := parseReply(text)
	if !ok {
		if !s.reply.torn && len(text) > 0 {
			in := &s.in[dissect.Server]
			s.oddity(dissect.Event{Kind: dissect.Unexpected, Side: dissect.Server, Start: in.Start, End: in.Offset, Line: text})
		}
		return
	}
	s.dialogue.Add(s.role(dissect.Server), s.in[dissect.Server].Start, text)
	if s.reply.greeting && code == completed && len(s.pending) > 0 {
		// Postfix's postscreen does not finish its greeting where the client
		// has not waited for it, but answers.
		s.reply = reply{}
	}
	first := s.reply.lines == 0
	if first {
		s.beginReply(code, words, text)
	}
	s.reply.lines++
	if !s.reply.greeting {
		s.listLine(code, first, last, words, text)
	}
	if last {
		if !s.reply.greeting {
			s.answer(code, words, text)
		}
		s.reply = reply{}
		s.list = list{}
	}
}

// beginReply finds out what the reply that begins here answers.
func (s *Session) beginReply(code int, words, text []byte) {
	s.replyInDoubt(code)
	s.unaskedContent(code)
	s.endLostContent(code)
	if s.auth.waits {
		s.settleWaiting(code)
	}
	s.passOver(code)
	if s.state == unsynced {
		s.resync(code, text)
	}
	if s.isGreeting(code, words) {
		s.reply.greeting = true
		s.lmtp = s.lmtp || !s.heard[dissect.Client] && bytes.Contains(words, []byte(" LMTP"))
		s.emitReply(dissect.Event{Kind: dissect.Greeting, Line: text, Text: words})
	}
	s.greeted = true
}

// isGreeting: the server's first reply answers nothing. It may come behind
// commands of a client that did not wait.
func (s *Session) isGreeting(code int, words []byte) bool {
	switch {
	case s.greeted:
		return false
	case s.joined:
		return code == serviceReady && namesHost(words) && !readyForTLS(words)
	}
	return len(s.pending) == 0 || code == serviceReady || code == shuttingDown || code == noService
}

// readyForTLS tells the usual 220 that answers STARTTLS from a greeting, where
// the command was not seen.
func readyForTLS(words []byte) bool {
	return bytes.Contains(words, []byte("TLS")) || bytes.HasPrefix(words, []byte("2.0.0 "))
}

// namesHost tells whether the first word is a host's name, as in a greeting.
func namesHost(words []byte) bool {
	host, _ := cutWord(words)
	return bytes.IndexByte(host, '.') > 0 || bytes.Contains(words, []byte("SMTP"))
}

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
		if code >= permanent && s.sure(q) {
			s.lmtp = q.lmtp // it is not spoken here
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
	switch {
	case s.state == body || s.state == chunk:
	case s.early != nil: // until DATA is read
	case s.passed:
		s.early = bytes.Clone(text)
	case code == startInput:
		s.need = dissect.NeedNothing
		s.contentMayFollow(code)
	case code == challenged:
		s.need = dissect.NeedNothing
		s.state = response
	case code == serviceReady && readyForTLS(words) && (s.state == unsynced || !s.heard[dissect.Client]):
		s.starttlsAnswered(code, text)
	case s.state == response && s.auth.dark && fits(auth, code) && code != shuttingDown:
		s.authAnswered(code, words, text) // what was lost is what this answers
	case s.state == response:
		s.state = command
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
