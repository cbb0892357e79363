package reassembly

import "github.com/mailtap/mailtap/capture/decode"

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

// room makes place for one more connection.
func (t *Table) room() {
	if half := &t.lists[nascent]; half.n >= t.limits.HalfOpen {
		t.stats.HalfOpen++
		t.evict(half.oldest)
	}
	if t.n < t.limits.Flows {
		return
	}
	for _, l := range [...]place{ending, fading, parting, nascent, other, active} {
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
	if !f.closed && f.place != parting && f.place != fading {
		t.stats.Evicted++
		f.flags |= Evicted
	}
	t.finish(f)
	t.remove(f)
}
