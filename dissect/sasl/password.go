package sasl

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/mailtap/mailtap/dissect"
)

// plain reads authzid NUL authcid NUL passwd (RFC 4616, section 2). Some
// clients fill in the authzid alone.
func (x *Exchange) plain(message []byte) (hide bool) {
	authzid, rest, _ := bytes.Cut(message, []byte{0})
	authcid, password, ok := bytes.Cut(rest, []byte{0})
	if !ok || bytes.IndexByte(password, 0) >= 0 {
		x.detail("message", "malformed")
		return x.opaque(message)
	}
	if len(authcid) == 0 {
		authcid = authzid
	}
	x.account(authcid)
	if !bytes.Equal(authzid, authcid) {
		x.detail("authzid", Text(authzid))
	}
	x.Attempt.Secret = dissect.NewSecret(password)
	return true
}

// login reads the answers of LOGIN (draft-murchison-sasl-login): the account,
// then the password. The prompts differ from server to server and language to
// language, so only the order counts. An initial response is the account; an
// empty one leaves the question to the server. Some clients write both there.
func (x *Exchange) login(text, message []byte, ok, initial bool) (hide bool) {
	if initial && ok && len(message) == 0 {
		return false
	}
	name, password, both := bytes.Cut(bytes.Trim(text, " \t"), []byte{' '})
	if initial && both && x.taken == 0 {
		x.Client(name, false)
		x.Client(bytes.TrimLeft(password, " \t"), false)
		return true
	}
	x.taken++
	if !ok {
		message = text
		x.detail("encoding", "raw")
	}
	switch x.taken {
	case 1:
		return x.loginAccount(text, message, ok)
	case 2:
		if x.raw && !decoded(text, message) {
			message = text
		}
		x.Attempt.Secret = dissect.NewSecret(message)
	}
	return true
}

// loginAccount takes the first answer. What does not look like a decoded name
// is taken as it stood, and not shown: the client has lost the order, too.
func (x *Exchange) loginAccount(text, name []byte, ok bool) (hide bool) {
	if ok && !decoded(text, name) {
		name, ok = text, false
		x.detail("encoding", "raw")
	}
	x.raw = !ok
	x.account(name)
	return !ok
}

// decoded tells whether b, decoded from text, may be what was meant. Text that
// was never BASE64 seldom decodes to a name: "joe" gives two control characters
// of ISO 8859-1.
func decoded(text, b []byte) bool {
	if !isName(b) {
		return false
	}
	const quantum = 4
	if utf8.Valid(b) || len(bytes.TrimRight(text, " \t"))%quantum != 0 {
		return utf8.Valid(b)
	}
	for _, c := range b {
		if 0x80 <= c && c < 0xa0 {
			return false
		}
	}
	return true
}

// isName tells whether b may be a user name.
func isName(b []byte) bool {
	for _, c := range bytes.TrimRight(b, "\r\n\x00") {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// nameOnly reads EXTERNAL, whose message is an authzid (RFC 4422, appendix A),
// and ANONYMOUS, whose message is a trace (RFC 4505, section 2).
func (x *Exchange) nameOnly(message []byte) (hide bool) {
	if !utf8.Valid(message) || !isName(message) {
		return x.opaque(message)
	}
	x.account(message)
	return false
}

// oneTime reads OTP, whose first message is "authzid NUL authcid" (RFC 2444,
// section 3), and SKEY, whose first is a name (RFC 2222, section 7.3). The
// password follows.
func (x *Exchange) oneTime(message []byte) (hide bool) {
	if x.taken > 1 {
		return x.opaque(message)
	}
	authzid, authcid, ok := bytes.Cut(message, []byte{0})
	if !ok {
		return x.nameOnly(message)
	}
	if len(authcid) == 0 {
		authcid = authzid
	}
	if !bytes.Equal(authzid, authcid) {
		x.detail("authzid", Text(authzid))
	}
	return x.nameOnly(authcid)
}

// oauth reads the tokens of XOAUTH2, "user=joe^Aauth=Bearer token^A^A", and
// OAUTHBEARER, "n,a=joe,^Aauth=Bearer token^A^A" (RFC 7628, section 3.1). The
// lone ^A that answers an error holds nothing.
func (x *Exchange) oauth(message []byte) (hide bool) {
	if len(message) == 1 && message[0] == 1 {
		return false
	}
	for i, field := range bytes.SplitN(message, []byte{1}, maxDirectives) {
		key, value, _ := bytes.Cut(field, []byte("="))
		switch {
		case bytes.EqualFold(key, []byte("user")):
			x.account(value)
		case bytes.EqualFold(key, []byte("auth")):
			x.Attempt.Secret = dissect.NewSecret(bearer(value))
		case i == 0:
			x.gs2(field)
		}
	}
	if !x.Attempt.Secret.Present() && isToken(message) {
		x.opaque(message)
	}
	return true // a client that gives the exchange up may say anything
}

// isToken tells what can be a token, sent alone (RFC 6750, section 2.1), and is no
// command of a mail protocol.
func isToken(b []byte) bool {
	const shortest = 16
	for _, c := range b {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || bytes.IndexByte([]byte("-._~+/="), c) >= 0) {
			return false
		}
	}
	return len(b) >= shortest
}

// bearer cuts the scheme off a token (RFC 6750, section 2.1).
func bearer(value []byte) []byte {
	const scheme = "Bearer "
	if len(value) >= len(scheme) && bytes.EqualFold(value[:len(scheme)], []byte(scheme)) {
		value = value[len(scheme):]
	}
	return bytes.Trim(value, " ")
}

// oauthError reads why a server refuses a token: {"status":"invalid_token"}
// (RFC 7628, section 3.2.2).
func (x *Exchange) oauthError(message []byte) {
	var reason struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(message, &reason) == nil {
		x.detail("error", Text([]byte(reason.Status)))
	}
}
