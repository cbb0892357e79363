package store

import (
	"bytes"
	"strings"
)

// pattern is the text that a name has to hold, see Filter. The zero value fits
// everything.
type pattern struct {
	text  string // in lower case, unless whole
	whole bool
}

func newPattern(text string) pattern {
	if whole, exact := strings.CutPrefix(text, "="); exact {
		return pattern{whole, true}
	}
	return pattern{lower(text), false}
}

func (p pattern) fits(name []byte) bool {
	if p.whole {
		return string(name) == p.text
	}
	var buf [64]byte
	low := append(buf[:0], name...)
	for i, c := range low {
		low[i] = lowerByte(c)
	}
	return bytes.Contains(low, []byte(p.text))
}

// among tells which texts of a listing the pattern fits, in the memory of fits,
// and whether there are any. The zero value fits all, and fits stays nil.
func (p pattern) among(fits []bool, l *listing) (list []bool, any bool) {
	if (p == pattern{}) {
		return nil, true
	}
	fits = fits[:0]
	for n := range l.texts {
		fit := p.fits(l.text(n))
		fits = append(fits, fit)
		any = any || fit
	}
	return fits, any
}

// lower changes ASCII letters only, as SQLite does: a name need be no UTF-8.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lowerByte(c)
	}
	return string(b)
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
