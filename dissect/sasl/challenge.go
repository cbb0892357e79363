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
			x.layer = digestLayer(value)
		case "cipher":
			x.detail("cipher", Text(value))
		case "authzid":
			x.detail("authzid", Text(value))
		case "response":
			x.Attempt.Secret = dissect.NewSecret(value)
		}
	}
	x.forgetOwnName()
	return true
}

// digestLayer returns what follows an exchange with a quality of protection.
func digestLayer(qop []byte) framing {
	switch strings.ToLower(string(qop)) {
	case "auth-int":
		return digestFrames
	case "auth-conf":
		return sealed
	}
	return noFrames
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

// quoted reads a quoted string whose first quote is gone. Some clients, curl
// among them, write a name as it is: a backslash that quotes nothing stands for
// itself, as in DOMAIN\user, and a quote ends the string only before a comma.
func quoted(b []byte) (value, rest []byte) {
	for i := 0; i < len(b); i++ {
		switch rest := b[i+1:]; {
		case b[i] == '\\' && len(rest) == 0: // half of a pair
			return value, nil
		case b[i] == '\\' && (rest[0] == '"' || rest[0] == '\\'):
			i++
		case b[i] == '"' && endsDirective(rest):
			return value, rest
		}
		value = append(value, b[i])
	}
	return value, nil
}

// endsDirective tells whether a directive can end before b.
func endsDirective(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) == 0 || b[0] == ','
}
