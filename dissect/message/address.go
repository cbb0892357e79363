package message

import (
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
