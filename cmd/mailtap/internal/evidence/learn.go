package evidence

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/session"
)

// unsure is said of a session whose secrets may be anywhere.
const unsure = "mailtap: it cannot be told which bytes of this session are secret: all that the client sent is overwritten"

// learner reads the sessions again to learn where their secrets are.
type learner struct {
	*selection
	paths   *pathNames
	table   *reassembly.Table
	pool    session.Pool
	needles *needles
	events  []dissect.Event
	segment *decode.Segment // being added; nil: none
	number  uint64          // of its unit in the session
}

// talk is one connection that is read again.
type talk struct {
	c       *chosen
	session *session.Session
	streams [2]stream
	found   [2][]secret // by direction, until base is known for certain
	again   []repeat

	squeezed  bool // compressed, from
	squeezeAt [2]uint64
	tls       bool // from
	tlsAt     [2]uint64
	null      bool   // it encrypts nothing
	bare      int    // bytes that it carried
	helloTo   uint64 // end of a TLS handshake record that was read as lines of the client
	records   [2]records
}

// secret is what to write over a range of a stream.
type secret struct {
	off  uint64
	text []byte
}

// repeat is bytes that came again, which may differ from those that were read.
type repeat struct {
	dir    reassembly.Direction
	off    uint64
	text   []byte
	number uint64
}

// Bounds of what is kept of repetitions until the session has ended.
const (
	maxRepeats = 64      // of one session
	maxRepeat  = 2 << 10 // bytes of one
)

func newLearner(x *selection) *learner {
	l := &learner{selection: x, needles: newNeedles()}
	l.table = reassembly.New(reassembly.Limits{}, l)
	return l
}

func (l *learner) begin(paths *pathNames) { l.paths = paths }

func (l *learner) take(c *chosen, u *unit, _ string) error {
	l.segment, l.number = u.segment, c.packets
	l.table.Add(u.segment)
	if l.needles.n > maxNeedles {
		return errNeedles
	}
	return nil
}

func (l *learner) flush() {
	l.segment = nil
	l.table.Flush()
}

// Open begins nothing: see talkOf.
func (l *learner) Open(*reassembly.Flow) {}

func (l *learner) talkOf(f *reassembly.Flow) *talk {
	if t, ok := f.User.(*talk); ok {
		return t
	}
	c, streams := l.streamsOf(f, l.paths)
	if c == nil {
		return nil
	}
	ports := [2]uint16{f.Src(0).Port(), f.Src(1).Port()}
	t := &talk{c: c, streams: streams, session: session.New(&l.pool, ports, f.Late())}
	f.User = t
	return t
}

// Data reads the next bytes.
func (l *learner) Data(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	t := l.talkOf(f)
	if t == nil {
		return
	}
	s := &t.streams[dir]
	s.anchor(l.segment, off, b)
	if t.squeezed && s.masks.onward && off-t.squeezeAt[dir] > maxOnward {
		s.masks.all = true
	}
	l.events = t.session.Feed(l.events[:0], uint8(dir), b)
	l.read(t)
	t.sealed(dir, off, b)
}

// maxOnward is how far behind masks.from sequence numbers are surely told from
// those before it.
const maxOnward = 1 << 30

// maxNull is how many bytes of TLS without encryption are overwritten one
// record at a time; of more the whole direction is.
const maxNull = 4 << 20

// Gap tells the session of lost bytes.
func (l *learner) Gap(f *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	t := l.talkOf(f)
	if t == nil {
		return
	}
	t.streams[dir].next = off + n
	if t.null {
		t.streams[dir].masks.all = true // where records begin is not known any more
	}
	l.events = t.session.Gap(l.events[:0], uint8(dir), n)
	l.read(t)
}

// Again keeps what came again, to be held against what was said.
func (l *learner) Again(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	if t := l.talkOf(f); t != nil && len(t.again) < maxRepeats && !t.tls {
		t.again = append(t.again, repeat{dir, off, bytes.Clone(b[:min(len(b), maxRepeat)]), l.number})
	}
}

// Clash overwrites what is known to differ, and was never read.
func (l *learner) Clash(f *reassembly.Flow, _ reassembly.Direction, _ uint64, _, again reassembly.Version) {
	if t := l.talkOf(f); t != nil && !harmless(again.Text) {
		t.c.blank(l.number)
	}
}

// Close ends a connection: what was found is noted by sequence numbers.
func (l *learner) Close(f *reassembly.Flow) {
	t := l.talkOf(f)
	if t == nil {
		return
	}
	f.User = nil
	l.events = t.session.End(l.events[:0])
	l.read(t)
	dialogue := t.session.Dialogue()
	for _, r := range t.again {
		side := dissect.Client
		if uint8(r.dir) == t.session.Server() {
			side = dissect.Server
		}
		if dialogue.Differs(side, r.off, r.text) != nil && !harmless(r.text) {
			t.c.blank(r.number)
		}
	}
	dialogue.Leave()
	t.note()
}

