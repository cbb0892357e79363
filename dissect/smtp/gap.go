package smtp

import "github.com/mailtap/mailtap/dissect"

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
	s.codes = s.codes[:0]
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
	s.lostLine = !s.lostBefore && n == uint64(len("DATA\r\n"))
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
