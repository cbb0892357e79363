package engine

import (
	"bytes"
	"slices"

	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/dissect"
)

// Again holds bytes that came again against what was said.
func (e *Engine) Again(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	c, ok := f.User.(*conversation)
	if !ok || c.opaque() {
		return
	}
	d := doubt{dir: dir, off: off, text: b, stamp: e.stampNow(f)}
	if l := c.differs(&d); l != nil {
		if e.sound() {
			e.conflict(c, &d, l)
		}
		return
	}
	if !c.inClear() {
		return
	}
	if spoken := c.spokenTo(dir); off < spoken {
		d.text = b[min(spoken-off, uint64(len(b))):]
		d.off += uint64(len(b) - len(d.text))
	}
	if len(bytes.Trim(d.text, "\r\n")) > 0 && e.sound() {
		e.doubt(e.doubtsOf(f), &d)
	}
}

// Clash keeps what is known to differ until its first version has been read. One
// with a wrong checksum the receiver never took.
func (e *Engine) Clash(f *reassembly.Flow, dir reassembly.Direction, off uint64, first, again reassembly.Version) {
	if c, ok := f.User.(*conversation); ok && !c.inClear() || first.Broken || !e.sound() {
		return
	}
	from, to := difference(first.Text, again.Text)
	e.doubt(e.doubtsOf(f), &doubt{
		dir: dir, off: off + uint64(from), text: again.Text[from:to], clash: true,
		first: dissect.Stamp{Time: first.Time, Packet: first.Packet, File: f.FileAt(first.File)},
		stamp: e.stampNow(f),
	})
}

// difference returns the range in which two texts of one length differ.
func difference(a, b []byte) (from, to int) {
	for from < len(a) && a[from] == b[from] {
		from++
	}
	for to = len(a); to > from && a[to-1] == b[to-1]; to-- {
	}
	return from, to
}

// sound tells whether the receiver of the packet at hand would have taken it.
func (e *Engine) sound() bool {
	if e.segment == nil {
		return true // the clock released what packets before have brought
	}
	if e.verified != e.stats.Packets {
		e.verified, e.isSound = e.stats.Packets, e.segment.ChecksumOK()
	}
	return e.isSound
}

// stampNow names the packet at hand.
func (e *Engine) stampNow(f *reassembly.Flow) dissect.Stamp {
	s := e.segment
	return dissect.Stamp{Time: s.Time, Packet: s.Packet, File: f.FileAt(s.File)}
}

// inClear tells whether what crosses may be lines.
func (c *conversation) inClear() bool {
	return c.facts == nil || c.facts.Transport == dissect.Plain && !c.opaque()
}

// opaque tells whether lines are no longer to be found at their stream offsets.
func (c *conversation) opaque() bool {
	return c.facts != nil && c.facts.Signs != nil && (c.facts.Signs.Compressed != "" || c.facts.Signs.Layer != "")
}

// side returns who sends in a direction of an identified session.
func (c *conversation) side(dir reassembly.Direction) dissect.Side {
	if uint8(dir) == c.session.Server() {
		return dissect.Server
	}
	return dissect.Client
}

// differs returns the line that d changes, or nil.
func (c *conversation) differs(d *doubt) *dissect.Spoken {
	return c.session.Dialogue().Differs(c.side(d.dir), d.off, d.text)
}

// spokenTo returns where the latest line of a direction ends.
func (c *conversation) spokenTo(dir reassembly.Direction) uint64 {
	dialogue, side := c.session.Dialogue(), c.side(dir)
	for _, l := range slices.Backward(dialogue.Lines()) {
		if l.Side == side {
			return l.Start + uint64(len(dialogue.Text(&l)))
		}
	}
	return 0
}

// conflict adds to the Facts that bytes came twice and differ. l is the line
// that the second version changes; nil: it is content, which is not quoted, or
// cannot be told.
func (e *Engine) conflict(c *conversation, d *doubt, l *dissect.Spoken) {
	side := c.side(d.dir)
	o := &dissect.Overlap{Side: side, Start: d.off, End: d.end(), Spoken: l != nil}
	o.First, o.Again = dissect.Quote{Side: side, Stamp: d.first}, dissect.Quote{Side: side, Stamp: d.stamp}
	if l != nil {
		c.quote(o, d, l)
	}
	if c.unsound == o.First.Stamp {
		return // the receiver never took the first version
	}
	c.facts.Flags |= dissect.Conflict
	if s := c.facts.Signs; s != nil && slices.ContainsFunc(s.Overlaps, func(have dissect.Overlap) bool {
		return have.Side == side && have.Start == o.Start && have.End == o.End && have.Again.Text == o.Again.Text
	}) {
		return
	}
	c.facts.Add(&dissect.Event{Kind: dissect.Conflicting, Side: side, Start: o.Start, End: o.End, Stamp: o.First.Stamp, Overlap: o})
}

// quote sets both versions of a line, and where they differ.
func (c *conversation) quote(o *dissect.Overlap, d *doubt, l *dissect.Spoken) {
	line := c.session.Dialogue().Text(l)
	if !d.clash {
		o.First.Stamp = l.Stamp
	}
	start, end := max(l.Start, d.off), min(l.Start+uint64(len(line)), d.end())
	from, to := difference(line[start-l.Start:end-l.Start], d.text[start-d.off:end-d.off])
	o.Start, o.End = start+uint64(from), start+uint64(to)
	again := d.over(line, l.Start)
	o.First.Text, o.First.Hide = clip(line), l.Hide
	o.Again.Text = clip(again)
	if o.Side == dissect.Client && !harmless(again) {
		o.Again.Hide = dissect.Span{From: 0, To: len(again)}
	}
	if l.Hide != (dissect.Span{}) {
		o.Again.Hide = dissect.Span{From: min(l.Hide.From, int(o.Start-l.Start)), To: len(again)}
	}
	o.First.Hide.To, o.Again.Hide.To = min(o.First.Hide.To, dissect.MaxQuote), min(o.Again.Hide.To, dissect.MaxQuote)
}

func clip(b []byte) string { return string(b[:min(len(b), dissect.MaxQuote)]) }

// over returns a line that begins at start, as far as d tells what it is the
// second time.
func (d *doubt) over(line []byte, start uint64) []byte {
	head := line[:max(start, d.off)-start]
	text := d.text[max(start, d.off)-d.off:]
	if i := bytes.IndexAny(text, "\r\n"); i >= 0 {
		return slices.Concat(head, text[:i])
	}
	tail := line[min(uint64(len(line)), d.end()-start):]
	return slices.Concat(head, text, tail)
}

// harmless tells whether a client's line is known to hold no secret: what took
// the place of another line was not parsed.
func harmless(line []byte) bool {
	words := bytes.Fields(line[:min(len(line), dissect.MaxQuote)])
	for _, w := range words[:min(len(words), 2)] { // IMAP has a tag in front
		switch string(bytes.ToUpper(w)) {
		case "HELO", "EHLO", "LHLO", "STARTTLS", "STLS", "CAPA", "CAPABILITY", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "LOGOUT":
			return true
		}
	}
	return len(words) == 1 && len(bytes.Trim(words[0], "X")) <= 1
}
