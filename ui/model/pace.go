package model

import (
	"time"

	"github.com/mailtap/mailtap/alerts/store"
)

// Live is what a capture of this process has seen since it began.
type Live struct {
	Packets, Bytes uint64
	Dropped        uint64 // packets that were lost before they could be read
	Open           int    // connections
}

// Pace says how fast things come in, from looks at what there is. The zero
// value is ready. It belongs to one goroutine.
type Pace struct {
	looks []look // in order of time
}

type look struct {
	at                 time.Time
	findings, sessions int64
	live               *Live
}

// Bounds of a Pace.
const (
	paceOver  = time.Minute     // what is told is of so long
	maxLooks  = 120             // that are kept
	leastPace = 4 * time.Second // of less nothing is told
)

// Rates is what a Pace tells.
type Rates struct {
	Over               time.Duration // the time that they are of
	Findings, Sessions float64       // that were stored, a minute
	Live               *Live         // now; nil where no capture runs in this process
	Packets, Bits      float64       // a second
	Dropped            float64       // of the packets, 0 to 1
}

// Add looks at what there is. live is nil where no capture runs here.
func (p *Pace) Add(at time.Time, counts *store.Counts, live *Live) {
	if n := len(p.looks); n > 0 && (n == maxLooks || at.Sub(p.looks[0].at) > paceOver && n > 1) {
		p.looks = append(p.looks[:0], p.looks[1:]...)
	}
	l := look{at: at, live: live}
	if counts != nil {
		l.findings, l.sessions = total(counts.Findings[:]), total(counts.Sessions[:])
	}
	p.looks = append(p.looks, l)
}

// Rates returns how fast it was, false as long as nobody can tell.
func (p *Pace) Rates() (r Rates, ok bool) {
	if len(p.looks) < 2 {
		return Rates{}, false
	}
	first, last := &p.looks[0], &p.looks[len(p.looks)-1]
	r.Over = last.at.Sub(first.at)
	if r.Over < leastPace {
		return Rates{}, false
	}
	r.Findings = float64(max(0, last.findings-first.findings)) / r.Over.Minutes() // fewer: old ones were removed
	r.Sessions = float64(max(0, last.sessions-first.sessions)) / r.Over.Minutes()
	if r.Live = last.live; first.live == nil || last.live == nil {
		return r, true
	}
	// Of a capture the last look is news, and a minute ago is not.
	before := &p.looks[len(p.looks)-2]
	seconds := max(last.at.Sub(before.at).Seconds(), 1e-3)
	if before.live != nil {
		r.Packets = float64(last.live.Packets-before.live.Packets) / seconds
		r.Bits = 8 * float64(last.live.Bytes-before.live.Bytes) / seconds
	}
	dropped, read := last.live.Dropped-first.live.Dropped, last.live.Packets-first.live.Packets
	if dropped > 0 {
		r.Dropped = float64(dropped) / float64(dropped+read)
	}
	return r, true
}
