package reassembly

import "github.com/mailtap/mailtap/capture/decode"

// ended looks for the end of the connection.
func (t *Table) ended(f *Flow) {
	a, b := &f.stream.half[0], &f.stream.half[1]
	switch {
	case !a.hasFin && !b.hasFin:
	case a.done() && b.done():
		t.close(f)
	case a.done() && !f.seen[1], b.done() && !f.seen[0]:
		t.move(f, ending) // the other end's packets may still come
	case a.over(b) && b.over(a):
		t.move(f, fading) // what is missing may still come, from a slow mirror port
	}
}

// over tells whether the end that sends h has closed, though the capture may
// have lost what came before its FIN, or the FIN: o, of the other end,
// acknowledges it, so that it is not sent again. A single number behind the
// last byte is a FIN's.
func (h *half) over(o *half) bool {
	switch {
	case h.done():
		return true
	case !o.hasAck || !h.known:
		return false
	case h.hasFin:
		return after(o.ack, h.fin) > 0
	}
	return after(o.ack, h.next) == 1
}

// reset takes a RST. An end checks its number exactly (RFC 5961, section 3):
// any other may be forged, so what follows is still read. One that is exact ends
// a connection at once if it answers what the other end has just sent. Else that
// may come behind it from a mirror port, and is waited for until the connection
// has been silent for maxSkew. What the other end sends until it hears of the reset
// crosses the network, too: it is waited for longer, but only where it is wanted.
func (t *Table) reset(f *Flow, dir Direction, s *decode.Segment) {
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	ahead := after(s.Seq, h.next)
	switch exact := h.known && (ahead == 0 || ahead == 1 && h.hasFin); {
	case exact && f.place != nascent && f.wanted[dir^1]:
		h.reset = true
		t.move(f, fading)
	case exact && (f.place == nascent || f.stream.said && f.stream.last != dir):
		t.close(f)
	case exact:
		h.reset = true
		t.move(f, parting)
	case !h.known && s.Flags&decode.ACK != 0 && o.known && s.Ack == o.next: // the SYN is refused
		t.close(f)
	case !h.known || -maxAhead < ahead && ahead < maxAhead:
		h.reset = true
		t.move(f, ending)
	}
}

// forgotten takes a segment of a connection whose bytes are not wanted: it
// looks for its end, and for signs that it has none.
func (t *Table) forgotten(f *Flow, dir Direction, s *decode.Segment) {
	if f.place == other && s.Flags&(decode.FIN|decode.RST) != 0 {
		t.linger(f)
	}
	switch {
	case f.copied() && f.odd.twin.number == f.odd.original:
		t.follow(f, dir, s)
	case len(s.Payload) == 0 || s.Flags&(decode.SYN|decode.FIN|decode.RST) != 0:
	case f.copied(), f.closed && (after(s.Seq, f.end[dir]) >= 0 || after(s.Seq, f.first[dir]) < -maxBehind):
		// The end may have been forged, or only the copy is left, or it is
		// another connection whose SYN is not captured.
		t.stray(f, dir, s, s.Seq+uint32(len(s.Payload)+s.Missing))
	}
}

// closeIn ends the connections of a list that have been silent for longer than
// limit, in ns.
func (t *Table) closeIn(l place, limit int64) {
	for f := t.overdueIn(l, limit); f != nil; f = t.overdueIn(l, limit) {
		t.close(f)
		f.moved = min(f.last, t.now) // so long it has been over
	}
}

// close ends f, which is remembered for a while.
func (t *Table) close(f *Flow) {
	t.finish(f)
	if f.place != ending {
		t.linger(f)
	}
}

// linger lets f be remembered for a while, so that what comes late begins no
// other connection. The longest silent is forgotten where there are many; one
// that is still read is not, nor what has been silent for less.
func (t *Table) linger(f *Flow) {
	t.move(f, ending)
	l := &t.lists[ending]
	if first := l.oldest; l.n > t.limits.Lingering && first.stream == nil {
		t.finish(first)
		t.remove(first)
	}
}

// finish gives what is held and closes f, if it is not closed.
func (t *Table) finish(f *Flow) {
	if f.closed {
		return
	}
	if f.stream != nil {
		t.drainAll(f)
		t.tail(f)
	}
	f.closed = true
	if f.opened {
		t.handler.Close(f)
	}
	if f.stream != nil {
		for dir := range f.stream.half {
			h := &f.stream.half[dir]
			f.first[dir], f.end[dir] = h.begun(), h.next
		}
		t.free(f.stream)
		f.stream = nil
	}
}
