package reassembly

import "github.com/mailtap/mailtap/capture/decode"

// rebirth is a segment that does not fit its connection, so that it may be of
// another between the same ends: a SYN, or bytes far from all others. It is
// believed once the other end acknowledges it, so that one forged segment ends
// nothing, and a forged end or jump does not blind for long.
type rebirth struct {
	time  int64
	next  uint32 // what follows it
	file  int32
	dir   Direction
	flags uint8 // TCP flags
}

// announce notes that s, or what it answers, may begin another connection.
func (f *Flow) announce(dir Direction, next uint32, s *decode.Segment) {
	f.reborn = true
	f.strange().rebirth = rebirth{s.Time, next, s.File, dir, s.Flags}
}

// stray takes bytes too far from the others, which end before next.
func (t *Table) stray(f *Flow, dir Direction, s *decode.Segment, next uint32) {
	t.stats.OutOfWindow++
	if s.Flags&decode.FIN == 0 {
		f.announce(dir, next, s)
	}
}

// begins takes a SYN of a connection that is known, and tells whether it can
// only be of another.
func (f *Flow) begins(dir Direction, s *decode.Segment) bool {
	switch {
	case f.closed || !f.isOther(dir, s):
		return false
	case s.Flags&decode.ACK == 0:
		f.announce(dir, s.Seq+1, s)
	default: // its SYN was not captured
		f.announce(dir^1, s.Ack, s)
	}
	return true
}

// isOther tells whether a SYN cannot be of f.
func (f *Flow) isOther(dir Direction, s *decode.Segment) bool {
	switch {
	case f.stream != nil:
	case !f.copied() || f.odd.twin.number != f.odd.original:
		return true // not wanted: if it is new costs a look at its first bytes
	case f.odd.twin.stream == nil:
		return !f.odd.twin.isPast(dir.in(f, f.odd.twin), s)
	default:
		return f.odd.twin.isOther(dir.in(f, f.odd.twin), s)
	}
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	switch {
	case s.Flags&decode.ACK != 0 && !o.answers(s.Ack):
		return true
	case !h.known || h.soft:
		return false
	case h.fresh():
		return s.Seq+1 != h.next && s.Flags&decode.ACK == 0 // another SYN-ACK: see half.begin
	}
	if !f.stream.late {
		return s.Seq+1 != h.begun()
	}
	ahead := after(s.Seq+1, h.next)
	return ahead > 0 || ahead < -maxBehind
}

// isForeign tells whether a segment belongs to a connection between the same ends
// that is not f, which is closed: its number, and what it acknowledges, are both far
// from all that f had.
func (f *Flow) isForeign(dir Direction, s *decode.Segment) bool {
	const needed, never = decode.ACK, decode.SYN | decode.RST
	return s.Flags&(needed|never) == needed && f.seen == [2]bool{true, true} && !f.copied() &&
		!f.near(dir, s.Seq) && !f.near(dir^1, s.Ack)
}

// near tells whether a number may be of a direction of f, which is closed.
func (f *Flow) near(dir Direction, seq uint32) bool {
	return after(seq, f.first[dir]) >= -maxBehind && after(seq, f.end[dir]) <= maxBehind
}

// isPast tells whether a SYN is the one that f, which is closed and had said more
// since, began with: it was sent again, and came late.
func (f *Flow) isPast(dir Direction, s *decode.Segment) bool {
	return s.Seq+1 == f.first[dir] && f.end[dir] != f.first[dir]
}

// answers tells whether a SYN-ACK may acknowledge ack: where h begins, or what
// came with its SYN (RFC 7413).
func (h *half) answers(ack uint32) bool {
	ahead := after(ack, h.next)
	return !h.known || h.soft || -maxBehind <= ahead && ahead <= 0
}

// isReborn tells whether s confirms what f.rebirth announced: the other end
// acknowledges it, or the same end goes on behind it where it has been
// acknowledged, or only one end is captured.
func (f *Flow) isReborn(dir Direction, s *decode.Segment) bool {
	r := &f.odd.rebirth
	switch {
	case s.Flags&decode.RST != 0:
		return false
	case dir != r.dir:
		return s.Flags&decode.ACK != 0 && s.Ack == r.next
	case s.Flags&decode.SYN != 0 || s.Seq != r.next:
		return false
	}
	return !f.seen[dir^1] || r.flags&(decode.SYN|decode.ACK) == decode.SYN|decode.ACK
}

// rebear ends f and begins the connection that f.rebirth announced.
func (t *Table) rebear(f *Flow) *Flow {
	r, k, hash, swap := f.odd.rebirth, f.key, f.hash, f.swap
	t.finish(f)
	t.remove(f)
	syn := r.flags&decode.SYN != 0
	if syn {
		swap = swap != (r.dir == 1)
		r.dir = 0
	}
	n := t.born(k, hash)
	n.swap, n.file, n.last = swap, r.file, r.time
	n.stream.begun, n.stream.packets = r.time, 1
	switch r.flags & (decode.SYN | decode.ACK) {
	case decode.SYN:
		n.seen[0] = true
	case decode.SYN | decode.ACK:
		n.flags, n.seen[1] = Midstream, true
	default:
		n.flags, n.seen[r.dir] = Midstream, true
	}
	n.stream.late = !syn
	h := &n.stream.half[r.dir]
	h.known, h.next = true, r.next
	return n
}
