package alerts

import (
	"iter"
	"slices"

	"github.com/mailtap/mailtap/dissect"
)

// Clone returns a deep copy of f: one is redacted and stored, the other shown
// with its secrets where that was asked for. It has no Dialogue, whose memory
// is used again when the session has been judged.
func Clone(f *dissect.Facts) *dissect.Facts {
	c := *f
	c.VLAN = slices.Clone(f.VLAN)
	c.Tunnel = slices.Clone(f.Tunnel)
	c.Files = slices.Clone(f.Files)
	c.Offer = cloneOffer(f.Offer)
	c.STARTTLS.Quotes = slices.Clone(f.STARTTLS.Quotes)
	c.MailCommand = clonePointer(f.MailCommand)
	c.Preauth = clonePointer(f.Preauth)
	c.Injected = clonePointer(f.Injected)
	c.Auth = slices.Clone(f.Auth)
	for i, a := range f.Auth {
		a = clonePointer(a)
		a.Detail = slices.Clone(a.Detail)
		a.Quotes = slices.Clone(a.Quotes)
		c.Auth[i] = a
	}
	c.Messages = slices.Clone(f.Messages)
	for i, m := range f.Messages {
		m = clonePointer(m)
		m.To = slices.Clone(m.To)
		m.Quotes = slices.Clone(m.Quotes)
		c.Messages[i] = m
	}
	c.TLS = cloneTLS(f.TLS)
	c.Signs = cloneSigns(f.Signs)
	c.Transcript = slices.Clone(f.Transcript)
	c.Dialogue = nil
	return &c
}

func cloneOffer(o dissect.Offer) dissect.Offer {
	o.Masks = slices.Clone(o.Masks)
	o.Mechanisms = slices.Clone(o.Mechanisms)
	return o
}

func cloneTLS(t *dissect.TLSFacts) *dissect.TLSFacts {
	if t = clonePointer(t); t == nil {
		return nil
	}
	t.Certificate = clonePointer(t.Certificate)
	t.Chain = slices.Clone(t.Chain)
	for c := range certificates(t) {
		c.Names = slices.Clone(c.Names)
	}
	return t
}

func cloneSigns(s *dissect.Signs) *dissect.Signs {
	if s = clonePointer(s); s == nil {
		return nil
	}
	for _, q := range signLines(s) {
		*q = clonePointer(*q)
	}
	if s.Contradicted != nil {
		o := cloneOffer(*s.Contradicted)
		s.Contradicted = &o
	}
	if s.Turn = clonePointer(s.Turn); s.Turn != nil {
		s.Turn.Quotes = slices.Clone(s.Turn.Quotes)
	}
	s.Tests.Quotes = slices.Clone(s.Tests.Quotes)
	s.URLs = slices.Clone(s.URLs)
	s.Overlaps = slices.Clone(s.Overlaps)
	s.ClientID = slices.Clone(s.ClientID)
	s.ServerID = slices.Clone(s.ServerID)
	return s
}

// certificates gives every certificate of t.
func certificates(t *dissect.TLSFacts) iter.Seq[*dissect.Certificate] {
	return func(yield func(*dissect.Certificate) bool) {
		if t.Certificate != nil && !yield(t.Certificate) {
			return
		}
		for i := range t.Chain {
			if !yield(&t.Chain[i]) {
				return
			}
		}
	}
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
