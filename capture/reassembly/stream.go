package reassembly

import (
	"bytes"

	"github.com/mailtap/mailtap/capture/decode"
)

// after returns how far a lies behind b on the circle of sequence numbers;
// negative, before it.
func after(a, b uint32) int { return int(int32(a - b)) }

// packet takes one segment of a known connection.
func (t *Table) packet(f *Flow, dir Direction, s *decode.Segment) {
	f.last = s.Time
	f.packets++
	f.seen[dir] = true
	if s.File != f.file {
		f.addFile(s.File)
	}
	f.list.touch(f, t.now)
	if f.stream == nil {
		t.forgotten(f, s)
		return
	}
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	t.synchronise(f, h, o, s)
	if s.Flags&decode.ACK != 0 {
		h.acknowledge(s.Ack, o)
	}
	seq := s.Seq
	if s.Flags&decode.SYN != 0 {
		seq++
		if dir == 0 && s.Flags&decode.ACK == 0 {
			f.flags &^= Midstream
			f.first = min(f.first, s.Time)
		}
	}
	if s.Missing > 0 {
		f.flags |= Truncated
	}
	size := len(s.Payload) + s.Missing
	if s.Flags&decode.FIN != 0 && !h.hasFin && near(h, seq+uint32(size)) {
		h.hasFin, h.fin = true, seq+uint32(size)
	}
	switch {
	case size > 0:
		t.payload(f, dir, s, seq)
	case len(o.pieces) > 0:
		t.drain(f) // what was acknowledged may have been waited for
	}
	if f.stream != nil {
		t.wait(f)
		t.ended(f, dir, s)
	}
}

// forgotten takes a segment of a connection whose bytes are not wanted, and
// only looks for its end.
func (t *Table) forgotten(f *Flow, s *decode.Segment) {
	if f.list == &t.other && s.Flags&(decode.FIN|decode.RST) != 0 {
		f.list.remove(f)
		t.ending.push(f, t.now)
	}
}

// synchronise learns where a direction begins.
func (t *Table) synchronise(f *Flow, h, o *half, s *decode.Segment) {
	switch {
	case s.Flags&decode.SYN != 0:
		if !h.known || h.soft || h.off == 0 && len(h.pieces) == 0 {
			h.known, h.soft, h.next = true, false, s.Seq+1
		}
	case !h.known:
		h.known, h.next = true, s.Seq
	case h.soft && h.off == 0 && len(s.Payload)+s.Missing > 0:
		// Of a connection joined late only an acknowledgement is known: the
		// bytes before it may be captured later, and those behind it may have
		// passed before the capture began.
		if n := after(s.Seq, h.next); f.stream.late && -maxBack <= n && n <= maxBack {
			h.next = s.Seq
		}
		h.soft = false
	}
	if !o.known && s.Flags&decode.ACK != 0 && s.Flags&decode.RST == 0 {
		o.known, o.soft, o.next = true, true, s.Ack
	}
}

// acknowledge notes the highest acknowledgement that h carries for o.
func (h *half) acknowledge(ack uint32, o *half) {
	ahead := after(ack, o.next)
	if ahead > maxAhead || ahead < -maxAhead {
		return
	}
	if !h.hasAck || after(ack, h.ack) > 0 {
		h.hasAck, h.ack = true, ack
	}
}

// near tells whether a sequence number can belong to h.
func near(h *half, seq uint32) bool {
	n := after(seq, h.next)
	return -maxAhead < n && n < maxAhead
}

// payload takes the bytes of a segment that begin at seq.
func (t *Table) payload(f *Flow, dir Direction, s *decode.Segment, seq uint32) {
	h := &f.stream.half[dir]
	if !near(h, seq) || h.done {
		t.stats.OutOfWindow++
		return
	}
	if f.list == &t.nascent {
		f.list.remove(f)
		t.active.push(f, t.now)
	}
	p := piece{seq: seq, ack: s.Ack, hasAck: s.Flags&decode.ACK != 0, data: s.Payload, missing: s.Missing, mark: newMark(s)}
	if old := after(h.next, p.seq); old > 0 {
		if old >= p.len() {
			t.stats.Retransmits++
			return
		}
		p.cutFront(old)
	}
	if len(h.pieces) == 0 && p.seq == h.next && t.mayGive(f, dir, &p) {
		t.give(f, dir, &p)
		if f.stream != nil && len(f.stream.half[dir^1].pieces) > 0 {
			t.drain(f)
		}
		return
	}
	t.stats.OutOfOrder++
	t.hold(f, h, p)
	t.drain(f)
}

