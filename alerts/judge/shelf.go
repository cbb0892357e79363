package judge

import (
	"net/netip"
	"slices"

	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// key says whose observations lie together. What does not matter to a kind of
// them is zero.
type key struct {
	server, client [16]byte
	name           uint64
	port           uint16
	protocol       dissect.Protocol
}

func newKey(server, client netip.Addr) key { return key{server: server.As16(), client: client.As16()} }

// observation is what a shelf keeps: a T that knows its place.
type observation[T any] interface {
	*T
	At() *rules.Seen
}

// shelf keeps observations of one kind by key: at most most keys and depth
// observations of each. The ones put there longest ago go first, which are not
// always the oldest: a capture of last week is judged by what happened then.
type shelf[T any, P observation[T]] struct {
	most, depth int
	same        func(a, b *T) bool // whether b takes the place of a
	first       bool               // of those that are the same the earliest stays, not the latest

	drawers map[key]*drawer[T]
	one     T         // what is put: a variable of its own would be made anew each time
	recent  drawer[T] // ring of all drawers: behind it the one used last, before it the one to go
}

// drawer is what a shelf has for one key.
type drawer[T any] struct {
	key        key
	prev, next *drawer[T]
	list       []T      // in order of their sessions' begin
	turns      []uint64 // when each was put there
	turn       uint64
}

// before returns what is known of sessions that began before a time. It is
// valid until the next put.
func (s *shelf[T, P]) before(k key, begin int64) []T {
	d := s.drawers[k]
	if d == nil {
		return nil
	}
	n := len(d.list)
	for n > 0 && !earlier(P(&d.list[n-1]).At().Begin, begin) {
		n--
	}
	return d.list[:n:n]
}

// earlier compares begins in whole µs, as ids of sessions do.
func earlier(a, b int64) bool { return a/1000 < b/1000 }

// put keeps v.
func (s *shelf[T, P]) put(k key, v T) {
	d := s.open(k)
	d.turn++
	s.one = v
	place := P(&s.one).At()
	if at := s.find(d); at >= 0 {
		have := P(&d.list[at]).At()
		later := place.Begin > have.Begin
		if have.Session != place.Session && later == s.first {
			d.turns[at] = d.turn
			return
		}
		d.remove(at)
	} else if len(d.list) == s.depth {
		d.remove(d.oldest())
	}
	n := len(d.list)
	for n > 0 && P(&d.list[n-1]).At().Begin > place.Begin {
		n--
	}
	d.list = slices.Insert(d.list, n, v)
	d.turns = slices.Insert(d.turns, n, d.turn)
}

// find returns where the one is that s.one takes the place of, or -1.
func (s *shelf[T, P]) find(d *drawer[T]) int {
	for i := range d.list {
		if s.same(&d.list[i], &s.one) {
			return i
		}
	}
	return -1
}

// open returns the drawer of a key, which is now the one used last.
func (s *shelf[T, P]) open(k key) *drawer[T] {
	if s.drawers == nil {
		s.drawers = make(map[key]*drawer[T])
		s.recent.next, s.recent.prev = &s.recent, &s.recent
	}
	d := s.drawers[k]
	switch {
	case d != nil:
		d.unlink()
	case len(s.drawers) == s.most:
		d = s.recent.prev
		d.unlink()
		delete(s.drawers, d.key)
		clear(d.list)
		d.list, d.turns = d.list[:0], d.turns[:0]
	default:
		d = new(drawer[T])
	}
	d.key = k
	s.drawers[k] = d
	d.prev, d.next = &s.recent, s.recent.next
	d.prev.next, d.next.prev = d, d
	return d
}

func (d *drawer[T]) unlink() { d.prev.next, d.next.prev = d.next, d.prev }

func (d *drawer[T]) oldest() int {
	at := 0
	for i, turn := range d.turns {
		if turn < d.turns[at] {
			at = i
		}
	}
	return at
}

func (d *drawer[T]) remove(i int) {
	d.list = slices.Delete(d.list, i, i+1)
	d.turns = slices.Delete(d.turns, i, i+1)
}
