package sasl

import (
	"bytes"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// cramMD5 reads "user digest" (RFC 2195, section 2). The name may hold spaces.
func (x *Exchange) cramMD5(message []byte) (hide bool) {
	i := bytes.LastIndexByte(message, ' ')
	if i < 0 {
		return x.opaque(message)
	}
	x.account(message[:i])
	x.Attempt.Secret = dissect.NewSecret(message[i+1:])
	return true
}

// maxDirectives is how many fields of a message are read; DIGEST-MD5, with the
// most, has a dozen (RFC 2831, section 2.1.2).
const maxDirectives = 32

// digestMD5 reads the directives of a response (RFC 2831, section 2.1.2). The
// second, empty response is none.
func (x *Exchange) digestMD5(message []byte) (hide bool) {
	x.opaque(message)
	for range maxDirectives {
		var key, value []byte
		key, value, message = directive(message)
		if len(key) == 0 {
			break
		}
		switch strings.ToLower(string(key)) {
		case "username":
			x.account(value)
		case "realm":
			x.detail("realm", Text(value))
		case "qop":
			x.detail("qop", Text(value))
		case "authzid":
			x.detail("authzid", Text(value))
		case "response":
			x.Attempt.Secret = dissect.NewSecret(value)
		}
	}
	return true
}

// directive cuts key=value or key="value" off b.
func directive(b []byte) (key, value, rest []byte) {
	b = bytes.TrimLeft(b, ", \t\r\n")
	key, rest, ok := bytes.Cut(b, []byte("="))
	if !ok {
		return nil, nil, nil
	}
	key = bytes.TrimRight(key, " \t")
	rest = bytes.TrimLeft(rest, " \t")
	if len(rest) == 0 || rest[0] != '"' {
		value, rest, _ = bytes.Cut(rest, []byte(","))
		return key, bytes.TrimRight(value, " \t\r\n"), rest
	}
	value, rest = quoted(rest[1:])
	return key, value, rest
}

// quoted reads a quoted string whose first quote is gone.
func quoted(b []byte) (value, rest []byte) {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			return value, b[i+1:]
		case '\\':
			if i++; i == len(b) {
				return value, nil
			}
		}
		value = append(value, b[i])
	}
	return value, nil
}

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
