package pop3

import (
	"bytes"
	"strings"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// replyKind is what a line of the server begins with.
type replyKind uint8

const (
	noReply   replyKind = iota
	okReply             // +OK
	errReply            // -ERR
	plusReply           // +, the challenge of an exchange
)

// kindOf reads the beginning of a line. Servers write it in any case, and some
// without text behind it.
func kindOf(text []byte) replyKind {
	switch {
	case startsWith(text, "+OK"):
		return okReply
	case startsWith(text, "-ERR"):
		return errReply
	case len(text) > 0 && text[0] == '+':
		return plusReply
	}
	return noReply
}

// startsWith tells whether the first word of text is word, in any case.
func startsWith(text []byte, word string) bool {
	if len(text) < len(word) || !bytes.EqualFold(text[:len(word)], []byte(word)) {
		return false
	}
	return len(text) == len(word) || strings.IndexByte(" \t.,:;[<", text[len(word)]) >= 0
}

// serverLine takes a line of the server outside of messages.
func (s *Session) serverLine(text []byte) {
	kind := kindOf(text)
	switch s.server {
	case greeting:
		s.greetingLine(kind, text)
	case list:
		// Broken servers leave the dot out. No line of a list begins so.
		if len(s.pending) > 0 && (kind == okReply || kind == errReply) {
			s.server = status
			s.replyLine(kind, text)
			return
		}
		s.listLine(text)
	case untold:
		if kind == noReply {
			s.guessLines(text)
			return
		}
		s.replyLine(kind, text)
	case astray:
		if isDot(text) {
			s.server = status // no message holds such a line
			return
		}
		s.replyLine(kind, text)
	default:
		s.replyLine(kind, text)
	}
}

func (s *Session) greetingLine(kind replyKind, text []byte) {
	if kind != okReply && kind != errReply {
		s.strange = s.strange || len(text) > 0 && len(s.pending) == 0
		s.oddity(dissect.Server, dissect.Event{Kind: dissect.Unexpected, Line: text})
		return
	}
	words := bytes.TrimSpace(text[len("+OK"):])
	if kind == errReply {
		words = bytes.TrimSpace(text[len("-ERR"):])
	}
	s.server = status
	if s.strange && len(words) == 0 {
		return // rather a reply, and the other line was all of the greeting
	}
	s.stamp = apopStamp(words)
	s.emitLine(dissect.Server, dissect.Event{Kind: dissect.Greeting, Line: text, Text: words})
}

// apopStamp finds the timestamp of the greeting, "<process.clock@host>" (RFC
// 1939, section 7).
func apopStamp(words []byte) string {
	from := bytes.LastIndexByte(words, '<')
	if from < 0 {
		return ""
	}
	to := bytes.IndexByte(words[from:], '>')
	if to < 0 || bytes.IndexByte(words[from:from+to], '@') < 0 {
		return ""
	}
	return sasl.Text(words[from : from+to+1])
}

// replyLine takes a line where a reply may begin.
func (s *Session) replyLine(kind replyKind, text []byte) {
	switch kind {
	case noReply:
		if s.server == status && len(text) > 0 {
			s.oddity(dissect.Server, dissect.Event{Kind: dissect.Unexpected, Line: text})
		}
		return
	case plusReply:
		s.challenge(text)
		return
	}
	s.replied = true
	if len(s.pending) == 0 || !s.pending[0].sure {
		s.unpaired(kind)
		return
	}
	if kind == okReply && s.invites(&s.pending[0]) {
		s.invite(text)
		return
	}
	if s.doubt && kind == okReply && s.pending[0].verb == stls && !speaksOfTLS(text) {
		s.dropPending(1)
		s.need = dissect.NeedNothing
		return
	}
	q := s.pending[0]
	s.pending = append(s.pending[:0], s.pending[1:]...)
	s.ahead = s.ahead || len(s.pending) > 0
	s.server = status
	s.answer(&q, kind == okReply, text)
}

// speaksOfTLS tells the answer to STLS from another command's, where replies may
// be missing. Servers say "+OK Begin TLS negotiation" (RFC 2595, section 4).
func speaksOfTLS(text []byte) bool {
	text = bytes.ToUpper(text)
	return bytes.Contains(text, []byte("TLS")) || bytes.Contains(text, []byte("SSL"))
}

// asksPassword tells the usual answer to USER from that to PASS, where replies
// may be missing: "+OK Password required for joe" (RFC 1939, section 7, has no
// words for either).
func asksPassword(text []byte) bool { return bytes.Contains(bytes.ToUpper(text), []byte("PASSWORD")) }

// unpaired takes a reply to a command that was not seen. What follows it may
// still tell what it is.
func (s *Session) unpaired(kind replyKind) {
	if s.sent != nil {
		s.endSent(0) // its end was lost
	}
	if len(s.pending) > 0 {
		s.dropPending(1)
	} else if s.need == dissect.NeedTLSAnswer {
		s.need = dissect.NeedNothing // it answers what the client said in clear behind STLS
	}
	if s.server == astray {
		return
	}
	s.server = status
	if kind == okReply {
		s.server = untold
	}
}

// answer takes the reply to a command.
func (s *Session) answer(q *question, ok bool, text []byte) {
	outcome := dissect.Rejected
	if ok {
		outcome = dissect.Accepted
	}
	switch q.verb {
	case user:
		if !ok {
			s.refuseUser(q, text)
		}
	case pass, apop:
		if s.lossy && ok && q.verb == pass && asksPassword(text) {
			outcome = dissect.OutcomeUnknown // rather the answer to USER
		}
		s.endAttempt(q, outcome, text)
	case auth:
		current, x := s.isCurrent(q), s.exchange
		if current && x != nil {
			s.leave(ok)
		}
		s.endAttempt(q, outcome, text)
		if current {
			s.endExchange()
		}
		if current && ok {
			s.expectLayer(x)
		}
	case xmit:
		s.xmitAnswered(ok, text)
	case stls:
		s.emitLine(dissect.Server, dissect.Event{Kind: dissect.StartTLSReply, Outcome: outcome, Line: text})
		s.need = dissect.NeedNothing
		if ok {
			s.need = dissect.NeedTLS
		}
	default:
		if ok && q.several {
			s.beginLines(q.verb, text)
		}
	}
}

// beginLines begins the further lines of a reply.
func (s *Session) beginLines(v verb, text []byte) {
	switch v {
	case retr, top:
		s.beginMessage(text)
	case capa:
		s.beginList(capabilityList, text)
	case authList:
		s.beginList(mechanismList, text)
	default:
		s.beginList(otherList, text)
	}
}

// guessLines begins the further lines of a reply whose command was not seen.
// text is their first.
func (s *Session) guessLines(text []byte) {
	switch {
	case isDot(text):
		s.server = status
	case isCapability(text):
		s.beginList(capabilityList, nil)
		s.listLine(text)
	case isField(text):
		s.beginMessage(nil)
		s.open.write(text, s.in[dissect.Server].Size())
	default:
		s.beginList(otherList, nil)
	}
}

func isDot(text []byte) bool { return len(text) == 1 && text[0] == '.' }

// isField tells the first line of a message's header.
func isField(text []byte) bool {
	name, _, ok := bytes.Cut(text, []byte(":"))
	return ok && len(name) > 0 && !bytes.ContainsAny(name, blanks)
}
