package managesieve

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// response is a line of the server that may go on behind literals.
type response struct {
	line      []byte // its beginning, where it goes on
	at        span
	arguments [2][]byte // the first two strings
	count     int       // of its strings
	status    bool      // it has been read: what follows are words
	keeps     bool      // its literals may be arguments that matter
	literal   []byte
	lost      bool  // a part of a literal was lost, or not kept
	handOver  bool  // TLS begins behind it
	back      state // of the server behind its literal
}

func (s *Session) serverLine(dst []dissect.Event, text []byte) []dissect.Event {
	if s.state[dissect.Server] == afterLiteral {
		return s.responseRest(dst, text)
	}
	dst, ready := s.prepare(dst, text)
	if !ready {
		return dst
	}
	return s.responseLine(dst, text)
}

// responseLine takes a line that begins a response, or the next line of one.
func (s *Session) responseLine(dst []dissect.Event, text []byte) []dissect.Event {
	s.response = response{at: s.at[dissect.Server]}
	if st, next := statusOf(text); st != noStatus {
		s.response.status = true
		dst = s.statusLine(dst, st, text, next)
		return s.endResponseLine(dst, text)
	}
	if !isData(text) {
		return append(dst, s.event(dissect.Server, dissect.Malformed, text))
	}
	s.response.keeps = s.context() != skipping
	s.response.line = text
	return s.responseStrings(dst, text)
}

// responseRest takes the line that goes on behind a literal.
func (s *Session) responseRest(dst []dissect.Event, text []byte) []dissect.Event {
	s.state[dissect.Server] = s.response.back
	if s.response.status {
		return s.endResponseLine(dst, text)
	}
	return s.responseStrings(dst, text)
}

// responseStrings reads the strings on a line, and takes the response if it is
// whole.
func (s *Session) responseStrings(dst []dissect.Event, text []byte) []dissect.Event {
	m := literalMark(text)
	for i := 0; ; {
		a, next, ok := argumentAt(text[:m.at], i)
		if !ok {
			break
		}
		s.response.add(a.value)
		i = next
	}
	if m.found {
		s.response.line = bytes.Clone(s.response.line)
		for i := range s.response.arguments {
			s.response.arguments[i] = bytes.Clone(s.response.arguments[i])
		}
		return s.endResponseLine(dst, text)
	}
	s.at[dissect.Server] = span{s.response.at.start, s.in[dissect.Server].Offset}
	return s.data(dst)
}

// endResponseLine begins the literal that a line announces, or ends the
// response.
func (s *Session) endResponseLine(dst []dissect.Event, text []byte) []dissect.Event {
	if m := literalMark(text); m.found {
		s.response.back = s.state[dissect.Server]
		return s.beginLiteral(dst, dissect.Server, m)
	}
	if s.response.handOver {
		s.wait = forTLS
	}
	s.response = response{}
	return dst
}

func (r *response) add(value []byte) {
	if r.count < len(r.arguments) {
		r.arguments[r.count] = value
	}
	r.count++
}

func (r *response) endLiteral() {
	if r.lost {
		r.keeps = false
	}
	r.add(r.literal)
}

// isData tells whether a line begins with a string.
func isData(text []byte) bool {
	return len(text) > 0 && (text[0] == '"' || text[0] == '{' && literalMark(text).found)
}

// context is what the strings of a response are.
type context uint8

const (
	skipping  context = iota // names of scripts, scripts
	listing                  // capabilities (RFC 5804, section 1.7)
	challenge                // of a SASL exchange
)

func (s *Session) context() context {
	switch {
	case s.state[dissect.Server] == greeting, s.list.open:
		return listing
	case len(s.open) == 0:
		return listing // if it begins as a list does
	case s.open[0].verb == capabilityVerb:
		return listing
	case s.open[0].attempt != nil:
		return challenge
	}
	return skipping
}

// data takes a whole line of strings.
func (s *Session) data(dst []dissect.Event) []dissect.Event {
	r := s.response
	s.response = response{}
	switch s.context() {
	case listing:
		if r.lost {
			s.list.broken = true
			return dst
		}
		asked := s.state[dissect.Server] == greeting || len(s.open) > 0 || s.list.open
		if asked || r.count == 2 && isName(r.arguments[0], implementation) {
			return s.capability(dst, r.line, r.arguments[0], r.arguments[1])
		}
	case challenge:
		q := &s.open[0]
		if r.lost {
			q.attempt.deaf = true
			r.arguments[0] = nil
		}
		return s.challenge(dst, q, r.line, r.arguments[0])
	}
	return dst
}

// statusLine takes the line that ends a response (RFC 5804, section 1.2).
// Where it goes on behind a literal, only its words are still to come.
func (s *Session) statusLine(dst []dissect.Event, st status, text []byte, next int) []dissect.Event {
	dst = s.referral(dst, text, next)
	if s.state[dissect.Server] == greeting {
		return s.endGreeting(dst, st, text, next)
	}
	dst = s.endList(dst, st, text)
	var q question
	torn := true
	if len(s.open) > 0 {
		q = s.open[0]
		torn = q.torn
		s.open = append(s.open[:0], s.open[1:]...)
	}
	switch q.verb {
	case startTLSVerb:
		dst = s.tlsAnswer(dst, &q, st, text)
	case authenticateVerb:
		dst = s.authStatus(dst, &q, st, text, next)
	}
	if st == statusBye {
		dst = append(dst, s.event(dissect.Server, dissect.Bye, text))
	}
	if torn && s.state[dissect.Client] == unsynced && s.doubt.line == nil && !s.doubt.followed {
		// What was lost belonged to the command that is now answered.
		s.state[dissect.Client] = atLine
		s.in[dissect.Client].Lose(0)
	}
	return dst
}

// referral takes the response code that sends the client to another server (RFC
// 5804, section 1.3): before TLS anybody on the path can write one.
func (s *Session) referral(dst []dissect.Event, text []byte, next int) []dissect.Event {
	code, _, _ := argumentAt(text, next)
	if !bytes.EqualFold(code.value, []byte("(REFERRAL")) {
		return dst
	}
	e := s.event(dissect.Server, dissect.ServerAlert, text)
	e.Text = []byte("REFERRAL")
	return append(dst, e)
}

func (s *Session) tlsAnswer(dst []dissect.Event, q *question, st status, text []byte) []dissect.Event {
	if s.wait != forTLSAnswer {
		return dst // bytes were lost: it may be that to a later command
	}
	s.wait = nothing
	if q.unsure {
		return dst
	}
	e := s.event(dissect.Server, dissect.StartTLSReply, text)
	e.Outcome = dissect.Rejected
	if st == statusOK {
		e.Outcome = dissect.Accepted
		s.response.handOver = true
	}
	return append(dst, e)
}

// authStatus ends an attempt. The server's last message may stand in the
// response code SASL (RFC 5804, section 2.1).
func (s *Session) authStatus(dst []dissect.Event, q *question, st status, text []byte, next int) []dissect.Event {
	if q.attempt == nil {
		return dst
	}
	code, after, found := argumentAt(text, next)
	if found && bytes.EqualFold(code.value, []byte("(SASL")) {
		if last, _, found := argumentAt(text, after); found {
			q.attempt.exchange.Challenge(last.value)
		}
	}
	o := dissect.Rejected
	if st == statusOK {
		o = dissect.Accepted
	}
	return s.endAttempt(dst, q, o, text)
}
