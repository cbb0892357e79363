package reassembly

import "github.com/mailtap/mailtap/capture/decode"

// stream is what is kept of a connection while its bytes are wanted.
type stream struct {
	half [2]half
	late bool // the beginning was not seen

	// Those that hold something are in the Table's list of the waiting.
	waiting      bool
	flow         *Flow
	since        int64 // when it came to the end of the list
	older, newer *stream
}

// half is one direction. It fills a line of the caches: what only disorder
// needs stands in disorder.
type half struct {
	next      uint32 // sequence number of the next byte to give
	ack       uint32 // latest acknowledgement that this direction carries
	fin       uint32 // sequence number of FIN
	turn      uint16 // bytes given since the other direction's, at most markSpan
	mark      uint8  // the place in marks that is written next
	nMarks    uint8
	known     bool   // next is known
	soft      bool   // next was only acknowledged, never seen
	hasAck    bool   // ack is known
	hasFin    bool   // fin is known
	reset     bool   // it sent a RST that may be forged
	holds     bool   // segments wait
	off       uint64 // of the next byte to give
	marks     []mark // a ring
	*disorder        // nil: none so far
}

// disorder is what waits of a direction, and what was lost.
type disorder struct {
	pieces []piece
	held   int    // bytes, overhead included
	gaps   uint64 // bytes lost
	first  uint32 // where the oldest gap begins, at most maxBehind behind
	lost   uint32 // the latest gap goes from here
	lostTo uint32 // to here
}

// messy returns the disorder of h, to be changed.
func (h *half) messy() *disorder {
	if h.disorder == nil {
		h.disorder = new(disorder)
	}
	return h.disorder
}

// done tells that everything up to FIN was given.
func (h *half) done() bool { return h.hasFin && h.next == h.fin }

// after returns how far a lies behind b on the circle of sequence numbers;
// negative, before it.
func after(a, b uint32) int { return int(int32(a - b)) }

// packet takes one segment of a known connection.
func (t *Table) packet(f *Flow, dir Direction, s *decode.Segment) {
	f.last = max(f.last, s.Time)
	f.packets++
	f.seen[dir] = true
	if s.File != f.file {
		f.addFile(s.File)
	}
	f.list.touch(f, t.now)
	if f.stream == nil {
		t.forgotten(f, dir, s)
		return
	}
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	seq, size := s.Seq, len(s.Payload)+s.Missing
	held := h.holds || o.holds
	if s.Flags&decode.RST != 0 {
		t.reset(f, dir, s) // what it carries is no data: RFC 9293, section 3.5.3
		return
	}
	if (!h.known || !o.known || h.soft || s.Flags&decode.SYN != 0) && !t.synchronise(f, dir, s) {
		return
	}
	if s.Flags&decode.ACK != 0 && o.known {
		h.acknowledge(s.Ack, o)
	}
	if s.Flags&decode.SYN != 0 {
		seq++
	}
	if s.Missing > 0 {
		f.flags |= Truncated
	}
	if s.Flags&decode.FIN != 0 {
		h.finish(seq + uint32(size))
	}
	switch {
	case size > 0:
		t.payload(f, dir, s, seq)
	case o.holds:
		t.drain(f) // what was acknowledged may have been waited for
	}
	if f.stream == nil {
		return
	}
	if held || h.holds || o.holds {
		t.wait(f.stream)
	}
	if h.hasFin || o.hasFin {
		t.ended(f)
	}
}

// synchronise learns where a direction begins, and tells whether s can belong
// to it.
func (t *Table) synchronise(f *Flow, dir Direction, s *decode.Segment) bool {
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	switch {
	case s.Flags&decode.SYN != 0:
		if !h.begin(f, dir, s) {
			return false
		}
	case !h.known && f.stream.late && isProbe(s):
		h.known, h.soft, h.next = true, true, s.Seq+1
	case !h.known:
		h.known, h.next = true, s.Seq
	case h.soft && len(s.Payload)+s.Missing > 0:
		h.joined(f, s)
	}
	if !o.known && s.Flags&decode.ACK != 0 {
		o.known, o.soft, o.next = true, true, s.Ack
	}
	return true
}

// begin takes a SYN. A SYN-ACK with another number than before counts until
// the other end has acknowledged the first.
func (h *half) begin(f *Flow, dir Direction, s *decode.Segment) bool {
	o := &f.stream.half[dir^1]
	if h.known && !h.soft && s.Seq+1 != h.next && h.fresh() && (dir == 0 || o.hasAck && o.ack == h.next) {
		return false
	}
	if !h.known || h.soft || h.fresh() {
		h.known, h.soft, h.next = true, false, s.Seq+1
	}
	if dir == 0 && s.Flags&decode.ACK == 0 {
		f.flags &^= Midstream
		f.first = min(f.first, s.Time)
		f.stream.late = f.stream.late && !(h.fresh() && o.fresh())
	}
	return true
}

// joined takes the first bytes of a direction of which only an acknowledgement
// is known. Where the connection was joined late the bytes before it may be
// captured later, and those behind it may have passed before the capture began.
func (h *half) joined(f *Flow, s *decode.Segment) {
	n := after(s.Seq, h.next)
	if n == -1 && isProbe(s) {
		return
	}
	if f.stream.late && -maxBack <= n && n <= maxBack {
		h.next = s.Seq
	}
	h.soft = false
}

