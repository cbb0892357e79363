package reassembly

import (
	"cmp"
	"hash/maphash"
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
	// Close ends f. It comes once for each Open.
	Close(f *Flow)
}

// Table is all connections of a capture. Use New.
type Table struct {
	limits  Limits
	handler Handler
	seed    maphash.Seed
	buckets []*Flow
	n       int
	now     int64 // packet time
	sweep   int64 // when timeouts are looked at again
	numbers uint64

	nascent list // before the first payload
	active  list // after it
	other   list // ignored
	ending  list // closed or reset
	waits   queue
	scratch key
	spare   []*stream
	stats   Stats
}

const (
	sweepEvery = 1e8  // ns of packet time between two looks at timeouts
	clockBack  = 10e9 // ns by which the clock must fall back to be set back
	maxSpare   = 1024 // streams kept for the next connection
	minBuckets = 1 << 10
)

// New returns an empty Table.
func New(limits Limits, h Handler) *Table {
	t := &Table{limits: limits.withDefaults(), handler: h, seed: maphash.MakeSeed(), buckets: make([]*Flow, minBuckets)}
	for _, l := range []*list{&t.nascent, &t.active, &t.other, &t.ending} {
		l.table = t
	}
	return t
}

// Stats returns the counts so far.
func (t *Table) Stats() Stats {
	s := t.stats
	s.Open = t.n
	return s
}

// Add takes the next segment of the capture.
func (t *Table) Add(s *decode.Segment) {
	t.Advance(s.Time)
	swapped := t.scratch.set(s)
	hash := maphash.Bytes(t.seed, t.scratch[:])
	f := t.find(hash)
	if f != nil && f.reborn.pending && f.isReborn(s, f.dirOf(swapped)) {
		f = t.rebear(f)
	}
	if f != nil && s.Flags&decode.SYN != 0 && f.newBeginning(s, f.dirOf(swapped)) {
		if f.closed || !f.opened {
			t.remove(f)
			f = nil
		} else if s.Flags&decode.ACK == 0 {
			f.reborn = rebirth{true, f.dirOf(swapped), s.Seq, s.Time}
			return
		}
	}
	if f == nil {
		if f = t.begin(s, hash, swapped); f == nil {
			return
		}
	}
	t.packet(f, f.dirOf(swapped), s)
}

func (f *Flow) dirOf(swapped bool) Direction {
	if swapped != f.swap {
		return 1
	}
	return 0
}

func (t *Table) find(hash uint64) *Flow {
	for f := t.buckets[hash&uint64(len(t.buckets)-1)]; f != nil; f = f.chain {
		if f.hash == hash && f.key == t.scratch {
			return f
		}
	}
	return nil
}

// begin makes a connection, unless the segment says that there is none.
func (t *Table) begin(s *decode.Segment, hash uint64, swapped bool) *Flow {
	if s.Flags&decode.RST != 0 {
		return nil
	}
	t.room()
	f := &Flow{key: t.scratch, hash: hash, number: t.numbers, first: s.Time, last: s.Time, file: s.File, swap: swapped}
	t.numbers++
	f.stream = t.stream()
	if s.Flags&decode.SYN == 0 {
		f.flags, f.stream.late = Midstream, true
	} else if s.Flags&decode.ACK != 0 {
		f.flags = Midstream
		f.swap = !swapped // the opener is who the SYN-ACK goes to
	}
	t.insert(f)
	t.nascent.push(f, t.now)
	t.stats.Flows++
	return f
}

// rebear ends f and begins the connection that its reborn SYN announced.
func (t *Table) rebear(f *Flow) *Flow {
	r := f.reborn
	t.finish(f)
	t.remove(f)
	n := &Flow{key: f.key, hash: f.hash, number: t.numbers, first: r.time, last: r.time, file: f.file, packets: 1}
	t.numbers++
	n.swap = f.swap != (r.dir == 1)
	n.seen[0] = true
	n.stream = t.stream()
	h := &n.stream.half[0]
	h.known, h.next = true, r.isn+1
	t.insert(n)
	t.nascent.push(n, t.now)
	t.stats.Flows++
	return n
}

