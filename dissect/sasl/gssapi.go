package sasl

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of GSS-API mechanisms (RFC 2743, section 3.1), as DER.
var (
	kerberosOID = []byte("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02") // 1.2.840.113554.1.2.2 (RFC 4121, section 4.1)
	spnegoOID   = []byte("\x06\x06\x2b\x06\x01\x05\x05\x02")             // 1.3.6.1.5.5.2 (RFC 4178, section 3)
)

const negTokenResp = 0xa1 // the tag of every SPNEGO token but the first (RFC 4178, section 4.2)

// gssapi reads the tokens of GSSAPI (RFC 4752) and GSS-SPNEGO. SPNEGO (RFC
// 4178) wraps Kerberos requests and NTLM messages, which begin with their
// signatures wherever they stand.
func (x *Exchange) gssapi(message []byte) (hide bool) {
	if i := bytes.Index(message, ntlmSignature); i >= 0 {
		x.detail("inner", "NTLM")
		x.layer = noFrames
		if x.Attempt.Mechanism == "GSS-SPNEGO" {
			x.layer = x.ntlmLayer(message[i:])
		}
		return x.ntlmMessage(message[i:])
	}
	if bytes.Contains(message, kerberosOID) {
		x.detail("inner", "Kerberos")
		x.kerberosRequest(message)
	}
	x.layer = noFrames
	if x.chooses(message) {
		x.layer = gssFrames
	}
	return x.opaque(message)
}

// chooses tells whether a security layer may follow if message is the client's
// last, and reads the authorization identity beside the choice.
func (x *Exchange) chooses(message []byte) bool {
	if x.Attempt.Mechanism == "GSS-SPNEGO" {
		return true
	}
	if message[0] == negTokenResp || bytes.HasPrefix(gssToken(message), spnegoOID) {
		return false
	}
	plain, ok := unwrap(message)
	if !ok || len(plain) < 4 {
		return true
	}
	if name := plain[4:]; len(name) > 0 {
		x.account(name)
	}
	return plain[0] != 1 // the bit of "no security layer"
}

// gssToken returns what the frame of a context token holds: its mechanism's
// identifier and its inner token (RFC 2743, section 3.1); nil where there is no
// frame.
func gssToken(message []byte) []byte {
	const frame = asn1.Tag(0x60) // [APPLICATION 0]
	token := cryptobyte.String(message)
	var inside cryptobyte.String
	if !token.ReadASN1(&inside, frame) {
		return nil
	}
	return inside
}
