package judge

import (
	"hash/maphash"

	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// key says whose observations lie together: a number made of whose, with a seed
// that nobody on the network knows, so that nobody can have his own taken for
// those of others.
type key uint64

// whose is what a key is made of. What does not matter to a kind of observations
// is zero.
type whose struct {
	server, client [16]byte
	name           uint64
	port           uint16
	protocol       dissect.Protocol
}

var seed = maphash.MakeSeed()

func (w whose) key() key { return key(maphash.Comparable(seed, w)) }

// observation is what a shelf keeps: a T that knows its place.
type observation[T any] interface {
	*T
	At() *rules.Seen
}

// shelf keeps observations of one kind by key: of so many keys as its index has
// room for, and at most depth observations of each. The ones put there longest
// ago go first, which are not always the oldest: a capture of last week is
// judged by what happened then.
type shelf[T any, P observation[T]] struct {
	index   index
	drawers []drawer[T] // by number in index
	depth   int
	same    func(a, b *T) bool // whether b takes the place of a
	first   bool               // of those that are the same the earliest stays, not the latest
	one     T                  // what is put: a variable of its own would be made anew each time
}

// drawer is what a shelf has for one key.
type drawer[T any] struct {
	list []T    // in order of their sessions' begin
	turn uint64 // of what was put there last
}

// before returns what is known of sessions that began before a time. It is
// valid until the next put.
func (s *shelf[T, P]) before(k key, begin int64) []T {
	number := s.index.find(k)
	if number == unknown {
		return nil
	}
	list := s.drawers[number].list
	n := len(list)
	for n > 0 && !earlier(P(&list[n-1]).At().Begin, begin) {
		n--
	}
	return list[:n:n]
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
	to := at
	for to > 0 && P(&d.list[to-1]).At().Begin > place.Begin {
		to--
	}
	copy(d.list[to+1:], d.list[to:at])
	at = to
	for to+1 < len(d.list) && P(&d.list[to+1]).At().Begin <= place.Begin {
		to++
	}
	copy(d.list[at:], d.list[at+1:to+1])
	d.list[to] = s.one
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

// open returns the drawer of a key, which is now the one used last.
func (s *shelf[T, P]) open(k key) *drawer[T] {
	number, anew := s.index.use(k)
	if number == len(s.drawers) {
		s.drawers = append(s.drawers, drawer[T]{})
	}
	d := &s.drawers[number]
	if anew {
		d.list = d.list[:0] // not cleared: what is left behind it is bounded, too
	}
	return d
}
