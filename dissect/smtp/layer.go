package smtp

import "github.com/mailtap/mailtap/dissect"

// beginsLayer tells whether a security layer begins with b. The first bytes
// behind a login whose mechanism may bring one tell. In a turned conversation it
// is not read: its client's bytes are not taken as they come.
func (s *Session) beginsLayer(role dissect.Side, b []byte) bool {
	if s.layer.Begun() || !s.layer.Begins(s.role(role), b) {
		return false
	}
	if s.turned || len(s.backlog) > 0 {
		s.layer.Close()
	}
	return true
}

// layered tells whether b, which was taken before, is not to be read.
func (s *Session) layered(b []byte) bool {
	if s.beginsLayer(dissect.Client, b) {
		s.layer.Close()
		s.tellLayer(dissect.Client)
	}
	if s.state == deaf {
		s.in[dissect.Client].Lose(uint64(len(b)))
	}
	return s.state == deaf
}

// feedLayer takes bytes of a security layer, and reads the text in them.
func (s *Session) feedLayer(side dissect.Side, b []byte) int {
	return s.layer.Feed(side, b, func(skip int, text []byte) (n int, more bool) {
		told := len(s.out)
		s.in[s.role(side)].Pass(uint64(skip))
		s.tellLayer(s.role(side))
		n = s.feed(side, text)
		dissect.Detach(s.out[told:]) // lines that reach across frames share their memory
		return n, s.takes(s.role(side))
	})
}

// takes tells whether bytes of a role can be read now.
func (s *Session) takes(role dissect.Side) bool {
	if role == dissect.Server {
		return s.need != dissect.NeedTLS
	}
	return s.Need() == dissect.NeedNothing
}

// tellLayer tells what is now known of the layer.
func (s *Session) tellLayer(role dissect.Side) {
	if words := s.layer.Words(); words != nil {
		s.dialogue.Frame()
		offset := s.in[dissect.Client].Offset
		s.emit(dissect.Event{Kind: dissect.Layered, Side: dissect.Client, Start: offset, End: offset, Text: words})
	}
	switch {
	case s.layer.Closed():
		s.state, s.need = deaf, dissect.NeedNothing
	case s.layer.Deaf(s.role(role)):
		s.lose(role, 0)
	}
}
