package reassembly

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/mailtap/mailtap/capture/decode"
)

// Handler takes what a Table puts in order. It may call Flow.Ignore, and
// nothing of the Table.
type Handler interface {
	// Open comes before the first Data or Gap of f.
	Open(f *Flow)
	// Data gives the next bytes of a direction; off counts from its first
	// byte. b is valid during the call.
	Data(f *Flow, dir Direction, off uint64, b []byte)
	// Gap says that n bytes are lost for good.
	Gap(f *Flow, dir Direction, off, n uint64)
	// Again gives bytes of the segment being added that were given before, off
	// as then: it was sent or captured again. They need not be the same. Those
	// further behind than 64 KiB are left out.
	Again(f *Flow, dir Direction, off uint64, b []byte)
	// Clash says that two segments that waited brought different bytes from
	// off on. The first version is given; the other is of the segment being
	// added. It may come before Open, which then follows.
	Clash(f *Flow, dir Direction, off uint64, first, again Version)
	// Close ends f. It comes once for each Open.
	Close(f *Flow)
}

// Table is all connections of a capture. Use New.
type Table struct {
	limits  Limits
	handler Handler
	seed    seed
	buckets []*Flow
	n       int
	now     int64 // packet time
	leap    int64 // a time far ahead that is not believed yet
	sweep   int64 // when timeouts are looked at again
	numbers uint32

	lists   [places]list // of all connections
	waits   waits
	path    uint32        // of the first connection
	twins   map[key]*Flow // by tuple: those that may have copies; nil: all have one path
	flows   []*Flow       // spare
	streams []*stream     // spare
	stats   Stats

	one      address              // of the segment that is being added
	coming   []decode.Segment     // see Expect
	expected [MaxExpected]address // of coming
	touched  uint32               // means nothing: Expect has to use what it reads
}

// address is where the connection of a segment stands, if it is known.
type address struct {
	key     key
	hash    uint32
	swapped bool // its source is the higher end of key
}

func (t *Table) address(a *address, s *decode.Segment) {
	a.swapped = a.key.set(s)
	a.hash = a.key.hash(&t.seed)
}

func (t *Table) bucket(hash uint32) **Flow { return &t.buckets[hash&uint32(len(t.buckets)-1)] }

const (
	sweepEvery = 1e8  // ns of packet time between two looks at timeouts
	clockBack  = 10e9 // ns by which the clock must fall back to be set back
	maxSpare   = 1024 // flows, and streams, kept for the next connection
	minBuckets = 1 << 10
)

// New returns an empty Table.
func New(limits Limits, h Handler) *Table {
	t := &Table{limits: limits.withDefaults(), handler: h, buckets: make([]*Flow, minBuckets)}
	for i := range t.seed {
		t.seed[i] = rand.Uint64() | 1
	}
	return t
}

// Stats returns the counts so far.
func (t *Table) Stats() Stats {
	s := t.stats
	s.Open = t.n
	return s
}

// Expect looks at the connections of segments that are about to be added with
// AddExpected, and changes nothing. Their memory is far apart: so it is waited
// for once, and not a time for each. There are up to MaxExpected of them.
func (t *Table) Expect(segments []decode.Segment) {
	t.coming = segments
	var heads [MaxExpected]*Flow
	for i := range segments {
		a := &t.expected[i]
		t.address(a, &segments[i])
		heads[i] = *t.bucket(a.hash)
	}
	touched := uint32(0)
	for _, f := range heads[:len(segments)] {
		if f != nil {
			touched += f.hash + uint32(f.last) + f.number // each on another cache line
		}
	}
	t.touched += touched
}

// MaxExpected is how many segments Expect takes at most.
const MaxExpected = 32

// AddExpected takes the i-th of the segments that were expected as the next of
// the capture.
func (t *Table) AddExpected(i int) { t.add(&t.coming[i], &t.expected[i]) }

// Add takes the next segment of the capture.
func (t *Table) Add(s *decode.Segment) {
	t.address(&t.one, s)
	t.add(s, &t.one)
}

func (t *Table) add(s *decode.Segment, a *address) {
	t.Advance(s.Time)
	f := t.find(a)
	if f != nil && f.reborn && f.isReborn(f.dirOf(a.swapped), s) {
		f = t.rebear(f)
	}
	if f != nil && s.Flags&(decode.SYN|decode.RST) == decode.SYN {
		if f.place == parting && f.isOther(f.dirOf(a.swapped), s) {
			t.finish(f)
		}
		if f.begins(f.dirOf(a.swapped), s) {
			return
		}
		if f.closed {
			t.remove(f)
			f = nil
		}
	}
	if f == nil {
		if s.Flags&decode.RST != 0 {
			return // it ends what is not known
		}
		f = t.begin(s, a)
	}
	t.packet(f, f.dirOf(a.swapped), s)
}

func (t *Table) find(a *address) *Flow {
	for f := *t.bucket(a.hash); f != nil; f = f.chain {
		if f.hash == a.hash && f.key.equal(&a.key) {
			return f
		}
	}
	return nil
}

// begin makes a connection of its first segment.
func (t *Table) begin(s *decode.Segment, a *address) *Flow {
	t.room()
	f := t.born(a.key, a.hash)
	f.swap, f.file, f.last, f.stream.begun = a.swapped, s.File, s.Time, s.Time
	switch s.Flags & (decode.SYN | decode.ACK) {
	case decode.SYN:
	case decode.SYN | decode.ACK:
		f.flags = Midstream
		f.swap = !a.swapped // the opener is who the SYN-ACK goes to
	default:
		f.flags, f.stream.late = Midstream, true
	}
	return f
}

