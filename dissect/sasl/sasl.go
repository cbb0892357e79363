// Package sasl follows one SASL exchange (RFC 4422) as an onlooker, and the
// mechanisms that leak: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195),
// DIGEST-MD5 (RFC 2831), SCRAM (RFC 5802, 7677), NTLM, GSSAPI (RFC 4752),
// XOAUTH2, OAUTHBEARER (RFC 7628), EXTERNAL, ANONYMOUS (RFC 4505), and any
// other by its name.
//
// It is shared by SMTP, IMAP, POP3 and ManageSieve, which carry the same
// messages as BASE64 in different lines.
package sasl

import (
	"bytes"
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
	taken int    // messages of the client that carried something
	ntlm  uint32 // flags of the server's NTLM challenge
}

// A reader takes one decoded message of the client. It reports whether the
// message holds a secret.
type reader func(x *Exchange, message []byte) (hide bool)

// Begin starts an exchange with a mechanism, spelt as the client spelt it.
func Begin(mechanism []byte) *Exchange {
	name := mechanismName(mechanism)
	x := &struct {
		Exchange
		attempt dissect.Attempt // beside it: one allocation less
	}{}
	x.attempt.Mechanism = name
	x.Exchange = Exchange{Attempt: &x.attempt, read: readerOf(name)}
	return &x.Exchange
}

func readerOf(mechanism string) reader {
	switch mechanism {
	case "PLAIN":
		return (*Exchange).plain
	case "CRAM-MD5":
		return (*Exchange).cramMD5
	case "DIGEST-MD5":
		return (*Exchange).digestMD5
	case "NTLM":
		return (*Exchange).ntlmMessage
	case "GSSAPI", "GSS-SPNEGO":
		return (*Exchange).gssapi
	case "XOAUTH2", "OAUTHBEARER":
		return (*Exchange).oauth
	case "EXTERNAL", "ANONYMOUS":
		return (*Exchange).nameOnly
	}
	if strings.HasPrefix(mechanism, "SCRAM-") {
		return (*Exchange).scram
	}
	return (*Exchange).opaque
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
	if !ok {
		return x.undecodable(text)
	}
	if len(message) == 0 {
		return false
	}
	x.taken++
	return x.read(x, message)
}

// undecodable keeps a line that is no BASE64. Some programs send the message
// as it is, others something else: whatever it is, it may be the secret.
func (x *Exchange) undecodable(text []byte) (hide bool) {
	x.taken++
	x.detail("encoding", "raw")
	return x.opaque(text)
}

// opaque keeps the first message whose grammar is not known as the secret.
func (x *Exchange) opaque(message []byte) (hide bool) {
	if !x.Attempt.Secret.Present() {
		x.Attempt.Secret = dissect.NewSecret(message)
	}
	return true
}

// Challenge takes a message of the server as it stood on the line: BASE64,
// or words, or nothing.
func (x *Exchange) Challenge(text []byte) {
	message, ok := decode(text)
	if !ok {
		return // Exchange asks for NTLM with "ntlm supported"
	}
	switch {
	case strings.HasPrefix(x.Attempt.Mechanism, "SCRAM-"):
		x.scramChallenge(message)
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
