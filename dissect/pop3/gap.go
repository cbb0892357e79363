package pop3

import "github.com/mailtap/mailtap/dissect"

// Gap says that n bytes of side were lost.
func (s *Session) Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	s.out = dst
	start := s.in[side].Offset
	s.emit(dissect.Event{Kind: dissect.Lost, Side: side, Start: start, End: start + n})
	s.lossy = true
	text, known := s.layer.Lost(side, n)
	if text > 0 {
		s.in[side].Lose(text)
		s.lose(side)
	}
	if known {
		s.in[side].Pass(n - text)
	}
	dst, s.out = s.out, nil
	return dst
}

// lose: nobody knows what the next bytes of side are.
func (s *Session) lose(side dissect.Side) {
	switch {
	case s.layer.Closed():
	case side == dissect.Server:
		s.loseServer()
	default:
		s.loseClient()
	}
}

// loseServer: an unknown number of replies is missing, and what comes next may
// be the middle of a message.
func (s *Session) loseServer() {
	s.hole = true
	s.distrust()
	if s.need == dissect.NeedAnswer {
		s.Proceed() // the answer may have been among the lost bytes
	}
	if s.server == body {
		s.open.lose()
		return
	}
	s.server = astray
}

// loseClient: an unknown number of commands is missing, or lines of an
// exchange, which nobody can count any more.
func (s *Session) loseClient() {
	s.doubt, s.replied, s.blind = true, false, true
	if s.sent != nil {
		s.sent.lose() // it goes on until its end, or until the server answers
		return
	}
	s.fragment = true
	s.login = nil
	for i := range s.pending {
		if q := &s.pending[i]; q.verb == auth {
			s.endAttempt(q, dissect.OutcomeUnknown, nil)
		}
	}
	s.endExchange()
}
