package alerts

import (
	"slices"

	"github.com/mailtap/mailtap/dissect"
)

// Clone returns a deep copy of f: one is redacted and stored, the other shown
// with its secrets where that was asked for.
func Clone(f *dissect.Facts) *dissect.Facts {
	c := *f
	c.VLAN = slices.Clone(f.VLAN)
	c.Tunnel = slices.Clone(f.Tunnel)
	c.Files = slices.Clone(f.Files)
	c.Offer.Mechanisms = slices.Clone(f.Offer.Mechanisms)
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
	if c.TLS = clonePointer(f.TLS); c.TLS != nil {
		if c.TLS.Certificate = clonePointer(f.TLS.Certificate); c.TLS.Certificate != nil {
			c.TLS.Certificate.Names = slices.Clone(f.TLS.Certificate.Names)
		}
	}
	return &c
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
