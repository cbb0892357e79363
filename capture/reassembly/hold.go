package reassembly

import (
	"bytes"
	"slices"
	"sort"
)

// piece is a segment that waits. Pieces of a direction do not overlap and are
// in order.
type piece struct {
	seq     uint32
	ack     uint32
	missing int32 // bytes behind data that the capture cut off
	hasAck  bool
	probe   bool // it may be a keep-alive
	broken  bool // its checksum is wrong
	data    []byte
	mark    mark // off is not set
}

func (p *piece) len() int    { return len(p.data) + int(p.missing) }
func (p *piece) end() uint32 { return p.seq + uint32(p.len()) }
func (p *piece) cost() int   { return len(p.data) + pieceOverhead }

// cutFront drops the first n bytes of p.
func (p *piece) cutFront(n int) {
	p.seq += uint32(n)
	fromData := min(n, len(p.data))
	p.data = p.data[fromData:]
	p.missing -= int32(n - fromData)
}

// cutTo drops what lies behind the first n bytes of p.
func (p *piece) cutTo(n int) {
	if n <= len(p.data) {
		p.data, p.missing = p.data[:n], 0
		return
	}
	p.missing = int32(n - len(p.data))
}

// hold keeps p, as far as it is new, among the pieces of a direction. What
// arrived first wins.
func (t *Table) hold(f *Flow, dir Direction, p piece) {
	h := &f.stream.half[dir]
	i := len(h.messy().pieces)
	if i > 0 && after(h.pieces[i-1].seq, p.seq) > 0 {
		i = sort.Search(i, func(i int) bool { return after(h.pieces[i].seq, p.seq) > 0 })
	}
	if i > 0 {
		prev := &h.pieces[i-1]
		if over := after(prev.end(), p.seq); over > 0 {
			if !t.clash(f, dir, prev, &p) {
				return
			}
			if over >= p.len() {
				t.repeated(f, &prev.mark, &p)
				return
			}
			p.cutFront(over)
		}
	}
	for ; i < len(h.pieces) && p.len() > 0; i++ {
		next := &h.pieces[i]
		room := after(next.seq, p.seq)
		if room >= p.len() {
			break
		}
		if !t.clash(f, dir, next, &p) {
			return
		}
		covered := min(p.len(), room+next.len())
		if room > 0 {
			front := p
			front.cutTo(room)
			t.keep(h, i, front)
			i++
		}
		p.cutFront(covered)
	}
	if p.len() > 0 {
		t.keep(h, i, p)
	}
	t.relieve(f, dir)
}

// keep inserts a copy of p at i.
func (t *Table) keep(h *half, i int, p piece) {
	p.data = bytes.Clone(p.data)
	h.pieces = slices.Insert(h.pieces, i, p)
	h.holds = true
	h.held += p.cost()
	t.stats.Held += p.cost()
}

// takeHeld takes the first piece of h out.
func (t *Table) takeHeld(h *half) piece {
	p := h.pieces[0]
	h.pieces[0] = piece{}
	h.pieces = h.pieces[1:]
	if len(h.pieces) == 0 {
		h.pieces, h.holds = nil, false
	}
	h.held -= p.cost()
	t.stats.Held -= p.cost()
	return p
}

// relieve gives up waiting where a limit is reached.
func (t *Table) relieve(f *Flow, dir Direction) {
	for f.stream != nil {
		h := &f.stream.half[dir]
		if h.held <= t.limits.HeldEach && len(h.pieces) <= maxPieces {
			break
		}
		t.stats.Forced++
		t.force(f, dir)
	}
	for t.stats.Held > t.limits.Held {
		t.stats.Forced++
		victim := f
		if t.waits.oldest != nil {
			victim = t.waits.oldest.flow
		}
		t.drainAll(victim)
		if victim.stream != nil {
			t.wait(victim.stream)
		}
		if victim != f && victim.stream != nil {
			t.ended(victim)
		}
	}
}

// drain gives what is held as far as nothing is missing before it.
func (t *Table) drain(f *Flow) {
	for progress := true; progress; {
		progress = false
		for dir := range Direction(2) {
			for t.ready(f, dir) {
				t.giveHeld(f, dir)
				progress = true
			}
		}
		progress = progress || t.untie(f)
	}
}

// untie gives a part of what is held where each direction waits for the other,
// and tells whether it did. A segment that was sent again acknowledges what came
// after its bytes were sent first: it is the later of the two, and of its bytes
// those that the other one acknowledges come first.
func (t *Table) untie(f *Flow) bool {
	if f.stream == nil || !f.stream.half[0].atNext() || !f.stream.half[1].atNext() {
		return false
	}
	dir := Direction(0)
	if f.stream.half[1].pieces[0].mark.packet > f.stream.half[0].pieces[0].mark.packet {
		dir = 1
	}
	h, p := &f.stream.half[dir], &f.stream.half[dir].pieces[0]
	n := after(f.stream.half[dir^1].pieces[0].ack, h.next)
	if n >= p.len() {
		t.giveHeld(f, dir)
		return true
	}
	part, size := *p, len(p.data)
	part.cutTo(n)
	p.cutFront(n)
	h.held -= size - len(p.data)
	t.stats.Held -= size - len(p.data)
	t.give(f, dir, &part)
	return true
}

// atNext tells whether the first piece that h holds is its next.
func (h *half) atNext() bool { return h.holds && h.pieces[0].seq == h.next }

// ready tells whether the first piece of a direction waits for nothing.
func (t *Table) ready(f *Flow, dir Direction) bool {
	if f.stream == nil {
		return false
	}
	h := &f.stream.half[dir]
	return h.atNext() && t.mayGive(f, dir, h.pieces[0].ack, h.pieces[0].hasAck)
}

// giveHeld gives the first piece of a direction, which is its next.
func (t *Table) giveHeld(f *Flow, dir Direction) {
	p := t.takeHeld(&f.stream.half[dir])
	t.give(f, dir, &p)
}
