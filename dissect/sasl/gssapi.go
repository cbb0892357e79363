package sasl

import "bytes"

// kerberosOID is 1.2.840.113554.1.2.2, the mechanism of a GSS-API token (RFC
// 2743, section 3.1; RFC 4121, section 4.1), as DER.
var kerberosOID = []byte("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")

// gssapi reads the tokens of GSSAPI (RFC 4752) and GSS-SPNEGO. SPNEGO (RFC
// 4178) wraps NTLM messages, which begin with their signature wherever they
// stand. Kerberos keeps the account to itself.
func (x *Exchange) gssapi(message []byte) (hide bool) {
	if i := bytes.Index(message, ntlmSignature); i >= 0 {
		x.detail("inner", "NTLM")
		return x.ntlmMessage(message[i:])
	}
	if bytes.Contains(message, kerberosOID) {
		x.detail("inner", "Kerberos")
	}
	return x.opaque(message)
}
