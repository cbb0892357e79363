package judge

import (
	"net/netip"

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
	asked   key        // the key that was looked up last
	found   *drawer[T] // what there is for it
	one     T          // what is put: a variable of its own would be made anew each time
	recent  drawer[T]  // ring of all drawers: behind it the one used last, before it the one to go
}

// drawer is what a shelf has for one key.
type drawer[T any] struct {
	key        key
	prev, next *drawer[T]
	list       []T    // in order of their sessions' begin
	turn       uint64 // of what was put there last
}

// before returns what is known of sessions that began before a time. It is
// valid until the next put.
func (s *shelf[T, P]) before(k key, begin int64) []T {
	d := s.find(k)
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
	place.Turn = d.turn
	at := s.alike(d)
	switch {
	case at >= 0:
		have := P(&d.list[at]).At()
		later := place.Begin > have.Begin
		if have.Session != place.Session && later == s.first {
			have.Turn = d.turn
			return
		}
	case len(d.list) < s.depth:
		at = len(d.list)
		d.list = append(d.list, s.one)
	default:
		at = s.oldest(d)
	}
	for ; at > 0 && P(&d.list[at-1]).At().Begin > place.Begin; at-- {
		d.list[at] = d.list[at-1]
	}
	for ; at+1 < len(d.list) && P(&d.list[at+1]).At().Begin <= place.Begin; at++ {
		d.list[at] = d.list[at+1]
	}
	d.list[at] = s.one
}

// alike returns where the one is that s.one takes the place of, or -1.
func (s *shelf[T, P]) alike(d *drawer[T]) int {
	for i := range d.list {
		if s.same(&d.list[i], &s.one) {
			return i
		}
	}
	return -1
}

// oldest returns where the one is that was put there longest ago.
func (s *shelf[T, P]) oldest(d *drawer[T]) int {
	at := 0
	for i := range d.list {
		if P(&d.list[i]).At().Turn < P(&d.list[at]).At().Turn {
			at = i
		}
	}
	return at
}

// find returns the drawer of a key, or nil. What a session asks for is mostly
// what is put there next.
func (s *shelf[T, P]) find(k key) *drawer[T] {
	if s.asked != k {
		s.asked, s.found = k, s.drawers[k]
	}
	return s.found
}

// open returns the drawer of a key, which is now the one used last.
func (s *shelf[T, P]) open(k key) *drawer[T] {
	if s.drawers == nil {
		s.drawers = make(map[key]*drawer[T])
		s.recent.next, s.recent.prev = &s.recent, &s.recent
	}
	d := s.find(k)
	if d != nil {
		d.unlink()
	} else {
		d = s.empty()
		d.key, s.drawers[k], s.found = k, d, d
	}
	d.prev, d.next = &s.recent, s.recent.next
	d.prev.next, d.next.prev = d, d
	return d
}

// empty returns an empty drawer: a new one, or where there are most that of the
// key that had nothing to do for longest.
func (s *shelf[T, P]) empty() *drawer[T] {
	if len(s.drawers) < s.most {
		return new(drawer[T])
	}
	d := s.recent.prev
	d.unlink()
	delete(s.drawers, d.key)
	clear(d.list)
	d.list = d.list[:0]
	return d
}

func (d *drawer[T]) unlink() { d.prev.next, d.next.prev = d.next, d.prev }
