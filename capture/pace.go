package capture

import "time"

// pauseAtLeast is how far the clock of a followed capture stays behind the
// packets that its writer should have delivered by now: the kernel gives them
// to the writer up to a second late, and a file that continues another is found
// within scanEvery.
const pauseAtLeast = 2 * time.Second

// pace relates the clock of a capture that is written while it is read to the
// host's. The zero value knows nothing yet.
type pace struct {
	known bool
	late  int64 // ns from a packet's stamp to its reading, measured from Follower.begun; the most that was met
}

// met takes the first of the packets that were written since the last look.
// Writers hold back what they have, some until a buffer is full: this one has
// waited longest.
func (p *pace) met(stamp int64, since time.Duration) {
	if late := since.Nanoseconds() - stamp; !p.known || late > p.late {
		p.known, p.late = true, late
	}
}

// Clock returns a time, in ns since 1970 UTC, that has passed in a capture
// although no packet says so: Next had to wait, and a packet stamped earlier
// would have been written. ok is false where that cannot be told: of files that
// were not seen to grow, and while others wait to be read. slot is as Next
// returns it.
//
// It goes by how late packets came until now, whatever their stamps are, and
// does not heed a host's clock that is set.
func (f *Follower) Clock(slot int) (now int64, ok bool) {
	if len(f.waiting) > 0 || f.ending {
		return 0, false
	}
	for _, l := range f.lanes {
		if l.slot == slot && l.pace.known && !l.ready {
			return (time.Since(f.begun) - pauseAtLeast).Nanoseconds() - l.pace.late, true
		}
	}
	return 0, false
}