// note moves what was found to the masks of the session.
func (t *talk) note() {
	for dir := range t.streams {
		s := &t.streams[dir]
		client := !t.session.Mail() || uint8(dir) != t.session.Server()
		switch {
		case !t.session.Mail(), !s.known() && len(t.found[dir]) > 0:
			s.masks.all = s.masks.all || client
		case s.known():
			for _, x := range t.found[dir] {
				s.cover(x.off, x.text)
			}
			if t.tls && !t.null {
				s.masks.opaque, s.masks.sealed = true, s.seq(t.tlsAt[dir])
			}
		}
	}
}

// read takes what the bytes meant.
func (l *learner) read(t *talk) {
	for i := range l.events {
		e := &l.events[i]
		if len(e.Line) > 0 {
			t.session.Dialogue().Mark(e)
		}
		dir := t.session.Direction(e.Side)
		switch e.Kind {
		case dissect.Compressed:
			t.squeezed = true
			t.squeezeAt = [2]uint64{t.streams[0].next, t.streams[1].next}
			t.squeezeAt[dir] = e.End
		case dissect.TLSBegin:
			t.tls = true
			t.tlsAt = [2]uint64{t.streams[0].next, t.streams[1].next}
			t.tlsAt[dir] = e.Start
		case dissect.TLSHello:
			t.null = t.null || e.TLS != nil && strings.Contains(e.TLS.Cipher, "_NULL_")
		}
		if e.Hide.From < e.Hide.To {
			l.hide(t, dir, e)
		}
	}
}

// hide notes the secret of an event.
func (l *learner) hide(t *talk, dir uint8, e *dissect.Event) {
	if e.Attempt != nil {
		l.needles.add(e.Attempt.Secret.Reveal())
	}
	if t.squeezed {
		t.squeeze()
		return
	}
	sent := e.Line[e.Hide.From:e.Hide.To]
	if e.Attempt == nil && t.isHello(e.Start, sent) {
		return
	}
	text := overwrite(sent, e.Attempt)
	if e.Kind == dissect.URLAuth {
		l.needles.add(string(sent))
	}
	const lineEnd = 2
	if rest := int(e.End-e.Start) - len(e.Line) - lineEnd; rest > 0 && e.Hide.To == len(e.Line) {
		text = append(text, fill(rest)...) // the line was too long to be kept
	}
	t.found[dir] = append(t.found[dir], secret{e.Start + uint64(e.Hide.From), text})
}

// isHello tells whether a line that nobody understood is of a TLS handshake,
// with which a client may come though the server speaks in clear. It holds no
// secret.
func (t *talk) isHello(start uint64, line []byte) bool {
	const handshake, major = 22, 3
	if len(line) >= recordHead && line[0] == handshake && line[1] == major {
		t.helloTo = start + recordHead + uint64(binary.BigEndian.Uint16(line[3:]))
	}
	return start < t.helloTo
}

// squeeze overwrites all that crossed compressed: a secret is in it.
func (t *talk) squeeze() {
	for dir := range t.streams {
		s := &t.streams[dir]
		if s.known() {
			s.masks.onward, s.masks.from = true, s.seq(t.squeezeAt[dir])
		} else {
			s.masks.all = true
		}
	}
}

// sealed overwrites what TLS carries where it encrypts nothing.
func (t *talk) sealed(dir reassembly.Direction, off uint64, b []byte) {
	if !t.tls || off+uint64(len(b)) <= t.tlsAt[dir] {
		return
	}
	from := max(off, t.tlsAt[dir])
	t.records[dir].take(b[from-off:], func(a, z int) {
		if t.bare += z - a; t.null && t.bare > maxNull {
			t.streams[dir].masks.all = true
		} else if t.null {
			t.found[dir] = append(t.found[dir], secret{from + uint64(a), fill(z - a)})
		}
	})
}

// harmless tells whether all lines of what nobody has read are commands that
// hold no secret.
func harmless(b []byte) bool {
	for line := range bytes.Lines(b) {
		words := bytes.Fields(line)
		if len(words) > 0 && !slices.ContainsFunc(words[:min(len(words), 2)], isHarmless) { // IMAP has a tag in front
			return false
		}
	}
	return true
}

func isHarmless(word []byte) bool {
	switch strings.ToUpper(string(word)) {
	case "HELO", "EHLO", "LHLO", "STARTTLS", "STLS", "CAPA", "CAPABILITY", "MAIL", "RCPT", "RSET", "NOOP", "QUIT", "LOGOUT":
		return true
	}
	return false
}
