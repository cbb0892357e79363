package smtp

import (
	"slices"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
)

// Proceed goes on without what Need asked for: after NeedAnswer as if the
// server had agreed, after NeedTLSAnswer and NeedTLS in clear.
func (s *Session) Proceed() {
	need := s.need
	s.need = dissect.NeedNothing
	switch {
	case need != dissect.NeedAnswer:
	case len(s.held) > 0:
		s.believed = true
	case s.lastVerb() == data:
		s.contentMayFollow(noCode)
	case s.lastVerb() == xexch50:
		s.beginBinary()
	case s.lastVerb() == auth:
		s.state = response
		s.auth.guessed = true
	case s.lastVerb() == turn || s.lastVerb() == atrn:
		s.forget(s.lastVerb()) // who speaks next tells nobody
	}
}

// goOn reads what was held back until Proceed.
func (s *Session) goOn() {
	if s.believed {
		s.believed = false
		s.confirm()
	}
	if s.auth.waits && s.auth.guessed {
		s.auth.waits = false
		s.forget(auth)
		s.responseLine(s.auth.waiting)
	}
	s.readBacklog()
}

// keeps tells whether the session keeps what it cannot read yet of the client:
// because the caller calls that side the server, or because only the next
// reply tells where it is to be read from.
func (s *Session) keeps() bool { return s.turned || s.doubt != nil && s.doubt.ended }

// readBacklog reads what was taken from the caller before, until an answer is
// needed.
func (s *Session) readBacklog() {
	for len(s.backlog) > 0 && s.need == dissect.NeedNothing {
		b := s.backlog
		s.backlog = nil
		n := len(b)
		if !s.layered(b) {
			n = s.read(b)
		}
		if len(s.backlog) == 0 {
			s.backlog = b[n:]
		} else {
			s.backlog = append(s.backlog, b[n:]...)
		}
	}
	if len(s.backlog) == 0 {
		s.backlog = nil
	}
}

// forceBacklog reads all of it, without waiting for any answer.
func (s *Session) forceBacklog() {
	for len(s.backlog) > 0 {
		if d := s.doubt; d != nil && d.ended {
			s.leaveDoubt()
		} else {
			s.Proceed()
		}
		s.goOn()
	}
}

// putBack adds to what is kept.
func (s *Session) putBack(b []byte) {
	s.backlog = append(s.backlog, b...)
	if len(s.backlog) > MaxHeld {
		s.forceBacklog()
	}
}

// reread takes the client back, to read b again.
func (s *Session) reread(b []byte) {
	s.in[dissect.Client] = line.Splitter{Offset: s.in[dissect.Client].Offset - uint64(len(b))}
	s.backlog = slices.Concat(b, s.backlog)
}

// End says that the connection is over.
func (s *Session) End(dst []dissect.Event) []dissect.Event {
	s.out = dst
	if s.state == unsynced && !s.heard[dissect.Server] && s.need == dissect.NeedAnswer {
		s.believed = true
	}
	s.auth.guessed = true
	s.goOn()
	s.forceBacklog()
	for s.doubt != nil {
		s.endDoubt()
		s.forceBacklog()
	}
	s.quitLostContent()
	s.endAttempt(dissect.OutcomeUnknown)
	s.endBlind()
	s.abandonContent()
	s.flushLate()
	dst, s.out = s.out, nil
	return dst
}

// emit appends an event, whose Side is a role.
func (s *Session) emit(e dissect.Event) {
	if s.turned {
		if !toldTurned(e.Kind) {
			return
		}
		e.Side = s.role(e.Side)
	}
	s.out = append(s.out, e)
}

// emitLine appends an event about a line of the client.
func (s *Session) emitLine(k dissect.Kind, l textLine, text []byte) {
	s.emit(dissect.Event{Kind: k, Side: dissect.Client, Start: l.start, End: l.end, Line: l.text, Text: text})
}

// emitReply appends an event about the line of the server that was read last.
func (s *Session) emitReply(e dissect.Event) {
	in := &s.in[dissect.Server]
	e.Side, e.Start, e.End = dissect.Server, in.Start, in.Offset
	s.emit(e)
}