// cutFront drops the first n bytes of p.
func (p *piece) cutFront(n int) {
	p.seq += uint32(n)
	fromData := min(n, len(p.data))
	p.data = p.data[fromData:]
	p.missing -= n - fromData
}

// cutTo drops what lies behind the first n bytes of p.
func (p *piece) cutTo(n int) {
	if n <= len(p.data) {
		p.data, p.missing = p.data[:n], 0
		return
	}
	p.missing = n - len(p.data)
}

// mayGive tells whether all that p acknowledges was given.
func (t *Table) mayGive(f *Flow, dir Direction, p *piece) bool {
	o := &f.stream.half[dir^1]
	if !p.hasAck || !f.seen[dir^1] || !o.known {
		return true
	}
	ahead := after(p.ack, o.next)
	if ahead <= 0 || ahead > maxAcked {
		return true
	}
	return o.hasFin && ahead == 1 && o.fin == o.next // only FIN is beyond
}

// give hands p to the Handler; it is the next of its direction.
func (t *Table) give(f *Flow, dir Direction, p *piece) {
	t.open(f)
	h := &f.stream.half[dir]
	h.soft = false
	h.next = p.seq + uint32(p.len())
	if len(p.data) > 0 {
		h.remember(p.mark)
		off := h.off
		h.off += uint64(len(p.data))
		h.bytes += uint64(len(p.data))
		t.handler.Data(f, dir, off, p.data)
	}
	if p.missing > 0 {
		t.gap(f, dir, p.missing)
	}
}

// gap tells the Handler of n bytes that are lost. h.next is moved by the
// caller.
func (t *Table) gap(f *Flow, dir Direction, n int) {
	t.stats.GapBytes += uint64(n)
	f.flags |= Gapped
	if f.stream == nil {
		return
	}
	t.open(f)
	h := &f.stream.half[dir]
	off := h.off
	h.off += uint64(n)
	t.handler.Gap(f, dir, off, uint64(n))
}

func (t *Table) open(f *Flow) {
	if !f.opened {
		f.opened = true
		t.handler.Open(f)
	}
}

// hold keeps p, as far as it is new, among the pieces of h. What arrived first
// wins.
func (t *Table) hold(f *Flow, h *half, p piece) {
	i := len(h.pieces)
	for i > 0 && after(h.pieces[i-1].seq, p.seq) > 0 {
		i--
	}
	if i > 0 {
		prev := &h.pieces[i-1]
		if over := after(prev.seq+uint32(prev.len()), p.seq); over > 0 {
			f.compare(prev, &p)
			if over >= p.len() {
				t.stats.Retransmits++
				return
			}
			p.cutFront(over)
		}
	}
	for p.len() > 0 {
		var rest piece
		if i < len(h.pieces) {
			next := &h.pieces[i]
			if room := after(next.seq, p.seq); room < p.len() {
				f.compare(next, &p)
				rest = p
				if skip := room + next.len(); skip < p.len() {
					rest.cutFront(skip)
				} else {
					rest = piece{}
				}
				p.cutTo(room)
			}
		}
		if p.len() > 0 {
			t.keep(f, h, i, p)
			i++
		}
		i++
		p = rest
	}
	t.relieve(f, h)
}

// keep inserts a copy of p at i.
func (t *Table) keep(f *Flow, h *half, i int, p piece) {
	p.data = bytes.Clone(p.data)
	h.pieces = append(h.pieces, piece{})
	copy(h.pieces[i+1:], h.pieces[i:])
	h.pieces[i] = p
	h.held += len(p.data) + pieceOverhead
	t.stats.Held += len(p.data) + pieceOverhead
}

