package record

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Encoder makes records. The zero value is ready; it keeps its buffers from one
// record to the next and is not safe for concurrent use.
type Encoder struct {
	b     []byte
	words words // texts of this record
	last  stamp

	quoted []*dissect.Quote // the first quotes of this record
}

// Encode returns the record of s and its findings, valid until the next call.
// Of a session too big for MaxSize it keeps what fits: messages are dropped
// first, then attempts, and counted in Facts.Dropped, then the transcript;
// findings are never dropped, it fails instead.
func (e *Encoder) Encode(s *alerts.Session, findings []alerts.Finding) ([]byte, error) {
	if holdsSecret(s.Facts) {
		return nil, fmt.Errorf("session %v: %w", s.ID, ErrNotRedacted)
	}
	e.encode(s, findings)
	for e.full() {
		smaller, ok := trim(s)
		if !ok {
			return nil, fmt.Errorf("session %v: its %d findings take more than %d bytes", s.ID, len(findings), MaxSize)
		}
		s = smaller
		e.encode(s, findings)
	}
	return e.b, nil
}

func holdsSecret(f *dissect.Facts) bool {
	return slices.ContainsFunc(f.Auth, func(a *dissect.Attempt) bool { return a.Secret.Present() }) ||
		f.Signs != nil && slices.ContainsFunc(f.Signs.URLs, func(t dissect.Token) bool { return t.Secret.Present() })
}

func (e *Encoder) encode(s *alerts.Session, findings []alerts.Finding) {
	e.words.reset()
	clear(e.quoted)
	e.quoted = e.quoted[:0]
	e.b = append(e.b[:0], version)
	derived := s.ID == alerts.NewSessionID(s.Facts)
	e.flags(derived)
	if !derived {
		e.b = append(e.b, s.ID[:]...)
	}
	e.b = append(e.b, byte(s.Verdict))
	e.facts(s.Facts)
	e.uint(uint64(len(findings)))
	for i := 0; i < len(findings) && !e.full(); i++ {
		e.finding(s, &findings[i])
	}
}

// full says that the record is too big already: the rest need not be written.
func (e *Encoder) full() bool { return len(e.b) > MaxSize }

func (e *Encoder) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *Encoder) int(v int64)   { e.b = binary.AppendVarint(e.b, v) }

// text writes a text in full the first time, its number after that.
func (e *Encoder) text(s string) {
	if s == "" {
		e.b = append(e.b, 0)
		return
	}
	if n, ok := e.words.number(s); ok {
		e.uint(n<<1 | 1)
		return
	}
	e.uint(uint64(len(s)) << 1)
	e.b = append(e.b, s...)
}

func (e *Encoder) texts(list []string) {
	e.uint(uint64(len(list)))
	for _, s := range list {
		e.text(s)
	}
}

// flags writes up to eight booleans, the first in the lowest bit.
func (e *Encoder) flags(bits ...bool) {
	var b byte
	for i, set := range bits {
		if set {
			b |= 1 << i
		}
	}
	e.b = append(e.b, b)
}

// which gives a bit to each element of a list that holds something.
func which[T any](list []T, holds func(T) bool) (bits uint64) {
	for i, v := range list {
		if holds(v) {
			bits |= 1 << i
		}
	}
	return bits
}

func (e *Encoder) stamp(time int64, packet uint64) {
	e.int(time - e.last.time)
	e.int(int64(packet - e.last.packet))
	e.last = stamp{time, packet}
}

func (e *Encoder) endpoint(a netip.AddrPort) {
	a = netip.AddrPortFrom(a.Addr().WithZone(""), a.Port()) // packets have no zones
	e.b = append(e.b, 0)
	at := len(e.b)
	e.b, _ = a.AppendBinary(e.b) // it has no error to give
	e.b[at-1] = byte(len(e.b) - at)
}

func (e *Encoder) quote(q *dissect.Quote) {
	if len(e.quoted) < maxQuoted {
		e.quoted = append(e.quoted, q)
	}
	e.flags(q.Side == dissect.Server, q.Hide != dissect.Span{})
	e.stamp(q.Stamp.Time, q.Stamp.Packet)
	e.int(int64(q.Stamp.File))
	e.text(q.Text)
	if (q.Hide != dissect.Span{}) {
		e.int(int64(q.Hide.From))
		e.int(int64(q.Hide.To))
	}
}

func (e *Encoder) optional(q *dissect.Quote) {
	if q != nil {
		e.quote(q)
	}
}

func (e *Encoder) quotes(list []dissect.Quote) {
	e.uint(uint64(len(list)))
	for i := range list {
		e.quote(&list[i])
	}
}

// transcript writes lines, or which of the quotes they are: most telling ones
// stand there before.
func (e *Encoder) transcript(list []dissect.Quote) {
	e.uint(uint64(len(list)))
	for i := range list {
		q := &list[i]
		n := e.quotedAs(q)
		if n < 0 {
			e.quote(q)
			continue
		}
		e.b = append(e.b, again)
		e.uint(uint64(n))
	}
}

// quotedAs returns the number of a quote that is the same line, or -1.
func (e *Encoder) quotedAs(q *dissect.Quote) int {
	for i := range e.quoted {
		if have := e.quoted[i]; have.Stamp.Time == q.Stamp.Time && *have == *q {
			return i
		}
	}
	return -1
}

func (e *Encoder) pairs(list []dissect.Pair) {
	e.uint(uint64(len(list)))
	for _, p := range list {
		e.text(p.Key)
		e.text(p.Value)
	}
}

func (e *Encoder) finding(s *alerts.Session, f *alerts.Finding) {
	own := f.Session == s.ID && f.Protocol == s.Facts.Protocol && f.Client == s.Facts.Client && f.Server == s.Facts.Server
	derived := f.ID == alerts.NewFindingID(f.Session, f.Rule, f.Account)
	e.flags(f.HasAccount, !own, derived)
	if !derived {
		e.b = append(e.b, f.ID[:]...)
	}
	e.b = append(e.b, byte(f.Severity))
	if !own {
		e.b = append(e.b, f.Session[:]...)
		e.b = append(e.b, byte(f.Protocol))
		e.endpoint(f.Client)
		e.endpoint(f.Server)
	}
	e.text(f.Rule)
	e.text(f.Account)
	e.text(f.Why)
	e.pairs(f.Detail)
	e.uint(uint64(len(f.Evidence)))
	from := s.Facts.End
	for i := range f.Evidence {
		e.evidence(s, &f.Evidence[i])
		from = f.Evidence[i].Time
	}
	e.int(f.Time - from) // most often 0
}

// evidence writes a line, or which of the quotes it is.
func (e *Encoder) evidence(s *alerts.Session, v *alerts.Evidence) {
	n := e.shownAs(s, v)
	e.flags(v.From == dissect.Server, false, v.Session != s.ID, n >= 0)
	if n >= 0 {
		e.uint(uint64(n))
		return
	}
	if v.Session != s.ID {
		e.b = append(e.b, v.Session[:]...)
	}
	e.stamp(v.Time, v.Packet)
	e.text(v.File)
	e.text(v.Text)
}

// shownAs returns the number of a quote that is the line of the evidence, or -1.
func (e *Encoder) shownAs(s *alerts.Session, v *alerts.Evidence) int {
	for i := range e.quoted {
		if q := e.quoted[i]; q.Stamp.Time == v.Time && *v == evidenceOf(s, q) {
			return i
		}
	}
	return -1
}
