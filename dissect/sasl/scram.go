package sasl

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// scram reads "n,,n=user,r=nonce", then "c=...,r=...,p=proof" (RFC 5802,
// section 7). Only the proof is secret.
func (x *Exchange) scram(message []byte) (hide bool) {
	if x.taken == 1 {
		if rest, ok := x.gs2(message); ok {
			return !x.scramFirst(rest)
		}
	}
	_, proof, ok := bytes.Cut(message, []byte(",p="))
	if !ok {
		proof = message
	}
	x.Attempt.Secret = dissect.NewSecret(proof)
	return true
}

// scramFirst reads client-first-message-bare.
func (x *Exchange) scramFirst(bare []byte) bool {
	for _, attribute := range bytes.SplitN(bare, []byte(","), maxDirectives) {
		if name, ok := bytes.CutPrefix(attribute, []byte("n=")); ok {
			x.account(saslName(name))
			x.forgetOwnName()
			return true
		}
	}
	return false
}

// scramChallenge reads "r=...,s=...,i=4096".
func (x *Exchange) scramChallenge(message []byte) {
	for _, attribute := range bytes.SplitN(message, []byte(","), maxDirectives) {
		if count, ok := bytes.CutPrefix(attribute, []byte("i=")); ok {
			x.detail("iterations", Text(count))
		}
	}
}

// gs2 reads the header "n,a=authzid," (RFC 5801, section 4) and returns what
// follows it. Its flag is n: no channel binding, y: the client could and
// believes the server could not, p=name: bound to a TLS channel.
func (x *Exchange) gs2(message []byte) (rest []byte, ok bool) {
	part := bytes.SplitN(message, []byte(","), 3)
	if len(part) != 3 {
		return nil, false
	}
	flag, authzid, rest := part[0], part[1], part[2]
	switch {
	case string(flag) == "n":
	case string(flag) == "y", bytes.HasPrefix(flag, []byte("p=")):
		x.detail("channel-binding", Text(flag))
	default:
		return nil, false
	}
	name, ok := bytes.CutPrefix(authzid, []byte("a="))
	switch {
	case !ok:
	case x.Attempt.Mechanism == "OAUTHBEARER":
		x.account(saslName(name))
	default:
		x.detail("authzid", Text(saslName(name)))
	}
	return rest, true
}

// saslName undoes the escapes =2C and =3D of a name (RFC 5801, section 4).
func saslName(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("=2C"), []byte(","))
	return bytes.ReplaceAll(b, []byte("=3D"), []byte("="))
}
