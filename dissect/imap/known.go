package imap

import "github.com/mailtap/mailtap/dissect"

// known is a message of the open mailbox whose header has crossed. Clients
// fetch the header of a message, and later its text.
type known struct {
	number  uint32
	message *dissect.Message
}

// endResponse: a response is over. whole tells that all of it was seen.
func (s *Session) endResponse(dst []dissect.Event, whole bool) []dissect.Event {
	if s.response.mail != nil {
		return s.endFetch(dst, whole)
	}
	s.response = response{}
	s.state[dissect.Server] = atLine
	return dst
}

// endFetch ends the message of a FETCH response.
func (s *Session) endFetch(dst []dissect.Event, whole bool) []dissect.Event {
	r := s.response
	s.response = response{}
	s.state[dissect.Server] = atLine
	r.mail.settle()
	if r.env != nil {
		adopt(r.mail.facts, &r.env.facts)
	}
	if !r.mail.named() {
		s.recall(r.number, r.mail)
	}
	named := r.mail.named()
	if named {
		s.remember(r.number, r.mail.facts)
	}
	return s.endMail(dst, dissect.Server, r.mail, whole && named)
}

// recall adds a piece to a message whose header has crossed before.
func (s *Session) recall(number uint32, m *mail) {
	for _, k := range s.known {
		if k.number == number {
			adopt(m.facts, k.message)
			m.facts.Size += k.message.Size
			m.holed = m.holed || !k.message.Complete
			return
		}
	}
}

func (s *Session) remember(number uint32, m *dissect.Message) {
	for i := range s.known {
		if s.known[i].number == number {
			s.known[i].message = m
			return
		}
	}
	if len(s.known) < maxKnown {
		s.known = append(s.known, known{number, m})
		return
	}
	s.known[number%maxKnown] = known{number, m}
}

// expunge takes a message out: those behind it move up (RFC 3501, section
// 7.4.1).
func (s *Session) expunge(number uint32) {
	kept := s.known[:0]
	for _, k := range s.known {
		if k.number > number {
			k.number--
		} else if k.number == number {
			continue
		}
		kept = append(kept, k)
	}
	clear(s.known[len(kept):])
	s.known = kept
}
