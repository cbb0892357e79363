package session

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

// agreed: the server has agreed to STARTTLS. What the client has sent before is
// either an early hello, or was not meant for TLS: CVE-2011-0411. Where the
// request was not read it may be among that, and a hello behind it.
func (s *Session) agreed(dst []dissect.Event, asked bool) []dissect.Event {
	s.mode = awaitingTLS
	switch parked := s.parked(); {
	case likeTLS(parked) == sureTLS:
		return s.beginTLS(dst)
	case likeTLS(parked) == maybeTLS:
	case !asked:
		w := s.wait()
		if w.early = lineOfTLS(parked); w.early < len(parked) {
			return s.beginTLS(dst)
		}
	default:
		s.wait().early = len(parked)
		dst = append(dst, event(dissect.Injected, dissect.Client, s.offset[dissect.Client], parked))
	}
	return dst
}

// awaitClient looks for TLS after an accepted STARTTLS (RFC 3207, section 4).
// A server drops what was sent before its answer, or takes it for commands;
// only what comes now tells.
func (s *Session) awaitClient(dst []dissect.Event, b []byte) []dissect.Event {
	w := s.wait()
	w.parked = append(w.parked, b...)
	s.pool.used += len(b)
	next := w.parked[w.early:]
	switch like := likeTLS(next); {
	case like == sureTLS, w.torn && !textual(next):
		return s.beginTLS(dst)
	case like == maybeTLS:
		return dst
	}
	if !w.gapped {
		dst = append(dst, event(dissect.ClearAfterTLS, dissect.Client, s.offset[dissect.Client]+uint64(w.early), next))
	}
	return s.stayClear(dst)
}

// awaitServer keeps what the server says behind its answer to STARTTLS. Text is
// injected only where the client is heard: else it may answer it.
func (s *Session) awaitServer(dst []dissect.Event, b []byte) []dissect.Event {
	w := s.wait()
	open := likeTLS(w.held) == maybeTLS
	w.held = append(w.held, b...)
	s.pool.used += len(b)
	switch like := likeTLS(w.held); {
	case complaint(w.held):
	case like == sureTLS, w.torn && !textual(w.held):
		return s.beginTLS(dst)
	case like == noTLS && open && !w.torn && s.asked:
		dst = append(dst, event(dissect.Injected, dissect.Server, s.offset[dissect.Server], w.held))
	}
	if len(w.held) > MaxParked || s.pool.used > MaxPool {
		return s.stayClear(dst)
	}
	return dst
}

// minHello is how many bytes the record of a ClientHello has at least (RFC 8446,
// section 4.1.2).
const minHello = 5 + 4 + 2 + 32 + 1 + 4 + 2

// tear: bytes were lost behind the answer to STARTTLS. What was kept of the
// side is lost with them; what comes next still tells.
func (s *Session) tear(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	w := s.wait()
	w.torn = true
	kept := &w.held
	if side == dissect.Client {
		kept = &w.parked
		w.early, w.gapped = 0, w.gapped || n >= minHello
	}
	n += uint64(len(*kept))
	s.pool.used -= len(*kept)
	*kept = nil
	s.offset[side] += n
	return s.machine.Gap(dst, side, n)
}

// stayClear goes on in clear after an accepted STARTTLS, in the order in which
// the bytes came.
func (s *Session) stayClear(dst []dissect.Event) []dissect.Event {
	s.mode = clear
	s.machine.Proceed()
	w := s.wait()
	held, next := w.held, w.parked[w.early:]
	s.pool.used -= len(held) + len(next)
	*w = waiting{parked: w.parked[:w.early:w.early]}
	dst = s.release(dst)
	dst = s.feedServer(dst, held)
	if len(next) > 0 {
		dst = s.feed(dst, dissect.Client, next)
	}
	return dst
}

// beginTLS hands the bytes over to package tls, first what is kept. What was
// said in clear behind STARTTLS is dropped.
func (s *Session) beginTLS(dst []dissect.Event) []dissect.Event {
	var w waiting
	if s.waiting != nil {
		w = *s.waiting
	}
	hello, held := w.parked[w.early:], w.held
	s.pool.used -= len(w.parked) + len(held)
	s.offset[dissect.Client] += uint64(w.early)
	s.waiting = nil
	if textual(held) {
		s.offset[dissect.Server] += uint64(len(held))
		held = nil
	}
	s.mode = encrypted
	s.tls = tls.New(s.offset)
	begin := event(dissect.TLSBegin, dissect.Client, s.offset[dissect.Client], nil)
	switch {
	case s.machine != nil && !s.alone:
		begin.Text = []byte("after text")
	case s.late && !implicitTLS(s.ports[s.server]):
		begin.Text = []byte("joined late")
	}
	dst = append(dst, begin)
	if len(hello) > 0 {
		dst = s.feed(dst, dissect.Client, hello)
	}
	if len(held) > 0 {
		dst = s.feed(dst, dissect.Server, held)
	}
	return dst
}

// takeForTLS: a record of TLS where the session was readable, and STARTTLS or
// its answer may be among what was lost, or the client's side is not captured.
// No text looks like that.
func (s *Session) takeForTLS(dst []dissect.Event, side dissect.Side, b []byte) []dissect.Event {
	dst = s.proceed(dst)
	switch {
	case s.mode != clear:
		return s.feed(dst, side, b)
	case side == dissect.Client:
		s.mode = perhapsTLS
		return s.doubtTLS(dst, side, b)
	}
	s.wait().held = b
	s.pool.used += len(b)
	return s.beginTLS(dst)
}

// doubtTLS waits for what the server says to a hello that it may not have agreed
// to: text, where it takes it for commands.
func (s *Session) doubtTLS(dst []dissect.Event, side dissect.Side, b []byte) []dissect.Event {
	w := s.wait()
	s.pool.used += len(b)
	if side == dissect.Client {
		w.parked = append(w.parked, b...)
	} else {
		w.held = append(w.held, b...)
	}
	full := len(w.parked)+len(w.held) > MaxParked || s.pool.used > MaxPool
	switch like := likeTLS(w.held); {
	case like == noTLS && (!w.torn || textual(w.held)):
		held := w.held
		w.held, w.torn = nil, false
		s.pool.used -= len(held)
		s.mode, s.alone = clear, false
		return s.feedServer(s.release(dst), held)
	case like != maybeTLS, full:
		return s.beginTLS(dst)
	}
	return dst
}

// Closed says that a direction has ended, and all of it was fed. It may be said
// many times. A hello gets no answer then.
func (s *Session) Closed(dst []dissect.Event, dir uint8) []dissect.Event {
	if s.mode == identifying && s.head != nil && tlsRecord(s.head.said[dir^1]) {
		dst = s.decide(dst, true)
	}
	if s.mode == perhapsTLS && s.side(dir) == dissect.Server {
		dst = s.beginTLS(dst)
	}
	if s.mode == encrypted {
		s.tls.Closed(s.side(dir))
	}
	return dst
}
