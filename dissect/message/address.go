package message

import (
	"bytes"
	"net/mail"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

var addresses = mail.AddressParser{WordDecoder: &words}

// addressList reads the addresses of a field (RFC 5322, section 3.4), without
// the names beside them. What breaks the grammar is read piece by piece.
func addressList(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	if list, ok := plainAddresses(b); ok {
		return list
	}
	var list []string
	s := toUTF8(b)
	parsed, err := addresses.ParseList(s)
	if err != nil {
		return looseAddresses(s)
	}
	for _, a := range parsed {
		list = append(list, clip(clean(a.Address), dissect.MaxText))
	}
	return list
}

// plainAddresses reads what nearly every field holds, addresses of dots and
// atoms, each alone or in angle brackets behind words, as the full grammar does.
// It reports whether b was no more than that.
func plainAddresses(b []byte) (list []string, ok bool) {
	list = make([]string, 0, 1+bytes.Count(b, []byte{','}))
	for more := true; more; {
		var piece []byte
		piece, b, more = bytes.Cut(b, []byte{','})
		piece = bytes.Trim(piece, " ")
		if i := bytes.IndexByte(piece, '<'); i >= 0 {
			if piece[len(piece)-1] != '>' || !isWords(piece[:i]) {
				return nil, false
			}
			piece = piece[i+1 : len(piece)-1]
		}
		local, domain, _ := bytes.Cut(piece, []byte{'@'})
		if !isDotAtom(local) || !isDotAtom(domain) || len(piece) > dissect.MaxText {
			return nil, false
		}
		list = append(list, string(piece))
	}
	return list, true
}

// isWords tells a display name of letters and digits, or none.
func isWords(b []byte) bool {
	for _, c := range b {
		if c != ' ' && !isAlphanumeric(c) {
			return false
		}
	}
	return true
}

// isDotAtom tells a dot-atom (RFC 5322, section 3.2.3) of common characters.
func isDotAtom(b []byte) bool {
	dot := true
	for _, c := range b {
		switch {
		case c == '.' && dot:
			return false
		case c != '.' && c != '-' && c != '_' && c != '+' && !isAlphanumeric(c):
			return false
		}
		dot = c == '.'
	}
	return !dot
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// looseAddresses takes what stands in angle brackets, or else looks most like
// an address, from each piece between commas.
func looseAddresses(s string) []string {
	var list []string
	for s != "" {
		var piece string
		piece, s = cutAddress(s)
		if a := clip(clean(looseAddress(piece)), dissect.MaxText); a != "" {
			list = append(list, a)
		}
	}
	return list
}

// cutAddress cuts s at the first comma or semicolon that is not quoted.
func cutAddress(s string) (piece, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ',', ';':
			if !quoted {
				return s[:i], s[i+1:]
			}
		}
	}
	return s, ""
}

func looseAddress(piece string) string {
	if i := strings.LastIndexByte(piece, '<'); i >= 0 {
		piece, _, _ = strings.Cut(piece[i+1:], ">")
		return piece
	}
	if i := strings.IndexByte(piece, '('); i > 0 {
		piece = piece[:i] // a comment
	}
	tokens := strings.Fields(piece)
	for _, t := range tokens {
		if strings.Contains(t, "@") {
			return strings.Trim(t, `"'()[]`)
		}
	}
	if len(tokens) == 1 {
		return tokens[0]
	}
	return ""
}
