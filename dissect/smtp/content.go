package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// contentMayFollow takes the reply to DATA: content follows 354. Where the
// reply is another one, the client may have sent the content all the same;
// its first line tells.
func (s *Session) contentMayFollow(code int) {
	s.dataCode = code
	s.state = firstLine
	if code == startInput && len(s.in[dissect.Client].Part()) == 0 {
		s.state = body
	}
}

// dataAnswered takes the reply to DATA.
func (s *Session) dataAnswered(code int) {
	switch {
	case s.need == dissect.NeedAnswer || s.state == firstLine:
		s.need = dissect.NeedNothing
		s.contentMayFollow(code)
	case s.state == body && code == startInput:
		s.dataCode = code
	}
}

// unaskedContent: the answer to DATA was lost, and what came behind was neither a
// command that is known nor the head of a message. A server that says something
// to it has refused DATA, and the lines were commands to it.
func (s *Session) unaskedContent(code int) {
	if s.state != body || s.dataCode != noCode || s.doubt != nil || s.open == nil || s.open.torn || s.open.headed || !s.heard[dissect.Server] {
		return
	}
	if code == startInput || code == shuttingDown {
		return
	}
	s.open = nil // no message has crossed
	s.state = command
	s.forget(data)
}

// takeFirstLine tells content from a command, behind a DATA that no 354 has
// answered. Content that the client sent against the server's word has crossed
// as well.
func (s *Session) takeFirstLine(l textLine) {
	switch {
	case s.dataCode == startInput:
	case isCommand(l.text), s.dataCode != noCode && !isField(l.text):
		s.state = command
		s.forget(data)
		if string(l.text) != "." {
			s.record(l.text)
			s.command(l)
		}
		return
	}
	s.state = body
	s.bodyTransfer().headed = isField(l.text)
	in := &s.in[dissect.Client]
	if in.Long {
		t := s.bodyTransfer()
		t.size += in.Size()
		t.lose() // its line was cut
		return
	}
	lineEnd := "\r\n"
	if in.Size() == uint64(len(l.text))+1 {
		lineEnd = "\n"
	}
	s.reread(append(l.text[:len(l.text):len(l.text)], lineEnd...))
}

// isField tells whether a line can begin a message: a header field (RFC 5322,
// section 2.2), or the first line of a mailbox file.
func isField(text []byte) bool {
	i := bytes.IndexByte(text, ':')
	if i <= 0 {
		return bytes.HasPrefix(text, []byte("From "))
	}
	for _, c := range text[:i] {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// maxChunk is the largest BDAT size that is believed. No server takes a larger
// one, so no octets would follow it.
const maxChunk = 1 << 32

// parseChunk reads the argument of BDAT: "size [LAST]" (RFC 3030, section 2).
func parseChunk(arg []byte) (size uint64, last, ok bool) {
	word, rest := cutWord(arg)
	size, ok = parseSize(word)
	end, more := cutWord(rest)
	switch {
	case !ok || len(more) > 0:
		return 0, false, false
	case len(end) == 0:
		return size, false, true
	}
	return size, true, bytes.EqualFold(end, []byte("LAST"))
}

func parseSize(digits []byte) (size uint64, ok bool) {
	for _, c := range digits {
		if c < '0' || c > '9' || size > maxChunk {
			return 0, false
		}
		size = size*10 + uint64(c-'0')
	}
	return size, len(digits) > 0 && size <= maxChunk
}

// bdatCommand: as many octets follow at once, whatever the server will answer
// (RFC 3030, section 2).
func (s *Session) bdatCommand(l textLine, rest []byte) {
	size, last, ok := parseChunk(rest)
	if !ok {
		s.malformed(l)
		s.ask(question{verb: other})
		return
	}
	mail := s.transaction(l)
	s.ask(question{verb: bdat, mail: mail, final: last, empty: size == 0 && s.open == nil})
	s.left, s.last, s.binary = size, last, false
	s.state = chunk
	if size == 0 {
		s.endChunk()
	}
}

// takeChunk takes octets of BDAT or XEXCH50.
func (s *Session) takeChunk(b []byte) int {
	n := int(min(s.left, uint64(len(b))))
	if !s.binary {
		s.chunkTransfer().take(b[:n])
	}
	s.in[dissect.Client].Skip(n)
	s.left -= uint64(n)
	if s.left == 0 {
		s.endChunk()
	}
	return n
}

// chunkTransfer returns the transfer that octets of BDAT belong to.
func (s *Session) chunkTransfer() *transfer {
	if s.open == nil {
		t := s.begin(s.mail)
		t.chunked = true
		if t.mail.torn {
			t.lose() // this chunk may not be the first
		}
	}
	return s.open
}

func (s *Session) endChunk() {
	s.state = command
	if !s.last {
		return
	}
	s.last = false
	s.mail = nil
	if s.open != nil {
		s.finish(0)
	}
}

// bdatAnswered takes the reply to BDAT. An empty message counts once it is
// accepted. A server that does not know the command reads the octets as
// commands.
func (s *Session) bdatAnswered(q question, code int) {
	if q.empty && q.final && code < refusal && s.open == nil && !q.mail.torn {
		s.begin(q.mail).facts.Outcome = dissect.Accepted
		s.finish(0)
	}
	if (code == 500 || code == 502) && s.state == chunk && s.lastVerb() != bdat {
		s.abandonContent()
		s.loseTrack()
	}
}

// binaryCommand reads XEXCH50 (MS-SMTPEX 2.2.2): its first argument is the
// number of octets that follow the server's 354.
func (s *Session) binaryCommand(l textLine, rest []byte) {
	word, _ := cutWord(rest)
	size, ok := parseSize(word)
	if !ok {
		s.malformed(l)
		s.ask(question{verb: other})
		return
	}
	s.left, s.last, s.binary = size, false, true
	s.ask(question{verb: xexch50})
	s.need = dissect.NeedAnswer
}

func (s *Session) beginBinary() {
	if s.left > 0 {
		s.state = chunk
	}
	s.ask(question{verb: endOfContent})
}

func (s *Session) binaryAnswered(code int) {
	if s.need != dissect.NeedAnswer {
		return
	}
	s.need = dissect.NeedNothing
	if code == startInput {
		s.beginBinary()
	}
}
