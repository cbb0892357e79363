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
		if (f.place == parting || f.place == fading) && f.isOther(f.dirOf(a.swapped), s) {
			t.finish(f)
		}
		if f.begins(f.dirOf(a.swapped), s) {
			return
		}
		if f.closed && !f.isPast(f.dirOf(a.swapped), s) {
			t.remove(f)
			f = nil
		}
	}
	if f != nil && f.closed && f.isForeign(f.dirOf(a.swapped), s) {
		t.remove(f)
		f = nil
	}
	if f == nil {
		if s.Flags&decode.RST != 0 {
			return // it ends what is not known
		}
		f = t.begin(s, a)
	}
	t.packet(f, f.dirOf(a.swapped), s)
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
