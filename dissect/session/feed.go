package session

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

// feed takes bytes of an identified session.
func (s *Session) feed(dst []dissect.Event, side dissect.Side, b []byte) []dissect.Event {
	if side == dissect.Server {
		s.heard = true
	}
	switch s.mode {
	case encrypted:
		s.taken[side] += uint64(len(b))
		return s.tls.Feed(dst, side, b)
	case awaitingTLS:
		return s.await(dst, side, b)
	}
	if side == dissect.Client {
		if len(s.parked) > 0 || s.machine.Need() != dissect.NeedNothing {
			return s.park(dst, b)
		}
		return s.feedClient(dst, b)
	}
	for len(b) > 0 && s.mode == clear {
		// While the client's bytes wait, each line may be the answer that they
		// wait for, and the next line the answer to them.
		piece := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 && len(s.parked) > 0 {
			piece = b[:i+1]
		}
		var n int
		dst, n = s.machine.Feed(dst, side, piece)
		s.taken[side] += uint64(n)
		b = b[n:]
		if s.machine.Need() == dissect.NeedTLS {
			return s.accepted(dst, b)
		}
		dst = s.release(dst)
	}
	if len(b) > 0 {
		return s.feed(dst, side, b)
	}
	return dst
}

// feedClient gives bytes to the machine, and parks what it does not take.
func (s *Session) feedClient(dst []dissect.Event, b []byte) []dissect.Event {
	dst, n := s.machine.Feed(dst, dissect.Client, b)
	s.taken[dissect.Client] += uint64(n)
	if n < len(b) {
		return s.park(dst, b[n:])
	}
	return dst
}

// park keeps bytes of the client until the server has answered: only its
// answer tells whether they are content, a password, a command or TLS.
func (s *Session) park(dst []dissect.Event, b []byte) []dissect.Event {
	s.parked = append(s.parked, b...)
	s.pool.used += len(b)
	if len(s.parked) > MaxParked || s.pool.used > MaxPool {
		s.silent = s.silent || !s.heard
		return s.proceed(dst)
	}
	if s.silent || s.unanswered && s.machine.Need() == dissect.NeedTLSAnswer && tlsRecord(s.parked) {
		return s.proceed(dst)
	}
	return dst
}

// release feeds what is parked as far as the server's answers allow.
func (s *Session) release(dst []dissect.Event) []dissect.Event {
	for len(s.parked) > 0 && s.mode == clear && s.machine.Need() == dissect.NeedNothing {
		var n int
		dst, n = s.machine.Feed(dst, dissect.Client, s.parked)
		s.taken[dissect.Client] += uint64(n)
		s.unpark(n)
		if n == 0 {
			break
		}
	}
	return dst
}

func (s *Session) unpark(n int) {
	s.pool.used -= n
	if n == len(s.parked) {
		s.parked = nil
		return
	}
	s.parked = s.parked[n:]
}

// proceed feeds what is parked without waiting for any answer.
func (s *Session) proceed(dst []dissect.Event) []dissect.Event {
	for len(s.parked) > 0 && s.mode == clear {
		if s.machine.Need() == dissect.NeedTLSAnswer && tlsRecord(s.parked) {
			return s.beginTLS(dst)
		}
		if s.machine.Need() != dissect.NeedNothing {
			s.machine.Proceed()
		}
		before := len(s.parked)
		dst = s.release(dst)
		if len(s.parked) == before {
			s.unpark(before)
		}
	}
	if s.mode == awaitingTLS && len(s.parked)+len(s.held) > 0 {
		dst = s.stayClear(dst)
		return s.proceed(dst)
	}
	return dst
}

// accepted: the server has agreed to STARTTLS. rest is what it said behind
// its answer.
func (s *Session) accepted(dst []dissect.Event, rest []byte) []dissect.Event {
	s.mode = awaitingTLS
	if len(s.parked) > 0 && !tlsRecord(s.parked) {
		// Sent before the answer, so it was not meant for TLS: CVE-2011-0411.
		dst = append(dst, s.event(dissect.Injected, dissect.Client, s.parked))
	}
	if tlsRecord(s.parked) {
		dst = s.beginTLS(dst)
		return s.feedRest(dst, rest)
	}
	if len(rest) > 0 {
		return s.await(dst, dissect.Server, rest)
	}
	return dst
}

