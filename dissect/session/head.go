package session

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// firstBytes is how many bytes of a direction are looked at one by one. Behind
// them only whole lines tell more.
const firstBytes = 16

// collect keeps the first bytes until they tell what they are. Most do at once,
// and are not copied then.
func (s *Session) collect(dst []dissect.Event, dir uint8, b []byte) []dissect.Event {
	if len(s.heads[0])+len(s.heads[1]) > 0 {
		return s.collectMore(dst, dir, b)
	}
	s.heads[dir] = b
	s.pool.used += len(b)
	dst = s.look(dst, dir, len(b))
	if s.mode == identifying {
		s.heads[dir] = bytes.Clone(s.heads[dir])
		s.order = append(s.order, piece{dir, len(s.heads[dir])})
	}
	return dst
}

func (s *Session) collectMore(dst []dissect.Event, dir uint8, b []byte) []dissect.Event {
	s.heads[dir] = append(s.heads[dir], b...)
	if last := len(s.order) - 1; last >= 0 && s.order[last].dir == dir {
		s.order[last].n += len(b)
	} else {
		s.order = append(s.order, piece{dir, len(b)})
	}
	s.pool.used += len(b)
	return s.look(dst, dir, len(b))
}

// look looks at the heads, if the last n bytes of dir may tell something new.
func (s *Session) look(dst []dissect.Event, dir uint8, n int) []dissect.Event {
	full := len(s.heads[0]) >= MaxHead || len(s.heads[1]) >= MaxHead || s.pool.used > MaxPool
	if !full {
		if s.inPreface() {
			return dst
		}
		before := len(s.heads[dir]) - n
		if before >= firstBytes && bytes.IndexByte(s.heads[dir][before:], '\n') < 0 {
			return dst
		}
	}
	s.looks++
	return s.decide(dst, full || s.looks > MaxLooks)
}

// inPreface reads a proxy's preface over, and tells whether there is nothing
// behind it yet.
func (s *Session) inPreface() bool {
	if s.tunnel != "" || s.late {
		return false
	}
	p, step := readPreface(s.heads[0], s.heads[1])
	if step != whole {
		return step == moreNeeded
	}
	s.tunnel = p.name
	s.cutHeads(p.size)
	return len(s.heads[0])+len(s.heads[1]) == 0
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
	v := identify(&scene{head: s.heads, ports: s.ports, first: s.first(), late: s.late, done: done})
	switch v.answer {
	case undecided:
		return dst
	case notMail:
		s.mode = ignored
		s.drop()
		return dst
	}
	s.protocol, s.server = v.protocol, v.server
	if s.tunnel != "" {
		dst = append(dst, dissect.Event{Kind: dissect.Proxied, Text: []byte(s.tunnel)})
	}
	s.taken = [2]uint64{s.base[s.Direction(dissect.Client)], s.base[s.Direction(dissect.Server)]}
	if v.answer == inTLS {
		dst = s.beginTLS(dst)
	} else {
		s.machine = newMachine(v.protocol, s.taken, s.late)
		s.mode = clear
	}
	return s.replay(dst, v)
}

// first returns the direction that spoke first, a proxy's preface aside.
func (s *Session) first() uint8 {
	for _, p := range s.order {
		if p.n > 0 {
			return p.dir
		}
	}
	if len(s.heads[1]) > 0 {
		return 1
	}
	return 0
}

// cutHeads drops a proxy's preface.
func (s *Session) cutHeads(size [2]int) {
	for dir, n := range size {
		s.heads[dir] = s.heads[dir][n:]
		s.base[dir] += uint64(n)
		s.pool.used -= n
	}
	left := size
	for i := range s.order {
		p := &s.order[i]
		n := min(p.n, left[p.dir])
		p.n -= n
		left[p.dir] -= n
	}
}

// replay feeds the heads in the order in which they came, each side by whole
// lines: the events of all of them have to be valid at once.
func (s *Session) replay(dst []dissect.Event, v verdict) []dissect.Event {
	heads, order := s.heads, s.order
	s.pool.used -= len(heads[0]) + len(heads[1])
	s.heads, s.order = [2][]byte{}, nil
	if client := s.Direction(dissect.Client); v.answer == readable && tlsRecord(heads[client]) && !s.late {
		// The client began with TLS, the server did not: nobody answers it.
		s.silent = true
	}
	var came [2]int
	last := uint8(0)
	for _, p := range order {
		last = p.dir
		came[p.dir] += p.n
		n := bytes.LastIndexByte(heads[p.dir][:came[p.dir]], '\n') + 1
		came[p.dir] -= n
		dst = s.replayPart(dst, &heads, p.dir, n)
	}
	dst = s.replayPart(dst, &heads, last^1, len(heads[last^1]))
	return s.replayPart(dst, &heads, last, len(heads[last]))
}

func (s *Session) replayPart(dst []dissect.Event, heads *[2][]byte, dir uint8, n int) []dissect.Event {
	if n == 0 {
		return dst
	}
	b := heads[dir][:n]
	heads[dir] = heads[dir][n:]
	return s.feed(dst, s.side(dir), b)
}
