package tls

import (
	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
)

// The extensions that are read.
const (
	extServerName   = 0  // RFC 6066, section 3
	extGroups       = 10 // RFC 8422, section 5.1.1
	extPointFormats = 11 // RFC 8422, section 5.1.2
	extSignatures   = 13 // RFC 8446, section 4.2.3
	extALPN         = 16 // RFC 7301, section 3.1
	extPreSharedKey = 41 // RFC 8446, section 4.2.11
	extEarlyData    = 42 // RFC 8446, section 4.2.10
	extVersions     = 43 // RFC 8446, section 4.2.1
	extKeyShare     = 51 // RFC 8446, section 4.2.8

	extRenegotiation = 0xff01 // RFC 5746, section 3.2
)

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
		h.version = final(h.version)
	case extKeyShare:
		h.hasGroup = data.ReadUint16(&h.group)
		return h.hasGroup
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
