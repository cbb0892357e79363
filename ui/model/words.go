package model

import (
	"hash/maphash"
	"strings"
)

// words holds each of many texts once, one behind the other, and gives them
// numbers: a string of its own would take three times as much of each.
type words struct {
	all   strings.Builder
	ends  []uint32 // of each in all
	table table
}

// maxWords is how many bytes of texts an Index holds.
const maxWords = 32 << 20

func newWords(n int) words { return words{ends: make([]uint32, 0, n), table: newTable(n)} }

// text returns the n-th text.
func (w *words) text(n int32) string {
	from := uint32(0)
	if n > 0 {
		from = w.ends[n-1]
	}
	return w.all.String()[from:w.ends[n]]
}

// number returns the number of a text, false where there is no room for it.
func (w *words) number(s string) (n int32, ok bool) {
	hash := maphash.String(w.table.seed, s)
	if n, ok := w.table.find(hash, func(n int32) bool { return w.text(n) == s }); ok {
		return n, true
	}
	if w.all.Len()+len(s) > maxWords {
		return 0, false
	}
	w.all.WriteString(s)
	w.ends = append(w.ends, uint32(w.all.Len()))
	n = int32(len(w.ends) - 1)
	w.table.insert(n, func(n int32) uint64 { return maphash.String(w.table.seed, w.text(n)) })
	return n, true
}