// fresh tells that nothing has come of h.
func (h *half) fresh() bool { return h.off == 0 && !h.holds }

// isProbe tells whether s looks like a keep-alive with its octet of garbage
// (RFC 9293, section 3.8.4).
func isProbe(s *decode.Segment) bool {
	return len(s.Payload) == 1 && s.Flags&(decode.PSH|decode.FIN|decode.SYN) == 0
}

// acknowledge notes the acknowledgement that h carries for o: the latest, not
// the highest, so that a forged one counts only until the next.
func (h *half) acknowledge(ack uint32, o *half) {
	if ahead := after(ack, o.next); -maxAhead < ahead && ahead < maxAhead {
		h.hasAck, h.ack = true, ack
	}
}

// finish notes the number of a FIN, unless everything up to one was given.
func (h *half) finish(fin uint32) {
	if ahead := after(fin, h.next); ahead >= 0 && ahead < maxAhead && !h.done() {
		h.hasFin, h.fin = true, fin
	}
}

// pass moves h on by n bytes. A FIN that they pass was forged.
func (h *half) pass(n int) {
	h.next += uint32(n)
	if h.hasFin && after(h.next, h.fin) > 0 {
		h.hasFin = false
	}
}

// payload takes the bytes of a segment that begin at seq.
func (t *Table) payload(f *Flow, dir Direction, s *decode.Segment, seq uint32) {
	h := &f.stream.half[dir]
	var p piece // filled field by field: a literal is made twice, which takes 8 ns
	p.seq, p.ack, p.hasAck = seq, s.Ack, s.Flags&decode.ACK != 0
	p.data, p.missing = s.Payload, int32(s.Missing)
	p.mark.time, p.mark.packet, p.mark.file = s.Time, s.Packet, s.File
	ahead := after(seq, h.next)
	if ahead != 0 {
		if ahead < 0 && h.rewind(&p) {
			ahead = after(p.seq, h.next)
		}
		if ahead >= maxAhead || ahead < 0 && h.neverHad(&p) {
			t.stray(f, dir, s, p.end())
			return
		}
	}
	t.enliven(f, dir)
	if old := -ahead; old > 0 {
		if old >= p.len() {
			t.repeated(f, h.markOf(uint64(old)), &p)
			return
		}
		p.cutFront(old)
	}
	if p.seq == h.next && (!h.holds || after(h.pieces[0].seq, p.end()) >= 0) && t.mayGive(f, dir, &p) {
		t.give(f, dir, &p)
		if f.stream != nil && f.stream.holds() {
			t.drain(f)
		}
		return
	}
	t.stats.OutOfOrder++
	t.hold(f, dir, p)
	if f.stream != nil {
		t.drain(f)
	}
}

// neverHad tells whether p, which lies behind, cannot be a repetition: it is
// too old, older than the first byte, or from where there are gaps. A keep-alive probe
// repeats what was not there.
func (h *half) neverHad(p *piece) bool {
	back := after(h.next, p.seq)
	if back > maxBehind || h.disorder != nil && p.within(h.first, h.lostTo) {
		return true
	}
	return uint64(back) > h.off && after(p.end(), h.next) <= 0 && !(back == 1 && p.len() == 1)
}

// enliven moves a connection that talks among those that do. After a reset it
// takes a segment of the end that seemed to have sent it.
func (t *Table) enliven(f *Flow, dir Direction) {
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	if f.list == &t.active || o.reset && !h.reset {
		return
	}
	h.reset = false
	f.list.remove(f)
	t.active.push(f, t.now)
}

// repeated counts a segment that holds nothing new; m is the packet that its
// first byte came with before.
func (t *Table) repeated(f *Flow, m *mark, p *piece) {
	if m != nil && p.mark.time >= m.time && p.mark.time-m.time < twice && p.mark.packet != m.packet {
		t.stats.Duplicates++
		f.flags |= Duplicated
	}
	t.stats.Retransmits++
}

// mayGive tells whether all that p acknowledges was given.
func (t *Table) mayGive(f *Flow, dir Direction, p *piece) bool {
	o := &f.stream.half[dir^1]
	ahead := after(p.ack, o.next)
	if ahead <= 0 || ahead > maxAcked || !p.hasAck || !f.seen[dir^1] || !o.known {
		return true
	}
	return ahead == 1 && o.done() // only FIN is beyond
}

// give hands p to the Handler; it is the next of its direction.
func (t *Table) give(f *Flow, dir Direction, p *piece) {
	if !t.open(f) {
		return
	}
	h := &f.stream.half[dir]
	h.soft = false
	h.pass(p.len())
	if len(p.data) > 0 {
		off := h.off
		h.remember(&p.mark, len(p.data))
		f.stream.half[dir^1].turn = 0
		h.off += uint64(len(p.data))
		t.handler.Data(f, dir, off, p.data)
	}
	if p.missing > 0 && f.stream != nil {
		t.gap(f, dir, int(p.missing))
	}
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
