package record

import "github.com/mailtap/mailtap/dissect"

// The flags of Signs and of an overlap.
const (
	hasContradicted = 1 << iota
	hasTurn
)

const overlapSpoken = 2 // behind fromServer

// The fields of one kind, in the order in which they are written.

func signLines(s *dissect.Signs) [8]**dissect.Quote {
	return [...]**dissect.Quote{&s.MaskedBanner, &s.MaskedCommand, &s.EarlyData, &s.Alert, &s.Referral,
		&s.OddEnd, &s.Smuggled, &s.BareEnd}
}

func signTexts(s *dissect.Signs) [4]*string {
	return [...]*string{&s.OddForm, &s.RealClient, &s.Compressed, &s.Layer}
}

func testCounts(t *dissect.Tests) [5]*uint32 {
	return [...]*uint32{&t.VRFY, &t.VRFYAnswered, &t.EXPN, &t.EXPNAnswered, &t.RCPTRefused}
}

func (e *Encoder) signs(s *dissect.Signs) {
	lines := signLines(s)
	e.uint(which(lines[:], func(q **dissect.Quote) bool { return *q != nil }))
	for _, q := range lines {
		e.optional(*q)
	}
	e.flags(s.Contradicted != nil, s.Turn != nil)
	if s.Contradicted != nil {
		e.offer(s.Contradicted)
	}
	if t := s.Turn; t != nil {
		e.text(t.Verb)
		e.b = append(e.b, byte(t.Outcome))
		e.quotes(t.Quotes)
	}
	for _, text := range signTexts(s) {
		e.text(*text)
	}
	for _, n := range testCounts(&s.Tests) {
		e.uint(uint64(*n))
	}
	e.quotes(s.Tests.Quotes)
	e.uint(uint64(len(s.URLs)))
	for i := range s.URLs {
		e.text(s.URLs[i].User) // never the secret: Encode has refused one
		e.quote(&s.URLs[i].Quote)
	}
	e.uint(uint64(len(s.Overlaps)))
	for i := range s.Overlaps {
		e.overlap(&s.Overlaps[i])
	}
	e.pairs(s.ClientID)
	e.pairs(s.ServerID)
}

func (e *Encoder) overlap(o *dissect.Overlap) {
	e.flags(o.Side == dissect.Server, o.Spoken)
	e.uint(o.Start)
	e.int(int64(o.End - o.Start))
	e.quote(&o.First)
	e.quote(&o.Again)
}

func (d *decoder) signs() *dissect.Signs {
	s := new(dissect.Signs)
	bits := d.uint()
	for i, q := range signLines(s) {
		*q = d.optional(bits>>i&1 != 0)
	}
	flags := d.byte()
	if flags&hasContradicted != 0 {
		o := d.offer()
		s.Contradicted = &o
	}
	if flags&hasTurn != 0 {
		s.Turn = &dissect.Turn{Verb: d.text(), Outcome: d.outcome(), Quotes: d.quotes()}
	}
	for _, text := range signTexts(s) {
		*text = d.text()
	}
	for _, n := range testCounts(&s.Tests) {
		*n = uint32(d.uint())
	}
	s.Tests.Quotes = d.quotes()
	for range d.count(minToken) {
		s.URLs = append(s.URLs, dissect.Token{User: d.text(), Quote: d.quote()})
	}
	for range d.count(minOverlap) {
		s.Overlaps = append(s.Overlaps, d.overlap())
	}
	s.ClientID = d.pairs()
	s.ServerID = d.pairs()
	return s
}

func (d *decoder) overlap() (o dissect.Overlap) {
	flags := d.byte()
	o.Side, o.Spoken = side(flags&fromServer), flags&overlapSpoken != 0
	o.Start = d.uint()
	o.End = o.Start + uint64(d.int())
	o.First, o.Again = d.quote(), d.quote()
	return o
}
