package dialogue

import (
	"bytes"
	"fmt"

	"github.com/mailtap/mailtap/dissect"
)

// Machine is a protocol machine: smtp, imap, pop3, managesieve.
type Machine interface {
	Feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int)
	Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event
	End(dst []dissect.Event) []dissect.Event
	Need() dissect.Need
	Proceed()
}

// Whole is the cut of a run that does not cut: what one side says in a row is
// fed at once.
const Whole = 0

// Run plays the turns to m and returns the events, one a line: what one side
// says in a row is cut every cut bytes. It does with them what the real caller
// does:
//
//   - client bytes that m does not take are parked, and offered again after
//     each line of the server and behind newly arrived bytes;
//   - while client bytes are parked, the server's are fed line by line, so
//     that no reply overtakes the line that it answers;
//   - after NeedTLS, bytes that are no TLS record lead to Proceed, and a TLS
//     record ends the play;
//   - at the end, and before bytes of the client are lost, Proceed is called as
//     long as bytes are parked, unless they are a TLS record behind STARTTLS.
//
// It panics when m breaks its promises: takes less than it should, or needs
// nothing more but takes no bytes.
func Run(m Machine, turns []Turn, cut int) []string {
	p := newPlayer(m)
	for _, turn := range merge(turns) {
		p.say(turn.Side, turn.Data, cut)
	}
	p.end()
	return p.lines
}

// merge joins what one side says in a row.
func merge(turns []Turn) []Turn {
	var merged []Turn
	for _, turn := range turns {
		if n := len(merged); n > 0 && merged[n-1].Side == turn.Side {
			merged[n-1].Data = append(merged[n-1].Data, turn.Data...)
			continue
		}
		merged = append(merged, Turn{turn.Side, bytes.Clone(turn.Data)})
	}
	return merged
}

// piece is a stretch of one side: bytes, or a number of lost ones.
type piece struct {
	data []byte
	lost uint64
}

type player struct {
	m       Machine
	parked  [2][]piece // by side, oldest first
	events  []dissect.Event
	scratch []byte
	taken   uint64 // bytes, and gaps
	inTLS   bool
	record
}

func newPlayer(m Machine) *player {
	return &player{m: m, record: record{claims: map[string]bool{}}}
}

// say plays b, cut every cut bytes.
func (p *player) say(side dissect.Side, b []byte, cut int) {
	if cut == Whole {
		cut = len(b)
	}
	for len(b) > 0 {
		n := min(cut, len(b))
		p.take(side, piece{data: b[:n]})
		b = b[n:]
	}
}

func (p *player) lose(side dissect.Side, n int) { p.take(side, piece{lost: uint64(n)}) }

func (p *player) take(side dissect.Side, next piece) {
	if next.lost > 0 && side == dissect.Client {
		p.proceed() // their order must stay
	}
	for !p.inTLS {
		now, later := next, piece{}
		if side == dissect.Server && len(p.parked[dissect.Client]) > 0 {
			now, later = next.firstLine()
		}
		p.parked[side] = append(p.parked[side], now)
		p.drain(side)
		p.drain(side.Other())
		if len(later.data) == 0 {
			return
		}
		next = later
	}
}

// firstLine splits a piece behind its first line.
func (q piece) firstLine() (line, rest piece) {
	i := bytes.IndexByte(q.data, '\n') + 1
	if i == 0 {
		return q, piece{}
	}
	return piece{data: q.data[:i]}, piece{data: q.data[i:]}
}

// drain feeds what is parked of one side, as far as m takes it.
func (p *player) drain(side dissect.Side) {
	for len(p.parked[side]) > 0 && !p.inTLS {
		q := &p.parked[side][0]
		if q.lost > 0 {
			p.keep(p.m.Gap(p.events[:0], side, q.lost))
			p.taken++
			p.parked[side] = p.parked[side][1:]
			continue
		}
		if p.m.Need() == dissect.NeedTLS {
			p.leave(q.data)
			continue
		}
		n := p.feed(side, q.data)
		q.data = q.data[n:]
		if len(q.data) > 0 {
			if n == 0 {
				return
			}
			continue
		}
		p.parked[side] = p.parked[side][1:]
	}
}

// feed gives m bytes that are overwritten afterwards: it may not hold them.
func (p *player) feed(side dissect.Side, b []byte) int {
	p.scratch = append(p.scratch[:0], b...)
	before := p.m.Need()
	events, n := p.m.Feed(p.events[:0], side, p.scratch)
	p.keep(events)
	for i := range p.scratch {
		p.scratch[i] = 0xff
	}
	p.taken += uint64(max(n, 0))
	after := p.m.Need()
	switch {
	case n > len(b) || n < 0:
		panic(fmt.Sprintf("dialogue: took %d of %d bytes", n, len(b)))
	case n < len(b) && side == dissect.Server && after != dissect.NeedTLS:
		panic("dialogue: left bytes of the server without NeedTLS")
	case n < len(b) && after == dissect.NeedNothing:
		panic("dialogue: left bytes and needs nothing")
	case n > 0 && side == dissect.Client && before != dissect.NeedNothing:
		panic("dialogue: took bytes of the client while it needed something")
	}
	return n
}

// leave does what the caller does when TLS must follow.
func (p *player) leave(b []byte) {
	if p.enterTLS(b) {
		return
	}
	p.lines = append(p.lines, "clear-after-tls")
	p.m.Proceed()
}

// enterTLS tells whether b is a TLS record (RFC 8446, section 5.1).
func (p *player) enterTLS(b []byte) bool {
	if len(b) > 0 && 0x14 <= b[0] && b[0] <= 0x17 {
		p.inTLS = true
		p.lines = append(p.lines, "tls")
	}
	return p.inTLS
}

func (p *player) end() {
	p.proceed()
	p.keep(p.m.End(p.events[:0]))
}

// maxProceeds bounds how often Proceed may be called without a byte taken.
const maxProceeds = 8

// proceed feeds what is parked without waiting for any answer.
func (p *player) proceed() {
	for idle := 0; len(p.parked[dissect.Client]) > 0 && !p.inTLS; idle++ {
		switch p.m.Need() {
		case dissect.NeedNothing:
			panic("dialogue: needs nothing, but bytes are parked")
		case dissect.NeedTLSAnswer:
			if p.enterTLS(p.parked[dissect.Client][0].data) {
				continue
			}
		}
		if idle == maxProceeds {
			panic("dialogue: takes no bytes after Proceed")
		}
		before := p.taken
		p.m.Proceed()
		p.drain(dissect.Client)
		p.drain(dissect.Server)
		if p.taken > before {
			idle = 0
		}
	}
}

func (p *player) keep(events []dissect.Event) {
	for i := range events {
		p.add(&events[i])
	}
	p.events = events
}
