// Package sasl follows one SASL exchange (RFC 4422) as an onlooker, and reads
// what its mechanism leaks: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195),
// DIGEST-MD5 (RFC 2831), SCRAM (RFC 5802, 7677), NTLM, GSSAPI (RFC 4752) and
// GSS-SPNEGO (RFC 4178) with Kerberos or NTLM inside, KERBEROS_V4 and SKEY (RFC
// 2222), XOAUTH2, OAUTHBEARER (RFC 7628), EXTERNAL, ANONYMOUS (RFC 4505), OTP
// (RFC 2444), and any other (DPA, MSN, SRP ...) by its name. What is the name of
// none may be a password, see NameHidden.
//
// It is shared by SMTP, IMAP, POP3 and ManageSieve, which carry the same
// messages as BASE64 in different lines. Which of them are the client's, what an
// initial response is (RFC 4959, section 3: "=" is an empty one) and how an
// exchange is cancelled, the protocols tell it.
//
// It reads of NTLM (MS-NLMP) the names, the target's too, and which response was
// sent; of Kerberos (RFC 4120; RFC 4121, section 4.1) the realm, service and
// encryption of the ticket; of SCRAM the iterations and channel binding; of
// tokens (RFC 6750, section 2.1) whose they are. BASE64 may lack its padding; what
// cannot be decoded is told as it stands.
//
// What a security layer behind the exchange carries is found in its frames where
// it is only signed: by DIGEST-MD5, by Kerberos (RFC 4121, section 4.2.6.2; RFC
// 1964, section 1.2.2), and by NTLM within GSS-SPNEGO; see Layer. No signature is
// verified.
//
// It does not read layers of KERBEROS_V4, tokens that are rotated by more than
// their checksum, and what is encrypted in the exchange: the client's name in
// Kerberos, the messages of SRP and of mechanisms that it knows by name only. NTLM
// by itself is taken to have no layer: that of Cyrus SASL offers none, and
// [MS-SMTPNTLM] and [MS-POP3] know none. It guesses no password.
package sasl

