package smtp

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// attempt is the AUTH exchange (RFC 4954, section 4) that is going on.
type attempt struct {
	exchange *sasl.Exchange // nil: its beginning was not seen
	steps    int            // messages of the client that carried something
	dark     bool           // a line of the client was lost: no other can be told apart
	guessed  bool           // the server's last answer was not seen
	refused  bool           // the server has refused AUTH, but the client had sent its answers already
	waits    bool           // waiting is set
	waiting  textLine       // a line that may be an answer or a command: the server's reply tells
}

// authCommand begins an attempt, if the line names a mechanism.
func (s *Session) authCommand(l textLine, rest []byte) {
	s.endAttempt(dissect.OutcomeUnknown)
	name, initial := cutWord(rest)
	if len(name) == 0 {
		s.malformed(l)
		s.ask(question{verb: other})
		return
	}
	s.auth = attempt{exchange: sasl.Begin(name)}
	e := dissect.Event{Kind: dissect.AuthBegin, Attempt: s.auth.exchange.Attempt}
	if trimmed := bytes.TrimRight(initial, " \t"); len(trimmed) > 0 {
		from := len(l.text) - len(initial)
		if s.auth.exchange.Client(trimmed, true) {
			e.Hide = dissect.Span{From: from, To: from + len(trimmed)}
		}
		s.auth.count(trimmed)
	}
	s.emitAuth(e, l)
	s.awaitAuth()
}

func (a *attempt) count(message []byte) {
	if len(message) > 0 && string(message) != "=" {
		a.steps++
	}
}

// messages returns how many messages the client sends by the mechanism; 0 is
// not known.
func (a *attempt) messages() int {
	if a.exchange == nil {
		return 0
	}
	switch a.exchange.Attempt.Mechanism {
	case "LOGIN":
		return 2
	case "PLAIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER":
		return 1
	}
	return 0
}

func (a *attempt) exhausted() bool { return a.messages() > 0 && a.steps >= a.messages() }

func (s *Session) emitAuth(e dissect.Event, l textLine) {
	e.Side, e.Start, e.End, e.Line = dissect.Client, l.start, l.end, l.text
	s.emit(e)
}

// awaitAuth waits for the server's answer: only it tells what comes next.
func (s *Session) awaitAuth() {
	s.ask(question{verb: auth})
	s.need = dissect.NeedAnswer
	s.more = false
}

// responseLine takes a line of the client where an answer to 334 stands. It is
// one, whatever it says, unless the server's reply shows that it took it for a
// command.
func (s *Session) responseLine(l textLine) {
	a := &s.auth
	word, _ := cutWord(l.text)
	switch {
	case a.guessed && a.over(l.text):
		s.forget(auth)
		s.endAttempt(dissect.OutcomeUnknown)
		s.state = command
		s.command(l)
		return
	case sasl.IsCancel(l.text):
		s.cancel(l)
		return
	case !a.guessed && lookup(word) != noVerb:
		s.answerWaiting()
		a.waits, a.waiting = true, textLine{bytes.Clone(l.text), l.span}
	default:
		s.answerWaiting()
		s.respond(l)
	}
	s.awaitAuth()
}

// answerWaiting: the waiting line was an answer, for another one follows.
func (s *Session) answerWaiting() {
	if s.auth.waits {
		s.auth.waits = false
		s.respond(s.auth.waiting)
	}
}

// over tells whether a line stands behind the exchange, where no answer of the
// server tells.
func (a *attempt) over(text []byte) bool {
	word, _ := cutWord(text)
	return a.exhausted() || lookup(word) != noVerb && (a.messages() == 0 || !encodesText(text))
}

// encodesText tells whether a line is the BASE64 of readable text. Few words of
// SMTP are: TURN is that of "MDM".
func encodesText(line []byte) bool {
	var text [16]byte
	if base64.StdEncoding.DecodedLen(len(line)) > len(text) {
		return true
	}
	n, err := base64.StdEncoding.Decode(text[:], line)
	for _, c := range text[:n] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return err == nil
}

func (s *Session) respond(l textLine) {
	a := &s.auth
	if a.exchange == nil || a.dark {
		return
	}
	e := dissect.Event{Kind: dissect.AuthStep, Attempt: a.exchange.Attempt}
	if a.exchange.Client(l.text, false) {
		e.Hide.To = len(l.text)
	}
	a.count(l.text)
	s.emitAuth(e, l)
}

// cancel: the client gives the exchange up, and the server answers 501.
func (s *Session) cancel(l textLine) {
	if x := s.auth.exchange; x != nil {
		x.End(dissect.Cancelled)
		s.emitAuth(dissect.Event{Kind: dissect.AuthEnd, Outcome: dissect.Cancelled, Attempt: x.Attempt}, l)
	}
	s.auth = attempt{}
	s.state = command
	s.ask(question{verb: other})
}