func (t *Table) insert(f *Flow) {
	if t.n == len(t.buckets) {
		t.grow()
	}
	b := &t.buckets[f.hash&uint64(len(t.buckets)-1)]
	f.chain, *b = *b, f
	t.n++
}

func (t *Table) grow() {
	old := t.buckets
	t.buckets = make([]*Flow, 2*len(old))
	for _, f := range old {
		for f != nil {
			next := f.chain
			b := &t.buckets[f.hash&uint64(len(t.buckets)-1)]
			f.chain, *b = *b, f
			f = next
		}
	}
}

// remove forgets a connection that is finished or was never opened.
func (t *Table) remove(f *Flow) {
	if f.stream != nil {
		t.free(f.stream)
		f.stream = nil
	}
	f.list.remove(f)
	f.list = nil
	for b := &t.buckets[f.hash&uint64(len(t.buckets)-1)]; *b != nil; b = &(*b).chain {
		if *b == f {
			*b = f.chain
			break
		}
	}
	t.n--
}

// room makes place for one more connection.
func (t *Table) room() {
	if t.nascent.n >= t.limits.HalfOpen {
		t.stats.HalfOpen++
		t.evict(t.nascent.oldest)
	}
	if t.n < t.limits.Flows {
		return
	}
	for _, l := range []*list{&t.ending, &t.nascent, &t.other, &t.active} {
		if l.oldest != nil {
			if l == &t.nascent {
				t.stats.HalfOpen++
			}
			t.evict(l.oldest)
			return
		}
	}
}

func (t *Table) evict(f *Flow) {
	if !f.closed {
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
		t.now = now
	}
	for f := t.waits.peek(); f != nil; f = t.waits.peek() {
		if f.stream != nil && t.now-f.stream.since < int64(t.limits.Patience) && t.now >= f.stream.since {
			break
		}
		t.waits.pop()
		if f.stream != nil && f.list != nil {
			t.expire(f)
		}
	}
	if t.now-t.sweep < sweepEvery && t.now >= t.sweep {
		return
	}
	t.sweep = t.now
	t.timeout(&t.nascent, int64(t.limits.Nascent))
	t.timeout(&t.active, int64(t.limits.Idle))
	t.timeout(&t.other, int64(t.limits.Forgotten))
	t.timeout(&t.ending, int64(t.limits.Linger))
}

func (t *Table) timeout(l *list, limit int64) {
	for f := l.oldest; f != nil && t.now-f.moved > limit; f = l.oldest {
		if t.now-f.last <= limit && f.last <= t.now { // a packet came since it was moved
			l.remove(f)
			l.push(f, f.last)
			continue
		}
		t.finish(f)
		t.remove(f)
	}
}

// Flush ends all connections, in the order in which they began: the capture
// is over.
func (t *Table) Flush() {
	flows := make([]*Flow, 0, t.n)
	for _, f := range t.buckets {
		for ; f != nil; f = f.chain {
			flows = append(flows, f)
		}
	}
	slices.SortFunc(flows, func(a, b *Flow) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.number, b.number)) })
	for _, f := range flows {
		t.finish(f)
		t.remove(f)
	}
	t.waits = queue{}
	t.now, t.sweep = 0, 0
}

// finish gives what is held and closes f, if it is not closed.
func (t *Table) finish(f *Flow) {
	if f.closed {
		return
	}
	if f.stream != nil {
		t.drainAll(f)
	}
	if f.stream != nil {
		t.tail(f)
	}
	f.closed = true
	if f.opened {
		t.handler.Close(f)
	}
	if f.stream != nil {
		t.free(f.stream)
		f.stream = nil
	}
}

func (t *Table) stream() *stream {
	if n := len(t.spare); n > 0 {
		s := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return s
	}
	return new(stream)
}

// free takes a stream back.
func (t *Table) free(s *stream) {
	for i := range s.half {
		t.stats.Held -= s.half[i].held
	}
	if len(t.spare) < maxSpare {
		marks := [2][]mark{s.half[0].marks[:0], s.half[1].marks[:0]}
		*s = stream{}
		for i := range marks {
			if cap(marks[i]) <= 8 {
				s.half[i].marks = marks[i]
			}
		}
		t.spare = append(t.spare, s)
	}
}
