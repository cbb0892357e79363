package tls

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/mailtap/mailtap/dissect"
)

// maxChain is how many bytes of certificates are read of a chain: those behind
// are skipped, and so is one that is longer.
const maxChain = 64 << 10

const (
	chainHeader = 3 // length of the chain
	certHeader  = 3 // length of a certificate
)

// readCertificate reads a part of the server's chain (RFC 5246, section 7.4.2):
// one certificate after the other, so that the first counts also when the rest
// was not captured, and no more than one is kept.
func (s *Session) readCertificate(dst []dissect.Event, h *half, m *message) []dissect.Event {
	der := cryptobyte.String(m.body)
	switch {
	case !m.inside:
		return s.nextCertificate(dst, h, m)
	case s.facts.Certificate == nil && !der.PeekASN1Tag(asn1.SEQUENCE):
		return dst // a key (RFC 7250), or nothing that is known
	}
	m.taken += len(der)
	if s.facts.Certificate == nil {
		s.facts.Certificate = parseCertificate(der, maxNames)
		s.facts.Resumed, h.full = dissect.No, true
		dst = append(dst, s.hello(h, m.start, "certificate"))
	} else {
		s.facts.Chain = append(s.facts.Chain, *parseCertificate(der, maxChainNames))
	}
	m.inside = false
	if m.left < certHeader || len(s.facts.Chain) == dissect.MaxChain {
		return s.endChain(dst, h, m)
	}
	m.expect(certHeader)
	return dst
}

// nextCertificate has read how long the next certificate is.
func (s *Session) nextCertificate(dst []dissect.Event, h *half, m *message) []dissect.Event {
	length := m.body[len(m.body)-certHeader:]
	size := int(length[0])<<16 | int(length[1])<<8 | int(length[2])
	if size == 0 || size > m.left || size > maxChain-m.taken {
		return s.endChain(dst, h, m)
	}
	m.inside = true
	m.expect(size)
	return dst
}

func (s *Session) endChain(dst []dissect.Event, h *half, m *message) []dissect.Event {
	if len(s.facts.Chain) == 0 {
		return dst
	}
	return append(dst, s.hello(h, m.start, "certificate chain"))
}
