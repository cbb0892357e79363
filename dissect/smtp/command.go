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
	more  int       // replies still to come in LMTP
}

// ask puts a question behind those that wait. Over the bound the oldest counts
// as never answered.
func (s *Session) ask(q question) {
	if len(s.pending) == MaxPending {
		s.settle(s.pending[0], noCode)
		s.dropPending(1)
	}
	s.pending = append(s.pending, q)
}

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
	case other:
		s.ask(question{verb: v})
	}
}

func (s *Session) hello(v verb, l textLine, rest []byte) {
	s.lmtp = v == lhlo
	s.resetMail()
	s.emitLine(dissect.Hello, l, bytes.TrimRight(rest, " \t"))
	s.ask(question{verb: v})
}

// unknownLine tells a line that is no command. It may be a password that came
// out of turn, so it is not shown; but a command that a device on the path has
// overwritten with X's is.
func (s *Session) unknownLine(l textLine, word []byte) {
	if len(l.text) == 0 {
		return
	}
	s.ask(question{verb: other})
	hide := dissect.Span{To: len(l.text)}
	if len(bytes.Trim(word, "X")) == 0 {
		hide = dissect.Span{}
	}
	s.oddity(dissect.Event{
		Kind: dissect.Unexpected, Side: dissect.Client, Start: l.start, End: l.end, Line: l.text, Hide: hide,
	})
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
