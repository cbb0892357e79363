// Package session follows one TCP connection from its first byte: it finds
// out whether the connection carries mail, which side is the server, and
// hands the bytes to the protocol's machine and, after STARTTLS, to TLS.
//
// What is said decides, not the port. A proxy's preface (HTTP CONNECT, SOCKS,
// PROXY protocol) is read over, and identification begins again behind it.
package session

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
	"github.com/mailtap/mailtap/dissect/managesieve"
	"github.com/mailtap/mailtap/dissect/pop3"
	"github.com/mailtap/mailtap/dissect/smtp"
	"github.com/mailtap/mailtap/dissect/tls"
)

// Bounds of what a session holds back.
const (
	MaxHead   = 4 << 10  // bytes of a direction kept until it is identified
	MaxParked = 64 << 10 // bytes of the client kept until the server has answered
	MaxPool   = 8 << 20  // bytes held back by all sessions of one Pool
)

// Pool bounds what the sessions of one engine hold back together.
type Pool struct{ used int }

// Used returns how many bytes are held back now.
func (p *Pool) Used() int { return p.used }

// machine is what the protocols have in common; see package smtp.
type machine interface {
	Feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int)
	Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event
	End(dst []dissect.Event) []dissect.Event
	Need() dissect.Need
	Proceed()
}

// mode says who takes the bytes of a session.
type mode uint8

const (
	identifying mode = iota // bytes are kept in heads
	clear                   // a protocol's machine takes them
	awaitingTLS             // STARTTLS was accepted; the next bytes of the client tell
	encrypted               // package tls takes them
	ignored                 // not mail
)

// Session is one connection. Its directions are the flow's: 0 opened the
// connection, or was seen first. Use New; it is not safe for concurrent use.
type Session struct {
	mode     mode
	protocol dissect.Protocol
	server   uint8 // the server's direction, once identified
	late     bool
	silent   bool // the server's side says nothing: wait for no answer
	ports    [2]uint16
	pool     *Pool

	heads  [2][]byte
	order  []piece   // the order in which the pieces of heads came
	base   [2]uint64 // stream offset of heads
	lost   [2]bool
	tunnel string

	machine machine
	tls     *tls.Session
	parked  []byte    // bytes of the client that wait for an answer
	held    []byte    // bytes of the server behind its answer to STARTTLS
	taken   [2]uint64 // by protocol side: stream offset of the next byte to feed
	heard   bool      // the server has said something

	unanswered bool // the answer to STARTTLS may have been lost
}

type piece struct {
	dir uint8
	n   int
}

// New starts a session between two ports, by direction. late tells that its
// beginning was not captured.
func New(pool *Pool, ports [2]uint16, late bool) *Session {
	return &Session{pool: pool, ports: ports, late: late}
}

// Mail tells whether the connection is known to carry mail.
func (s *Session) Mail() bool { return s.mode != identifying && s.mode != ignored }

// Ignored tells that the connection carries something else, for good.
func (s *Session) Ignored() bool { return s.mode == ignored }

// Protocol returns the protocol, once identified.
func (s *Session) Protocol() dissect.Protocol {
	if m, ok := s.machine.(*smtp.Session); ok {
		return m.Protocol()
	}
	return s.protocol
}

// Server returns the flow direction of the server, once identified.
func (s *Session) Server() uint8 { return s.server }

// StandardPort tells whether the server's port is one of the protocol's.
func (s *Session) StandardPort() bool {
	p, is := portProtocol(s.ports[s.server]), s.Protocol()
	return p == is || p == dissect.SMTP && is == dissect.LMTP
}

// Direction returns the flow direction of a side.
func (s *Session) Direction(side dissect.Side) uint8 {
	if side == dissect.Server {
		return s.server
	}
	return s.server ^ 1
}

func (s *Session) side(dir uint8) dissect.Side {
	if dir == s.server {
		return dissect.Server
	}
	return dissect.Client
}

// Feed takes the next bytes of a direction, and appends what they meant.
func (s *Session) Feed(dst []dissect.Event, dir uint8, b []byte) []dissect.Event {
	switch s.mode {
	case identifying:
		return s.collect(dst, dir, b)
	case ignored:
		return dst
	}
	return s.feed(dst, s.side(dir), b)
}

// Gap says that n bytes of a direction were lost.
func (s *Session) Gap(dst []dissect.Event, dir uint8, n uint64) []dissect.Event {
	switch s.mode {
	case identifying:
		if len(s.heads[0])+len(s.heads[1]) == 0 {
			s.base[dir] += n
			s.lost[dir] = true
			s.late = true
			return dst
		}
		dst = s.decide(dst, true)
		if s.mode == ignored {
			return dst
		}
	case ignored:
		return dst
	}
	return s.gap(dst, s.side(dir), n)
}

