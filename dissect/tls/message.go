package tls

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// The handshake messages that are read (RFC 8446, section 4).
const (
	clientHello = 1
	serverHello = 2
	certificate = 11
)

// How much of a handshake message is kept while it is not whole. What stands
// behind it in the message is skipped.
const (
	maxMessage     = 16 << 10
	maxCertificate = 64 << 10 // the first certificate of a chain is the one that counts
)

const messageHeader = 4

// message is a handshake message that is being read. It may be spread over
// many records.
type message struct {
	start uint64 // stream offset
	head  [messageHeader]byte
	have  int    // bytes of head
	left  int    // bytes of the body to come
	body  []byte // what is kept of it
}

func (m *message) kind() uint8 { return m.head[0] }

// begin reads a whole header. It reports whether a message may begin so.
func (m *message) begin() bool {
	m.left = int(m.head[1])<<16 | int(m.head[2])<<8 | int(m.head[3])
	switch m.kind() {
	case 0, clientHello, serverHello, 4, certificate, 12, 13, 14, 15, 16, 20, 21, 22, 23, 25, 67:
		return true // RFC 5246, section 7.4, and the IANA registry "TLS HandshakeType"
	}
	return false
}

// bound is how much of the body is kept.
func (m *message) bound() int {
	switch m.kind() {
	case clientHello, serverHello:
		return maxMessage
	case certificate:
		return maxCertificate
	}
	return 0
}

// add takes the next bytes of the body. It copies them only if they are not
// all of it.
func (m *message) add(b []byte) {
	if len(b) == m.left && len(m.body) == 0 && len(b) <= m.bound() {
		m.body = b
	} else {
		m.keep(b, m.bound())
	}
	m.left -= len(b)
}

// keep adds b to the body, as far as it goes.
func (m *message) keep(b []byte, bound int) {
	if room := bound - len(m.body); len(b) > room {
		b = b[:room]
	}
	m.body = append(m.body, b...)
}

// handshake takes b, content of a handshake record in clear.
func (s *Session) handshake(dst []dissect.Event, h *half, b []byte) []dissect.Event {
	m := &h.message
	for len(b) > 0 {
		if m.have < messageHeader {
			if m.have == 0 {
				m.start = h.offset
			}
			n := copy(m.head[m.have:], b)
			m.have += n
			h.offset += uint64(n)
			b = b[n:]
			if m.have == messageHeader && !m.begin() {
				// Encrypted, or the middle of a message whose beginning was lost.
				*m, h.torn = message{}, true
				h.offset += uint64(len(b))
				return dst
			}
		} else {
			n := min(m.left, len(b))
			m.add(b[:n])
			h.offset += uint64(n)
			b = b[n:]
		}
		if m.have == messageHeader && m.left == 0 {
			whole := *m
			*m = message{}
			dst = s.read(dst, h, &whole)
		}
	}
	return dst
}

// read reads a whole message.
func (s *Session) read(dst []dissect.Event, h *half, m *message) []dissect.Event {
	switch {
	case m.kind() == clientHello && h.side == dissect.Client && !h.hello:
		return s.readClientHello(dst, h, m)
	case m.kind() == serverHello && h.side == dissect.Server && !h.hello:
		return s.readServerHello(dst, h, m)
	case m.kind() == certificate && h.side == dissect.Server && s.version < tls13 && s.facts.Certificate == nil:
		return s.readCertificates(dst, h, m)
	}
	return dst
}

func (s *Session) readClientHello(dst []dissect.Event, h *half, m *message) []dissect.Event {
	hello, ok := parseClientHello(m.body)
	if !ok {
		return dst
	}
	h.hello = true
	s.facts.SNI = hello.serverName
	if hello.whole {
		s.facts.JA3, s.facts.JA4 = ja3(&hello), ja4(&hello)
	}
	return append(dst, s.hello(h, m.start, "client hello"))
}

func (s *Session) readServerHello(dst []dissect.Event, h *half, m *message) []dissect.Event {
	hello, ok := parseServerHello(m.body)
	if !ok {
		return dst
	}
	s.version = hello.version
	s.facts.Version = versionName(hello.version)
	s.facts.Cipher = suiteName(hello.suite)
	if bytes.Equal(hello.random, retryRandom[:]) {
		return append(dst, s.hello(h, m.start, "hello retry request"))
	}
	h.hello = true
	s.facts.ALPN = hello.protocol
	if hello.whole {
		s.facts.JA3S = ja3s(&hello)
	}
	if s.version == tls13 {
		// What was sent before is 0-RTT data (RFC 8446, section 2.3), or a
		// second hello behind ChangeCipherSpec.
		s.halves[dissect.Client].ready = false
	}
	return append(dst, s.hello(h, m.start, "server hello"))
}