// relieve gives up waiting where a limit is reached.
func (t *Table) relieve(f *Flow, h *half) {
	for f.stream != nil && h.held > t.limits.HeldEach {
		t.stats.Forced++
		t.force(f)
	}
	for t.stats.Held > t.limits.Held {
		t.stats.Forced++
		victim := t.waits.peek()
		if victim == nil {
			victim = f
		} else {
			t.waits.pop()
		}
		if victim.stream != nil && victim.list != nil {
			t.drainAll(victim)
		}
	}
}

// compare flags f where the bytes that a and b share differ.
func (f *Flow) compare(a, b *piece) {
	if after(a.seq, b.seq) > 0 {
		a, b = b, a
	}
	skip := after(b.seq, a.seq)
	if skip >= len(a.data) {
		return
	}
	x, y := a.data[skip:], b.data
	n := min(len(x), len(y))
	if !bytes.Equal(x[:n], y[:n]) {
		f.flags |= Conflict
	}
}

// drain gives what is held as far as nothing is missing before it.
func (t *Table) drain(f *Flow) {
	for progress := true; progress; {
		progress = false
		for dir := range Direction(2) {
			for f.stream != nil && len(f.stream.half[dir].pieces) > 0 {
				p := f.stream.half[dir].pieces[0]
				if p.seq != f.stream.half[dir].next || !t.mayGive(f, dir, &p) {
					break
				}
				t.giveHeld(f, dir)
				progress = true
			}
		}
	}
}

// giveHeld gives the first held piece of a direction, which is its next.
func (t *Table) giveHeld(f *Flow, dir Direction) {
	h := &f.stream.half[dir]
	p := h.pieces[0]
	copy(h.pieces, h.pieces[1:])
	h.pieces[len(h.pieces)-1] = piece{}
	h.pieces = h.pieces[:len(h.pieces)-1]
	if len(h.pieces) == 0 {
		h.pieces = nil
	}
	h.held -= len(p.data) + pieceOverhead
	t.stats.Held -= len(p.data) + pieceOverhead
	t.give(f, dir, &p)
}

// wait puts f into the queue if it waits for something.
func (t *Table) wait(f *Flow) {
	s := f.stream
	if f.waiting || len(s.half[0].pieces)+len(s.half[1].pieces) == 0 {
		return
	}
	s.since = t.now
	t.waits.push(f)
}

// expire gives up waiting for what has been missing for longer than Patience,
// as far as it is known to be lost.
func (t *Table) expire(f *Flow) {
	limit := t.now - int64(t.limits.Patience)
	for t.overdue(f, limit) {
		t.drain(f)
		if f.stream == nil {
			return
		}
	}
	if len(f.stream.half[0].pieces)+len(f.stream.half[1].pieces) > 0 {
		f.stream.since = t.now
		t.waits.push(f)
	}
	for dir := range Direction(2) {
		if f.stream != nil {
			t.ended(f, dir, nil)
		}
	}
}

// overdue gives up one thing that f waits for, and tells whether it did.
func (t *Table) overdue(f *Flow, limit int64) bool {
	for dir := range Direction(2) {
		if f.stream == nil {
			return false
		}
		h, o := &f.stream.half[dir], &f.stream.half[dir^1]
		if len(h.pieces) == 0 || h.pieces[0].mark.time > limit {
			continue
		}
		p := &h.pieces[0]
		hole := after(p.seq, h.next)
		switch {
		case hole == 0: // p waits for what it acknowledges
			t.giveUp(f, dir)
			return true
		case o.hasAck && after(o.ack, h.next) > 0:
			t.lose(f, dir, hole)
			return true
		}
	}
	return false
}

// giveUp gives the first held piece of a direction, which is its next, though
// what it acknowledges has not come: that is lost.
func (t *Table) giveUp(f *Flow, dir Direction) {
	p, o := &f.stream.half[dir].pieces[0], &f.stream.half[dir^1]
	before, n := o.next, after(p.ack, o.next)
	if n > 1 { // a single number may be a FIN that was not captured
		t.lose(f, dir^1, n)
	}
	if f.stream != nil && o.next == before {
		t.giveHeld(f, dir)
	}
}

