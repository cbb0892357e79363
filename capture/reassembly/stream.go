package reassembly

import "github.com/mailtap/mailtap/capture/decode"

// stream is what is kept of a connection while its bytes are wanted.
type stream struct {
	half    [2]half
	packets uint64
	late    bool      // the beginning was not seen
	last    Direction // of the latest packet
	said    bool      // which had bytes or a FIN
	waiting bool      // it holds something, and is in the Table's list of those
	begun   int64     // time of the first packet
	table   *Table

	// Of those that wait.
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

	rewound bool   // the latest gap was told of, but bytes of it came after all,
	before  uint32 // so that what lies before here has other offsets than it seems
}

// messy returns the disorder of h, to be changed.
func (h *half) messy() *disorder {
	if h.disorder == nil {
		h.disorder = new(disorder)
	}
	return h.disorder
}

// begun returns the number of the first byte of h.
func (h *half) begun() uint32 { return h.next - uint32(h.off) }

// done tells that everything up to FIN was given.
func (h *half) done() bool { return h.hasFin && h.next == h.fin }

// after returns how far a lies behind b on the circle of sequence numbers;
// negative, before it.
func after(a, b uint32) int { return int(int32(a - b)) }

// packet takes one segment of a known connection.
func (t *Table) packet(f *Flow, dir Direction, s *decode.Segment) {
	f.last = max(f.last, s.Time)
	f.seen[dir] = true
	t.touch(f)
	if f.stream == nil {
		t.forgotten(f, dir, s)
		return
	}
	f.stream.packets++
	if s.File != f.file {
		f.addFile(s.File)
	}
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	seq, size := s.Seq, len(s.Payload)+s.Missing
	held := h.holds || o.holds
	if s.Flags&decode.RST != 0 {
		t.reset(f, dir, s) // what it carries is no data: RFC 9293, section 3.5.3
		return
	}
	f.stream.last, f.stream.said = dir, size > 0 || s.Flags&decode.FIN != 0
	if (!h.known || !o.known || h.soft || s.Flags&decode.SYN != 0) && !t.synchronise(f, dir, s) {
		return
	}
	if s.Flags&decode.ACK != 0 && o.known {
		h.acknowledge(s.Ack, o, f.stream.late)
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
		t.joined(f, dir, s)
		if f.stream == nil {
			return false
		}
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
		f.stream.begun = min(f.stream.begun, s.Time)
		f.stream.late = f.stream.late && !(h.fresh() && o.fresh())
	}
	return true
}

// joined takes the first bytes of a direction of which only an acknowledgement
// is known. Where the connection was joined late the bytes before it may be
// captured later, and those behind it may have passed before the capture began;
// but not those that the other end has acknowledged since it spoke.
func (t *Table) joined(f *Flow, dir Direction, s *decode.Segment) {
	h, o := &f.stream.half[dir], &f.stream.half[dir^1]
	n := after(s.Seq, h.next)
	if n == -1 && isProbe(s) {
		return
	}
	h.soft = false
	if f.stream.late && -maxBack <= n && n <= maxBack {
		if o.off > 0 && o.hasAck {
			t.lose(f, dir, min(n, after(o.ack, h.next)))
		}
		if f.stream == nil {
			return
		}
		h.next = s.Seq
	}
	if dir == 1 && !f.stream.late && s.Flags&decode.ACK != 0 && after(s.Ack, o.next-uint32(o.off)) > 0 {
		f.flags |= Gapped // the SYN-ACK is missing, and whatever came before this answer
	}
}

// fresh tells that nothing has come of h.
func (h *half) fresh() bool { return h.off == 0 && !h.holds }

// isProbe tells whether s looks like a keep-alive with its octet of garbage
// (RFC 9293, section 3.8.4).
func isProbe(s *decode.Segment) bool {
	return len(s.Payload) == 1 && s.Flags&(decode.PSH|decode.FIN|decode.SYN) == 0
}

// acknowledge notes the acknowledgement that h carries for o: the latest, not
// the highest, so that a forged one counts only until the next. Where the
// connection was joined late, what is acknowledged before h says anything has
// passed before.
func (h *half) acknowledge(ack uint32, o *half, late bool) {
	if ahead := after(ack, o.next); -maxAhead < ahead && ahead < maxAhead {
		h.hasAck, h.ack = true, ack
	}
	if o.soft && late && h.off == 0 {
		o.next = ack
	}
}

// finish notes the number of a FIN, unless everything up to one was given.
func (h *half) finish(fin uint32) {
	if ahead := after(fin, h.next); ahead >= 0 && ahead < maxAhead && !h.done() {
		h.hasFin, h.fin = true, fin
	}
}
