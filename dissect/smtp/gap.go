package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// Gap says that n bytes of side were lost.
func (s *Session) Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	s.out = dst
	s.goOn()
	role := s.role(side)
	if role == dissect.Client {
		s.forceBacklog() // their order must stay
		s.endBlind()
	}
	start := s.in[role].Offset
	s.emit(dissect.Event{Kind: dissect.Lost, Side: role, Start: start, End: start + n})
	text, known := s.layer.Lost(side, n)
	if text > 0 {
		s.lose(role, text)
	}
	if known {
		s.in[role].Pass(n - text)
	}
	dst, s.out = s.out, nil
	return dst
}

// lose: n bytes of text were lost, or nothing more is read of a side.
func (s *Session) lose(role dissect.Side, n uint64) {
	s.missed = true
	s.early, s.surplus = nil, false
	s.in[role].Lose(n)
	if role == dissect.Server {
		s.serverGap()
	} else {
		s.clientGap(n)
	}
}

// serverGap: any number of replies is lost, and with them the pairing. Only
// what the client waits for stays open.
func (s *Session) serverGap() {
	s.reply = reply{torn: true}
	s.list = list{}
	s.greeted = true
	if d := s.doubt; d != nil && d.ended {
		s.pending = s.pending[:0] // at least the answer to the end mark is lost
		d.answered, d.pipelined, d.torn = true, len(s.backlog) > 0, true
		return
	}
	keep := len(s.pending)
	if s.need != dissect.NeedNothing && keep > 0 {
		keep--
	}
	for _, q := range s.pending[:keep] {
		s.settle(q, noCode)
	}
	s.dropPending(keep)
	s.flushAnswered()
	if s.open != nil {
		s.open.behind.unanswered = true
	}
	if s.doubt != nil && s.dataCode == startInput {
		s.doubt.lost = true
	}
	if s.auth.waits {
		s.auth.waits, s.auth.dark = false, true
	}
	s.auth.torn = true
	s.dropHeld()
	if s.need == dissect.NeedAnswer {
		s.Proceed() // the answer may be among what was lost
	}
}

// clientGap: the client's next bytes do not begin a line, as far as is known.
func (s *Session) clientGap(n uint64) {
	s.dropHeld()
	s.lostBefore, s.partial = true, true
	if s.mail != nil {
		s.mail.torn = true
	}
	if s.need == dissect.NeedAnswer {
		s.Proceed()
	}
	switch s.state {
	case unsynced, command:
		s.loseTrack()
	case response:
		s.auth.dark = true
		s.auth.waits = false
	case firstLine:
		switch {
		case s.dataCode >= refusal:
			s.loseTrack()
		case s.dataCode == startInput:
			s.state = body
			s.tearContent()
		}
		// Else nobody knows whether content or commands were lost: the next line
		// tells, as the first one would have.
	case body:
		s.tearContent()
	case chunk:
		s.tearChunk(n)
	}
}

// loseTrack: what comes next may be anything.
func (s *Session) loseTrack() {
	s.state, s.fresh, s.astray = unsynced, true, true
	if s.open != nil {
		s.open.lose()
	}
	if !s.heard[dissect.Server] {
		s.mail = nil // no answer will tell whether it is still the same
	}
}

func (s *Session) tearContent() {
	s.bodyTransfer().lose()
	if s.doubt != nil {
		s.leaveDoubt()
	}
}

// tearChunk counts lost bytes as octets of the chunk.
func (s *Session) tearChunk(n uint64) {
	if !s.binary {
		s.chunkTransfer().lose()
	}
	beyond := n > s.left
	s.left -= min(n, s.left)
	if s.left == 0 {
		s.endChunk()
	}
	if beyond {
		s.loseTrack()
	}
}

// unsyncedLine takes a line of which nobody knows what it is: a command, or a
// line of content that looks like one. Commands are held until a reply follows
// them directly: amid content none does. A lone dot can stand nowhere but at
// the end of content.
func (s *Session) unsyncedLine(l textLine) {
	fresh := s.fresh
	s.fresh = false
	switch {
	case s.early != nil:
		s.earlyLine(l)
	case string(l.text) == ".":
		s.dropHeld()
		s.fresh, s.astray = true, false
	case isCommand(l.text):
		s.hold(l, fresh)
	default:
		s.dropHeld()
		s.astray = true
	}
}

// deferContent: a 354 comes though the client was not listened to. What it has
// said is commands then, and DATA the last of them: no content comes before a 354.
func (s *Session) deferContent(text []byte) {
	s.need = dissect.NeedNothing
	s.early = bytes.Clone(text)
}

// earlyLine takes a line behind which the DATA is looked for that a 354 has
// answered. Where none comes it was lost, and the content is next.
func (s *Session) earlyLine(l textLine) {
	switch {
	case string(l.text) == ".":
		s.dropHeld()
	case !isCommand(l.text):
		s.dropHeld()
		s.early = nil
		s.dataCode = startInput
		s.takeFirstLine(l)
	default:
		s.hold(l, false)
		if word, _ := cutWord(l.text); lookup(word) == data && len(s.held) > 0 {
			s.confirm()
		}
	}
}

// hold keeps a command. Where one may well stand, the client is not listened to
// until the server has answered it.
func (s *Session) hold(l textLine, fresh bool) {
	s.size += len(l.text)
	if s.size > MaxHeld {
		s.dropHeld()
		s.astray = true
		return
	}
	s.held = append(s.held, textLine{bytes.Clone(l.text), l.span})
	if fresh {
		s.need = dissect.NeedAnswer
		s.more = false
	}
}

func (s *Session) dropHeld() {
	if len(s.held) > 0 && s.need == dissect.NeedAnswer {
		s.need = dissect.NeedNothing
	}
	s.held, s.size, s.believed = nil, 0, false
}

// confirm reads the held commands.
func (s *Session) confirm() {
	held := s.held
	s.dropHeld()
	s.state = command
	for _, l := range held {
		if s.need == dissect.NeedNothing && s.state == command {
			s.command(l)
		}
	}
}

// resync uses a reply to find out where an unsynced session stands.
func (s *Session) resync(code int, text []byte) {
	switch {
	case code == shuttingDown:
	case code == startInput && len(s.held) > 0 && s.need == dissect.NeedAnswer && s.more:
		s.deferContent(text)
	case len(s.held) == 0:
		s.fresh = true
		if !s.astray {
			s.state = command
		}
		s.astray = false
	case s.need == dissect.NeedAnswer && s.more && s.heldVerb() != bdat, !fits(s.heldVerb(), code):
		if v := s.heldVerb(); v == mail || v == rset {
			s.mail = nil // the transaction is not known to be the same
		}
		s.dropHeld()
		s.astray = true
	default:
		s.confirm()
	}
}

// heldVerb returns the verb of the first command that is held.
func (s *Session) heldVerb() verb {
	word, _ := cutWord(s.held[0].text)
	return lookup(word)
}
