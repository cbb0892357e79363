package alerts

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// Mask stands where a secret stood, whatever its length was.
const Mask = "••••••••"

// minPart is the length from which a secret is masked within longer words too.
// A shorter one would blot out half of every text.
const minPart = 3

// maxWord is the longest form of a shorter secret: two bytes in BASE64.
const maxWord = 4

// A masker finds secrets in text. Secrets are added, then build is called.
type masker struct {
	plain   needles
	encoded needles         // what secrets look like within BASE64
	words   map[string]bool // secrets shorter than minPart, plain and in BASE64
	begins  beginnings      // of plain and encoded
	spans   []dissect.Span
}

func (m *masker) empty() bool {
	return len(m.plain.sorted) == 0 && len(m.words) == 0
}

// addSecret adds a secret, and its BASE64 forms.
func (m *masker) addSecret(s string) {
	switch {
	case s == "":
	case len(s) < minPart:
		if m.words == nil {
			m.words = make(map[string]bool)
		}
		m.words[s] = true
		m.words[base64.StdEncoding.EncodeToString([]byte(s))] = true
		m.words[base64.RawStdEncoding.EncodeToString([]byte(s))] = true
	default:
		m.plain.add(s)
		m.encoded.addCores(s)
	}
}

// addSent adds what crossed in place of a secret: a whole SASL response, a
// quoted string. Short ones mean nothing of their own ("=", "*").
func (m *masker) addSent(s string) {
	if len(s) >= minPart {
		m.plain.add(s)
	}
}

// reset forgets all secrets.
func (m *masker) reset() {
	m.plain.reset()
	m.encoded.reset()
	clear(m.words)
	clear(m.begins[:])
}

func (m *masker) build() {
	m.plain.build(&m.begins)
	m.encoded.build(&m.begins)
}

// groupSize is how many bytes BASE64 takes together.
const groupSize = 3

// addCores adds the digits that s gives within longer BASE64, where it begins 0,
// 1 or 2 bytes into a group: those that depend on no neighbour.
func (n *needles) addCores(s string) {
	var in [64]byte // a secret is seldom longer
	var out [3 * 88]byte
	digits := out[:0]
	var ends [groupSize]int
	for shift := range groupSize {
		from := len(digits)
		digits = base64.RawStdEncoding.AppendEncode(digits, append(in[:shift], s...))
		first := [groupSize]int{0, 2, 3}[shift]
		size := (shift+len(s))*8/6 - first
		copy(digits[from:], digits[from+first:][:size])
		digits = digits[:from+size]
		ends[shift] = len(digits)
	}
	all, from := string(digits), 0
	for _, end := range ends {
		n.add(all[from:end])
		from = end
	}
}

// mask returns text with hide and all secrets replaced.
func (m *masker) mask(text string, hide dissect.Span) string {
	m.spans = m.spans[:0]
	if hide = within(hide, len(text)); hide.From < hide.To {
		m.spans = append(m.spans, hide)
	}
	if !m.empty() {
		m.find(text)
	}
	if len(m.spans) == 0 {
		return text
	}
	slices.SortFunc(m.spans, func(a, b dissect.Span) int { return cmp.Compare(a.From, b.From) })
	var b strings.Builder
	b.Grow(len(text) + len(Mask))
	end := -1 // of the spans so far
	for _, s := range m.spans {
		if s.From > end {
			b.WriteString(text[max(end, 0):s.From])
			b.WriteString(Mask)
		}
		end = max(end, s.To)
	}
	b.WriteString(text[end:])
	return b.String()
}

