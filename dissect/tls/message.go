package tls

import (
	"bytes"
	"slices"

	"github.com/mailtap/mailtap/dissect"
)

// The handshake messages that are read (RFC 8446, section 4).
const (
	clientHello        = 1
	serverHello        = 2
	certificate        = 11
	serverKeyExchange  = 12
	certificateRequest = 13
	serverHelloDone    = 14
)

// How many bytes of a message are kept. What stands behind it is skipped.
const (
	maxClientHello = 64 << 10 // what Go's servers take; OpenSSL takes twice as much
	maxServerHello = 16 << 10
	maxKeyExchange = 4 << 10 // the parameters stand before the signature
)

const messageHeader = 4 // type, length

// message is a handshake message that is being read. It may be spread over
// many records.
type message struct {
	start uint64 // stream offset
	head  [messageHeader]byte
	have  int    // bytes of head
	left  int    // bytes of the body to come
	want  int    // bytes to be read next
	body  []byte // what has come of them

	inside bool // of a Certificate: they are a certificate, not its length
	taken  int  // of a Certificate: bytes of certificates that were read
}

func (m *message) kind() uint8 { return m.head[0] }

// begin reads a whole header. It reports whether a message may begin so (RFC
// 5246, section 7.4, and the IANA registry "TLS HandshakeType").
func (m *message) begin() bool {
	m.left = int(m.head[1])<<16 | int(m.head[2])<<8 | int(m.head[3])
	switch m.kind() {
	case clientHello:
		m.want = min(m.left, maxClientHello)
		return true
	case serverHello:
		m.want = min(m.left, maxServerHello)
		return true
	case certificate:
		if m.left >= chainHeader+certHeader {
			m.want = chainHeader + certHeader
		}
		return true
	case serverKeyExchange:
		m.want = min(m.left, maxKeyExchange)
		return true
	case 0, 4, certificateRequest, serverHelloDone, 15, 16, 20, 21, 22, 23, 25, 67:
		return true
	}
	return false
}

// expect asks for the next n bytes of the body.
func (m *message) expect(n int) { m.want, m.body = n, m.body[:0] }

// add takes bytes of the body, returns the rest of b, and reports whether all
// is there that is to be read next.
func (m *message) add(b []byte) (rest []byte, complete bool) {
	n := min(m.left, len(b))
	if m.want > 0 {
		n = min(n, m.want-len(m.body))
		m.body = append(m.body, b[:n]...)
	}
	m.left -= n
	return b[n:], m.want > 0 && len(m.body) == m.want
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
			switch {
			case m.have < messageHeader:
			case m.begin():
				s.inFull(h, m.kind())
			default:
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
				m.want = 0
				if dst = s.read(dst, h, m); m.want == 0 {
					m.body = nil
				}
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
	case m.kind() == certificate && h.side == dissect.Server && s.version < tls13 &&
		(s.facts.Certificate == nil || m.inside || m.taken > 0):
		return s.readCertificate(dst, h, m)
	case m.kind() == serverKeyExchange && h.side == dissect.Server && s.version < tls13 &&
		s.facts.Group == "" && s.facts.DHBits == 0:
		return s.readKeyExchange(dst, h, m)
	}
	return dst
}

func (s *Session) readClientHello(dst []dissect.Event, h *half, m *message) []dissect.Event {
	hello, ok := parseClientHello(m.body)
	if !ok {
		return dst
	}
	h.hello = true
	h.terms = termsOf(&hello)
	s.facts.SNI = hello.serverName
	s.facts.Fallback = slices.Contains(hello.suites, fallbackSCSV)
	if hello.whole || hello.versions != nil {
		s.facts.Offered = hello.offered()
	}
	if hello.whole {
		s.facts.JA3, s.facts.JA4 = ja3(&hello), ja4(&hello)
	}
	s.compare()
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
	if hello.hasGroup {
		s.facts.Group, s.facts.DHBits = groupName(hello.group), primeSize(hello.group)
	}
	if bytes.Equal(hello.random, retryRandom[:]) {
		return append(dst, s.hello(h, m.start, "hello retry request"))
	}
	h.hello = true
	h.terms = termsOf(&hello)
	s.facts.ALPN = hello.protocol
	if hello.whole {
		s.facts.JA3S = ja3s(&hello)
	}
	if s.version == tls13 {
		s.agree13(&hello)
	} else {
		s.facts.Sentinel = sentinel(hello.random)
		s.facts.Compression = compressionName(hello.compression)
	}
	s.compare()
	return append(dst, s.hello(h, m.start, "server hello"))
}

// agree13 reads what only a ServerHello of TLS 1.3 says.
func (s *Session) agree13(hello *hello) {
	switch {
	case slices.Contains(hello.extensions, extPreSharedKey):
		s.facts.Resumed = dissect.Yes
	case hello.whole:
		s.facts.Resumed = dissect.No
	}
	// What was sent before is 0-RTT data (RFC 8446, section 2.3), or a second
	// hello behind ChangeCipherSpec.
	s.halves[dissect.Client].ready = false
}
