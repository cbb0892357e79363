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

// How much of a handshake message is kept. What stands behind it is skipped.
const (
	maxMessage     = 16 << 10
	maxCertificate = 64 << 10 // only the first of a chain is kept: it is the server's own
)

const (
	messageHeader = 4 // type, length
	chainHeader   = 6 // length of the chain, length of its first certificate
)

// message is a handshake message that is being read. It may be spread over
// many records.
type message struct {
	start uint64 // stream offset
	head  [messageHeader]byte
	have  int    // bytes of head
	left  int    // bytes of the body to come
	want  int    // bytes of the body to be read
	body  []byte // what has come of them
}

func (m *message) kind() uint8 { return m.head[0] }

// begin reads a whole header. It reports whether a message may begin so (RFC
// 5246, section 7.4, and the IANA registry "TLS HandshakeType").
func (m *message) begin() bool {
	m.left = int(m.head[1])<<16 | int(m.head[2])<<8 | int(m.head[3])
	switch m.kind() {
	case clientHello, serverHello:
		m.want = min(m.left, maxMessage)
		return true
	case certificate:
		m.want = min(m.left, chainHeader)
		return true
	case 0, 4, 12, 13, 14, 15, 16, 20, 21, 22, 23, 25, 67:
		return true
	}
	return false
}

// add takes bytes of the body, returns the rest of b, and reports whether all
// is there that is to be read.
func (m *message) add(b []byte) (rest []byte, complete bool) {
	n := min(m.left, len(b))
	if m.want > 0 {
		n = min(n, m.want-len(m.body))
		m.body = append(m.body, b[:n]...)
	}
	m.left -= n
	if m.want == 0 || len(m.body) < m.want {
		return b[n:], false
	}
	if m.kind() == certificate && m.want == chainHeader && m.left > 0 {
		m.wantFirst()
		return b[n:], false
	}
	return b[n:], true
}

// wantFirst asks for the first certificate of a chain: it says all, even when
// the rest of the chain was not captured.
func (m *message) wantFirst() {
	size := int(m.body[3])<<16 | int(m.body[4])<<8 | int(m.body[5])
	if size > maxCertificate {
		m.want, m.body = 0, nil
		return
	}
	m.want += min(size, m.left)
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
			rest, complete := m.add(b)
			h.offset += uint64(len(b) - len(rest))
			b = rest
			if complete {
				dst = s.read(dst, h, m)
				m.want, m.body = 0, nil
			}
		}
		if m.have == messageHeader && m.left == 0 {
			*m = message{}
		}
	}
	return dst
}

// read reads a message, or the beginning of one.
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
