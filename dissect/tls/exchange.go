package tls

import (
	"crypto/sha256"
	"encoding/hex"
	"math/bits"
	"strings"

	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
)

// The kinds of curves (RFC 8422, section 5.4).
const (
	explicitPrime = 1
	explicitChar2 = 2
	namedCurve    = 3
)

// readKeyExchange reads the parameters that the server chose for this
// connection (RFC 5246, section 7.4.3). How they are written hangs on the
// suite.
func (s *Session) readKeyExchange(dst []dissect.Event, h *half, m *message) []dissect.Event {
	b := cryptobyte.String(m.body)
	method, _, _ := strings.Cut(strings.TrimPrefix(s.facts.Cipher, "TLS_"), "_WITH_")
	method = strings.TrimSuffix(strings.TrimSuffix(method, "_EXPORT"), "_EXPORT1024")
	var hint cryptobyte.String
	if (method == "DHE_PSK" || method == "ECDHE_PSK") && !b.ReadUint16LengthPrefixed(&hint) { // RFC 4279, section 2
		return dst
	}
	switch method {
	case "DHE_RSA", "DHE_DSS", "DH_anon", "DHE_PSK":
		s.facts.Group, s.facts.DHBits = readPrime(b)
	case "ECDHE_RSA", "ECDHE_ECDSA", "ECDH_anon", "ECDHE_PSK":
		s.facts.Group = readCurve(b)
	case "RSA":
		s.facts.Group = readTemporaryKey(b)
	}
	if s.facts.Group == "" && s.facts.DHBits == 0 {
		return dst
	}
	return append(dst, s.hello(h, m.start, "key exchange"))
}

// readPrime reads the prime of Diffie-Hellman: its name, if it is one of RFC
// 7919, and its size.
func readPrime(b cryptobyte.String) (name string, size int) {
	var p cryptobyte.String
	if !b.ReadUint16LengthPrefixed(&p) {
		return "", 0
	}
	size = bitLen(p)
	return primeName(p, size), size
}

// bitLen gives the length of a big-endian number; leading zeros do not count.
func bitLen(b []byte) int {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0
	}
	return 8*(len(b)-1) + bits.Len8(b[0])
}

// primeName knows the primes of RFC 7919, appendix A, by their SHA-256.
func primeName(p []byte, size int) string {
	if size < 2048 || size > 8192 {
		return ""
	}
	sum := sha256.Sum256(p)
	switch hex.EncodeToString(sum[:]) {
	case "9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966":
		return groupName(ffdhe2048)
	case "0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17":
		return groupName(ffdhe3072)
	case "4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e":
		return groupName(ffdhe4096)
	case "227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7":
		return groupName(ffdhe6144)
	case "770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833":
		return groupName(ffdhe8192)
	}
	return ""
}

// readCurve names the curve of an ECDHE exchange (RFC 8422, section 5.4).
func readCurve(b cryptobyte.String) string {
	var kind uint8
	var curve uint16
	if !b.ReadUint8(&kind) {
		return ""
	}
	switch kind {
	case explicitPrime:
		return groupName(explicitPrimeCurves)
	case explicitChar2:
		return groupName(explicitChar2Curves)
	case namedCurve:
		if b.ReadUint16(&curve) {
			return groupName(curve)
		}
	}
	return ""
}

// readTemporaryKey reads the RSA key that the EXPORT suites encrypt with, where
// that of the certificate is too strong for them (RFC 2246, section 7.4.3).
func readTemporaryKey(b cryptobyte.String) string {
	var modulus cryptobyte.String
	if !b.ReadUint16LengthPrefixed(&modulus) {
		return ""
	}
	return sized("RSA", bitLen(modulus))
}
