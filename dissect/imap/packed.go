package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap/inflate"
)

// Bounds of a compressed session.
const (
	maxWaiting  = 16 << 10 // compressed bytes of the client that wait for an answer
	maxRun      = 4 << 10  // bytes that are read at once of what was inflated
	maxUnpacked = 1 << 15  // events of what is inflated at once, behind which a side is not read any more: no mail has so many
	bothSides   = 80 << 10 // bytes that two inflate.Readers take
)

// packed is a side that is compressed (RFC 4978). Its stream offsets are those
// of the compressed bytes.
//
// Only what has been inflated tells where the client has to wait, so the
// session takes all of its bytes and keeps those that it cannot read yet.
type packed struct {
	*inflate.Reader
	next    uint64 // stream offset of the next byte to be fed
	waiting []byte
	text    []byte // inflated, and still to be read
}

// compress: the server has agreed to COMPRESS. The client's side can be read
// only if nothing of it was lost since: it begins behind its command.
func (s *Session) compress(waited bool) {
	for side := range s.packed {
		in := &s.in[side]
		in.Lose(0)
		s.packed[side] = &packed{Reader: inflate.New(in.Offset), next: in.Offset}
	}
	if !waited {
		s.packed[dissect.Client] = nil
		s.state[dissect.Client] = opaque
	}
}

// compressed takes the server's agreement to COMPRESS, which text is.
func (s *Session) compressed(dst []dissect.Event, text []byte, waited bool) []dissect.Event {
	if s.packed != [2]*packed{} {
		return s.goAllDeaf(dst) // twice, as nobody does
	}
	s.compress(waited)
	if !s.dialogue.Reserve(bothSides) {
		dst = s.goAllDeaf(dst)
	}
	e := s.event(dissect.Server, dissect.Compressed, text)
	e.Text = []byte("DEFLATE")
	return append(dst, e)
}

// tlsBeneath takes the answer to STARTTLS in a compressed session, where it is
// not allowed (RFC 3501, section 6.2.1). TLS would be the outer layer (RFC
// 4978, section 3), so nobody can tell where it begins.
func (s *Session) tlsBeneath(dst []dissect.Event, o dissect.Outcome) []dissect.Event {
	s.wait = nothing
	if o != dissect.Accepted {
		return dst
	}
	return s.goAllDeaf(dst)
}

func (s *Session) goAllDeaf(dst []dissect.Event) []dissect.Event {
	for side := range s.packed {
		if s.packed[side] != nil {
			dst = s.goDeaf(dst, dissect.Side(side))
		}
	}
	return dst
}

// pass counts n bytes of a layer beneath (RFC 4978, section 3: what is compressed is
// then signed). Those that wait stood before them; where they are read, they seem to
// stand behind.
func (p *packed) pass(n uint64) {
	p.next += n
	p.Pass(n)
}

// feedPacked takes compressed bytes.
func (s *Session) feedPacked(dst []dissect.Event, side dissect.Side, b []byte) []dissect.Event {
	p := s.packed[side]
	p.next += uint64(len(b))
	if side == dissect.Server {
		dst, _ = s.unpack(dst, side, b)
		return dst
	}
	n := 0
	if !p.due() {
		dst, n = s.unpack(dst, side, b)
	}
	p.waiting = append(p.waiting, b[n:]...)
	dst = s.readWaiting(dst)
	if len(p.waiting) > maxWaiting || s.state[dissect.Server] == opaque {
		return s.forceWaiting(dst)
	}
	return dst
}

// readWaiting reads what the client has sent, as far as the server's answers
// allow.
func (s *Session) readWaiting(dst []dissect.Event) []dissect.Event {
	p := s.packed[dissect.Client]
	if p == nil || !p.due() || !s.takes(dissect.Client) {
		return dst
	}
	b := p.waiting
	p.waiting = nil
	dst, n := s.unpack(dst, dissect.Client, b)
	p.waiting = b[n:]
	return dst
}

// forceWaiting reads all of it without waiting for any answer.
func (s *Session) forceWaiting(dst []dissect.Event) []dissect.Event {
	for p := s.packed[dissect.Client]; p != nil && p.due(); p = s.packed[dissect.Client] {
		s.Proceed()
		dst = s.readWaiting(dst)
	}
	return dst
}

// due tells whether there is something to read.
func (p *packed) due() bool { return len(p.waiting)+len(p.text) > 0 || p.Pending() }

// unpack inflates b and reads it, and returns how many bytes it took.
func (s *Session) unpack(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	p := s.packed[side]
	told, taken := len(dst), 0
	for s.packed[side] == p && s.takes(side) {
		if text := p.text; len(text) > 0 {
			p.text = nil
			dst = s.readRun(dst, side, text)
			continue
		}
		limit, byLine := s.nextRun(side)
		text, n, err := p.Next(b[taken:], limit, byLine)
		taken += n
		switch {
		case err != nil, len(dst)-told > maxUnpacked:
			return s.goDeaf(dst, side), len(b)
		case len(text) == 0 && limit > 0:
			return dst, taken
		}
		dst = s.readRun(dst, side, text)
	}
	return dst, taken
}

// nextRun tells how much of side may be inflated at once, and whether a line ends
// it: all of it has to be read in one step.
func (s *Session) nextRun(side dissect.Side) (limit int, byLine bool) {
	client := side == dissect.Client
	switch {
	case s.state[side] == inLiteral:
		return int(min(maxRun, s.left[side])), false
	case client && s.state[side] == unsynced && s.doubt.left > 0:
		return int(min(maxRun, s.doubt.left)), false
	case client && (s.held != nil || s.doubt.accepted):
		return 1, true // it settles them, and what comes then may be a literal
	}
	return maxRun, true
}

// readRun reads inflated text: a line, a part of one, or a part of a literal.
// Where the client turns out to wait for an answer, it is left for later. Its
// memory is used again at once, so events get a copy of their own.
func (s *Session) readRun(dst []dissect.Event, side dissect.Side, text []byte) []dissect.Event {
	p, told := s.packed[side], len(dst)
	if len(text) > 0 {
		dst = s.spoke(dst, side)
	}
	if in := &s.in[side]; s.packed[side] == p && s.takes(side) {
		if len(text) > 0 && len(in.Part()) == 0 {
			in.Offset = p.Start
		}
		var n int
		dst, n = s.step(dst, side, text)
		text = text[n:]
	}
	p.text = bytes.Clone(text)
	dissect.Detach(dst[told:])
	if side == dissect.Server {
		return s.readWaiting(dst)
	}
	return dst
}

// moved: bytes of a side were read.
func (s *Session) moved(side dissect.Side) {
	if p := s.packed[side]; p != nil {
		s.in[side].Offset = p.End
	}
}

// losePacked: bytes of a compressed side were lost, or nothing more of it is read.
func (s *Session) losePacked(dst []dissect.Event, side dissect.Side) []dissect.Event {
	if side == dissect.Client {
		dst = s.forceWaiting(dst)
	}
	if s.packed[side] == nil {
		return dst
	}
	return s.goDeaf(dst, side)
}

// goDeaf: from here on a compressed side cannot be read any more.
func (s *Session) goDeaf(dst []dissect.Event, side dissect.Side) []dissect.Event {
	next := s.packed[side].next
	s.packed[side] = nil
	if s.wait == forTLSAnswer || s.wait == forDeflate {
		s.wait = nothing
	}
	s.in[side].Lose(0)
	dst = s.lose(dst, side)
	s.state[side] = opaque
	s.in[side].Offset = next
	if side == dissect.Server {
		return s.forceWaiting(dst)
	}
	return dst
}