// settleWaiting decides by the code of the reply what the line was that may be
// a command. Where the server goes on with 334 it took the line for an answer,
// but the client may have meant QUIT all the same: what it says next tells.
func (s *Session) settleWaiting(code int) {
	switch {
	case code == challenged && !encodesText(s.auth.waiting.text), code == shuttingDown:
	case code < refusal && code != challenged && code != authSucceeded, isSyntax(code):
		l := s.auth.waiting
		s.forget(auth)
		s.need = dissect.NeedNothing
		s.state = command
		s.endAttempt(dissect.Cancelled)
		s.command(l)
	default:
		s.answerWaiting()
	}
}

// authAnswered takes the server's answer to a line of the exchange.
func (s *Session) authAnswered(code int, words, text []byte) {
	a := &s.auth
	if s.state != response && s.need != dissect.NeedAnswer {
		return // the client has gone on
	}
	s.need = dissect.NeedNothing
	s.state = response
	if code == challenged {
		a.guessed = false
		if a.exchange != nil {
			a.exchange.Challenge(words)
			s.emitReply(dissect.Event{Kind: dissect.AuthStep, Attempt: a.exchange.Attempt, Line: text})
		}
		return
	}
	if code >= refusal && a.steps < a.messages() && (a.refused || a.steps == 0 && s.more) {
		// The client did not wait: what it sends now are its answers.
		a.refused, a.guessed = true, true
		return
	}
	s.state = command
	s.blind = a.unanswered()
	outcome := dissect.Rejected
	switch {
	case code == authSucceeded:
		outcome = dissect.Accepted
	case a.dark && isSyntax(code):
		outcome = dissect.OutcomeUnknown // what was lost may have been the "*" that cancels
	}
	if x := a.exchange; x != nil {
		x.End(outcome)
		if outcome == dissect.Accepted && x.Layer() {
			s.layer = x.Attempt
		}
		s.emitReply(dissect.Event{Kind: dissect.AuthEnd, Outcome: outcome, Attempt: x.Attempt, Line: text})
	}
	s.auth = attempt{}
}

// unanswered returns an attempt that was refused before the client had said
// all. Devices that read no replies say the rest all the same.
func (a *attempt) unanswered() attempt {
	if a.dark || a.exhausted() || a.exchange == nil || a.messages() == 0 {
		return attempt{}
	}
	return attempt{exchange: a.exchange, steps: a.steps}
}

// blindAnswer takes a line that is no command as one more message of an attempt
// that was refused, if it can be one.
func (s *Session) blindAnswer(l textLine) bool {
	a := &s.blind
	if a.exchange == nil || !a.fits(l.text) {
		return false
	}
	e := dissect.Event{Kind: dissect.AuthStep, Attempt: a.exchange.Attempt}
	if a.exchange.Client(l.text, false) {
		e.Hide.To = len(l.text)
	}
	a.count(l.text)
	a.waits, a.waiting.span = true, l.span
	s.emitAuth(e, l)
	s.ask(question{verb: other})
	if a.exhausted() {
		s.endBlind()
	}
	return true
}

// endBlind ends a refused attempt for good. If it went on, its end is told once
// more, now with what came.
func (s *Session) endBlind() {
	a := s.blind
	s.blind = attempt{}
	if a.waits {
		at := a.waiting.end
		s.emit(dissect.Event{
			Kind: dissect.AuthEnd, Side: dissect.Client, Start: at, End: at,
			Outcome: dissect.Rejected, Attempt: a.exchange.Attempt,
		})
	}
}

// fits tells whether a line is the BASE64 of a message of PLAIN (RFC 4616,
// section 2) or LOGIN. The other mechanisms answer a challenge.
func (a *attempt) fits(line []byte) bool {
	message, err := base64.StdEncoding.DecodeString(string(line))
	if err != nil || len(message) == 0 || !utf8.Valid(message) {
		return false
	}
	nuls := bytes.Count(message, []byte{0})
	switch a.exchange.Attempt.Mechanism {
	case "PLAIN":
		return nuls == 2
	case "LOGIN":
		return nuls == 0
	}
	return false
}

// endAttempt ends an attempt without a word of the server.
func (s *Session) endAttempt(o dissect.Outcome) {
	x := s.auth.exchange
	if s.auth.refused {
		o = dissect.Rejected
	}
	s.auth = attempt{}
	if x == nil {
		return
	}
	x.End(o)
	offset := s.in[dissect.Client].Offset
	s.emit(dissect.Event{
		Kind: dissect.AuthEnd, Side: dissect.Client, Start: offset, End: offset, Outcome: o, Attempt: x.Attempt,
	})
}

// isSyntax tells the codes that speak about the command, not about what it asks
// for (RFC 5321, section 4.2.2).
func isSyntax(code int) bool { return 500 <= code && code <= 504 }
