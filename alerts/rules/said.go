package rules

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// Findings say the same again and again. What they said is kept, so that the
// same text is made once.
const (
	maxSaid       = 1 << 10 // texts that are kept
	maxSaidLength = 128     // bytes of one
)

// saids are the latest texts, each in the place that its bytes give. Judges in
// several goroutines share them.
var (
	saids    [maxSaid]atomic.Pointer[string]
	saidSeed = maphash.MakeSeed()
)

// said puts a text together.
func said(parts ...string) string { return joined(parts, "") }

// joined does what strings.Join does.
func joined(parts []string, between string) string {
	size := len(between) * len(parts)
	for _, p := range parts {
		size += len(p)
	}
	if len(parts) < 2 || size > maxSaidLength {
		return strings.Join(parts, between)
	}
	var room [maxSaidLength]byte
	text := append(room[:0], parts[0]...)
	for _, p := range parts[1:] {
		text = append(append(text, between...), p...)
	}
	kept := &saids[maphash.Bytes(saidSeed, text)%maxSaid]
	if s := kept.Load(); s != nil && *s == string(text) {
		return *s
	}
	s := string(text)
	kept.Store(&s)
	return s
}
