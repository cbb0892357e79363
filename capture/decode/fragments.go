package decode

import "time"

// Bounds of the datagrams that wait for fragments. The oldest makes room.
const (
	MaxDatagrams     = 1024    // at once
	MaxFragmentBytes = 8 << 20 // of all of them; their lists of pieces add 2 MiB at most
	MaxFragments     = 256     // of one datagram, which is given up when there are more
	MaxDatagram      = 65535   // bytes of one datagram's content

	// MaxFragmentAge is how long a datagram may wait, in packet time: about
	// as long as Linux waits. RFC 8200, section 4.5, allows 60 s.
	MaxFragmentAge = 30 * time.Second
)

// A datagram's buffer grows in powers of two from what a fragment of Ethernet
// needs to the least that holds MaxDatagram.
const (
	minBuffer = 2 << 10
	maxBuffer = 64 << 10
)

// FragmentStats counts what became of fragments.
type FragmentStats struct {
	Joined     uint64 // datagrams that were completed
	TimedOut   uint64 // datagrams that were not within MaxFragmentAge
	Evicted    uint64 // datagrams given up at another bound
	Dropped    uint64 // fragments that contradict their datagram or themselves, or that come for one given up
	Duplicates uint64 // fragments of which every byte had come before, and was the same
	Overlaps   uint64 // fragments of which a byte had come before, and was another; of IPv6, any overlap (RFC 5722)
	Waiting    int    // datagrams now
	Bytes      int    // of memory held for fragments now, at most MaxFragmentBytes
}

// fragments keeps datagrams until they are whole, and a while longer: a mirror
// port may show the last fragment twice, and the second one must not wait for
// the next datagram that is given the same identification.
type fragments struct {
	byKey map[fragmentKey]*datagram
	age   datagram    // begins and ends the ring of all datagrams, the oldest first
	free  []*datagram // for reuse, with their buffers
	stats FragmentStats
}

func newFragments() fragments { return fragments{byKey: map[fragmentKey]*datagram{}} }

func (t *fragments) current() FragmentStats { return t.stats }

func (t *fragments) forget() {
	for len(t.byKey) > 0 {
		t.remove(t.oldest())
	}
}

// add takes a fragment. It returns the datagram if that is now whole; it is
// valid until the next call.
func (t *fragments) add(f *fragment) *datagram {
	t.expire(f.time)
	if f.size == 0 || f.end() > MaxDatagram {
		t.stats.Dropped++
		return nil
	}
	g := t.byKey[f.key]
	if g != nil && g.state == whole && !g.holds(f) {
		t.remove(g) // its identification is in use again
		g = nil
	}
	if g == nil {
		g = t.begin(f)
	}
	if g.state == abandoned || !g.fits(f) {
		t.stats.Dropped++
		return nil
	}
	if t.known(g, f) {
		return nil
	}
	t.reserve(g, len(g.data)+len(f.data))
	if !g.fill(f) {
		t.stats.Evicted++
		t.abandon(g)
		return nil
	}
	if g.filled != g.size {
		return nil
	}
	t.stats.Joined++
	t.stats.Waiting--
	g.state = whole
	return g
}

// known deals with a fragment of which something has come before. It reports
// whether nothing is left to take.
func (t *fragments) known(g *datagram, f *fragment) bool {
	some, differs := g.overlap(f)
	switch {
	case !some:
		return false
	case f.strict && (differs || !g.repeats(f)): // RFC 5722, section 4
		t.stats.Overlaps++
		t.abandon(g)
		return true
	case differs: // the first wins
		t.stats.Overlaps++
		return false
	case g.covers(f):
		t.stats.Duplicates++
		return true
	}
	return false
}
