package managesieve

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// argument is an argument as it stands on a line.
type argument struct {
	value []byte
	at    dissect.Span // of the value as it was sent, quotes left out
}

// argumentAt reads the argument that begins at text[i] or behind spaces there:
// a quoted string, or an atom. It tells where it ends, and false where there is
// none.
func argumentAt(text []byte, i int) (a argument, next int, ok bool) {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
		i++
	}
	if i == len(text) {
		return a, i, false
	}
	if text[i] == '"' {
		value, n := quoted(text[i:])
		closed := i + n
		if n > 1 && text[closed-1] == '"' {
			closed--
		}
		return argument{value, dissect.Span{From: i + 1, To: max(i+1, closed)}}, i + n, true
	}
	next = len(text)
	if n := bytes.IndexAny(text[i:], " \t"); n >= 0 {
		next = i + n
	}
	return argument{text[i:next], dissect.Span{From: i, To: next}}, next, true
}

// quoted reads the quoted string that b begins with (RFC 5804, section 4), and
// tells how long it is there. One that is not closed goes to the end.
func quoted(b []byte) (value []byte, n int) {
	escaped := false
	for i := 1; i < len(b); i++ {
		switch {
		case b[i] == '\\' && i+1 < len(b):
			escaped = true
			i++
		case b[i] == '"':
			return unescape(b[1:i], escaped), i + 1
		}
	}
	return unescape(b[1:], escaped), len(b)
}

func unescape(b []byte, escaped bool) []byte {
	if !escaped {
		return b
	}
	plain := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			i++
		}
		plain = append(plain, b[i])
	}
	return plain
}

// mark is the announcement of a literal at the end of a line: {n+} of the
// client, {n} of the server (RFC 5804, section 4). No side waits for leave to
// send one, whatever its form.
type mark struct {
	at    int // where it begins in the line; its length where there is none
	found bool
	size  uint64
}

func literalMark(text []byte) mark {
	none := mark{at: len(text)}
	at := bytes.LastIndexByte(text, '{')
	if at < 0 || text[len(text)-1] != '}' || at > 0 && text[at-1] != ' ' {
		return none
	}
	digits := bytes.TrimSuffix(text[at+1:len(text)-1], []byte{'+'})
	if len(digits) == 0 {
		return none
	}
	m := mark{at: at, found: true}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return none
		}
		m.size = m.size*10 + uint64(c-'0')
		if m.size > maxLiteral {
			return none
		}
	}
	return m
}
