package sasl

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/mailtap/mailtap/dissect"
)

// MaxMessage is how much of a decoded message is kept: what a line of the
// greatest length that is kept can hold.
const MaxMessage = 48 << 10

// decode reads a message as it stood on the line. Real clients leave the
// padding out, or write spaces behind it. "=" is the empty message (RFC 4954,
// section 4; RFC 4959, section 3).
func decode(text []byte) (message []byte, ok bool) {
	text = bytes.Trim(text, " \t\r\n")
	text = bytes.TrimRight(text, "=")
	if len(text) > base64.RawStdEncoding.EncodedLen(MaxMessage) {
		text = text[:base64.RawStdEncoding.EncodedLen(MaxMessage)]
	}
	if len(text) == 0 {
		return nil, true
	}
	message = make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(message, text)
	if err != nil {
		return nil, false
	}
	return message[:n], true
}

// Text turns the bytes of a name into valid UTF-8 of at most dissect.MaxText
// bytes. What is not UTF-8 is read as ISO 8859-1, so that different names stay
// different.
func Text(b []byte) string {
	b = b[:min(len(b), dissect.MaxText)]
	if utf8.Valid(b) {
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return clip(string(runes))
}

// clip bounds s without breaking a character.
func clip(s string) string {
	if len(s) <= dissect.MaxText {
		return s
	}
	n := dissect.MaxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
