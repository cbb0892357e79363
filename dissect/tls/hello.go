package tls

import (
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// The versions of the protocol.
const (
	ssl20 = 0x0002
	ssl30 = 0x0300
	tls10 = 0x0301
	tls11 = 0x0302
	tls12 = 0x0303
	tls13 = 0x0304
)

// retryRandom is the random of a HelloRetryRequest (RFC 8446, section 4.1.3).
var retryRandom = sha256.Sum256([]byte("HelloRetryRequest"))

// versionName gives a version its name: "TLS 1.2".
func versionName(v uint16) string {
	switch v {
	case ssl20:
		return "SSL 2.0"
	case ssl30:
		return "SSL 3.0"
	case tls10:
		return "TLS 1.0"
	case tls11:
		return "TLS 1.1"
	case tls12:
		return "TLS 1.2"
	case tls13:
		return "TLS 1.3"
	}
	return fmt.Sprintf("0x%04X", v)
}

// A hello is what was read of a ClientHello or a ServerHello. Lists stand in
// their order on the wire, with GREASE (RFC 8701).
type hello struct {
	version    uint16 // as it stands first in the message; of a server: negotiated
	legacy     uint16 // of a server: as it stands first in the message
	random     []byte
	session    []byte
	suites     []uint16
	extensions []uint16
	serverName string
	hasName    bool   // there was a server_name extension
	protocol   string // ALPN: the client's first, the server's choice
	groups     []uint16
	points     []uint8
	signatures []uint16
	versions   []uint16
	whole      bool // all of it could be read

	// Of a server.
	suite       uint16
	compression uint8
	group       uint16
	hasGroup    bool // there was a key_share extension
}

// parseClientHello reads a ClientHello (RFC 8446, section 4.1.2). It reports
// whether it is one; where its end is broken, the beginning still counts.
func parseClientHello(body []byte) (h hello, ok bool) {
	b := cryptobyte.String(body)
	var suites, compression cryptobyte.String
	if !b.ReadUint16(&h.version) || !b.ReadBytes(&h.random, 32) ||
		!b.ReadUint8LengthPrefixed((*cryptobyte.String)(&h.session)) ||
		!b.ReadUint16LengthPrefixed(&suites) || !b.ReadUint8LengthPrefixed(&compression) {
		return h, false
	}
	if h.version>>8 != 3 {
		return h, false
	}
	h.suites, ok = uint16s(suites)
	if !ok {
		return h, false
	}
	h.whole = h.readExtensions(b, (*hello).clientExtension)
	return h, true
}

// parseServerHello reads a ServerHello or a HelloRetryRequest (RFC 8446,
// section 4.1.3).
func parseServerHello(body []byte) (h hello, ok bool) {
	b := cryptobyte.String(body)
	if !b.ReadUint16(&h.legacy) || !b.ReadBytes(&h.random, 32) ||
		!b.ReadUint8LengthPrefixed((*cryptobyte.String)(&h.session)) ||
		!b.ReadUint16(&h.suite) || !b.ReadUint8(&h.compression) {
		return h, false
	}
	if h.legacy>>8 != 3 {
		return h, false
	}
	h.version = h.legacy
	h.whole = h.readExtensions(b, (*hello).serverExtension)
	if !h.whole && h.suite>>8 == 0x13 {
		h.version = tls13 // supported_versions is lost, but these suites have no other
	}
	return h, true
}

// offered names the highest version that a client offers, "" where it is not
// known. Without
// supported_versions it offers none above TLS 1.2, whatever stands first (RFC
// 8446, section 4.2.1).
func (h *hello) offered() string {
	if h.versions == nil {
		return versionName(min(h.version, tls12))
	}
	highest := uint16(0)
	for _, v := range h.versions {
		if v = final(v); v <= tls13 {
			highest = max(highest, v)
		}
	}
	if highest == 0 {
		return ""
	}
	return versionName(highest)
}

// final gives the version that a draft became: TLS 1.3.
func final(v uint16) uint16 {
	if v>>8 == 0x7f {
		return tls13
	}
	return v
}
