package main

import "github.com/mailtap/mailtap/alerts"

// Bytes of memory that parts of a result take, about: more than most of them.
const (
	memoryOfSession = 4 << 10
	memoryOfPart    = 512 // an attempt, a message, a quoted line, a finding
	memoryOfName    = 64  // a recipient, beside its letters
)

// memoryOf estimates how many bytes of memory a result takes. Nearly all of a
// large one is what its peer wrote: attempts, messages and lines.
func memoryOf(r *alerts.Result) int {
	f := r.Session.Facts
	n := memoryOfSession + memoryOfPart*(len(r.Findings)+len(f.Auth)+len(f.Messages)+len(f.Transcript))
	for i := range r.Findings {
		n += memoryOfPart * len(r.Findings[i].Evidence)
	}
	for _, a := range f.Auth {
		n += memoryOfPart * len(a.Quotes)
	}
	for _, m := range f.Messages {
		n += memoryOfPart*len(m.Quotes) + memoryOfName*len(m.To)
		for _, to := range m.To {
			n += len(to)
		}
	}
	return n
}
