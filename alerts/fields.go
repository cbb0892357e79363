package alerts

import (
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// eachQuote calls do with every quote of f.
func eachQuote(f *dissect.Facts, do func(*dissect.Quote)) {
	one := func(q *dissect.Quote) {
		if q != nil {
			do(q)
		}
	}
	all := func(quotes []dissect.Quote) {
		for i := range quotes {
			do(&quotes[i])
		}
	}
	one(&f.Offer.Quote)
	one(f.MailCommand)
	one(f.Preauth)
	one(f.Injected)
	all(f.STARTTLS.Quotes)
	for _, a := range f.Auth {
		all(a.Quotes)
	}
	for _, m := range f.Messages {
		all(m.Quotes)
	}
	all(f.Transcript)
	s := f.Signs
	if s == nil {
		return
	}
	for _, q := range signLines(s) {
		one(*q)
	}
	if s.Contradicted != nil {
		one(&s.Contradicted.Quote)
	}
	if s.Turn != nil {
		all(s.Turn.Quotes)
	}
	all(s.Tests.Quotes)
	for i := range s.URLs {
		one(&s.URLs[i].Quote)
	}
	for i := range s.Overlaps {
		one(&s.Overlaps[i].First)
		one(&s.Overlaps[i].Again)
	}
}

// signLines lists the single lines of s.
func signLines(s *dissect.Signs) [8]**dissect.Quote {
	return [...]**dissect.Quote{&s.MaskedBanner, &s.MaskedCommand, &s.EarlyData, &s.Alert, &s.Referral,
		&s.OddEnd, &s.Smuggled, &s.BareEnd}
}

// eachName calls do with every address and authorization identity of f.
func eachName(f *dissect.Facts, do func(*string)) {
	for _, a := range f.Auth {
		for i := range a.Detail {
			if a.Detail[i].Key == "authzid" {
				do(&a.Detail[i].Value)
			}
		}
	}
	for _, m := range f.Messages {
		do(&m.From)
		for i := range m.To {
			do(&m.To[i])
		}
	}
}

// maskFields masks what is neither a quote nor a name.
func maskFields(f *dissect.Facts, m *masker) {
	m.fields(&f.Banner, &f.Hello)
	maskMechanisms(f.Offer.Mechanisms, m)
	for _, a := range f.Auth {
		maskMechanism(&a.Mechanism, m)
		for i := range a.Detail {
			switch d := &a.Detail[i]; d.Key {
			case "response": // ours, and rules read it
			case "authzid": // a name
			default:
				m.fields(&d.Value)
			}
		}
	}
	for _, message := range f.Messages {
		m.fields(&message.Subject)
	}
	if f.TLS != nil {
		m.fields(&f.TLS.SNI, &f.TLS.ALPN)
		for c := range certificates(f.TLS) {
			m.fields(&c.Subject, &c.Issuer)
			for i := range c.Names {
				m.fields(&c.Names[i])
			}
		}
	}
	if f.Signs != nil {
		maskSigns(f.Signs, m)
	}
}

func maskSigns(s *dissect.Signs, m *masker) {
	if s.Contradicted != nil {
		maskMechanisms(s.Contradicted.Mechanisms, m)
	}
	m.fields(&s.RealClient, &s.Compressed)
	maskMechanism(&s.Layer, m)
	for _, pairs := range [...][]dissect.Pair{s.ClientID, s.ServerID} {
		for i := range pairs {
			m.fields(&pairs[i].Key, &pairs[i].Value)
		}
	}
}

func maskMechanisms(names []string, m *masker) {
	for i := range names {
		maskMechanism(&names[i], m)
	}
}

// maskMechanism leaves the names that rules know: a password may be "PLAIN".
func maskMechanism(name *string, m *masker) {
	if text, found := m.mask(*name, dissect.Span{}); found && LeakOf(strings.ToUpper(*name)) == OtherLeak {
		*name = text
	}
}

// fields masks texts. One that nothing is found in is not written to: its memory
// may be in the caches of another processor, and would have to be fetched from
// there for that.
func (m *masker) fields(list ...*string) {
	for _, s := range list {
		if text, found := m.mask(*s, dissect.Span{}); found {
			*s = text
		}
	}
}