// lose declares up to n bytes of a direction lost, no further than to what is
// held of it.
func (t *Table) lose(f *Flow, dir Direction, n int) {
	h := &f.stream.half[dir]
	if len(h.pieces) > 0 {
		n = min(n, after(h.pieces[0].seq, h.next))
	}
	if n <= 0 || n > maxAhead {
		return
	}
	h.next += uint32(n)
	h.soft = false
	t.gap(f, dir, n)
}

// force gives up whatever holds f back, once.
func (t *Table) force(f *Flow) {
	for dir := range Direction(2) {
		h := &f.stream.half[dir]
		if len(h.pieces) == 0 {
			continue
		}
		if hole := after(h.pieces[0].seq, h.next); hole > 0 {
			continue
		}
		t.giveUp(f, dir) // nothing is missing before it but what it acknowledges
		t.drainIf(f)
		return
	}
	for dir := range Direction(2) {
		if h := &f.stream.half[dir]; len(h.pieces) > 0 {
			t.lose(f, dir, after(h.pieces[0].seq, h.next))
			t.drainIf(f)
			return
		}
	}
}

func (t *Table) drainIf(f *Flow) {
	if f.stream != nil {
		t.drain(f)
	}
}

// drainAll gives everything that is held; holes become gaps.
func (t *Table) drainAll(f *Flow) {
	for f.stream != nil && len(f.stream.half[0].pieces)+len(f.stream.half[1].pieces) > 0 {
		t.force(f)
	}
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
		if n > 0 && n <= maxAcked {
			if h.hasFin {
				n = min(n, after(h.fin, h.next))
			}
			t.lose(f, dir, n)
		}
	}
}

// ended looks for the end of the connection.
func (t *Table) ended(f *Flow, dir Direction, s *decode.Segment) {
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	if h.hasFin && h.next == h.fin {
		h.done = true
	}
	switch {
	case h.done && (o.done || !f.seen[dir^1]) && len(o.pieces) == 0:
		if !f.seen[dir^1] {
			f.list.remove(f) // the other end's packets may still come
			t.ending.push(f, t.now)
			return
		}
		t.close(f)
	case s != nil && s.Flags&decode.RST != 0 && near(h, s.Seq):
		if s.Seq == h.next || h.hasFin || o.hasFin {
			t.close(f)
			return
		}
		// An end checks a reset's number exactly (RFC 5961, section 3): this
		// one may be forged, so what follows is still read.
		f.list.remove(f)
		t.ending.push(f, t.now)
	}
}

func (t *Table) close(f *Flow) {
	t.finish(f)
	if f.list != &t.ending {
		f.list.remove(f)
		t.ending.push(f, t.now)
	}
}

// newBeginning tells whether a SYN begins another connection than f.
func (f *Flow) newBeginning(s *decode.Segment, dir Direction) bool {
	if f.closed {
		return true
	}
	if f.stream == nil { // not wanted: whether it is new costs a look at its first bytes
		return s.Flags&decode.ACK == 0 && s.Time-f.last > touchEvery
	}
	h := &f.stream.half[dir]
	if !h.known || h.soft {
		return false
	}
	if h.off == 0 {
		return s.Seq+1 != h.next && s.Flags&decode.ACK == 0
	}
	return near(h, s.Seq) == false || after(s.Seq, h.next) > maxAcked || after(h.next, s.Seq) > maxAcked
}

// isReborn tells whether s belongs to the connection that f.reborn announced:
// its end answers the SYN, or goes on behind it. Only then is f over; a forged
// SYN alone ends nothing.
func (f *Flow) isReborn(s *decode.Segment, dir Direction) bool {
	r := &f.reborn
	if dir == r.dir {
		return s.Flags&decode.SYN == 0 && s.Seq == r.isn+1
	}
	return s.Flags&(decode.SYN|decode.ACK) == decode.SYN|decode.ACK && s.Ack == r.isn+1
}
