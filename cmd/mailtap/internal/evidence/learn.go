package evidence

import (
	"bytes"

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

	squeezed  bool // compressed, or in frames of a SASL layer, from
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
	if len(l.needles.pieces) > maxNeedles {
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
		case !t.session.Mail(), !s.known() && s.next > 0: // nothing was read as it came
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
