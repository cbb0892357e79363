package reassembly

import (
	"slices"

	"github.com/mailtap/mailtap/capture/decode"
)

// A mirror port may show a connection twice under two names: in two VLANs,
// or before and behind a tunnel. The one whose payload came second is a copy.
// It is recognised by its first payload, so that a packet costs nothing more,
// and only while the other is wanted: what is not mail is in no list of twins.

// tuple names the ends of a connection, whatever its path.
func (k key) tuple() key {
	k.path = 0
	return k
}

// arise takes the first payload of a connection, and payload behind a reset.
func (t *Table) arise(f *Flow, dir Direction, s *decode.Segment, p *piece, ahead int) {
	first := f.place == nascent
	if first {
		if o := t.twins[f.key.tuple()]; o != nil && o.saw(dir.in(f, o), s) {
			t.adopt(f, o, dir, s)
			return
		}
	}
	t.enliven(f, dir)
	t.take(f, dir, s, p, ahead)
	if first && t.twins != nil {
		t.enrol(f)
	}
}

// diverge is told that there is more than one path. Before that nothing is
// enrolled.
func (t *Table) diverge() {
	t.twins = map[key]*Flow{}
	for f := t.lists[active].oldest; f != nil; f = f.newer {
		t.enrol(f)
	}
}

// enrol makes f known to its copies, if it is still wanted, and the first
// between its ends that is open.
func (t *Table) enrol(f *Flow) {
	k := f.key.tuple()
	if o := t.twins[k]; f.stream != nil && (o == nil || o.closed) {
		t.twins[k] = f
		f.flags |= enrolled
	}
}

// strike takes f off the list of twins.
func (t *Table) strike(f *Flow) {
	if k := f.key.tuple(); f.flags&enrolled != 0 && t.twins[k] == f {
		delete(t.twins, k)
	}
	f.flags &^= enrolled
}

// in returns the direction of o that is dir of f, which has the same ends.
func (dir Direction) in(f, o *Flow) Direction {
	if f.swap != o.swap {
		return dir ^ 1
	}
	return dir
}

// saw tells whether a packet like s came within copyWindow: with its number,
// its length as far as it is remembered, and its acknowledgement as nearly as
// can be told. Behind the end of the connection it has to come within maxSkew.
// Its bytes are for the Handler to compare: where they differ, a device between
// the two places has changed them.
func (f *Flow) saw(dir Direction, s *decode.Segment) bool {
	if f.closed {
		return f.said(dir, s) && within(s.Time-f.last, maxSkew)
	}
	h := &f.stream.half[dir]
	lag, size := after(h.ack, s.Ack), len(s.Payload)+s.Missing
	if s.Flags&decode.ACK == 0 || !h.hasAck || lag < -maxAgain || lag > maxAgain {
		return false
	}
	back := after(h.next, s.Seq)
	if m := h.carried(back, size); m != nil {
		return within(s.Time-m.time, copyWindow)
	}
	if m := h.oldestMark(); m != nil && int(uint32(h.off)-m.off) < back && back <= maxAgain && uint64(back) <= h.off {
		return within(s.Time-m.time, copyWindow) // it is forgotten: both its numbers have to do
	}
	return h.holds && slices.ContainsFunc(h.pieces, func(p piece) bool {
		return p.seq == s.Seq && p.len() == size && within(s.Time-p.mark.time, copyWindow)
	})
}

// said tells whether bytes like those of s, with such an acknowledgement, can be
// some that f, which is closed, was given.
func (f *Flow) said(dir Direction, s *decode.Segment) bool {
	behind := after(f.end[dir], s.Seq+uint32(len(s.Payload)+s.Missing))
	answered := after(f.end[dir^1], s.Ack) // -1 where it is a FIN's
	return s.Flags&decode.ACK != 0 && 0 <= behind && behind <= maxAgain && -1 <= answered && answered <= maxAgain
}

func within(d, limit int64) bool { return -limit < d && d < limit }

// carried returns the mark of the packet that brought the n bytes from so many
// bytes back on, and no others; nil if none did.
func (h *half) carried(back, n int) *mark {
	end := uint32(h.off)
	for i := range h.nMarks {
		m := &h.marks[(h.mark-1-i)&uint8(len(h.marks)-1)]
		if int(uint32(h.off)-m.off) == back {
			if int(end-m.off) == n {
				return m
			}
			return nil
		}
		end = m.off
	}
	return nil
}

// adopt makes f a copy of o.
func (t *Table) adopt(f, o *Flow, dir Direction, s *decode.Segment) {
	o.flags |= Duplicated | mirrored
	odd := f.strange()
	odd.twin, odd.original = o, o.number
	t.stats.Duplicates += f.stream.packets - 1 // this one is counted below
	f.Ignore()
	t.follow(f, dir, s)
}

// copied tells that f is a copy of another.
func (f *Flow) copied() bool { return f.odd != nil && f.odd.twin != nil }

// follow takes a segment of a copy. What it brings goes to the original, which
// may have missed it, or may see it later.
func (t *Table) follow(f *Flow, dir Direction, s *decode.Segment) {
	o := f.odd.twin
	if o.stream == nil || len(s.Payload)+s.Missing == 0 || s.Flags&(decode.SYN|decode.RST) != 0 {
		t.stats.Duplicates++
		return
	}
	o.last = max(o.last, s.Time)
	if s.File != o.file {
		o.addFile(s.File)
	}
	t.touch(o)
	dir = dir.in(f, o)
	o.seen[dir] = true
	if h := &o.stream.half[dir]; (!h.known || h.soft) && !t.synchronise(o, dir, s) {
		return
	}
	t.payload(o, dir, s, s.Seq)
	if o.stream != nil {
		t.wait(o.stream)
		t.ended(o)
	}
}
