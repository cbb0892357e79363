package smtp

import (
	"bytes"
	"encoding/base64"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// attempt is the AUTH exchange (RFC 4954, section 4) that is going on.
type attempt struct {
	exchange *sasl.Exchange // nil: its beginning was not seen
	steps    uint8          // messages of the client that carried something
	initial  uint8          // of them that came with AUTH itself
	asked    uint8          // challenges of the server
	dark     bool           // a line of the client was lost: no other can be told apart
	guessed  bool           // the server's last answer was not seen
	torn     bool           // bytes of the server were lost
	refused  bool           // the server has refused AUTH, but the client had sent its answers already
	owed     bool           // the answer to another AUTH before it may still come
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
	s.auth = attempt{exchange: sasl.Begin(name), torn: s.reply.torn, owed: s.owed}
	s.owed = false
	e := dissect.Event{Kind: dissect.AuthBegin, Attempt: s.auth.exchange.Attempt}
	if trimmed := trimRight(initial); len(trimmed) > 0 {
		from := len(l.text) - len(initial)
		if s.auth.exchange.Client(trimmed, true) {
			e.Hide = dissect.Span{From: from, To: from + len(trimmed)}
		}
		s.auth.count(trimmed)
		s.auth.initial = s.auth.steps
	}
	if s.auth.exchange.NameHidden() {
		e.Hide = dissect.Span{From: len(l.text) - len(rest), To: len(trimRight(l.text))}
	}
	s.emitAuth(e, l)
	s.awaitAuth()
}

// maxSteps is up to where messages and challenges are counted. No mechanism that
// is told apart by them has as many.
const maxSteps = 255

func (a *attempt) count(message []byte) {
	if len(message) > 0 && string(message) != "=" {
		a.steps = min(a.steps, maxSteps-1) + 1
	}
}

// messages returns how many messages the client sends by the mechanism; 0 is
// not known.
func (a *attempt) messages() uint8 {
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

// askedAll tells whether the server has no more to ask for. Of a token that it
// refuses it asks the client to take note (RFC 7628, section 3.2.3).
func (a *attempt) askedAll() bool {
	if n := a.messages(); n == 0 || a.asked < n-a.initial {
		return false
	}
	name := a.exchange.Attempt.Mechanism
	return name != "XOAUTH2" && name != "OAUTHBEARER"
}

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
	word, rest := cutWord(l.text)
	switch {
	case a.dark && (len(rest) > 0 || a.guessed && a.over(l.text)): // a command, or the text of a mail: BASE64 has no spaces
		s.leaveAttempt()
		s.loseTrack()
		s.unsyncedLine(l)
		return
	case a.guessed && a.over(l.text):
		s.leaveAttempt()
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

// leaveAttempt: the client has gone on, and its answer was not seen. If it was not
// lost, it is still to come.
func (s *Session) leaveAttempt() {
	s.owed = !s.auth.torn
	s.forget(auth)
	s.endAttempt(dissect.OutcomeUnknown)
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
		o := dissect.Cancelled
		if s.auth.torn {
			o = dissect.OutcomeUnknown // the server may have ended it before
		}
		x.End(o)
		s.emitAuth(dissect.Event{Kind: dissect.AuthEnd, Outcome: o, Attempt: x.Attempt}, l)
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
		o := dissect.Cancelled
		if s.auth.dark || s.auth.torn {
			o = dissect.OutcomeUnknown // what was lost may have been the rest of it, or its end
		}
		s.endAttempt(o)
		s.command(l)
	case code >= refusal && string(bytes.ToUpper(s.auth.waiting.text)) == "QUIT":
		s.auth.waits = false // the server took it for an answer, but the client did not mean one
	default:
		s.answerWaiting()
	}
}
