package smtp

import "bytes"

// verb is the first word of a command.
type verb uint8

const (
	noVerb verb = iota
	helo
	ehlo
	lhlo
	mail // and SEND, SOML, SAML (RFC 821, section 3.4)
	rcpt
	data
	bdat
	rset
	quit
	starttls // and Exchange's X-ANONYMOUSTLS, which TLS follows as well
	auth     // and Exchange's X-EXPS
	xexch50  // Exchange: binary properties of a message, XEXCH50 octets count
	burl     // RFC 4468
	vrfy
	expn
	turn // RFC 821, section 3.8
	etrn // RFC 1985
	atrn // RFC 2645
	xclient
	xforward
	mangled      // STARTTLS with some of its letters overwritten, if it is refused
	other        // known, and means nothing here
	endOfContent // no command, but answered like one
)

// toldNames are those of the verbs that events name.
var toldNames = [...]string{rcpt: "RCPT", vrfy: "VRFY", expn: "EXPN", turn: "TURN", etrn: "ETRN", atrn: "ATRN"}

func (v verb) String() string { return toldNames[v] }

// lookup returns the verb of a word in any case.
func lookup(word []byte) verb {
	var upper [14]byte
	if len(word) > len(upper) {
		return noVerb
	}
	for i, c := range word {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	switch string(upper[:len(word)]) {
	case "HELO":
		return helo
	case "EHLO":
		return ehlo
	case "LHLO":
		return lhlo
	case "MAIL", "SEND", "SOML", "SAML":
		return mail
	case "RCPT":
		return rcpt
	case "DATA":
		return data
	case "BDAT":
		return bdat
	case "RSET":
		return rset
	case "QUIT":
		return quit
	case "STARTTLS", "X-ANONYMOUSTLS":
		return starttls
	case "AUTH", "X-EXPS":
		return auth
	case "XEXCH50":
		return xexch50
	case "BURL":
		return burl
	case "VRFY":
		return vrfy
	case "EXPN":
		return expn
	case "TURN":
		return turn
	case "ETRN":
		return etrn
	case "ATRN":
		return atrn
	case "XCLIENT":
		return xclient
	case "XFORWARD":
		return xforward
	case "NOOP", "HELP", "X-LINK2STATE", "XADR", "XVRB":
		return other
	}
	return noVerb
}

// cutWord returns the first word of b and what follows, spaces skipped.
func cutWord(b []byte) (word, rest []byte) {
	b = trimLeft(b)
	for i, c := range b {
		if blank(c) {
			return b[:i], trimLeft(b[i:])
		}
	}
	return b, b[len(b):]
}

// blank tells a space or a tab. Package bytes would make a set of the two each
// time it trims, which takes longer than to read a word.
func blank(c byte) bool { return c == ' ' || c == '\t' }

func trimLeft(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	return b
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// isCommand tells whether a line is a command by the letter. Where a line may
// be something else as well, only such a one counts.
func isCommand(text []byte) bool {
	word, rest := cutWord(text)
	arg, more := cutWord(rest)
	switch lookup(word) {
	case noVerb:
		return false
	case helo, ehlo, lhlo:
		return len(arg) > 0 && len(more) == 0
	case mail:
		_, ok := cutColon(rest, "FROM")
		return ok
	case rcpt:
		_, ok := cutColon(rest, "TO")
		return ok
	case bdat:
		_, _, ok := parseChunk(rest)
		return ok
	case auth:
		return len(arg) > 0
	case data, rset, quit, starttls:
		return len(arg) == 0
	}
	return true
}

// cutColon cuts "FROM:" or "TO:" off an argument. Spaces about the colon are
// tolerated (RFC 5321, section 3.3 forbids them; programs send them).
func cutColon(b []byte, word string) (rest []byte, ok bool) {
	if len(b) < len(word) || !bytes.EqualFold(b[:len(word)], []byte(word)) {
		return nil, false
	}
	b = trimLeft(b[len(word):])
	if len(b) == 0 || b[0] != ':' {
		return nil, false
	}
	return trimLeft(trimRight(b[1:])), true
}
