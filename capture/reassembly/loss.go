package reassembly

// expire gives up waiting for what has been missing for longer than Patience,
// as far as it is known to be lost.
func (t *Table) expire(f *Flow) {
	t.waits.remove(f.stream)
	limit := t.now - int64(t.limits.Patience)
	for t.overdue(f, limit) {
		t.drain(f)
	}
	if f.stream != nil {
		t.wait(f.stream)
		t.ended(f)
	}
}

// overdue gives up one thing that f waits for, and tells whether it did.
func (t *Table) overdue(f *Flow, limit int64) bool {
	for dir := range Direction(2) {
		if f.stream == nil {
			return false
		}
		h, o := &f.stream.half[dir], &f.stream.half[dir^1]
		if !h.holds || h.pieces[0].mark.time > limit {
			continue
		}
		hole := after(h.pieces[0].seq, h.next)
		switch {
		case hole == 0: // it waits for what it acknowledges
			t.giveUp(f, dir)
			return true
		case hole < 0: // no piece is so: one that was would be waited for without end
			t.takeHeld(h)
			return true
		}
		if acked := after(o.ack, h.next); o.hasAck && acked > 0 {
			t.lose(f, dir, min(hole, acked))
			return true
		}
	}
	return false
}

// giveUp gives the first held piece of a direction, which is its next, though
// what it acknowledges has not come: that is lost, unless its end acknowledged
// less since.
func (t *Table) giveUp(f *Flow, dir Direction) {
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	before, n := o.next, after(h.pieces[0].ack, o.next)
	if h.hasAck {
		n = min(n, after(h.ack, o.next))
	}
	if n > 1 { // a single number may be a FIN that was not captured
		t.lose(f, dir^1, n)
	}
	if f.stream != nil && o.next == before {
		t.giveHeld(f, dir)
	}
}

// lose declares n bytes of a direction lost, but no further than to what is
// held of it.
func (t *Table) lose(f *Flow, dir Direction, n int) {
	h := &f.stream.half[dir]
	if h.holds {
		n = min(n, after(h.pieces[0].seq, h.next))
	}
	if n <= 0 {
		return
	}
	d := h.messy()
	if d.first == d.lostTo {
		d.first = h.next
	}
	if after(h.next, d.first) > maxBehind {
		d.first = h.next - maxBehind
	}
	if d.lostTo != h.next {
		d.lost = h.next
	}
	h.pass(n)
	d.lostTo = h.next
	h.soft = false
	if n > markSpan {
		h.forgetMarks()
	}
	t.gap(f, dir, n)
}

// within tells whether p shares bytes with those between two numbers.
func (p *piece) within(from, to uint32) bool {
	return from != to && after(p.end(), from) > 0 && after(to, p.seq) > 0
}

// rewind goes back into the latest gap where p brings bytes of it after all,
// while nothing has come from behind it: a forged acknowledgement may have
// declared lost what is still to come. Where the other end, which sends o, still
// acknowledges them they are late, and stay given up: the gap has been told, and
// what was an answer may be taken for one to what was said since.
func (h *half) rewind(p *piece, o *half) bool {
	if h.disorder == nil || h.next != h.lostTo || !p.within(h.lost, h.lostTo) {
		return false
	}
	if o.hasAck && (after(o.ack, h.lostTo) >= 0 || after(o.ack, p.end()) >= 0) {
		return false
	}
	from := p.seq
	if after(h.lost, from) > 0 {
		from = h.lost
	}
	if h.holds && after(h.pieces[len(h.pieces)-1].end(), from) < 0 {
		return false // too wide for the circle
	}
	h.next, h.lostTo = from, from
	h.rewound, h.before = true, from
	return true
}

// force gives up whatever holds the first piece of a direction back, once.
func (t *Table) force(f *Flow, dir Direction) {
	h := &f.stream.half[dir]
	if hole := after(h.pieces[0].seq, h.next); hole > 0 {
		t.lose(f, dir, hole)
	} else {
		t.giveUp(f, dir)
	}
	t.drain(f)
}

// drainAll gives everything that is held, as far as FIN; holes become gaps.
func (t *Table) drainAll(f *Flow) {
	for dir := range f.stream.half {
		for h := &f.stream.half[dir]; h.done() && h.holds; {
			t.takeHeld(h)
		}
	}
	for f.stream != nil && f.stream.holds() {
		t.force(f, f.stream.first())
	}
}

// holds tells whether something waits.
func (s *stream) holds() bool { return s.half[0].holds || s.half[1].holds }

// first returns the direction to be given up first: one without a hole, else
// the one that has waited longer.
func (s *stream) first() Direction {
	a, b := &s.half[0], &s.half[1]
	switch {
	case !a.holds:
		return 1
	case !b.holds || a.pieces[0].seq == a.next:
		return 0
	case b.pieces[0].seq == b.next || b.pieces[0].mark.time < a.pieces[0].mark.time:
		return 1
	}
	return 0
}

// tail tells of bytes at the end that were acknowledged and never captured.
func (t *Table) tail(f *Flow) {
	for dir := range Direction(2) {
		if f.stream == nil {
			return
		}
		h, o := &f.stream.half[dir], &f.stream.half[dir^1]
		if !o.hasAck || !h.known || !f.seen[dir] {
			continue
		}
		n := after(o.ack, h.next)
		if n == 1 {
			continue // a FIN
		}
		if h.hasFin {
			n = min(n, after(h.fin, h.next))
		}
		if n <= maxAcked {
			t.lose(f, dir, n)
		}
	}
}
