package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// stretch is what the client sent behind lost bytes of a content. If the end
// mark was among those, it is commands.
type stretch struct {
	size       uint64 // of the content before it
	held       []byte // at most maxStretch bytes
	spilled    bool   // there was more
	begins     stage  // how far a transaction goes that stands at its beginning
	unanswered bool   // bytes of the server were lost since the content began: the answer to its end may be
}

// maxStretch is how many bytes are held: commands of a transaction or two.
const maxStretch = 2 << 10

func (b *stretch) begin(size uint64) {
	b.size, b.held, b.spilled, b.begins = size, b.held[:0], false, beforeMail
}

func (b *stretch) hold(text []byte) {
	if b.spilled = b.spilled || len(b.held)+len(text) > maxStretch; b.spilled {
		b.held = nil
		return
	}
	b.held = append(b.held, text...)
}

// stage is how far the lines at the beginning of a stretch make a transaction.
type stage uint8

const (
	noTransaction stage = iota
	beforeMail
	beforeRcpt
	inRcpt
	transaction // DATA was its last line
)

// next returns the stage behind a line.
func (at stage) next(text []byte) stage {
	word, _ := cutWord(text)
	v := noVerb
	if isCommand(text) {
		v = lookup(word)
	}
	switch {
	case at == beforeMail && v == rset:
		return beforeMail
	case at == beforeMail && v == mail:
		return beforeRcpt
	case v == rcpt: // MAIL may be lost, too
		return inRcpt
	case at == inRcpt && v == data:
		return transaction
	}
	return noTransaction
}

// mayBeTransaction tells that no server is heard, and that what came behind lost
// bytes of the content is the beginning of a transaction so far: it is looked at
// line by line.
func (s *Session) mayBeTransaction() bool {
	t := s.open
	return t != nil && t.torn && s.doubt == nil && t.behind.begins != noTransaction && !t.behind.spilled && !s.heard[dissect.Server]
}

// lookForTransaction looks at the content that was just taken behind lost bytes,
// up to the end of a line at most. With no server to tell, MAIL, RCPT and DATA one
// after the other, or RCPT and DATA, are those of another transaction: the end was
// lost.
func (s *Session) lookForTransaction() {
	b := &s.open.behind
	text, whole := bytes.CutSuffix(b.held, []byte{'\n'})
	if !whole {
		return
	}
	text = text[bytes.LastIndexByte(text, '\n')+1:]
	b.begins = b.begins.next(bytes.TrimRight(text, "\r"))
	if b.begins == transaction {
		s.leaveLostContent(b.held)
		s.readBacklog()
	}
}

// commands returns the stretch from its first line on that is a command, and the
// verb of its last line.
func (b *stretch) commands() (from []byte, last verb) {
	for rest := b.held; ; {
		text, next, whole := bytes.Cut(rest, []byte{'\n'})
		if !whole {
			return from, last
		}
		text = bytes.TrimRight(text, "\r")
		last = noVerb
		if isCommand(text) {
			word, _ := cutWord(text)
			last = lookup(word)
			if from == nil {
				from = rest
			}
		}
		rest = next
	}
}

// endLostContent: a reply amid content whose bytes were lost tells that its end
// was among them. What came behind was no content then.
func (s *Session) endLostContent(code int) {
	if s.state != body || code == shuttingDown {
		return
	}
	t := s.open
	if t == nil {
		if s.lostBefore && code != startInput {
			s.ask(question{verb: endOfContent})
			s.mail, s.state = nil, command
		}
		return
	}
	commands, last := t.behind.commands()
	if !t.torn || code == startInput && (s.dataCode != startInput || last != data) {
		return
	}
	if nothing := s.dataCode == noCode && t.behind.size == 0 && !t.chunked; nothing {
		s.open = nil // nothing tells that there was any content
	} else if len(commands) == 0 || !t.behind.unanswered {
		s.ask(question{verb: endOfContent, mail: t.mail, final: true})
	}
	s.leaveLostContent(commands)
	if len(commands) > 0 && code != startInput { // which leaves no doubt what the lines before DATA were
		s.state, s.fresh, s.astray = unsynced, true, false
	}
	s.readBacklog()
}

// leaveLostContent ends the content where its bytes were lost, and takes the
// commands that came behind back, to be read.
func (s *Session) leaveLostContent(commands []byte) {
	s.doubt = nil
	if t := s.open; t != nil {
		t.size, t.marks = t.behind.size, marks{}
	}
	if len(commands) > 0 {
		s.reread(commands)
	}
	s.abandonContent()
	s.mail, s.state = nil, command
}

// quitLostContent: nobody has answered the QUIT at the end of the connection,
// behind content whose end was lost.
func (s *Session) quitLostContent() {
	if s.state != body || s.open == nil || !s.open.torn {
		return
	}
	if _, last := s.open.behind.commands(); last == quit {
		text := bytes.TrimSuffix(s.open.behind.held, []byte{'\n'})
		s.leaveLostContent(s.open.behind.held[bytes.LastIndexByte(text, '\n')+1:])
		s.readBacklog()
	}
}