func (m *masker) find(text string) {
	cut := len(text) >= min(dissect.MaxText, dissect.MaxQuote)
	after := 0 // of the last BASE64 that was found
	begins := uint32(0)
	for i := 1 - minPart; i+minPart <= len(text); i++ {
		begins = begins>>8 | uint32(text[i+minPart-1])<<16 // the first minPart bytes from i on
		if i < 0 || !m.begins.has(begins) {
			continue
		}
		if n := m.plain.longest(text[i:], cut); n > 0 {
			m.spans = append(m.spans, dissect.Span{From: i, To: i + n})
		}
		if i >= after {
			if n := m.encoded.longest(text[i:], cut); n > 0 {
				s := digitsAround(text, i, i+n)
				m.spans = append(m.spans, s)
				after = s.To
			}
		}
	}
	if len(m.words) == 0 {
		return
	}
	for i := range len(text) {
		if n := m.word(text, i); n > 0 {
			m.spans = append(m.spans, dissect.Span{From: i, To: i + n})
		}
	}
}

// word returns the length of the short secret that stands at i as a word.
func (m *masker) word(text string, i int) int {
	if i > 0 && inWord(text[i-1]) {
		return 0
	}
	for n := min(maxWord, len(text)-i); n > 0; n-- {
		end := i + n
		if m.words[text[i:end]] && (end == len(text) || !inWord(text[end])) {
			return n
		}
	}
	return 0
}

func inWord(c byte) bool { return c >= 0x80 || isDigit64(c) && c != '+' && c != '/' }

// digitsAround widens [from, to) to all of the BASE64 that it lies in.
func digitsAround(text string, from, to int) dissect.Span {
	for from > 0 && isDigit64(text[from-1]) {
		from--
	}
	for to < len(text) && isDigit64(text[to]) {
		to++
	}
	for to < len(text) && text[to] == '=' {
		to++
	}
	return dissect.Span{From: from, To: to}
}

func isDigit64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

// needles is a set of strings that finds which of them a text begins with. A
// session of a thousand guesses has thousands, so they are not tried in turn.
type needles struct {
	sorted []string
	parent []int // of each, the longest other one that it begins with; -1: none
}

func (n *needles) add(s string) { n.sorted = append(n.sorted, s) }

func (n *needles) reset() {
	clear(n.sorted)
	n.sorted, n.parent = n.sorted[:0], n.parent[:0]
}

func (n *needles) build(begins *beginnings) {
	slices.Sort(n.sorted)
	n.sorted = slices.Compact(n.sorted)
	n.parent = n.parent[:0]
	for i, s := range n.sorted {
		begins.add(s)
		p := i - 1
		for p >= 0 && !strings.HasPrefix(s, n.sorted[p]) {
			p = n.parent[p]
		}
		n.parent = append(n.parent, p)
	}
}

// longest returns the length of the longest needle that text begins with. In a
// cut text a needle may also be cut by its end.
func (n *needles) longest(text string, cut bool) int {
	k, found := slices.BinarySearch(n.sorted, text)
	if found {
		return len(text)
	}
	if cut && len(text) >= minPart && k < len(n.sorted) && strings.HasPrefix(n.sorted[k], text) {
		return len(text)
	}
	// What sorts before text and is the beginning of it, is also the beginning
	// of all that sorts between the two.
	for k--; k >= 0; k = n.parent[k] {
		if strings.HasPrefix(text, n.sorted[k]) {
			return len(n.sorted[k])
		}
	}
	return 0
}

// beginnings remembers how needles begin, a bit for each hash of their first
// minPart bytes, which all have. Most places of a text begin none.
type beginnings [beginningBits / 64]uint64

// beginningBits is the size of beginnings: the needles of a session of a
// thousand guesses leave half of it empty.
const beginningBits = 1 << 13

func (b *beginnings) add(s string) {
	h := hashBeginning(uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16)
	b[h/64] |= 1 << (h % 64)
}

func (b *beginnings) has(begin uint32) bool {
	h := hashBeginning(begin)
	return b[h/64]&(1<<(h%64)) != 0
}

// hashBeginning multiplies by the golden ratio and keeps the upper bits.
func hashBeginning(begin uint32) uint32 { return begin * 0x9e3779b1 >> 19 }
