package tls

import (
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
)

// The messages of SSL 2.0 that are read (draft-hickman-netscape-ssl-00,
// section 2.5).
const (
	v2Error           = 0
	v2ClientHello     = 1
	v2ClientMasterKey = 2
	v2ServerHello     = 4
)

// v2X509 is the only type of certificate in SSL 2.0.
const v2X509 = 1

// endV2 reads a record of SSL 2.0: one message in clear, or, behind the hello
// of the server, an encrypted one.
func (s *Session) endV2(dst []dissect.Event, h *half) []dissect.Event {
	m := h.message
	h.message = message{}
	if h.torn || len(m.body) == 0 {
		return dst
	}
	body := cryptobyte.String(m.body[1:])
	switch kind := m.body[0]; {
	case kind == v2Error && len(body) == 2:
		return s.alerted(dst, h, v2ErrorName(m.body[2]), true)
	case s.v2:
		return s.encryptedV2(dst, h, kind, body)
	case kind == v2ClientHello && h.side == dissect.Client:
		return s.readClientHelloV2(dst, h, body)
	case kind == v2ServerHello && h.side == dissect.Server:
		return s.readServerHelloV2(dst, h, body)
	}
	h.giveUp()
	return dst
}

// readClientHelloV2 reads a CLIENT-HELLO, the form in which old clients also
// offer SSL 3.0 and TLS (RFC 5246, appendix E.2).
func (s *Session) readClientHelloV2(dst []dissect.Event, h *half, b cryptobyte.String) []dissect.Event {
	var version, suites, session, challenge uint16
	if !b.ReadUint16(&version) || !b.ReadUint16(&suites) || !b.ReadUint16(&session) || !b.ReadUint16(&challenge) ||
		version != ssl20 && version>>8 != 3 || suites%3 != 0 || len(b) != int(suites)+int(session)+int(challenge) {
		h.giveUp()
		return dst
	}
	h.hello = true
	hello := hello{version: version}
	for list := b[:suites]; len(list) > 0; list = list[3:] {
		if list[0] == 0 { // else a cipher kind of SSL 2.0
			hello.suites = append(hello.suites, uint16(list[1])<<8|uint16(list[2]))
		}
	}
	h.terms = termsOf(&hello)
	s.facts.Offered = hello.offered()
	s.facts.Fallback = slices.Contains(hello.suites, fallbackSCSV)
	s.compare()
	return append(dst, s.hello(h, h.start, "client hello"))
}

// readServerHelloV2 reads a SERVER-HELLO: the server has chosen SSL 2.0.
func (s *Session) readServerHelloV2(dst []dissect.Event, h *half, b cryptobyte.String) []dissect.Event {
	var hit, kind uint8
	var version, size, suites, id uint16
	if !b.ReadUint8(&hit) || !b.ReadUint8(&kind) || !b.ReadUint16(&version) || !b.ReadUint16(&size) ||
		!b.ReadUint16(&suites) || !b.ReadUint16(&id) || version != ssl20 || len(b) != int(size)+int(suites)+int(id) {
		h.giveUp()
		return dst
	}
	h.hello = true
	s.v2, s.version = true, ssl20
	s.facts.Version = versionName(ssl20)
	s.facts.Resumed = dissect.No
	if hit != 0 {
		s.facts.Resumed = dissect.Yes
	}
	if suites == 3 {
		s.facts.Cipher = suiteNameV2(b[size:]) // the client has no choice
	}
	dst = append(dst, s.hello(h, h.start, "server hello"))
	if kind != v2X509 || size == 0 {
		return dst
	}
	s.facts.Certificate = parseCertificate(b[:size], maxNames)
	return append(dst, s.hello(h, h.start, "certificate"))
}

// encryptedV2 counts what follows the hellos. The client names the suite in
// clear, and each side ends the handshake with an encrypted message.
func (s *Session) encryptedV2(dst []dissect.Event, h *half, kind uint8, body cryptobyte.String) []dissect.Event {
	var suite []byte
	if kind == v2ClientMasterKey && h.side == dissect.Client && !h.ciphers && body.ReadBytes(&suite, 3) {
		h.ciphers = true
		s.facts.Cipher = suiteNameV2(suite)
		return dst
	}
	h.ready = true
	return s.judge(dst, h)
}

// suiteNameV2 names a cipher kind (draft-hickman-netscape-ssl-00, section
// 2.3).
func suiteNameV2(b []byte) string {
	switch n := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]); n {
	case 0x010080:
		return "SSL_CK_RC4_128_WITH_MD5"
	case 0x020080:
		return "SSL_CK_RC4_128_EXPORT40_WITH_MD5"
	case 0x030080:
		return "SSL_CK_RC2_128_CBC_WITH_MD5"
	case 0x040080:
		return "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5"
	case 0x050080:
		return "SSL_CK_IDEA_128_CBC_WITH_MD5"
	case 0x060040:
		return "SSL_CK_DES_64_CBC_WITH_MD5"
	case 0x0700c0:
		return "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"
	default:
		return fmt.Sprintf("0x%06X", n)
	}
}

// v2ErrorName names an ERROR message (draft-hickman-netscape-ssl-00, section
// 2.7) by the alert that means the same.
func v2ErrorName(code uint8) string {
	switch code {
	case 1: // NO-CIPHER-ERROR
		return alertName(40)
	case 2: // NO-CERTIFICATE-ERROR
		return alertName(41)
	case 4: // BAD-CERTIFICATE-ERROR
		return alertName(42)
	case 6: // UNSUPPORTED-CERTIFICATE-TYPE-ERROR
		return alertName(43)
	}
	return fmt.Sprintf("alert %d", code)
}
