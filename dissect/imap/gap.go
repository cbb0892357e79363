package imap

import "github.com/mailtap/mailtap/dissect"

// Gap says that n bytes of side were lost.
func (s *Session) Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	if s.packed[side] != nil {
		dst = s.losePacked(dst, side)
	}
	e := s.here(side, dissect.Lost)
	e.End += n
	dst = append(dst, e)
	text, known := s.layer.Lost(side, n)
	if text > 0 {
		dst = s.gap(dst, side, text)
	}
	if known {
		s.in[side].Pass(n - text)
	}
	return dst
}

// gap: n bytes of text were lost.
func (s *Session) gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	dst = s.spoke(dst, side)
	if side == dissect.Client {
		if s.wait == forGoAhead {
			s.Proceed() // the literal has begun
		}
	}
	s.in[side].Lose(n)
	switch {
	case s.state[side] == opaque, s.wait == forTLS:
	case s.state[side] == inLiteral && n <= s.left[side]:
		s.left[side] -= n
		s.loseContent(side)
		if s.left[side] == 0 {
			dst = s.endLiteral(dst, side)
		}
	default:
		dst = s.lose(dst, side)
	}
	return dst
}

// lose: nobody knows what the next bytes of side are.
func (s *Session) lose(dst []dissect.Event, side dissect.Side) []dissect.Event {
	if side == dissect.Client {
		return s.loseClient(dst)
	}
	return s.loseServer(dst)
}

func (s *Session) loseContent(side dissect.Side) {
	if side == dissect.Server {
		s.response.lose()
		return
	}
	s.command.lost = true
	if s.command.mail != nil {
		s.command.mail.lose()
	}
}

// loseClient: nobody knows what the client's next bytes are.
func (s *Session) loseClient(dst []dissect.Event) []dissect.Event {
	side := dissect.Client
	s.sure = false // a login may have been lost
	s.doubt = doubt{}
	if s.command.mail != nil {
		dst = s.endAppended(dst, false)
		s.command.mail = nil
	}
	if s.command.attempt != nil {
		s.command.attempt.deaf = true
	}
	s.state[side] = unsynced
	s.left[side] = 0
	s.resume = s.in[side].Offset
	if s.wait != forTLSAnswer {
		s.wait = nothing
	}
	return dst
}

// loseServer: nobody knows what the server's next bytes are.
func (s *Session) loseServer(dst []dissect.Event) []dissect.Event {
	side := dissect.Server
	if !s.greeted || s.loggingIn() || !s.heard[dissect.Client] {
		s.sure = false
	}
	if s.response.mail != nil {
		s.response.mail.lose()
	}
	dst = s.endResponse(dst, false)
	dst = s.loseMailbox(dst)
	s.state[side] = unsynced
	s.left[side] = 0
	switch {
	case s.wait == forDeflate, s.wait == forGoAhead && s.command.verb == appendVerb:
		// The lost bytes may have held either answer.
		s.wait = nothing
		s.command = command{}
		s.state[dissect.Client] = unsynced
		s.resume = s.in[dissect.Client].Offset
	case s.wait == forGoAhead, s.wait == forChallenge:
		s.Proceed()
	}
	return dst
}

func (s *Session) loggingIn() bool {
	for i := range s.open {
		if s.open[i].attempt != nil {
			return true
		}
	}
	return false
}
