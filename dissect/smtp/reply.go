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
