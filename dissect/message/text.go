package message

import (
	"io"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/mailtap/mailtap/dissect"
)

// maxRawText is how much of a field is decoded: encoded words (RFC 2047) take
// up to eight times the room of what they say.
const maxRawText = 8 * dissect.MaxText

var words = mime.WordDecoder{CharsetReader: charsetReader}

// decodeText reads an unstructured field (RFC 5322, section 2.2.1) that may
// hold encoded words or, against the rules, bytes over 0x7f.
func decodeText(b []byte) string {
	s := decodeWords(clip(toUTF8(b), maxRawText))
	return clip(clean(s), dissect.MaxText)
}

// wholeRunes drops a last character of which only the beginning is there.
func wholeRunes(b []byte) []byte {
	for n := len(b) - 1; n >= 0 && n > len(b)-utf8.UTFMax; n-- {
		if utf8.RuneStart(b[n]) {
			if !utf8.FullRune(b[n:]) {
				return b[:n]
			}
			break
		}
	}
	return b
}

// toUTF8 reads bytes of an unknown character set: UTF-8 if they are, else
// windows-1252, the commonest of the others.
func toUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	s, _ := charmap.Windows1252.NewDecoder().Bytes(b) // defined for every byte
	return string(s)
}

// charsetReader knows the sets that mime does not. The name may carry a
// language (RFC 2231, section 5).
func charsetReader(name string, r io.Reader) (io.Reader, error) {
	name, _, _ = strings.Cut(name, "*")
	if name != "utf-8" {
		if set := charset(name); set != nil {
			return set.NewDecoder().Reader(r), nil
		}
	}
	b, err := io.ReadAll(r)
	return strings.NewReader(toUTF8(b)), err
}

func charset(name string) encoding.Encoding {
	// The index of HTML has the sets as they are used, but disables some.
	if set, err := htmlindex.Get(name); err == nil && set != encoding.Replacement {
		return set
	}
	set, err := ianaindex.MIME.Encoding(name)
	if err != nil {
		return nil
	}
	return set
}

// clean takes line ends, tabs and other control characters out.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s))
}

// clip bounds s without breaking a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// word is an encoded word (RFC 2047, section 2). The zero value is none.
type word struct{ charset, encoding, text string }

// decode returns what w says. cutWord has tried it.
func (w word) decode() string {
	if w == (word{}) {
		return ""
	}
	s, _ := words.Decode(w.String())
	return s
}

func (w word) String() string { return "=?" + w.charset + "?" + w.encoding + "?" + w.text + "?=" }

// decodeWords decodes the encoded words in s and leaves the rest as it is.
// Neighbours in the same character set are decoded as one: many programs break
// a long text within a character, against section 5.
func decodeWords(s string) string {
	var out strings.Builder
	var last word
	for {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		next, rest, ok := cutWord(s[i+2:])
		neighbours := last != word{} && strings.TrimSpace(s[:i]) == ""
		switch {
		case !ok:
			out.WriteString(last.decode() + s[:i+2])
			last, rest = word{}, s[i+2:]
		case neighbours && last.joins(next):
			last.text += next.text
		case neighbours:
			out.WriteString(last.decode()) // section 6.2: the space between them goes away
			last = next
		default:
			out.WriteString(apart(last, s[:i]))
			if i > 0 && !endsInSpace(s[:i]) {
				out.WriteByte(' ')
			}
			last = next
		}
		s = rest
	}
	return out.String() + apart(last, s)
}

// apart sets text apart from the word before it. Section 5 asks for white
// space between a word and other text; where a program forgot it, it meant it.
func apart(last word, text string) string {
	if last == (word{}) {
		return text
	}
	if text != "" && !startsWithSpace(text) {
		text = " " + text
	}
	return last.decode() + text
}

func startsWithSpace(s string) bool { return s[0] == ' ' || s[0] == '\t' }
func endsInSpace(s string) bool     { return s[len(s)-1] == ' ' || s[len(s)-1] == '\t' }

// cutWord reads a word whose "=?" is gone. It pads BASE64.
func cutWord(s string) (w word, rest string, ok bool) {
	charset, s, ok1 := strings.Cut(s, "?")
	encoding, s, ok2 := strings.Cut(s, "?")
	text, rest, ok3 := strings.Cut(s, "?=")
	if !ok1 || !ok2 || !ok3 || len(encoding) != 1 {
		return word{}, "", false
	}
	if strings.EqualFold(encoding, "B") {
		text = strings.TrimRight(text, "=")
		text += strings.Repeat("=", -len(text)&3)
	}
	w = word{charset, encoding, text}
	_, err := words.Decode(w.String())
	return w, rest, err == nil
}

// joins tells whether the text of next may be appended to w's.
func (w word) joins(next word) bool {
	return strings.EqualFold(w.charset, next.charset) && strings.EqualFold(w.encoding, next.encoding) &&
		!strings.HasSuffix(w.text, "=")
}