// born makes a connection.
func (t *Table) born(k key, hash uint32) *Flow {
	f := t.flow()
	if t.numbers++; t.numbers == 1 {
		t.path = k.path
	} else if k.path != t.path && t.twins == nil {
		t.diverge()
	}
	f.key, f.hash, f.number = k, hash, t.numbers
	f.stream = t.stream()
	f.stream.flow, f.stream.table = f, t
	t.insert(f)
	t.push(f, nascent, t.now)
	t.stats.Flows++
	return f
}

func (t *Table) insert(f *Flow) {
	if 2*t.n == len(t.buckets) {
		t.grow()
	}
	b := t.bucket(f.hash)
	f.chain, *b = *b, f
	t.n++
}

func (t *Table) grow() {
	old := t.buckets
	t.buckets = make([]*Flow, 2*len(old))
	for _, f := range old {
		for f != nil {
			next := f.chain
			b := t.bucket(f.hash)
			f.chain, *b = *b, f
			f = next
		}
	}
}

// remove forgets a connection that is finished.
func (t *Table) remove(f *Flow) {
	t.pull(f)
	for b := t.bucket(f.hash); ; b = &(*b).chain {
		if *b == f {
			*b = f.chain
			break
		}
	}
	t.n--
	*f = Flow{}
	if len(t.flows) < maxSpare {
		t.flows = append(t.flows, f)
	}
}

// room makes place for one more connection.
func (t *Table) room() {
	if half := &t.lists[nascent]; half.n >= t.limits.HalfOpen {
		t.stats.HalfOpen++
		t.evict(half.oldest)
	}
	if t.n < t.limits.Flows {
		return
	}
	for _, l := range [...]place{ending, parting, nascent, other, active} {
		if f := t.lists[l].oldest; f != nil {
			if l == nascent {
				t.stats.HalfOpen++
			}
			t.evict(f)
			return
		}
	}
}

func (t *Table) evict(f *Flow) {
	if !f.closed && f.place != parting {
		t.stats.Evicted++
		f.flags |= Evicted
	}
	t.finish(f)
	t.remove(f)
}

// Advance moves the clock, in ns since 1970 UTC. Packets move it by
// themselves; a live capture moves it while none come.
func (t *Table) Advance(now int64) {
	if now > t.now || t.now-now > clockBack {
		if now-t.now > int64(t.limits.Idle) && t.leaps(now) {
			return
		}
		t.now = now
	}
	for s := t.waits.oldest; s != nil && (t.now-s.since >= int64(t.limits.Patience) || t.now < s.since); s = t.waits.oldest {
		t.expire(s.flow)
	}
	if t.lists[parting].n > 0 {
		t.part()
	}
	if t.now-t.sweep < sweepEvery && t.now >= t.sweep {
		return
	}
	t.sweep, t.leap = t.now, 0
	t.timeout(nascent, int64(t.limits.Nascent))
	t.timeout(active, int64(t.limits.Idle))
	t.timeout(other, int64(t.limits.Forgotten))
	t.timeout(ending, int64(t.limits.Linger))
}

// leaps tells whether now, so far ahead that all connections would end, is one
// packet's mistake: only the second in a row is believed.
func (t *Table) leaps(now int64) bool {
	if t.now == 0 || t.leap != 0 && now >= t.leap-clockBack {
		t.leap = 0
		return false
	}
	t.leap = now
	t.stats.ClockLeaps++
	return true
}

func (t *Table) timeout(l place, limit int64) {
	for f := t.overdueIn(l, limit); f != nil; f = t.overdueIn(l, limit) {
		t.finish(f)
		t.remove(f)
	}
}

// overdueIn returns a connection of l that has been silent for longer than
// limit, or nil.
func (t *Table) overdueIn(in place, limit int64) *Flow {
	l := &t.lists[in]
	for f := l.oldest; f != nil && (t.now-f.moved > limit || t.now < f.moved); f = l.oldest {
		switch {
		case t.now < f.moved: // the clock was set back
			t.move(f, in)
		case t.now-f.last <= limit && f.last <= t.now: // a packet came since it was moved
			t.pull(f)
			t.push(f, in, f.last)
		default:
			return f
		}
	}
	return nil
}

// Flush ends all connections, in the order in which they began, as far as that
// is known: see Flow.First. The capture is over.
func (t *Table) Flush() {
	flows := make([]*Flow, 0, t.n)
	for _, f := range t.buckets {
		for ; f != nil; f = f.chain {
			flows = append(flows, f)
		}
	}
	slices.SortFunc(flows, func(a, b *Flow) int {
		return cmp.Or(cmp.Compare(a.First(), b.First()), cmp.Compare(a.number, b.number))
	})
	for _, f := range flows {
		t.finish(f)
		t.remove(f)
	}
	t.now, t.sweep, t.leap = 0, 0, 0
}

func (t *Table) flow() *Flow {
	if n := len(t.flows); n > 0 {
		f := t.flows[n-1]
		t.flows = t.flows[:n-1]
		return f
	}
	return new(Flow)
}

func (t *Table) stream() *stream {
	if n := len(t.streams); n > 0 {
		s := t.streams[n-1]
		t.streams = t.streams[:n-1]
		return s
	}
	return new(stream)
}

// free takes a stream back.
func (t *Table) free(s *stream) {
	t.waits.remove(s)
	t.strike(s.flow)
	for i := range s.half {
		h := &s.half[i]
		if h.disorder != nil {
			t.stats.Held -= h.held
		}
		*h = half{marks: h.marks[:min(len(h.marks), fewMarks)]}
	}
	*s = stream{half: s.half}
	if len(t.streams) < maxSpare {
		t.streams = append(t.streams, s)
	}
}
