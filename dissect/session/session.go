// Package session follows one TCP connection from its first byte: it finds
// out whether the connection carries mail, which side is the server, and
// hands the bytes to the protocol's machine and, after STARTTLS, to TLS.
//
// What is said decides, not the port. A proxy's preface (HTTP CONNECT, RFC 9110,
// section 9.3.6; SOCKS 4 and 5, RFC 1928; PROXY protocol 1 and 2) is read over,
// and identification begins again behind it. The port speaks where nothing is
// readable: TLS on a port of mail (RFC 8314, section 3), and text that nothing
// contradicts in a connection that was joined late. A client that begins with TLS
// on a port that begins in clear has begun TLS, unless the server answers with
// text.
//
// Words of other protocols that look like mail's are told apart: FTP's 220, behind
// which what the client says decides, and AUTH TLS (RFC 4217), +OK and -ERR of
// Redis. After STARTTLS, STLS and the like
// (RFC 3207, section 4) the next bytes of the client show whether it is TLS that
// follows (RFC 8446, section 5.1) or a conversation in clear. What the client sent
// ahead waits until the server has answered, in bounds.
//
// It does not follow webmail and other protocols that carry mail within them, or
// a second mail session behind the first on one connection.
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
	MaxLooks  = 64       // lines that are held against the protocols before the port decides
)

// Pool bounds what the sessions of one engine keep together.
type Pool struct {
	used  int // held back
	room  dissect.Room
	first head // of the session that has just said its first bytes
}

// Used returns how many bytes are held back now.
func (p *Pool) Used() int { return p.used }

// machine is what the protocols have in common; see package smtp.
type machine interface {
	Feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int)
	Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event
	End(dst []dissect.Event) []dissect.Event
	Need() dissect.Need
	Proceed()
	Record(d *dissect.Dialogue)
}

// mode says who takes the bytes of a session.
type mode uint8

const (
	identifying mode = iota // bytes are kept in heads
	clear                   // a protocol's machine takes them
	awaitingTLS             // STARTTLS was accepted; the next bytes of the client tell
	perhapsTLS              // the client has begun with TLS, and nobody saw that it was to; the next bytes of the server tell
	encrypted               // package tls takes them
	ignored                 // not mail
)

// Session is one connection. Its directions are the flow's: 0 opened the
// connection, or was seen first. Use New; it is not safe for concurrent use.
type Session struct {
	mode       mode
	protocol   dissect.Protocol
	server     uint8 // the server's direction, once identified
	late       bool
	silent     bool // the server's side says nothing: wait for no answer
	heard      bool // the server has said something
	asked      bool // the client has said something
	unanswered bool // the answer to STARTTLS may have been lost
	missed     bool // bytes were lost
	mute       bool // bytes of the server were lost, and it has said nothing since
	alone      bool // the client has begun with TLS, and nothing else was read
	ports      [2]uint16
	pool       *Pool

	head     *head     // identifying: what has come so far
	offset   [2]uint64 // identifying: of head, by direction; then of the next byte to feed, by protocol side
	machine  machine
	dialogue *dissect.Dialogue
	tls      *tls.Session
	waiting  *waiting // nil: nothing has waited yet
}

// waiting is what a session holds back. Few have to.
type waiting struct {
	lost   [2]uint64 // identifying: bytes before the first, by direction, of a beginning that was captured
	parked []byte    // bytes of the client that wait for an answer
	early  int       // awaitingTLS: how many of them were sent before the answer to STARTTLS
	held   []byte    // awaitingTLS: bytes of the server behind its answer
	torn   bool      // awaitingTLS, perhapsTLS: bytes were lost behind the answer, or the hello
	gapped bool      // awaitingTLS: bytes of the client were, and may have been a hello
}

// wait returns what is held back, to be changed.
func (s *Session) wait() *waiting {
	if s.waiting == nil {
		s.waiting = new(waiting)
	}
	return s.waiting
}

// parked returns the bytes of the client that wait for an answer.
func (s *Session) parked() []byte {
	if s.waiting == nil {
		return nil
	}
	return s.waiting.parked
}

// New starts a session between two ports, by direction. late tells that its
// beginning was not captured.
func New(pool *Pool, ports [2]uint16, late bool) *Session {
	return &Session{pool: pool, ports: ports, late: late}
}

// Mail tells whether the connection is known to carry mail.
func (s *Session) Mail() bool { return s.mode != identifying && s.mode != ignored }

// Readable tells whether the client's next bytes are to be in clear.
func (s *Session) Readable() bool {
	if s.mode != clear {
		return false
	}
	need := s.machine.Need()
	return need != dissect.NeedTLS && need != dissect.NeedTLSAnswer
}

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

// Dialogue returns what both sides have said in lines, or nil.
func (s *Session) Dialogue() *dissect.Dialogue { return s.dialogue }

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
		if s.head == nil || s.head.empty() {
			s.offset[dir] += n
			if !s.late || s.waiting != nil {
				s.wait().lost[dir] += n
			}
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
	if s.mode == perhapsTLS {
		dst = s.beginTLS(dst)
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

func newMachine(p dissect.Protocol, port uint16, base [2]uint64, late bool) machine {
	switch p {
	case dissect.IMAP:
		return imap.New(base, late)
	case dissect.POP3:
		return pop3.New(base, late)
	case dissect.ManageSieve:
		return managesieve.New(base, late)
	}
	m := smtp.New(base, late)
	if portProtocol(port) == dissect.LMTP {
		m.ExpectLMTP()
	}
	return m
}

// drop frees what is held back.
func (s *Session) drop() {
	if h := s.head; h != nil {
		s.pool.used -= h.size()
		s.head = nil
	}
	if w := s.waiting; w != nil {
		s.pool.used -= len(w.parked) + len(w.held)
		s.waiting = nil
	}
}
