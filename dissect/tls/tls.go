// Package tls sees of a TLS connection what an onlooker can see: the hellos,
// the server's certificates and key exchange up to TLS 1.2, readable alerts,
// heartbeats, and whether the handshake came to its end. It knows SSL 2.0
// (draft-hickman-netscape-ssl-00), SSL 3.0 (RFC 6101), TLS 1.0 to 1.2 (RFC 5246)
// and TLS 1.3 (RFC 8446). It decrypts nothing and checks no trust.
//
// It reads:
//
//   - records (RFC 8446, section 5.1), also cut and lost ones, and handshake
//     messages that are spread over many of them (RFC 5246, section 7.4);
//   - both hellos (RFC 8446, section 4.1), with server name, groups, point
//     formats, signatures, ALPN, versions, key share, pre-shared key and
//     renegotiation_info among the extensions; JA3, JA3S and JA4 are made of
//     them, GREASE left out (RFC 8701);
//   - the mark in the server's random of a version that was cut down (RFC 8446,
//     section 4.1.3), and TLS_FALLBACK_SCSV (RFC 7507);
//   - certificates (RFC 5246, section 7.4.2; RFC 5280, section 4.1) as far as
//     they can be read: names, times, key, signature, and whether one is signed
//     with its own key. The first is the server's; of those behind it what weakens
//     the chain;
//   - the parameters of DHE, ECDHE and of RSA with an EXPORT key (RFC 5246,
//     section 7.4.3; RFC 8422, section 5.4; RFC 7919; RFC 2246, section 7.4.3);
//   - alerts in clear (RFC 8446, section 6), and, by its size, one that ends a
//     handshake of TLS 1.3 encrypted;
//   - heartbeats that ask for more than they hold (RFC 6520, section 4), by size
//     where they are encrypted.
//
// It does not read certificates of clients, OCSP and SCT, tickets, the encrypted
// messages of TLS 1.3 and hence its certificate, an encrypted ClientHello (its
// outer one is read like any other), renegotiation, and application data, which
// is counted.
package tls

import "github.com/mailtap/mailtap/dissect"

// A Session is one TLS connection. It keeps no bytes once the connection is
// established. It is not safe for concurrent use.
type Session struct {
	facts   *dissect.TLSFacts // apart from the Session, because it outlives it
	version uint16            // negotiated; 0: not known
	v2      bool              // the server has answered with SSL 2.0
	fatal   bool              // a readable fatal alert was seen
	unsure  bool              // what looks like an encrypted alert was seen, and no readable one
	halves  [2]half           // by dissect.Side
}

// New returns a connection whose first bytes stand at base, by dissect.Side.
func New(base [2]uint64) *Session {
	s := &Session{facts: &dissect.TLSFacts{}}
	for side := range s.halves {
		s.halves[side] = half{side: dissect.Side(side), offset: base[side]}
	}
	return s
}

// Feed takes the next bytes of side and appends what they show to dst. It
// takes all of them; where they are no TLS, it goes on in silence.
func (s *Session) Feed(dst []dissect.Event, side dissect.Side, b []byte) []dissect.Event {
	h := &s.halves[side]
	for len(b) > 0 {
		switch {
		case h.at == lost:
			h.offset += uint64(len(b))
			return dst
		case h.at == inHeader:
			b = s.header(h, b)
		default:
			n := min(h.left, len(b))
			dst = s.content(dst, h, b[:n])
			b = b[n:]
		}
		if h.at == inContent && h.left == 0 {
			dst = s.endRecord(dst, h)
		}
	}
	return dst
}

// Gap says that n bytes of side were lost. Where the record they belong to
// spans them, its end is known; else the next byte has to begin a record, or
// nothing more of the side is read.
func (s *Session) Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	h := &s.halves[side]
	dst = append(dst, dissect.Event{Kind: dissect.Lost, Side: side, Start: h.offset, End: h.offset + n})
	h.offset += n
	h.missed = true
	h.message = message{}
	s.forgetHeartbeats()
	switch {
	case h.at == lost:
	case h.at == inContent && n <= uint64(h.left):
		h.left -= int(n)
		h.torn = true
		if h.left == 0 {
			dst = s.endRecord(dst, h)
		}
	default:
		h.at, h.have = inHeader, 0
	}
	return dst
}

// established ends the reading: nothing behind it is readable.
func (s *Session) established(dst []dissect.Event, h *half) []dissect.Event {
	s.facts.Established = true
	if s.unsure {
		s.facts.Alert, s.facts.AlertSide = "", 0 // it was something else, or a warning
	}
	for side := range s.halves {
		s.halves[side].message = message{}
		s.halves[side].terms = terms{}
	}
	return append(dst, s.hello(h, h.start, "established"))
}

// hello makes the event that says what TLS shows has grown.
func (s *Session) hello(h *half, start uint64, what string) dissect.Event {
	return dissect.Event{Kind: dissect.TLSHello, Side: h.side, Start: start, End: h.offset, Text: []byte(what), TLS: s.facts}
}
