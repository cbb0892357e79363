package smtp

import (
	"bytes"
	"slices"

	"github.com/mailtap/mailtap/dissect"
)

// question is a command that waits for its reply.
type question struct {
	verb  verb
	mail  *envelope // MAIL, RCPT: the transaction it belongs to
	old   *envelope // MAIL: the transaction before
	path  string    // RCPT
	final bool      // BDAT LAST, end of content: LMTP answers it once a recipient
	empty bool      // BDAT: no octets, and none before
	lmtp  bool      // HELO, EHLO, LHLO: what was spoken before
	more  int       // replies still to come in LMTP
	alone bool      // no other waited when it was asked
	about *textLine // XCLIENT, XFORWARD, a mangled STARTTLS: the command
}

// ends tells whether a question is for the end of content.
func (q *question) ends() bool { return q.final || q.verb == endOfContent }

// ask puts a question behind those that wait. Over the bound the oldest counts
// as never answered.
func (s *Session) ask(q question) {
	if len(s.pending) == MaxPending {
		s.settle(s.pending[0], noCode)
		s.dropPending(1)
	}
	if q.mail == nil && s.mail != nil {
		s.mail.strayed = true
	}
	q.alone = len(s.pending) == 0
	s.surplus = false
	s.pending = append(s.pending, q)
}

// sure tells whether the reply that was paired with a question answers it.
// Where bytes were lost, others may have had replies that nobody expects.
func (s *Session) sure(q question) bool { return q.alone || !s.missed }

func (s *Session) dropPending(n int) {
	s.pending = append(s.pending[:0], s.pending[n:]...)
}

// lastVerb returns the verb of the question asked last.
func (s *Session) lastVerb() verb {
	if len(s.pending) == 0 {
		return noVerb
	}
	return s.pending[len(s.pending)-1].verb
}

// command reads a command line.
func (s *Session) command(l textLine) {
	word, rest := cutWord(l.text)
	v := lookup(word)
	if s.behind && v.smuggled() {
		s.behind = false
		s.tellSmuggled(l, v)
	}
	if v != noVerb {
		s.endBlind()
	}
	switch v {
	case noVerb:
		s.unknownLine(l, word)
	case helo, ehlo, lhlo:
		s.hello(v, l, rest)
	case mail:
		s.mailCommand(l, word, rest)
	case rcpt:
		s.rcptCommand(l, rest)
	case data:
		s.dataCommand(l)
	case bdat:
		s.bdatCommand(l, rest)
	case rset:
		s.resetMail()
		s.ask(question{verb: v})
	case quit:
		s.resetMail()
		s.emitLine(dissect.Bye, l, nil)
		s.ask(question{verb: v})
	case starttls:
		s.emitLine(dissect.StartTLS, l, nil)
		s.ask(question{verb: v})
		s.need = dissect.NeedTLSAnswer
	case auth:
		s.authCommand(l, rest)
	case xexch50:
		s.binaryCommand(l, rest)
	case burl:
		s.burlCommand(l, rest)
	case vrfy, expn:
		s.emitLine(dissect.AddressTest, l, []byte(v.String()))
		s.ask(question{verb: v})
	case turn, etrn, atrn:
		s.turnCommand(v, l)
	case xclient, xforward:
		s.originCommand(v, l, rest)
	case other:
		s.ask(question{verb: v})
	}
	if s.early != nil {
		s.answerEarly()
	}
}

func (s *Session) hello(v verb, l textLine, rest []byte) {
	was := s.lmtp
	s.lmtp, s.named = v == lhlo, true
	s.resetMail()
	s.emitLine(dissect.Hello, l, trimRight(rest))
	s.ask(question{verb: v, lmtp: was})
}

// unknownLine tells a line that is no command. It may be a password that came
// out of turn, so it is not shown.
func (s *Session) unknownLine(l textLine, word []byte) {
	if len(l.text) == 0 || s.blindAnswer(l) {
		return
	}
	s.ask(unknownQuestion(l, word))
	e := dissect.Event{
		Kind: dissect.Unexpected, Side: dissect.Client, Start: l.start, End: l.end,
		Line: l.text, Hide: dissect.Span{To: len(l.text)},
	}
	if isMasked(word) {
		e.Kind = dissect.MaskedCommand
		e.Hide = behindArgument(l.text)
	}
	s.oddity(e)
}

// unknownQuestion asks what a line is that is no command. Only a refusal tells
// a mangled STARTTLS.
func unknownQuestion(l textLine, word []byte) question {
	if len(word) == len(l.text) && dissect.Mangled(dissect.SMTP, word) {
		return question{verb: mangled, about: &textLine{quote(l.text), l.span}}
	}
	return question{verb: other}
}

// mangledAnswered takes the reply to what may be a mangled STARTTLS.
func (s *Session) mangledAnswered(q question, code int) {
	if code >= permanent && s.sure(q) {
		l := q.about
		s.oddity(dissect.Event{Kind: dissect.MaskedCommand, Side: dissect.Client, Start: l.start, End: l.end, Line: l.text})
	}
}

// isMasked tells a command that a device on the path has overwritten with X's.
// No command has fewer than four letters.
func isMasked(word []byte) bool {
	return len(word) >= 4 && len(bytes.Trim(word, "X")) == 0
}

// behindArgument returns what stands behind the first argument of a line: of
// AUTH that is the secret.
func behindArgument(text []byte) dissect.Span {
	_, rest := cutWord(text)
	_, rest = cutWord(rest)
	return dissect.Span{From: len(text) - len(rest), To: len(text)}
}

func (s *Session) malformed(l textLine) {
	s.oddity(dissect.Event{Kind: dissect.Malformed, Side: dissect.Client, Start: l.start, End: l.end, Line: l.text})
}

// oddity appends an event about a strange line, as long as there were few.
func (s *Session) oddity(e dissect.Event) {
	if s.oddities == MaxOddities {
		return
	}
	s.oddities++
	s.emit(e)
}

// forget drops the questions of a verb: the client has gone on without their
// answer.
func (s *Session) forget(v verb) {
	s.pending = slices.DeleteFunc(s.pending, func(q question) bool { return q.verb == v })
}
