package dissect

import (
	"bytes"
	"slices"
)

// MaxDialogue is how many bytes a Dialogue keeps of the latest lines of a side,
// on average of both. MaxDialogues bounds the memory of those of one Room.
const (
	MaxDialogue  = 64 << 10
	MaxDialogues = 16 << 20
)

// Dialogue is what both sides said in lines, as it crossed and in the order in
// which it was read, secrets included: no content of messages, and nothing
// inside TLS. A repeated packet is held against it, and a transcript is cut
// from it. It never leaves memory.
type Dialogue struct {
	room     *Room
	lines    []Spoken
	text     []byte
	stamped  int
	reserved int
	framed   bool // see Frame
}

// Spoken is a line of a Dialogue, without its CRLF. It fills a line of the
// caches.
type Spoken struct {
	Start    uint64 // stream offset on Side
	Stamp    Stamp  // of the packet that holds Start; the caller's
	Hide     Span   // the part of it that is a secret as it was sent
	from, to int32  // in text
	Side     Side
	Telling  bool // an event came of it
	Inflated bool // these are not the bytes that crossed, or may not be all in one piece
}

// Room bounds the Dialogues of one engine together, and recycles them. The
// zero value is ready.
type Room struct {
	used  int
	spare chan *Dialogue
}

// Most sessions have no more lines, and bytes in them.
const (
	fewLines = 16
	fewBytes = 512
)

// A Room keeps so many empty Dialogues for later ones, none of which grew larger.
const (
	maxSpare     = 64
	maxSpareSize = 16 << 10
)

// Used returns how many bytes the Dialogues keep now.
func (r *Room) Used() int { return r.used }

// New returns an empty Dialogue.
func (r *Room) New() *Dialogue {
	if r.spare == nil {
		r.spare = make(chan *Dialogue, maxSpare)
	}
	var d *Dialogue
	select {
	case d = <-r.spare:
	default:
		d = &Dialogue{room: r, lines: make([]Spoken, 0, fewLines), text: make([]byte, 0, fewBytes)}
	}
	r.used += d.cost()
	return d
}

// Leave takes d out of the room: it grows no more, and another goroutine may
// have it.
func (d *Dialogue) Leave() {
	if d != nil {
		d.room.used -= d.cost() + d.reserved
		d.reserved = 0
	}
}

// Reserve takes n bytes of the room for what else the session has to remember
// until d leaves. It reports whether there is so much left. A nil Dialogue
// counts nothing.
func (d *Dialogue) Reserve(n int) bool {
	if d == nil {
		return true
	}
	if d.room.used+n > MaxDialogues {
		return false
	}
	d.room.used += n
	d.reserved += n
	return true
}

// Recycle gives the memory of d, which has left, to a later one. Nothing of it
// may be used any more.
func (d *Dialogue) Recycle() {
	if d == nil || d.cost() > maxSpareSize {
		return
	}
	clear(d.text)
	d.lines, d.text, d.stamped, d.framed = d.lines[:0], d.text[:0], 0, false
	select {
	case d.room.spare <- d:
	default:
	}
}

// lineCost is what a line costs beside its bytes.
const lineCost = 64

// cost is what d takes of memory, room to grow included.
func (d *Dialogue) cost() int { return cap(d.text) + lineCost*cap(d.lines) }

// Add keeps a line that begins at a stream offset of side. A nil Dialogue
// keeps nothing.
func (d *Dialogue) Add(side Side, start uint64, line []byte) {
	if d == nil {
		return
	}
	line = line[:min(len(line), MaxDialogue)]
	if len(d.text)+len(line) > 2*MaxDialogue || len(d.lines) == maxLines {
		d.forget(len(d.lines)/2 + 1)
	}
	d.room.used -= d.cost()
	from := len(d.text)
	d.text = append(d.text, line...)
	d.lines = append(d.lines, Spoken{Side: side, Start: start, from: int32(from), to: int32(len(d.text)), Inflated: d.framed})
	d.room.used += d.cost()
	if d.room.used > MaxDialogues {
		d.forget(len(d.lines)/2 + 1)
	}
}

// AddInflated keeps a line whose bytes crossed compressed.
func (d *Dialogue) AddInflated(side Side, start uint64, line []byte) {
	d.Add(side, start, line)
	if n := len(d.Lines()); n > 0 {
		d.lines[n-1].Inflated = true
	}
}

// Frame says that the lines to come crossed in frames, the borders of which may
// stand within a line.
func (d *Dialogue) Frame() {
	if d != nil {
		d.framed = true
	}
}

// maxLines is how many lines a Dialogue keeps, however short they are.
const maxLines = 2 << 10

// forget drops the oldest n lines, and the memory that they took.
func (d *Dialogue) forget(n int) {
	n = min(n, len(d.lines))
	from := int32(len(d.text))
	if n < len(d.lines) {
		from = d.lines[n].from
	}
	d.room.used -= d.cost()
	d.text = bytes.Clone(d.text[from:])
	d.lines = slices.Clone(d.lines[n:])
	d.room.used += d.cost()
	d.stamped = max(0, d.stamped-n)
	for i := range d.lines {
		d.lines[i].from -= from
		d.lines[i].to -= from
	}
}

// Fresh returns the lines that came since the last call, for the caller to
// stamp.
func (d *Dialogue) Fresh() []Spoken {
	if d == nil {
		return nil
	}
	fresh := d.lines[d.stamped:]
	d.stamped = len(d.lines)
	return fresh
}

// Mark notes that an event came of a line, and which part of it is a secret.
func (d *Dialogue) Mark(e *Event) {
	for i := len(d.Lines()) - 1; i >= 0; i-- {
		l := &d.lines[i]
		if l.Side != e.Side || l.Start > e.Start {
			continue
		}
		if l.Start == e.Start {
			l.Telling = true
			if e.Hide != (Span{}) || e.Kind == MaskedCommand { // which was hidden until its answer told what it is
				l.Hide = e.Hide
			}
		}
		return
	}
}

// Lines returns all that is kept, in order.
func (d *Dialogue) Lines() []Spoken {
	if d == nil {
		return nil
	}
	return d.lines
}

// Text returns the bytes of one of its lines.
func (d *Dialogue) Text(l *Spoken) []byte { return d.text[l.from:l.to] }

// Differs holds bytes that came again, from offset off of side, against what
// is kept, and returns the first line that they change, or nil.
func (d *Dialogue) Differs(side Side, off uint64, again []byte) *Spoken {
	end := off + uint64(len(again))
	for i := len(d.Lines()) - 1; i >= 0; i-- {
		l := &d.lines[i]
		if l.Side != side || l.Start >= end || l.Inflated {
			continue
		}
		text := d.Text(l)
		stop := l.Start + uint64(len(text))
		if stop <= off {
			return nil
		}
		from, to := max(off, l.Start), min(end, stop)
		if string(text[from-l.Start:to-l.Start]) != string(again[from-off:to-off]) {
			return l
		}
	}
	return nil
}
