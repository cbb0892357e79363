package sasl

import (
	"bytes"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// maxRegular is how long a mechanism's name may be (RFC 4422, section 3.1).
const maxRegular = 20

// known are the mechanisms, beside those that are read and the families, that
// are registered (RFC 4422, section 7.1) or in use.
var known = [...]string{
	"9798-M-DSA-SHA1", "9798-M-ECDSA-SHA1", "9798-M-RSA-SHA1-ENC", "9798-U-DSA-SHA1", "9798-U-ECDSA-SHA1", "9798-U-RSA-SHA1-ENC",
	"APOP", "CRAM-SHA1", "CRAM-SHA256", "DPA", "EAP-AES128", "EAP-AES128-PLUS", "ECDH-X25519-CHALLENGE", "ECDSA-NIST256P-CHALLENGE",
	"EXCHANGEAUTH", "KERBEROS_V5", "MSN", "NMAS-SAMBA-AUTH", "NMAS_AUTHEN", "NMAS_LOGIN", "OAUTH10A", "OPENID20", "PASSDSS-3DES-1", "RPA",
	"SAML20", "SECURID", "SPNEGO", "SPNEGO-PLUS", "SRP", "SXOVER-PLUS", "XOAUTH", "XYMPKI",
}

// families are the beginnings of names that have a hash or a mechanism behind
// them (RFC 5802, section 4; RFC 5801, section 3.1).
var families = [...]string{"SCRAM-", "GS2-", "HT-SHA"}

// registered tells the names, in upper case, that nobody has as a password.
func registered(name string) bool {
	for i := range mechanisms {
		if mechanisms[i].name == name {
			return true
		}
	}
	return slices.Contains(known[:], name) ||
		slices.ContainsFunc(families[:], func(f string) bool { return strings.HasPrefix(name, f) })
}

// wellFormed tells whether a mechanism may be called so (RFC 4422, section 3.1).
// Clients write the letters in either case.
func wellFormed(name []byte) bool {
	for _, c := range name {
		letter := 'A' <= c&^0x20 && c&^0x20 <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return 0 < len(name) && len(name) <= maxRegular
}

// NameHidden tells that what stood for the mechanism is the name of none: it may
// be a password, or the account before it, and is not to be shown. The attempt's
// mechanism is dissect.UnknownMechanism until the server goes on with it.
func (x *Exchange) NameHidden() bool { return x.Attempt.Mechanism == dissect.UnknownMechanism }

// Doubt says that bytes were lost: a challenge may answer another AUTH, and shows
// no more that what stood for the mechanism is one.
func (x *Exchange) Doubt() { x.typed = "" }

// Repeated returns the part of the server's answer that is not to be shown either,
// because it repeats what stood for the mechanism, in any case of its letters. x may
// be nil.
func (x *Exchange) Repeated(answer []byte) dissect.Span {
	if x == nil || !x.NameHidden() || x.named == "" {
		return dissect.Span{}
	}
	for i := range len(answer) - len(x.named) + 1 {
		if bytes.EqualFold(answer[i:i+len(x.named)], []byte(x.named)) {
			return dissect.Span{From: i, To: len(answer)}
		}
	}
	return dissect.Span{}
}