// End says that the connection is over.
func (s *Session) End(dst []dissect.Event) []dissect.Event {
	if s.mode == identifying {
		dst = s.decide(dst, true)
	}
	switch s.mode {
	case clear, awaitingTLS:
		dst = s.proceed(dst)
		dst = s.machine.End(dst)
	case encrypted:
		if s.machine != nil {
			dst = s.machine.End(dst)
		}
	}
	s.drop()
	return dst
}

// collect keeps the first bytes until they tell what they are.
func (s *Session) collect(dst []dissect.Event, dir uint8, b []byte) []dissect.Event {
	s.heads[dir] = append(s.heads[dir], b...)
	s.order = append(s.order, piece{dir, len(b)})
	s.pool.used += len(b)
	return s.decide(dst, s.pool.used > MaxPool)
}

// Foreign tells at the first bytes of most connections, and before a Session
// is made, that they do not carry mail.
func Foreign(ports [2]uint16, late bool, dir uint8, b []byte) bool {
	if portProtocol(ports[0]) != dissect.NoProtocol || portProtocol(ports[1]) != dissect.NoProtocol {
		return false
	}
	if dir == 0 && (b[0] == 4 || b[0] == 5 || startsLike(b, proxy2Signature)) {
		return false
	}
	return !late && !couldBegin(b) || !textual(b)
}

// decide identifies the session, and feeds what was kept.
func (s *Session) decide(dst []dissect.Event, done bool) []dissect.Event {
	if s.tunnel == "" && !s.late {
		p, step := readPreface(s.heads[0], s.heads[1])
		switch {
		case step == moreNeeded && !done && len(s.heads[0]) < MaxHead:
			return dst
		case step == whole:
			s.tunnel = p.name
			s.cutHeads(p.size)
			if !done && len(s.heads[0])+len(s.heads[1]) == 0 {
				return dst
			}
		}
	}
	v := identify(&scene{head: s.heads, lost: s.lost, ports: s.ports, first: s.first(), late: s.late, done: done})
	switch v.answer {
	case undecided:
		return dst
	case notMail:
		s.mode = ignored
		s.drop()
		return dst
	}
	s.protocol, s.server = v.protocol, v.server
	if s.tunnel != "" {
		dst = append(dst, dissect.Event{Kind: dissect.Proxied, Text: []byte(s.tunnel)})
	}
	s.taken = [2]uint64{s.base[s.Direction(dissect.Client)], s.base[s.Direction(dissect.Server)]}
	if v.answer == inTLS {
		dst = s.beginTLS(dst)
	} else {
		s.machine = newMachine(v.protocol, s.taken, s.late)
		s.mode = clear
	}
	return s.replay(dst, v)
}

// first returns the direction that spoke first, a proxy's preface aside.
func (s *Session) first() uint8 {
	for _, p := range s.order {
		if p.n > 0 {
			return p.dir
		}
	}
	return 0
}

// cutHeads drops a proxy's preface.
func (s *Session) cutHeads(size [2]int) {
	for dir, n := range size {
		s.heads[dir] = s.heads[dir][n:]
		s.base[dir] += uint64(n)
		s.pool.used -= n
	}
	left := size
	for i := range s.order {
		p := &s.order[i]
		n := min(p.n, left[p.dir])
		p.n -= n
		left[p.dir] -= n
	}
}

// replay feeds the heads in the order in which they came.
func (s *Session) replay(dst []dissect.Event, v verdict) []dissect.Event {
	heads, order := s.heads, s.order
	s.pool.used -= len(heads[0]) + len(heads[1])
	s.heads, s.order = [2][]byte{}, nil
	if v.answer == readable {
		if client := s.Direction(dissect.Client); tlsRecord(heads[client]) && !s.late {
			// The client began with TLS, the server did not: nobody answers it.
			s.silent = true
		}
	}
	for _, p := range order {
		b := heads[p.dir][:p.n]
		heads[p.dir] = heads[p.dir][p.n:]
		if len(b) > 0 {
			dst = s.feed(dst, s.side(p.dir), b)
		}
	}
	return dst
}

func newMachine(p dissect.Protocol, base [2]uint64, late bool) machine {
	switch p {
	case dissect.IMAP:
		return imap.New(base, late)
	case dissect.POP3:
		return pop3.New(base, late)
	case dissect.ManageSieve:
		return managesieve.New(base, late)
	}
	return smtp.New(base, late)
}

// drop frees what is held back.
func (s *Session) drop() {
	s.pool.used -= len(s.heads[0]) + len(s.heads[1]) + len(s.parked) + len(s.held)
	s.heads, s.order, s.parked, s.held = [2][]byte{}, nil, nil, nil
}
