// Package sasl follows one SASL exchange (RFC 4422) as an onlooker, and the
// mechanisms that leak: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195),
// DIGEST-MD5 (RFC 2831), SCRAM (RFC 5802, 7677), NTLM, XOAUTH2, OAUTHBEARER
// (RFC 7628), EXTERNAL, ANONYMOUS (RFC 4505), and any other by its name.
//
// It is shared by SMTP, IMAP, POP3 and ManageSieve, which carry the same
// messages as BASE64 in different lines.
package sasl

import "github.com/mailtap/mailtap/dissect"

// Exchange is one attempt. Begin makes one; it is not safe for concurrent use.
type Exchange struct {
	Attempt *dissect.Attempt // filled in as the exchange goes on
}

// Begin starts an exchange with a mechanism, spelt as the client spelt it.
func Begin(mechanism []byte) *Exchange {
	return &Exchange{Attempt: &dissect.Attempt{Mechanism: string(mechanism)}}
}

// Client takes a message of the client as it stood on the line: BASE64, or "="
// for an empty initial response (RFC 4954, section 4). initial tells that it
// came on the line of the AUTH command itself. hide tells whether the text is
// or holds a secret, so that it may not be shown.
func (x *Exchange) Client(text []byte, initial bool) (hide bool) { return true }

// Challenge takes a message of the server as it stood on the line: BASE64,
// or words, or nothing.
func (x *Exchange) Challenge(text []byte) {}

// End records the outcome, and what can be told only now.
func (x *Exchange) End(o dissect.Outcome) { x.Attempt.Outcome = o }

// IsCancel tells whether a line of the client gives the exchange up: a lone
// "*" (RFC 4954, section 4; RFC 3501, section 6.2.2).
func IsCancel(line []byte) bool { return len(line) == 1 && line[0] == '*' }
