package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// path reads the path of MAIL or RCPT (RFC 5321, section 4.1.2): with or
// without brackets, a source route and parameters dropped.
func path(arg []byte) string {
	token := arg[:pathEnd(arg, ' ')]
	if len(token) > 0 && token[0] != '<' && bytes.IndexByte(token, '@') < 0 {
		// Some programs send a display name before the brackets.
		if i := bytes.IndexByte(arg, '<'); i >= 0 {
			token = arg[i:]
		}
	}
	if len(token) > 0 && token[0] == '<' {
		token = bytes.TrimLeft(arg[bytes.IndexByte(arg, '<'):], "< \t")
		token = token[:pathEnd(token, '>')]
	}
	token = bytes.Trim(dropRoute(token), " \t")
	return string(token[:min(len(token), dissect.MaxText)])
}

// pathEnd returns where a path ends: at end, but not within a quoted local
// part (RFC 5321, section 4.1.2).
func pathEnd(b []byte, end byte) int {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == end || end == ' ' && c == '\t'):
			return i
		}
	}
	return len(b)
}

// dropRoute cuts "@one,@two:" off a path (RFC 5321, appendix C). A colon may
// also stand within an address literal.
func dropRoute(b []byte) []byte {
	if len(b) == 0 || b[0] != '@' {
		return b
	}
	literal := false
	for i, c := range b {
		switch c {
		case '[':
			literal = true
		case ']':
			literal = false
		case ':':
			if !literal {
				return b[i+1:]
			}
		}
	}
	return b
}
