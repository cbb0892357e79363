package alerts

import "github.com/mailtap/mailtap/dissect"

// Leak is what an onlooker gains from a readable authentication attempt.
type Leak uint8

// The leaks. The zero value is the mechanisms that neither show a secret nor
// are known to fall to guessing at a desk: GSSAPI, SCRAM, EXTERNAL, unknown ones.
const (
	OtherLeak     Leak = iota
	PasswordLeak       // the password as it is: POP3 USER, IMAP LOGIN
	EncodedLeak        // the password in BASE64: PLAIN, LOGIN
	TokenLeak          // a bearer token: XOAUTH2, OAUTHBEARER
	CrackableLeak      // an exchange to guess against offline: APOP, CRAM-MD5, DIGEST-MD5, NTLM
)

// LeakOf tells what a mechanism leaks, named as in dissect.Attempt.
func LeakOf(mechanism string) Leak {
	switch mechanism {
	case "USER", "LOGIN-CMD":
		return PasswordLeak
	case "PLAIN", "LOGIN":
		return EncodedLeak
	case "XOAUTH2", "OAUTHBEARER":
		return TokenLeak
	case "APOP", "CRAM-MD5", "DIGEST-MD5", "NTLM":
		return CrackableLeak
	}
	return OtherLeak
}

// Reusable tells whether whoever reads the leak can log in with it.
func (l Leak) Reusable() bool {
	return l == PasswordLeak || l == EncodedLeak || l == TokenLeak
}

// SecretSent tells whether a password, a token or a challenge response crossed
// in the attempt. It gives the same answer before and after redaction.
func SecretSent(a *dissect.Attempt) bool {
	return a.Secret.Present() || a.SecretSize != 0
}

// FileOf names the capture file that holds a stamped packet: Stamp.File counts
// in f.Files. It is "" where that is not known.
func FileOf(f *dissect.Facts, s dissect.Stamp) string {
	switch {
	case len(f.Files) == 1:
		return f.Files[0]
	case s.File >= 0 && int(s.File) < len(f.Files):
		return f.Files[s.File]
	}
	return ""
}
