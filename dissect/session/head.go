package session

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// firstBytes is how many bytes of a direction are looked at one by one. Behind
// them only whole lines tell more.
const firstBytes = 16

// head is what a connection has said before it is identified, by direction.
type head struct {
	said   [2][]byte
	order  []piece // the order in which it came; nil while it is one piece
	looks  int     // how often it was looked at
	tunnel preface // that was read over
}

type piece struct {
	dir uint8
	n   int
}

func (h *head) size() int   { return len(h.said[0]) + len(h.said[1]) }
func (h *head) empty() bool { return h.size() == 0 }

// collect keeps the first bytes until they tell what they are. Most do at once,
// and are not copied then.
func (s *Session) collect(dst []dissect.Event, dir uint8, b []byte) []dissect.Event {
	if s.head != nil {
		return s.collectMore(dst, dir, b)
	}
	h := &s.pool.first
	h.said[dir] = b
	s.head = h
	s.pool.used += len(b)
	dst = s.look(dst, dir, len(b))
	if s.mode == identifying {
		own := *h
		own.said[dir] = bytes.Clone(own.said[dir])
		own.order = []piece{{dir, len(own.said[dir])}}
		s.head = &own
	}
	*h = head{}
	return dst
}

func (s *Session) collectMore(dst []dissect.Event, dir uint8, b []byte) []dissect.Event {
	h := s.head
	h.said[dir] = append(h.said[dir], b...)
	if last := len(h.order) - 1; last >= 0 && h.order[last].dir == dir {
		h.order[last].n += len(b)
	} else {
		h.order = append(h.order, piece{dir, len(b)})
	}
	s.pool.used += len(b)
	return s.look(dst, dir, len(b))
}

// look looks at the head, if the last n bytes of dir may tell something new.
func (s *Session) look(dst []dissect.Event, dir uint8, n int) []dissect.Event {
	h := s.head
	full := len(h.said[0]) >= MaxHead || len(h.said[1]) >= MaxHead || s.pool.used > MaxPool
	if !full {
		if s.inPreface() {
			return dst
		}
		before := len(h.said[dir]) - n
		if before >= firstBytes && bytes.IndexByte(h.said[dir][before:], '\n') < 0 {
			return dst
		}
	}
	h.looks++
	return s.decide(dst, full || h.looks > MaxLooks)
}

// inPreface reads a proxy's preface over, and tells whether there is nothing
// behind it yet.
func (s *Session) inPreface() bool {
	h := s.head
	if h.tunnel.name != "" || s.late {
		return false
	}
	p, step := readPreface(h.said[0], h.said[1])
	if step != whole {
		return step == moreNeeded
	}
	h.tunnel = p
	s.cut(p.size)
	return h.empty()
}

// Foreign tells at the first bytes of most connections, and before a Session
// is made, that they do not carry mail.
func Foreign(ports [2]uint16, late bool, dir uint8, b []byte) bool {
	if portProtocol(ports[0]) != dissect.NoProtocol || portProtocol(ports[1]) != dissect.NoProtocol {
		return false
	}
	if dir == 0 && (b[0] == 4 || b[0] == 5 || startsLike(b, proxy2Signature)) {
		return false
	}
	return !late && !couldBegin(b) || !textual(b)
}

// decide identifies the session, and feeds what was kept. done: it has to
// decide now.
func (s *Session) decide(dst []dissect.Event, done bool) []dissect.Event {
	if s.head == nil {
		s.head = new(head) // it has said nothing
	}
	v := identify(&scene{head: s.head.said, ports: s.ports, first: s.head.first(), late: s.late, done: done})
	switch v.answer {
	case undecided:
		return dst
	case notMail:
		s.mode = ignored
		s.drop()
		return dst
	}
	s.protocol, s.server = v.protocol, v.server
	dst = s.head.tunnel.events(dst)
	s.offset = [2]uint64{s.offset[s.Direction(dissect.Client)], s.offset[s.Direction(dissect.Server)]}
	switch {
	case v.answer == readable:
		dst = s.beginClear(dst)
	case len(s.head.said[v.server]) == 0 && !implicitTLS(s.ports[v.server]):
		dst = s.beginClear(dst)
		s.mode, s.alone = perhapsTLS, true
	default:
		dst = s.beginTLS(dst)
	}
	return s.replay(dst, v)
}

// beginClear makes the machine that reads the conversation.
func (s *Session) beginClear(dst []dissect.Event) []dissect.Event {
	base, late, unheard := s.offset, s.late, s.unheard()
	if unheard > 0 {
		base[dissect.Server] -= unheard
		late = false
	}
	s.machine = newMachine(s.protocol, s.ports[s.server], base, late)
	s.dialogue = s.pool.room.New()
	s.machine.Record(s.dialogue)
	s.mode = clear
	if unheard > 0 {
		dst = s.machine.Gap(dst, dissect.Server, unheard)
	}
	return dst
}

// unheard returns how many bytes of the server were lost before its first, where
// the client's begin where they began. Only where a client sends literals does
// that tell more than a conversation that was joined late.
func (s *Session) unheard() uint64 {
	w := s.waiting
	if w == nil || w.lost[s.server^1] > 0 || s.protocol != dissect.IMAP && s.protocol != dissect.ManageSieve {
		return 0
	}
	return w.lost[s.server]
}

// events tells of a preface that was read over, if there was one.
func (p *preface) events(dst []dissect.Event) []dissect.Event {
	if p.name != "" {
		dst = append(dst, dissect.Event{Kind: dissect.Proxied, Text: []byte(p.name)})
	}
	if p.from != "" {
		dst = append(dst, dissect.Event{Kind: dissect.RealClient, Text: []byte(p.from)})
	}
	return dst
}

// first returns the direction that spoke first, a proxy's preface aside.
func (h *head) first() uint8 {
	for _, p := range h.order {
		if p.n > 0 {
			return p.dir
		}
	}
	if len(h.said[1]) > 0 {
		return 1
	}
	return 0
}

// cut drops a proxy's preface.
func (s *Session) cut(size [2]int) {
	h := s.head
	for dir, n := range size {
		h.said[dir] = h.said[dir][n:]
		s.offset[dir] += uint64(n)
		s.pool.used -= n
	}
	left := size
	for i := range h.order {
		p := &h.order[i]
		n := min(p.n, left[p.dir])
		p.n -= n
		left[p.dir] -= n
	}
}

// replay feeds the heads in the order in which they came. Where a piece begins
// or ends within a line, its machine keeps a part of it, in memory that the next
// such line takes: the events of all pieces have to be valid at once, so they get
// copies of their own then.
func (s *Session) replay(dst []dissect.Event, v verdict) []dissect.Event {
	heads, order, first := s.head.said, s.head.order, s.head.first()
	client := s.Direction(dissect.Client)
	if v.answer == readable && tlsRecord(heads[client]) && (!s.late || first == client) {
		// The client began with TLS, the server did not: nobody answers it.
		s.silent, s.late = true, false
	}
	s.pool.used -= s.head.size()
	s.head = nil
	if order == nil {
		order = []piece{{first, len(heads[first])}} // identified at once
	}
	var within [2]bool // by direction: a line
	for _, p := range order {
		if p.n == 0 {
			continue
		}
		b := heads[p.dir][:p.n]
		heads[p.dir] = heads[p.dir][p.n:]
		told, began := len(dst), within[p.dir]
		within[p.dir] = b[p.n-1] != '\n'
		dst = s.feed(dst, s.side(p.dir), b)
		if began || within[0] || within[1] {
			dissect.Detach(dst[told:])
		}
	}
	return dst
}