import (
	"bytes"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// MaxName is how much of a mechanism's name is kept. RFC 4422, section 3.1
// allows 20 characters.
const MaxName = 64

// Exchange is one attempt. Begin makes one; it is not safe for concurrent use.
type Exchange struct {
	Attempt *dissect.Attempt // filled in as the exchange goes on

	read  reader
	taken int     // messages of the client that carried something
	ntlm  uint32  // flags of the server's NTLM challenge
	layer framing // see Layer
	raw   bool    // LOGIN: the account was not BASE64
	named string  // in upper case, what stood for a mechanism and is the name of none
	typed string  // the same, while the server may still show that it is one
}

// A reader takes one decoded message of the client. It reports whether the
// message holds a secret.
type reader func(x *Exchange, message []byte) (hide bool)

// mechanisms are those whose messages are read.
var mechanisms = [...]struct {
	name string
	read reader
}{
	{"PLAIN", (*Exchange).plain},
	{"LOGIN", (*Exchange).opaque}, // see Client
	{"CRAM-MD5", (*Exchange).cramMD5},
	{"NTLM", (*Exchange).ntlmMessage},
	{"XOAUTH2", (*Exchange).oauth},
	{"OAUTHBEARER", (*Exchange).oauth},
	{"DIGEST-MD5", (*Exchange).digestMD5},
	{"GSSAPI", (*Exchange).gssapi},
	{"GSS-SPNEGO", (*Exchange).gssapi},
	{"EXTERNAL", (*Exchange).nameOnly},
	{"ANONYMOUS", (*Exchange).nameOnly},
	{"OTP", (*Exchange).oneTime},
	{"SKEY", (*Exchange).oneTime},
	{"KERBEROS_V4", (*Exchange).kerberosV4},
}

// Begin starts an exchange with a mechanism, spelt as the client spelt it. Where
// that is the name of none, see NameHidden.
func Begin(mechanism []byte) *Exchange {
	x := &struct {
		Exchange
		attempt dissect.Attempt // beside it: one allocation less
	}{}
	x.Attempt = &x.attempt
	x.attempt.Mechanism, x.read = find(mechanism)
	switch x.attempt.Mechanism {
	case "KERBEROS_V4":
		x.layer = sealed
	case "GSS-SPNEGO":
		x.layer = gssFrames
	}
	if !registered(x.attempt.Mechanism) {
		x.named, x.attempt.Mechanism = x.attempt.Mechanism, dissect.UnknownMechanism
		if wellFormed(mechanism) {
			x.typed = x.named
		}
	}
	return &x.Exchange
}

func find(mechanism []byte) (name string, read reader) {
	for i := range mechanisms {
		if m := &mechanisms[i]; strings.EqualFold(m.name, string(mechanism)) {
			return m.name, m.read
		}
	}
	name = mechanismName(mechanism)
	if strings.HasPrefix(name, "SCRAM-") {
		return name, (*Exchange).scram
	}
	return name, (*Exchange).unknown
}

// mechanismName gives the printable ASCII of a name in upper case.
func mechanismName(b []byte) string {
	b = b[:min(len(b), MaxName)]
	return strings.Map(func(r rune) rune {
		switch {
		case r <= ' ' || r > '~':
			return -1
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, string(b))
}

// Client takes a message of the client as it stood on the line: BASE64, or "="
// for an empty initial response (RFC 4954, section 4). initial tells that it
// came on the line of the AUTH command itself. hide tells whether the text is
// or holds a secret, so that it may not be shown.
func (x *Exchange) Client(text []byte, initial bool) (hide bool) {
	message, ok := decode(text)
	if x.Attempt.Mechanism == "LOGIN" {
		return x.login(text, message, ok, initial)
	}
	switch {
	case ok && len(message) == 0:
		return false
	case initial && x.Attempt.Mechanism == "CRAM-MD5":
		return true // it answers no challenge (RFC 2195, section 2), so it is no response
	case !ok:
		return x.undecodable(text)
	}
	x.taken++
	return x.read(x, message)
}

// undecodable keeps a line that is no BASE64. Some programs send the message
// as it is, others something else: whatever it is, it may be the secret. That of
// OAuth has a form.
func (x *Exchange) undecodable(text []byte) (hide bool) {
	x.taken++
	x.detail("encoding", "raw")
	if name := x.Attempt.Mechanism; name == "XOAUTH2" || name == "OAUTHBEARER" {
		return x.oauth(text)
	}
	return x.opaque(text)
}

// opaque keeps the first message whose grammar is not known as the secret.
func (x *Exchange) opaque(message []byte) (hide bool) {
	if !x.Attempt.Secret.Present() {
		x.Attempt.Secret = dissect.NewSecret(message)
	}
	return true
}

// unknown takes a message of a mechanism that has only a name here. Some of
// Microsoft's are NTLM under another one.
func (x *Exchange) unknown(message []byte) (hide bool) {
	if bytes.HasPrefix(message, ntlmSignature) {
		return x.ntlmMessage(message)
	}
	return x.opaque(message)
}

// Challenge takes a message of the server as it stood on the line: BASE64,
// or words, or nothing. A server that goes on with an exchange knows its
// mechanism.
func (x *Exchange) Challenge(text []byte) {
	if x.typed != "" {
		x.Attempt.Mechanism, x.typed = x.typed, ""
	}
	message, ok := decode(text)
	switch m := x.Attempt.Mechanism; {
	case !ok: // Exchange asks for NTLM with "ntlm supported"
	case strings.HasPrefix(m, "SCRAM-"):
		x.scramChallenge(message)
	case m == "XOAUTH2", m == "OAUTHBEARER":
		x.oauthError(message)
	default:
		x.ntlmChallenge(message)
	}
}

// End records the outcome.
func (x *Exchange) End(o dissect.Outcome) { x.Attempt.Outcome = o }

// IsCancel tells whether a line of the client gives the exchange up: a lone
// "*" (RFC 4954, section 4; RFC 3501, section 6.2.2).
func IsCancel(line []byte) bool { return len(line) == 1 && line[0] == '*' }

// account records who logs in. Names encoded by hand often end with a newline.
func (x *Exchange) account(name []byte) {
	name = bytes.TrimRight(name, "\r\n\x00")
	x.Attempt.Account, x.Attempt.HasAccount = Text(name), true
}

// forgetOwnName drops the authzid of a client that acts for nobody but itself.
func (x *Exchange) forgetOwnName() {
	own := dissect.Pair{Key: "authzid", Value: x.Attempt.Account}
	x.Attempt.Detail = slices.DeleteFunc(x.Attempt.Detail, func(p dissect.Pair) bool { return p == own })
}

// detail records a pair; a later value of the same key replaces the earlier.
func (x *Exchange) detail(key, value string) {
	if value == "" {
		return
	}
	for i, p := range x.Attempt.Detail {
		if p.Key == key {
			x.Attempt.Detail[i].Value = value
			return
		}
	}
	if len(x.Attempt.Detail) < dissect.MaxDetail {
		x.Attempt.Detail = append(x.Attempt.Detail, dissect.Pair{Key: key, Value: value})
	}
}
