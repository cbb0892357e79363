package smtp

import (
	"github.com/mailtap/mailtap/dissect"
)

// envelope is a mail transaction (RFC 5321, section 3.3). Questions point to
// it, because with pipelining their answers come when it is long complete.
type envelope struct {
	from    string
	hasFrom bool
	to      []string         // that the server accepted, or never answered
	dropped int              // over dissect.MaxRecipients
	torn    bool             // bytes were lost since it began, or its beginning was not seen, or do not cross here
	asked   int              // RCPT commands
	sent    []string         // their recipients, where they may be paired with replies to others: see align
	strayed bool             // other commands stand between them
	unasked int              // commands that were taken, of those lost since
	facts   *dissect.Message // of its content, once that crosses
	line    []byte           // that began it, at most dissect.MaxQuote bytes
	span
}

func (e *envelope) add(path string) {
	if len(e.to) == dissect.MaxRecipients {
		e.dropped++
		return
	}
	e.to = append(e.to, path)
}

func (s *Session) mailCommand(l textLine, word, rest []byte) {
	arg, ok := cutColon(rest, "FROM")
	if !ok {
		s.malformed(l)
		s.ask(question{verb: other})
		return
	}
	old := s.mail
	s.resetMail()
	s.emitLine(dissect.MailCommand, l, word)
	s.mail = &envelope{from: path(arg), hasFrom: true, line: quote(l.text), span: l.span}
	s.ask(question{verb: mail, mail: s.mail, old: old})
}

func (s *Session) rcptCommand(l textLine, rest []byte) {
	arg, ok := cutColon(rest, "TO")
	if !ok {
		s.malformed(l)
		s.ask(question{verb: other})
		return
	}
	q := question{verb: rcpt, mail: s.transaction(l), path: path(arg)}
	q.mail.asked++
	s.sent(q.mail, q.path)
	s.ask(q)
}

// transaction returns the one that is being built. One whose MAIL was never
// seen begins with the line at hand.
func (s *Session) transaction(l textLine) *envelope {
	if s.mail == nil {
		s.mail = &envelope{torn: s.partial, line: quote(l.text), span: l.span}
	}
	return s.mail
}

// resetMail forgets the transaction: RSET, HELO, EHLO, a new MAIL, QUIT.
func (s *Session) resetMail() {
	s.abandonContent()
	s.mail = nil
}

// doubtMail: where two commands that were lost have been taken, they may have been
// RSET and another MAIL.
func (s *Session) doubtMail(code int) {
	if s.mail == nil || !s.mail.torn || code != completed && code != willForward {
		return
	}
	if s.mail.unasked++; s.mail.unasked == 2 {
		s.mail = nil
	}
}

// mailAnswered takes the reply to MAIL. The sender of one that was refused
// stands, too: clients that read no replies send the content all the same.
func (s *Session) mailAnswered(q question, code int) {
	if code == badSequence && q.old != nil && s.mail == q.mail {
		s.mail = q.old // a second MAIL was refused, the first one stands
	}
}

// rcptAnswered takes the reply to RCPT: 250 or 251 accept.
func (s *Session) rcptAnswered(q question, code int) {
	if code < 300 {
		q.mail.add(q.path)
	}
}

// dataCommand: content follows if the server answers 354.
func (s *Session) dataCommand(l textLine) {
	s.ask(question{verb: data, mail: s.transaction(l)})
	s.need = dissect.NeedAnswer
}

func quote(b []byte) []byte {
	return append([]byte(nil), b[:min(len(b), dissect.MaxQuote)]...)
}
