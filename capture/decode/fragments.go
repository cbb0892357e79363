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

// minBuffer is what a fragment on Ethernet needs. A datagram's buffer grows
// from there in powers of two.
const minBuffer = 2 << 10

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
	ring  datagram    // before the oldest of all datagrams and behind the newest
	free  []*datagram // for reuse, with their buffers
	stats FragmentStats
}

func newFragments() *fragments {
	t := &fragments{byKey: map[fragmentKey]*datagram{}}
	t.ring.prev, t.ring.next = &t.ring, &t.ring
	return t
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
	if g != nil && g.state == whole {
		if common, differs := g.overlap(f); common == f.size && !differs && g.fits(f) {
			t.stats.Duplicates++
			return nil
		}
		t.remove(g) // the identification is in use again
		g = nil
	}
	if g == nil {
		g = t.begin(f)
	}
	if g.state == abandoned || !g.fits(f) {
		t.stats.Dropped++
		return nil
	}
	if !t.admit(g, f) {
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

// admit puts f into its place, which other fragments may have taken before. It
// reports whether the datagram is still worth following.
func (t *fragments) admit(g *datagram, f *fragment) bool {
	common, differs := g.overlap(f)
	switch {
	case common == 0:
	case f.strict && (differs || !g.repeats(f)): // RFC 5722, section 4
		t.stats.Overlaps++
		t.abandon(g)
		return false
	case differs: // the first wins
		t.stats.Overlaps++
	case common == f.size:
		t.stats.Duplicates++
	}
	t.reserve(g, min(len(g.data)+len(f.data), MaxDatagram))
	if !g.fill(f) {
		t.stats.Evicted++
		t.abandon(g)
		return false
	}
	return true
}
