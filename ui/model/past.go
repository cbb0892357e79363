package model

import (
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of the past of a server.
const (
	maxPast      = 5000 // sessions that are looked at, the newest
	MaxStretches = 12   // that are told, the newest
)

// Stretch is a time in which a server's sessions were encrypted in one way.
type Stretch struct {
	Way      Way
	From, To int64 // start of its first and last session, ns
	Sessions int
}

// Way is how a session came to be encrypted, or did not.
type Way uint8

// The ways.
const (
	NotOffered Way = iota // the server has no STARTTLS
	Offered               // it has, and it was not used, or did not work
	Upgraded              // STARTTLS was used
	Implicit              // TLS from the first byte
)

// Past is what a server offered over time, the newest first. A session in which
// it was not seen does not count.
type Past struct {
	Stretches []Stretch
	Cut       bool // there are more
}

// readPast reads the past of a server.
func readPast(source Source, server string) (p Past, err error) {
	looked := 0
	for s, err := range source.AllSessions(store.Filter{Server: "=" + server}) {
		if err != nil {
			return p, err
		}
		if looked++; looked > maxPast {
			p.Cut = true
			break
		}
		way, known := wayOf(s.Facts)
		if !known {
			continue
		}
		if n := len(p.Stretches); n > 0 && p.Stretches[n-1].Way == way {
			p.Stretches[n-1].From = s.Facts.Start
			p.Stretches[n-1].Sessions++
			continue
		}
		if len(p.Stretches) == MaxStretches {
			p.Cut = true
			break
		}
		p.Stretches = append(p.Stretches, Stretch{Way: way, From: s.Facts.Start, To: s.Facts.Start, Sessions: 1})
	}
	return p, nil
}

func wayOf(f *dissect.Facts) (w Way, known bool) {
	switch {
	case f.Transport == dissect.TLS:
		return Implicit, true
	case f.Transport == dissect.STARTTLS:
		return Upgraded, true
	case f.STARTTLS.Offered == dissect.Yes:
		return Offered, true
	}
	return NotOffered, f.STARTTLS.Offered == dissect.No
}