func (s *Session) feedRest(dst []dissect.Event, rest []byte) []dissect.Event {
	if len(rest) == 0 {
		return dst
	}
	return s.feed(dst, dissect.Server, rest)
}

// await looks for TLS after an accepted STARTTLS (RFC 3207, section 4).
func (s *Session) await(dst []dissect.Event, side dissect.Side, b []byte) []dissect.Event {
	if side == dissect.Server {
		if tlsRecord(b) && len(s.held) == 0 {
			dst = s.beginTLS(dst)
			return s.feed(dst, side, b)
		}
		if len(s.held) == 0 {
			dst = append(dst, s.event(dissect.Injected, dissect.Server, b))
		}
		return s.hold(dst, b)
	}
	// What was parked was sent before the answer. A server drops it, or takes
	// it for commands; only what comes now tells.
	if tlsRecord(b) {
		s.forget()
		dst = s.beginTLS(dst)
		return s.feed(dst, side, b)
	}
	dst = append(dst, s.event(dissect.ClearAfterTLS, dissect.Client, b))
	s.parked = append(s.parked, b...)
	s.pool.used += len(b)
	return s.stayClear(dst)
}

// hold keeps what the server says behind its answer to STARTTLS.
func (s *Session) hold(dst []dissect.Event, b []byte) []dissect.Event {
	s.held = append(s.held, b...)
	s.pool.used += len(b)
	if len(s.held) > MaxParked || s.pool.used > MaxPool {
		return s.stayClear(dst)
	}
	return dst
}

// stayClear goes on in clear after an accepted STARTTLS.
func (s *Session) stayClear(dst []dissect.Event) []dissect.Event {
	s.mode = clear
	s.machine.Proceed()
	held := s.held
	s.pool.used -= len(held)
	s.held = nil
	dst = s.release(dst)
	return s.feedRest(dst, held)
}

// forget drops what was said in clear behind STARTTLS.
func (s *Session) forget() {
	s.taken[dissect.Client] += uint64(len(s.parked))
	s.taken[dissect.Server] += uint64(len(s.held))
	s.pool.used -= len(s.parked) + len(s.held)
	s.parked, s.held = nil, nil
}

// beginTLS hands the bytes over to package tls, first what is parked.
func (s *Session) beginTLS(dst []dissect.Event) []dissect.Event {
	s.mode = encrypted
	s.tls = tls.New(s.taken)
	parked := s.parked
	s.pool.used -= len(parked)
	s.parked = nil
	dst = append(dst, s.event(dissect.TLSBegin, dissect.Client, nil))
	if len(parked) > 0 {
		dst = s.feed(dst, dissect.Client, parked)
	}
	return dst
}

// gap: bytes of an identified session were lost.
func (s *Session) gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	switch s.mode {
	case encrypted:
		s.taken[side] += n
		return s.tls.Gap(dst, side, n)
	case awaitingTLS:
		// The hello may have been in it: nothing can be told any more.
		s.forget()
		dst = s.beginTLS(dst)
		s.taken[side] += n
		return s.tls.Gap(dst, side, n)
	}
	if side == dissect.Client {
		dst = s.proceed(dst) // their order must stay
		if s.mode != clear {
			return s.gap(dst, side, n)
		}
	}
	s.taken[side] += n
	dst = s.machine.Gap(dst, side, n)
	if side == dissect.Server {
		s.unanswered = s.machine.Need() == dissect.NeedTLSAnswer
		dst = s.proceed(dst) // the answer may be lost
	}
	return dst
}

// event makes an event of the bytes that follow on side.
func (s *Session) event(k dissect.Kind, side dissect.Side, b []byte) dissect.Event {
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	start := s.taken[side]
	return dissect.Event{Kind: k, Side: side, Start: start, End: start + uint64(len(line)), Line: bytes.TrimSuffix(line, []byte{'\r'})}
}
