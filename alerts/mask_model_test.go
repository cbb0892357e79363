package alerts_test

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// marks is what a model of masking hides of a text, byte by byte.
type marks struct {
	text   string
	hidden []bool
}

func newMarks(text string) *marks { return &marks{text, make([]bool, len(text))} }

func (m *marks) hide(from, to int) {
	for i := from; i < to; i++ {
		m.hidden[i] = true
	}
}

// at calls found for each place where s is: in a cut text the end of s may be
// missing, if three bytes of it are there.
func (m *marks) at(s string, found func(from, to int)) {
	cut := len(m.text) > dissect.MaxText-utf8.UTFMax
	for i := range len(m.text) {
		rest := m.text[i:]
		switch {
		case strings.HasPrefix(rest, s):
			found(i, i+len(s))
		case cut && len(rest) >= 3 && strings.HasPrefix(s, rest):
			found(i, len(m.text))
		}
	}
}

// coded hides all of the BASE64 around [from, to).
func (m *marks) coded(from, to int) {
	for from > 0 && digit64(m.text[from-1]) {
		from--
	}
	for to < len(m.text) && digit64(m.text[to]) {
		to++
	}
	for to < len(m.text) && m.text[to] == '=' {
		to++
	}
	m.hide(from, to)
}

// word hides s where it is a word of its own.
func (m *marks) word(s string) {
	letter := func(c byte) bool { return c >= 0x80 || c != '+' && c != '/' && digit64(c) }
	for i := range len(m.text) {
		end := i + len(s)
		if strings.HasPrefix(m.text[i:], s) && (i == 0 || !letter(m.text[i-1])) && (end == len(m.text) || !letter(m.text[end])) {
			m.hide(i, end)
		}
	}
}

func (m *marks) secret(s string) {
	encoded := base64.StdEncoding.EncodeToString([]byte(s))
	switch {
	case s == "":
		return
	case len(s) < 3:
		m.word(s)
		m.word(encoded)
		m.word(strings.TrimRight(encoded, "="))
		return
	}
	m.at(s, m.hide)
	for shift := range 3 {
		var core strings.Builder
		digits := b64(strings.Repeat("-", shift) + s + "---")
		for i := range digits {
			if first, last := 6*i, 6*i+5; first >= 8*shift && last < 8*(shift+len(s)) { // all its bits are of s
				core.WriteByte(digits[i])
			}
		}
		m.at(core.String(), m.coded)
	}
}

func (m *marks) String() string {
	var b strings.Builder
	for i, hidden := range m.hidden {
		switch {
		case !hidden:
			b.WriteByte(m.text[i])
		case i == 0 || !m.hidden[i-1]:
			b.WriteString(alerts.Mask)
		}
	}
	return b.String()
}

func digit64(c byte) bool {
	return strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", c) >= 0
}

// hiddenText makes a text of secrets, their parts and their BASE64, as a program
// of two bytes a step says.
func hiddenText(program []byte, secrets []string) string {
	var b strings.Builder
	for ; len(program) >= 2 && b.Len() < 2*dissect.MaxText; program = program[2:] {
		s := secrets[int(program[0]>>4)%len(secrets)]
		n := int(program[1]) % (len(s) + 1)
		switch program[0] & 7 {
		case 0:
			b.WriteString(s)
		case 1:
			b.WriteString(s[:n])
		case 2:
			b.WriteString(s[n:])
		case 3:
			b.WriteString(b64(s[n:] + s + s[:n]))
		case 4:
			b.WriteString(strings.TrimRight(b64(strings.Repeat("\x00", n)+s), "="))
		case 5:
			b.WriteString(strings.Repeat("-", int(program[1])))
		case 6:
			b.WriteString(" = "[:1+n%3])
		default:
			b.WriteByte(program[1])
		}
	}
	return b.String()
}

// checkMask holds what is left of a banner and of a quote, a part of which was
// sent in place of a secret, against the model.
func checkMask(t *testing.T, secrets []string, program []byte, from, to int) {
	t.Helper()
	text := hiddenText(program, secrets)
	text = text[:min(len(text), dissect.MaxText-from%utf8.UTFMax)] // perhaps before a character that did not fit
	from = min(from, len(text))
	to = max(from, min(to, len(text)))
	f := &dissect.Facts{Banner: text, MailCommand: &dissect.Quote{Text: text, Hide: dissect.Span{From: from, To: to}}}
	banner, quote := newMarks(text), newMarks(text)
	quote.hide(from, to)
	for _, s := range secrets {
		f.Auth = append(f.Auth, &dissect.Attempt{Secret: dissect.NewSecret([]byte(s))})
		banner.secret(s)
		quote.secret(s)
	}
	if sent := text[from:to]; len(sent) >= 3 {
		banner.at(sent, banner.hide)
		quote.at(sent, quote.hide)
	}
	alerts.NewRedactor(key).Redact(f)
	if diff := cmp.Diff([]string{banner.String(), quote.String()}, []string{f.Banner, f.MailCommand.Text}); diff != "" {
		t.Fatalf("%q of which %d to %d is hidden, without %q (-want +got):\n%s", text, from, to, secrets, diff)
	}
}

func TestMaskModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func(most int, letters string) string {
		b := make([]byte, random.IntN(most+1))
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		return string(b)
	}
	for range 5000 {
		letters := []string{"ab", "abc=", "\x00\x01\xff", "xyzXYZ019+/ "}[random.IntN(4)]
		secrets := []string{some(20, letters), some(6, letters), some(3, letters)}
		program := make([]byte, random.IntN(80))
		for i := range program {
			program[i] = byte(random.Uint32())
		}
		from := random.IntN(100)
		checkMask(t, secrets, program, from, from+random.IntN(20))
	}
}

// FuzzMaskModel holds masking against a model that looks at every place for
// every secret.
func FuzzMaskModel(f *testing.F) {
	f.Add("sesame", "same", "a", []byte("\x00\x00\x06\x01\x10\x00\x05\xff\x05\xf0\x03\x02\x01\x03"), uint16(3), uint16(9))
	f.Add("abcd", "cdab", "ab", []byte("\x00\x00\x10\x00\x06\x00\x20\x00\x14\x01"), uint16(0), uint16(0))
	f.Add("\x00\x00\x00", "\xff", "AA", []byte("\x03\x01\x00\x00\x13\x00\x24\x01"), uint16(1), uint16(500))
	f.Fuzz(func(t *testing.T, a, b, c string, program []byte, from, to uint16) {
		for _, s := range []string{a, b, c} {
			if len(s) > 100 || strings.ContainsAny(s, alerts.Mask) {
				return
			}
		}
		checkMask(t, []string{a, b, c}, program, int(from), int(to))
	})
}
