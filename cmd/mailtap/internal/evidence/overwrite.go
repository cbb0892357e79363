package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"

	"github.com/mailtap/mailtap/dissect"
)

// overwrite returns what to write over a secret as it was sent in an attempt;
// nil: in none. It has the same length, and reads as the same kind of message:
// who looks at the packets still sees which account used which mechanism.
func overwrite(sent []byte, a *dissect.Attempt) []byte {
	if a == nil || a.Mechanism == "USER" || a.Mechanism == "LOGIN-CMD" || a.Mechanism == "APOP" {
		return fill(len(sent))
	}
	lead := len(sent) - len(bytes.TrimLeft(sent, " \t\""))
	digits := bytes.TrimRight(sent[lead:], "= \t\"")
	message := make([]byte, base64.RawStdEncoding.DecodedLen(len(digits)))
	n, err := base64.RawStdEncoding.Decode(message, digits)
	if err != nil || n == 0 {
		return fill(len(sent))
	}
	message = message[:n]
	overwriteMessage(message, a)
	out := bytes.Clone(sent)
	base64.RawStdEncoding.Encode(out[lead:], message)
	return out
}

var ntlmSignature = []byte("NTLMSSP\x00") // MS-NLMP, section 2.2.1

// overwriteMessage overwrites what is secret in a decoded SASL message.
func overwriteMessage(message []byte, a *dissect.Attempt) {
	switch a.Mechanism {
	case "NTLM", "GSSAPI", "GSS-SPNEGO":
		if i := bytes.Index(message, ntlmSignature); i >= 0 {
			overwriteNTLM(message[i:])
			return
		}
	case "PLAIN": // RFC 4616, section 2
		if parts := bytes.SplitN(message, []byte{0}, 3); len(parts) == 3 {
			blank(parts[2])
			return
		}
	}
	secret := []byte(a.Secret.Reveal())
	found := false
	for at := 0; len(secret) > 0; {
		i := bytes.Index(message[at:], secret)
		if i < 0 {
			break
		}
		blank(message[at+i : at+i+len(secret)])
		at, found = at+i+len(secret), true
	}
	if !found {
		blank(message)
	}
}

// overwriteNTLM overwrites the responses of an AUTHENTICATE message (MS-NLMP,
// section 2.2.1.3). The kind of a response shows in its length and in what
// stands behind its proof, so that stays.
func overwriteNTLM(message []byte) {
	const (
		kindAt       = 8
		authenticate = 3
		lmAt, ntAt   = 12, 20
		v1Length     = 24
		proofLength  = 16 // of NTLMv2: what is to be guessed against
	)
	if len(message) < ntAt+8 || binary.LittleEndian.Uint32(message[kindAt:]) != authenticate {
		return
	}
	lm, nt := ntlmField(message, lmAt), ntlmField(message, ntAt)
	if len(lm) > 8 && !zero(lm[8:]) { // else a nonce, or nothing
		blank(lm)
	}
	if len(nt) > v1Length {
		nt = nt[:proofLength]
	}
	blank(nt)
}

func ntlmField(message []byte, at int) []byte {
	size, from := int(binary.LittleEndian.Uint16(message[at:])), uint64(binary.LittleEndian.Uint32(message[at+4:]))
	if from+uint64(size) > uint64(len(message)) {
		return nil
	}
	return message[from:][:size]
}

func zero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
