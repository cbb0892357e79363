package session

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// feed takes bytes of an identified session.
func (s *Session) feed(dst []dissect.Event, side dissect.Side, b []byte) []dissect.Event {
	s.asked = s.asked || side == dissect.Client
	switch {
	case s.mode == encrypted:
		s.offset[side] += uint64(len(b))
		return s.tls.Feed(dst, side, b)
	case s.mode == perhapsTLS:
		return s.doubtTLS(dst, side, b)
	case s.mode == clear && (s.missed || s.late || !s.asked) && tls3Record(b) && !(side == dissect.Server && complaint(b)):
		return s.takeForTLS(dst, side, b)
	case side == dissect.Server:
		return s.feedServer(dst, b)
	case s.mode == awaitingTLS:
		return s.awaitClient(dst, b)
	case s.machine.Need() != dissect.NeedNothing:
		s.park(b)
		dst, _ = s.machine.Feed(dst, side, s.parked()) // it takes none, but knows now that there is more
		return s.checkParked(dst)
	}
	return s.feedClient(dst, b)
}

func (s *Session) feedServer(dst []dissect.Event, b []byte) []dissect.Event {
	s.heard, s.mute = true, false
	idle := false
	for len(b) > 0 {
		switch s.mode {
		case awaitingTLS:
			return s.awaitServer(dst, b)
		case encrypted:
			return s.feed(dst, dissect.Server, b)
		}
		// While the client's bytes wait, each line may be the answer that they
		// wait for, and the next line the answer to them.
		piece := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 && len(s.parked()) > 0 {
			piece = b[:i+1]
		}
		var n int
		asked := s.machine.Need() == dissect.NeedTLSAnswer
		dst, n = s.machine.Feed(dst, dissect.Server, piece)
		s.offset[dissect.Server] += uint64(n)
		b = b[n:]
		if n == 0 && idle {
			return dst // no machine does so, but one that did would hold up all others
		}
		idle = n == 0
		if s.machine.Need() == dissect.NeedTLS {
			dst = s.agreed(dst, asked)
		} else {
			dst = s.release(dst)
		}
	}
	return dst
}

// feedClient gives bytes to the machine, and parks what it does not take.
func (s *Session) feedClient(dst []dissect.Event, b []byte) []dissect.Event {
	dst, n := s.machine.Feed(dst, dissect.Client, b)
	s.offset[dissect.Client] += uint64(n)
	switch {
	case s.machine.Need() == dissect.NeedTLS:
		// Only now it was certain that the server had agreed.
		s.mode = awaitingTLS
		return s.awaitClient(dst, b[n:])
	case n < len(b):
		s.park(b[n:])
		return s.checkParked(dst)
	}
	return dst
}

// park keeps bytes of the client until the server has answered: only its
// answer tells whether they are content, a password, a command or TLS.
func (s *Session) park(b []byte) {
	w := s.wait()
	w.parked = append(w.parked, b...)
	s.pool.used += len(b)
}

// checkParked reads what is parked where there is too much of it, or nothing to
// wait for.
func (s *Session) checkParked(dst []dissect.Event) []dissect.Event {
	parked := s.parked()
	if len(parked) > MaxParked || s.pool.used > MaxPool {
		s.silent = s.silent || !s.heard
		return s.proceed(dst)
	}
	if s.silent || s.mute && s.machine.Need() == dissect.NeedAnswer ||
		s.unanswered && s.machine.Need() == dissect.NeedTLSAnswer && likeTLS(parked) != maybeTLS {
		return s.proceed(dst) // the client has its answer, which was lost
	}
	return dst
}

// release feeds what is parked as far as the server's answers allow.
func (s *Session) release(dst []dissect.Event) []dissect.Event {
	for len(s.parked()) > 0 && s.machine.Need() == dissect.NeedNothing {
		var n int
		dst, n = s.machine.Feed(dst, dissect.Client, s.parked())
		s.offset[dissect.Client] += uint64(n)
		s.unpark(n)
	}
	if s.machine.Need() == dissect.NeedTLS {
		return s.agreed(dst, true)
	}
	return dst
}

func (s *Session) unpark(n int) {
	w := s.wait()
	s.pool.used -= n
	if n == len(w.parked) {
		w.parked = nil
		return
	}
	w.parked = w.parked[n:]
}

// proceed feeds what is parked without waiting for any answer.
func (s *Session) proceed(dst []dissect.Event) []dissect.Event {
	for w := s.waiting; w != nil && len(w.parked)+len(w.held) > 0; {
		switch {
		case s.mode == encrypted:
			return dst
		case s.mode == awaitingTLS:
			dst = s.stayClear(dst)
			continue
		case s.machine.Need() == dissect.NeedTLSAnswer && tlsRecord(w.parked):
			return s.beginTLS(dst)
		case s.machine.Need() != dissect.NeedNothing:
			s.machine.Proceed()
		}
		dst = s.release(dst)
	}
	return dst
}

// gap: bytes of an identified session were lost.
func (s *Session) gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	s.missed = true
	if s.mode == clear && side == dissect.Client {
		dst = s.proceed(dst) // their order must stay
	}
	if s.mode == perhapsTLS && side == dissect.Client {
		dst = s.beginTLS(dst) // nobody will tell
	}
	switch s.mode {
	case encrypted:
		s.offset[side] += n
		return s.tls.Gap(dst, side, n)
	case awaitingTLS, perhapsTLS:
		return s.tear(dst, side, n)
	}
	s.offset[side] += n
	dst = s.machine.Gap(dst, side, n)
	if side == dissect.Server {
		s.mute = true
		s.unanswered = s.machine.Need() == dissect.NeedTLSAnswer
		dst = s.proceed(dst) // the answer may be lost
	}
	return dst
}

// event makes an event of the first line of b, which begins at a stream offset
// of side.
func event(k dissect.Kind, side dissect.Side, start uint64, b []byte) dissect.Event {
	n := len(b)
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		n = i + 1
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(b[:n], []byte{'\n'}), []byte{'\r'})
	return dissect.Event{Kind: k, Side: side, Start: start, End: start + uint64(n), Line: line}
}
