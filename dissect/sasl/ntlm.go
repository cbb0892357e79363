package sasl

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
)

// The parts of NTLM messages that are read, by the numbers of [MS-NLMP],
// section 2.2. All integers are little-endian.
const (
	ntlmNegotiate    = 1
	ntlmChallenge    = 2
	ntlmAuthenticate = 3

	// Flags (section 2.2.2.5): NTLMSSP_NEGOTIATE_UNICODE, _SIGN, _SEAL and
	// _EXTENDED_SESSIONSECURITY.
	ntlmUnicode  = 1
	ntlmSign     = 0x10
	ntlmSeal     = 0x20
	ntlmExtended = 0x80000

	ntlmV1Length = 24 // of an LM or NTLMv1 response
	ntlmV2Proof  = 16 // bytes before the client data of an NTLMv2 response
)

var (
	ntlmSignature = []byte("NTLMSSP\x00")
	ntlmV2Data    = []byte{1, 1, 0, 0} // how the client data begin
)

// ntlmType tells a message's type.
func ntlmType(message []byte) (uint32, bool) {
	if len(message) < 12 || !bytes.HasPrefix(message, ntlmSignature) {
		return 0, false
	}
	return binary.LittleEndian.Uint32(message[8:]), true
}

// ntlmMessage reads a message of the client.
func (x *Exchange) ntlmMessage(message []byte) (hide bool) {
	switch kind, _ := ntlmType(message); kind {
	case ntlmNegotiate:
		x.ntlmNegotiate(message)
		return false
	case ntlmAuthenticate:
		x.ntlmAuthenticate(message)
		return true
	}
	return x.opaque(message)
}

// ntlmNegotiate reads the domain and workstation of a type 1 message (section
// 2.2.1.1), which are in the OEM character set. Many clients leave them out.
func (x *Exchange) ntlmNegotiate(message []byte) {
	x.detail("domain", Text(ntlmField(message, 16)))
	x.detail("workstation", Text(ntlmField(message, 24)))
}

// ntlmAuthenticate reads a type 3 message (section 2.2.1.3).
func (x *Exchange) ntlmAuthenticate(message []byte) {
	lm, nt := ntlmField(message, 12), ntlmField(message, 20)
	domain, user, workstation := ntlmField(message, 28), ntlmField(message, 36), ntlmField(message, 44)
	text := Text
	// JavaMail writes Unicode whatever was agreed to.
	if x.ntlmFlags(message)&ntlmUnicode != 0 || isWide(domain) || isWide(user) || isWide(workstation) {
		text = utf16Words
	}
	x.detail("domain", text(domain))
	x.detail("workstation", text(workstation))
	x.detail("response", ntlmResponse(lm, nt))
	if name := text(user); name != "" {
		x.account([]byte(name))
	}
	switch {
	case len(nt) > 0:
		x.Attempt.Secret = dissect.NewSecret(nt)
	case realLM(lm):
		x.Attempt.Secret = dissect.NewSecret(lm)
	}
}

// ntlmFlags returns the flags of a type 3 message. Old clients put their data
// where later ones have the flags; then those of the challenge count.
func (x *Exchange) ntlmFlags(message []byte) uint32 {
	const at = 60
	if len(message) < at+4 {
		return x.ntlm
	}
	for _, field := range []int{12, 20, 28, 36, 44} {
		length, offset, ok := ntlmBounds(message, field)
		if ok && length > 0 && offset < at+4 {
			return x.ntlm
		}
	}
	return binary.LittleEndian.Uint32(message[at:])
}

// ntlmLayer tells what layer may follow a message of the client: one that only
// signs, where no more was agreed to. Without extended session security its numbers
// are encrypted.
func (x *Exchange) ntlmLayer(message []byte) framing {
	const layer = ntlmSign | ntlmSeal | ntlmExtended
	if kind, _ := ntlmType(message); kind == ntlmAuthenticate && x.ntlmFlags(message)&layer == ntlmSign|ntlmExtended {
		return ntlmFrames
	}
	return sealed
}

// ntlmBounds reads the length and offset of a payload whose description stands
// at the given byte of the message.
func ntlmBounds(message []byte, at int) (length, offset int, ok bool) {
	field := cryptobyte.String(message)
	var b []byte
	if !field.Skip(at) || !field.ReadBytes(&b, 8) {
		return 0, 0, false
	}
	// The offset has 32 bits: compared before it is narrowed to an int.
	from := binary.LittleEndian.Uint32(b[4:])
	if from > uint32(len(message)) {
		return 0, 0, false
	}
	return int(binary.LittleEndian.Uint16(b)), int(from), true
}

// ntlmField returns the payload described at the given byte, or nil.
func ntlmField(message []byte, at int) []byte {
	length, offset, ok := ntlmBounds(message, at)
	if !ok || length > len(message)-offset {
		return nil
	}
	return message[offset : offset+length]
}

// ntlmResponse judges how strong a response is (section 3.3). Clients told not
// to send LM repeat the NT response in its place.
func ntlmResponse(lm, nt []byte) string {
	switch {
	case len(nt) == 0 && realLM(lm):
		return "LM"
	case len(nt) == 0:
		return "anonymous"
	case len(nt) > ntlmV1Length && bytes.HasPrefix(nt[ntlmV2Proof:], ntlmV2Data):
		return "NTLMv2"
	case len(nt) != ntlmV1Length:
		return ""
	case realLM(lm) && !bytes.Equal(lm, nt):
		return "LM"
	case isSessionNonce(lm):
		return "NTLM2-session"
	default:
		return "NTLMv1"
	}
}

// realLM tells an LM response from a client's challenge, which fills the first
// 8 of the same 24 bytes, and from none.
func realLM(lm []byte) bool { return len(lm) == ntlmV1Length && !isZero(lm[8:]) }

func isSessionNonce(lm []byte) bool {
	return len(lm) == ntlmV1Length && isZero(lm[8:]) && !isZero(lm[:8])
}

func isZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// isWide tells UTF-16 that begins with a Latin letter from other text.
func isWide(b []byte) bool { return len(b) > 1 && len(b)%2 == 0 && b[0] != 0 && b[1] == 0 }

// utf16Words decodes little-endian UTF-16, bounded as Text is.
func utf16Words(b []byte) string {
	b = b[:min(len(b), 2*dissect.MaxText)]
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return clip(string(utf16.Decode(units)))
}
