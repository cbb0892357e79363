package pop3

import "bytes"

// verb is a command that is known.
type verb uint8

const (
	noVerb verb = iota
	user
	pass
	apop
	auth
	authList // AUTH without a mechanism: the server lists them
	capa
	stls
	quit
	retr
	top
	uidl
	listing // LIST
	lang
	xtnd    // XTND, of servers before RFC 1939
	xmit    // XTND XMIT: the client sends a message
	mailbox // other commands that work on mail: STAT, DELE, LAST
	other   // the rest: NOOP, RSET, UTF8
)

// syntax says what may stand behind a verb.
type syntax uint8

const (
	bare     syntax = iota // nothing
	optional               // nothing or an argument
	argument
)

var verbs = [...]struct {
	name   string
	verb   verb
	syntax syntax
}{
	{"USER", user, argument},
	{"PASS", pass, argument},
	{"APOP", apop, argument},
	{"AUTH", auth, optional},
	{"CAPA", capa, bare},
	{"STLS", stls, bare},
	{"QUIT", quit, bare},
	{"STAT", mailbox, bare},
	{"LIST", listing, optional},
	{"UIDL", uidl, optional},
	{"RETR", retr, argument},
	{"TOP", top, argument},
	{"DELE", mailbox, argument},
	{"LAST", mailbox, bare}, // RFC 1460
	{"NOOP", other, bare},
	{"RSET", other, bare},
	{"UTF8", other, bare},
	{"LANG", lang, optional},
	{"XTND", xtnd, argument},
}

// parsed is a command line in its parts.
type parsed struct {
	verb verb
	name string // of the verb, in upper case; "" if it is not known
	rest []byte // behind the one space that ends the verb
	fits bool   // what stands behind the verb agrees with its syntax
}

// blanks separate words. Strangers use tabs, and more than one.
const blanks = " \t"

// parse reads a command line. Verbs are in any case (RFC 1939, section 3).
func parse(text []byte) parsed {
	word, rest := cutWord(bytes.TrimLeft(text, blanks))
	hasArgument := len(bytes.Trim(rest, blanks)) > 0
	for _, v := range &verbs {
		if bytes.EqualFold(word, []byte(v.name)) {
			fits := v.syntax == optional || hasArgument == (v.syntax == argument)
			return parsed{v.verb, v.name, rest, fits}
		}
	}
	return parsed{rest: rest}
}

// cutWord cuts text behind its first word and one blank.
func cutWord(text []byte) (word, rest []byte) {
	i := bytes.IndexAny(text, blanks)
	if i < 0 {
		return text, text[len(text):]
	}
	return text[:i], text[i+1:]
}
