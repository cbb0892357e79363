package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mistake is one thing that is wrong with a file.
type Mistake struct {
	File string
	At   Place
	Text string
}

func (m Mistake) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.At.Line, m.At.Column, m.Text)
}

// Mistakes are what Parse returns as its error: all of a file, in its order, at
// most MaxMistakes and one that says so.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].String()
	}
	return strings.Join(lines, "\n")
}

// maxMessage is how many characters say what is wrong.
const maxMessage = 400

// wrong notes a mistake. What it quotes of the file may be long and go to a
// terminal.
func (r *reader) wrong(at Place, format string, args ...any) {
	text := []rune(fmt.Sprintf(format, args...))
	if len(text) > maxMessage {
		text = append(text[:maxMessage], []rune("...")...)
	}
	for i, c := range text {
		if !unicode.IsPrint(c) {
			text[i] = unicode.ReplacementChar
		}
	}
	r.mistakes = append(r.mistakes, Mistake{r.policy.Name, at, string(text)})
}

// list returns the mistakes in order, or nil.
func (r *reader) list() error {
	if len(r.mistakes) == 0 {
		return nil
	}
	slices.SortStableFunc(r.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	if more := len(r.mistakes) - MaxMistakes; more > 0 {
		last := r.mistakes[MaxMistakes]
		last.Text = fmt.Sprintf("and %d more mistakes", more)
		r.mistakes = append(r.mistakes[:MaxMistakes], last)
	}
	return r.mistakes
}

// place returns where a byte of the file stands.
func (r *reader) place(offset int) Place {
	before := r.src[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Place{1 + bytes.Count(before, []byte{'\n'}), 1 + utf8.RuneCount(before[start:])}
}
