package alerts

import (
	"cmp"
	"encoding/base64"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/mailtap/mailtap/dissect"
)

// Mask stands where a secret stood, whatever its length was.
const Mask = "••••••••"

// minPart is the length from which a secret is masked within longer words too.
// A shorter one would blot out half of every text.
const minPart = 3

// maxWord is the longest form of a shorter secret: two bytes in BASE64.
const maxWord = 4

// maxStep bounds a masker's step: to add more parts takes as long as looking at
// the places between.
const maxStep = 8

// leastCut is the length from which a text may have been cut, perhaps before a
// character that did not fit.
const leastCut = min(dissect.MaxText, dissect.MaxQuote) - utf8.UTFMax + 1

// A masker finds secrets in text. Secrets are added, then build is called.
type masker struct {
	plain   needles
	encoded needles         // what secrets look like within BASE64
	words   map[string]bool // secrets shorter than minPart, plain and in BASE64

	// Each needle has step places at which minPart of its bytes follow: a text
	// in which no step-th place begins with such a part holds no needle. Nor
	// does one with less than least bytes.
	least  int
	step   int
	inner  parts // those of plain and encoded at these places
	begins parts // those that plain and encoded begin with

	spans []dissect.Span
	text  []byte // what is made of the last text

	sent, masked string // the last line that held a secret, and what was made of it
	hide         dissect.Span
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
	m.sent, m.masked = "", ""
	if m.empty() {
		return
	}
	m.plain.reset()
	m.encoded.reset()
	clear(m.words)
	clear(m.inner[:])
	clear(m.begins[:])
}

func (m *masker) build() {
	m.plain.build()
	m.encoded.build()
	m.least = math.MaxInt
	for _, n := range [...]*needles{&m.plain, &m.encoded} {
		for _, one := range n.sorted {
			m.least = min(m.least, one.to-one.from)
		}
	}
	m.step = min(m.least-minPart+1, maxStep)
	for _, n := range [...]*needles{&m.plain, &m.encoded} {
		for _, one := range n.sorted {
			m.begins.add(partAt(n.text, one.from))
			for i := range m.step {
				m.inner.add(partAt(n.text, one.from+i))
			}
		}
	}
}

// mask returns text with hide and all secrets replaced, and whether there were
// any.
func (m *masker) mask(text string, hide dissect.Span) (masked string, found bool) {
	m.spans = m.spans[:0]
	if hide = within(hide, len(text)); hide.From < hide.To {
		m.spans = append(m.spans, hide)
	}
	m.find(text)
	m.findWords(text)
	if len(m.spans) == 0 {
		return text, false
	}
	if len(m.spans) > 1 {
		slices.SortFunc(m.spans, func(a, b dissect.Span) int { return cmp.Compare(a.From, b.From) })
	}
	m.text = m.text[:0]
	end := -1 // of the spans so far
	for _, s := range m.spans {
		if s.From > end {
			m.text = append(append(m.text, text[max(end, 0):s.From]...), Mask...)
		}
		end = max(end, s.To)
	}
	m.text = append(m.text, text[end:]...)
	if string(m.text) == Mask {
		return Mask, true
	}
	return string(m.text), true
}

// quote masks a line. A transcript repeats those of the attempts, so that what
// was made of the last one often serves again.
func (m *masker) quote(q *dissect.Quote) {
	if m.masked != "" && q.Hide == m.hide && q.Text == m.sent {
		q.Text = m.masked
	} else if text, found := m.mask(q.Text, q.Hide); found {
		m.sent, m.hide, m.masked = q.Text, q.Hide, text
		q.Text = text
	}
	if q.Hide != (dissect.Span{}) {
		q.Hide = dissect.Span{}
	}
}

// find looks at every step-th place for a part of a needle, and where there is
// one at the places where that needle may begin. In a cut text a needle may be
// cut, too, so there all places are looked at.
func (m *masker) find(text string) {
	step, cut := m.step, len(text) >= leastCut
	switch {
	case cut:
		step = 1
	case len(text) < m.least:
		return
	}
	after := 0 // of the last BASE64 that was found
	for last := step - 1; last+minPart <= len(text); last += step {
		if !m.inner.has(partAt(text, last)) {
			continue
		}
		for i := last - step + 1; i <= last; i++ {
			if !m.begins.has(partAt(text, i)) {
				continue
			}
			if n := m.plain.longest(text[i:], cut); n > 0 {
				m.spans = append(m.spans, dissect.Span{From: i, To: i + n})
			}
			if i < after {
				continue
			}
			if n := m.encoded.longest(text[i:], cut); n > 0 {
				s := digitsAround(text, i, i+n)
				m.spans = append(m.spans, s)
				after = s.To
			}
		}
	}
}

func (m *masker) findWords(text string) {
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
