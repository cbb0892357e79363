package tls

import (
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
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

// The extensions that are read.
const (
	extServerName   = 0  // RFC 6066, section 3
	extGroups       = 10 // RFC 8422, section 5.1.1
	extPointFormats = 11 // RFC 8422, section 5.1.2
	extSignatures   = 13 // RFC 8446, section 4.2.3
	extALPN         = 16 // RFC 7301, section 3.1
	extVersions     = 43 // RFC 8446, section 4.2.1
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
	suites     []uint16
	suite      uint16 // of a server
	extensions []uint16
	serverName string
	hasName    bool   // there was a server_name extension
	protocol   string // ALPN: the client's first, the server's choice
	groups     []uint16
	points     []uint8
	signatures []uint16
	versions   []uint16
	whole      bool // all of it could be read
}

// parseClientHello reads a ClientHello (RFC 8446, section 4.1.2). It reports
// whether it is one; where its end is broken, the beginning still counts.
func parseClientHello(body []byte) (h hello, ok bool) {
	b := cryptobyte.String(body)
	var session, suites, compression cryptobyte.String
	if !b.ReadUint16(&h.version) || !b.ReadBytes(&h.random, 32) || !b.ReadUint8LengthPrefixed(&session) ||
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
	var session cryptobyte.String
	if !b.ReadUint16(&h.legacy) || !b.ReadBytes(&h.random, 32) || !b.ReadUint8LengthPrefixed(&session) ||
		!b.ReadUint16(&h.suite) || !b.Skip(1) {
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

// readExtensions reads the extensions at the end of a hello, if there are any.
// It reports whether all could be read.
func (h *hello) readExtensions(b cryptobyte.String, read func(*hello, uint16, cryptobyte.String) bool) bool {
	if b.Empty() {
		return true
	}
	var size uint16
	if !b.ReadUint16(&size) {
		return false
	}
	whole := int(size) == len(b)
	list := b[:min(int(size), len(b))]
	for !list.Empty() {
		var kind uint16
		var data cryptobyte.String
		if !list.ReadUint16(&kind) || !list.ReadUint16LengthPrefixed(&data) {
			return false
		}
		h.extensions = append(h.extensions, kind)
		whole = read(h, kind, data) && whole
	}
	return whole
}

func (h *hello) clientExtension(kind uint16, data cryptobyte.String) (ok bool) {
	var list cryptobyte.String
	switch kind {
	case extServerName:
		h.hasName = true
		return h.readServerName(data)
	case extGroups:
		if !data.ReadUint16LengthPrefixed(&list) {
			return false
		}
		h.groups, ok = uint16s(list)
		return ok
	case extPointFormats:
		if !data.ReadUint8LengthPrefixed(&list) {
			return false
		}
		h.points = list
	case extSignatures:
		if !data.ReadUint16LengthPrefixed(&list) {
			return false
		}
		h.signatures, ok = uint16s(list)
		return ok
	case extALPN:
		return h.readProtocol(data)
	case extVersions:
		if !data.ReadUint8LengthPrefixed(&list) {
			return false
		}
		h.versions, ok = uint16s(list)
		return ok
	}
	return true
}

func (h *hello) serverExtension(kind uint16, data cryptobyte.String) bool {
	switch kind {
	case extALPN:
		return h.readProtocol(data)
	case extVersions:
		if !data.ReadUint16(&h.version) {
			return false
		}
		if h.version>>8 == 0x7f {
			h.version = tls13 // a draft of it
		}
	}
	return true
}

// readServerName reads the first name (RFC 6066, section 3).
func (h *hello) readServerName(data cryptobyte.String) bool {
	if data.Empty() {
		return true
	}
	var list, name cryptobyte.String
	if !data.ReadUint16LengthPrefixed(&list) || !list.Skip(1) || !list.ReadUint16LengthPrefixed(&name) {
		return false
	}
	h.serverName = string(name[:min(len(name), dissect.MaxText)])
	return true
}

// readProtocol reads the first name of a list (RFC 7301, section 3.1).
func (h *hello) readProtocol(data cryptobyte.String) bool {
	var list, name cryptobyte.String
	if !data.ReadUint16LengthPrefixed(&list) || !list.ReadUint8LengthPrefixed(&name) {
		return false
	}
	h.protocol = string(name)
	return true
}

// uint16s reads b as numbers of two bytes.
func uint16s(b cryptobyte.String) (list []uint16, ok bool) {
	list = make([]uint16, 0, len(b)/2)
	for !b.Empty() {
		var n uint16
		if !b.ReadUint16(&n) {
			return list, false
		}
		list = append(list, n)
	}
	return list, true
}
