package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/mailtap/mailtap/alerts/export"
)

const (
	maxText    = 2048 // bytes of a text from the network that are looked at
	maxMarks   = 2    // combining marks on one character: more would paint over the lines around
	maxColumns = 2    // of one character
)

// Width returns how many columns a text takes.
func Width(s string) int { return uniseg.StringWidth(s) }

// clean makes text from the network harmless. Beyond export.Clean, which is
// for text at the end of a line, every character has the width that terminals
// agree on, and nothing is invisible.
func clean(s string) string {
	if plain(s) && len(s) <= maxText {
		return s
	}
	s = export.Clean(ends(s))
	var b strings.Builder
	for state, rest, cluster := -1, s, ""; rest != ""; {
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		tame(&b, cluster)
	}
	return b.String()
}

// Clean makes text from outside harmless: one line without control characters,
// as Width counts it.
func Clean(s string) string { return clean(s) }

// Shorten makes text from outside harmless, and at most width columns wide.
func Shorten(s string, width int) string { return middle(clean(s), width) }

// plain tells text that needs no care.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// ends returns both ends of a text that is too long.
func ends(s string) string {
	if len(s) <= maxText {
		return s
	}
	return s[:maxText/2] + "…" + s[len(s)-maxText/2:]
}

// tame writes what a reader sees as one character: a letter with its marks. Of
// anything else the runes are written by number, also of marks on a space, where
// lines are broken.
func tame(b *strings.Builder, cluster string) {
	few := utf8.RuneCountInString(cluster) <= 1+maxMarks && Width(cluster) <= maxColumns && cluster[0] != ' '
	for i, r := range cluster {
		switch {
		case i == 0 && letter(r), i > 0 && few && mark(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
}

const (
	firstRegional, lastRegional = '\U0001F1E6', '\U0001F1FF' // letters of flags
	firstTone, lastTone         = '\U0001F3FB', '\U0001F3FF' // of skin
)

// letter tells a printable rune that is seen, at the same width everywhere.
func letter(r rune) bool {
	if unicode.IsMark(r) || r >= firstRegional && r <= lastRegional || r >= firstTone && r <= lastTone ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
		return false
	}
	w := Width(string(r))
	return w > 0 && w <= maxColumns
}

// mark tells a mark that belongs to the letter before it.
func mark(r rune) bool {
	return unicode.IsMark(r) && !unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// fit makes a clean text exactly width columns wide: longer ones lose their
// middle, for the end of an address tells as much as its beginning.
func fit(s string, width int) string {
	s = middle(s, width)
	return s + strings.Repeat(" ", max(0, width-Width(s)))
}

// right is fit for numbers.
func right(s string, width int) string {
	s = middle(s, width)
	return strings.Repeat(" ", max(0, width-Width(s))) + s
}

// middle shortens a clean text to at most width columns.
func middle(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	if width <= 0 {
		return ""
	}
	keep := width - 1 // the dots
	head := prefix(s, keep-keep/2)
	rest := s[len(head):]
	surplus := Width(rest) - keep/2
	for state, w := -1, 0; surplus > 0; surplus -= w {
		_, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
	}
	return head + "…" + rest
}

// start shortens a clean sentence to at most width columns: one loses its end.
func start(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	return prefix(s, width-1) + "…"
}

// prefix returns the beginning of s that takes at most width columns.
func prefix(s string, width int) string {
	end := 0
	for state, rest, cluster, w := -1, s, "", 0; rest != ""; end += len(cluster) {
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if width -= w; width < 0 {
			break
		}
	}
	return s[:end]
}

// wrap breaks a clean text into lines of at most width columns, at spaces where
// it can.
func wrap(s string, width int) []string {
	width = max(width, maxColumns)
	var lines []string
	for {
		line := prefix(s, width)
		if line == s {
			return append(lines, s)
		}
		if space := strings.LastIndexByte(line, ' '); space > 0 && s[len(line)] != ' ' {
			line = line[:space]
		}
		lines = append(lines, line)
		s = strings.TrimPrefix(s[len(line):], " ")
	}
}
