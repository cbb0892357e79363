package reassembly

import "github.com/mailtap/mailtap/capture/decode"

// pass moves h on by n bytes. A FIN that they pass was forged.
func (h *half) pass(n int) {
	h.next += uint32(n)
	if h.hasFin && after(h.next, h.fin) > 0 {
		h.hasFin = false
	}
}

// payload takes the bytes of a segment that begin at seq.
func (t *Table) payload(f *Flow, dir Direction, s *decode.Segment, seq uint32) {
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	if seq == h.next && s.Missing == 0 && f.place == active && !f.stream.holds() && t.mayGive(f, dir, s.Ack, s.Flags&decode.ACK != 0) {
		t.hand(f, dir, mark{time: s.Time, packet: s.Packet, file: s.File}, s.Payload) // as nearly all are
		return
	}
	var p piece // filled field by field: a literal is made twice, which takes 8 ns
	p.seq, p.ack, p.hasAck = seq, s.Ack, s.Flags&decode.ACK != 0
	p.data, p.missing = s.Payload, int32(s.Missing)
	p.mark.time, p.mark.packet, p.mark.file = s.Time, s.Packet, s.File
	ahead := after(seq, h.next)
	if ahead != 0 {
		if ahead < 0 && (f.stream.late && h.beginsAt(s, seq) || h.rewind(&p, o)) {
			ahead = after(seq, h.next)
		}
		if ahead >= maxAhead || ahead < 0 && h.neverHad(&p) {
			if h.older(&p, f.stream.late) || h.isLate(&p, o) {
				// An acknowledgement of its end says nothing about it.
				t.stats.OutOfWindow++
				return
			}
			t.stray(f, dir, s, p.end())
			return
		}
	}
	if f.place != active {
		t.arise(f, dir, s, &p, ahead)
		return
	}
	t.take(f, dir, s, &p, ahead)
}

// take gives p, which begins ahead of the next byte or, below 0, behind, or
// holds it.
func (t *Table) take(f *Flow, dir Direction, s *decode.Segment, p *piece, ahead int) {
	h := &f.stream.half[dir]
	if old := -ahead; old > 0 {
		if old >= p.len() {
			t.repeated(f, h.markOf(uint64(old)), p)
		}
		t.again(f, dir, s, p, old)
		if old >= p.len() || f.stream == nil {
			return
		}
		p.cutFront(old)
	}
	if p.seq == h.next && (!h.holds || after(h.pieces[0].seq, p.end()) >= 0) && t.mayGive(f, dir, p.ack, p.hasAck) {
		t.give(f, dir, p)
		if f.stream != nil && f.stream.holds() {
			t.drain(f)
		}
		return
	}
	t.stats.OutOfOrder++
	p.probe, p.broken = isProbe(s), !s.ChecksumOK()
	t.hold(f, dir, *p)
	if f.stream != nil {
		t.drain(f)
	}
}

// neverHad tells whether p, which begins behind, cannot be a repetition, nor
// bring anything new: it is too old, older than the first byte, or from where
// there are gaps. A keep-alive probe repeats what was not there.
func (h *half) neverHad(p *piece) bool {
	back := after(h.next, p.seq)
	switch {
	case after(p.end(), h.next) > 0 || back == 1:
		return false
	case back > maxBehind || uint64(back) > h.off:
		return true
	}
	return h.disorder != nil && p.within(h.first, h.lostTo)
}

// beginsAt goes back to where s, whose bytes begin at seq, takes a direction of a
// connection that was joined late, if only the number of an empty segment was
// known of it: they were sent before the capture began, and are sent again.
func (h *half) beginsAt(s *decode.Segment, seq uint32) bool {
	if !h.fresh() || isProbe(s) || after(h.next, seq) > maxBack {
		return false
	}
	h.next = seq
	return true
}

// older tells whether p, which begins behind, begins before the first byte and
// ends among those that were given, or, where the connection was joined late,
// is one of those that had passed before.
func (h *half) older(p *piece, late bool) bool {
	back, left := after(h.next, p.seq), after(h.next, p.end())
	if left < 0 || uint64(back) <= h.off {
		return false
	}
	return uint64(left) < h.off || late && uint64(back) <= h.off+maxBack
}

// isLate tells whether p brings bytes that were given up, and cannot be of
// another connection: nothing has come from behind them, so that rewind would
// find out, or they are what the other end, which sends o, acknowledged last.
func (h *half) isLate(p *piece, o *half) bool {
	if h.disorder == nil || !p.within(h.first, h.lostTo) {
		return false
	}
	return h.next == h.lostTo && p.within(h.lost, h.lostTo) || o.hasAck && o.ack == p.end()
}

// enliven moves a connection that talks among those that do; it is not there.
// After a reset it takes a segment of the end that seemed to have sent it.
func (t *Table) enliven(f *Flow, dir Direction) {
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	if o.reset && !h.reset {
		return
	}
	h.reset = false
	t.move(f, active)
}

// repeated counts a segment that holds nothing new; m is the packet that its
// first byte came with before. No end sends anything again within twice, so
// that the packet was captured before and behind a router, say; where the whole
// connection is captured under two names it may take copyWindow.
func (t *Table) repeated(f *Flow, m *mark, p *piece) {
	window := int64(twice)
	if f.flags&mirrored != 0 {
		window = copyWindow
	}
	if m != nil && p.mark.time >= m.time && p.mark.time-m.time < window && p.mark.packet != m.packet {
		t.stats.Duplicates++
		f.flags |= Duplicated
	}
	t.stats.Retransmits++
}

// mayGive tells whether all that a segment acknowledges was given.
func (t *Table) mayGive(f *Flow, dir Direction, ack uint32, hasAck bool) bool {
	o := &f.stream.half[dir^1]
	ahead := after(ack, o.next)
	if ahead <= 0 || ahead > maxAcked || !hasAck || !f.seen[dir^1] || !o.known {
		return true
	}
	return ahead == 1 && o.done() // only FIN is beyond
}

// give hands p to the Handler; it is the next of its direction.
func (t *Table) give(f *Flow, dir Direction, p *piece) {
	if t.hand(f, dir, p.mark, p.data); p.missing > 0 && f.stream != nil {
		f.stream.half[dir].pass(int(p.missing))
		t.gap(f, dir, int(p.missing))
	}
}

// hand gives the Handler the next bytes of a direction.
func (t *Table) hand(f *Flow, dir Direction, m mark, b []byte) {
	if !t.open(f) {
		return
	}
	h := &f.stream.half[dir]
	h.soft = false
	if len(b) == 0 {
		return // the capture cut them all off
	}
	h.pass(len(b))
	h.remember(&m, len(b))
	f.stream.half[dir^1].turn = 0
	off := h.off
	h.off += uint64(len(b))
	t.handler.Data(f, dir, off, b)
}

// gap tells the Handler of n bytes that are lost. next is moved by the caller.
func (t *Table) gap(f *Flow, dir Direction, n int) {
	if !t.open(f) {
		return
	}
	t.stats.GapBytes += uint64(n)
	f.flags |= Gapped
	h := &f.stream.half[dir]
	off := h.off
	h.off += uint64(n)
	h.messy().gaps += uint64(n)
	t.handler.Gap(f, dir, off, uint64(n))
}

// open tells the Handler of f, once, and whether it wants its bytes.
func (t *Table) open(f *Flow) bool {
	if !f.opened {
		f.opened = true
		t.handler.Open(f)
	}
	return f.stream != nil
}
