package record

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Thinned stands where Thin took the words of a line out.
const Thinned = "(thinned out)"

// Thin takes the transcript out of a session that Decode gave, and the words of
// the lines that are quoted in it and are evidence of its findings: who said
// something, when, and in which packet stays, and so does what came of it. Where
// something is a sign of an attack, only the transcript goes.
func Thin(s *alerts.Session, findings []alerts.Finding) {
	f := s.Facts
	f.Transcript = nil
	if f.Signs != nil || f.Injected != nil || f.Preauth != nil {
		return
	}
	said := make(map[alerts.Evidence]bool)
	thin := func(quotes []dissect.Quote) {
		for i := range quotes {
			said[evidenceOf(s, &quotes[i])] = true
			quotes[i].Text, quotes[i].Hide = Thinned, dissect.Span{}
		}
	}
	if (f.Offer.Quote != dissect.Quote{}) {
		quote := []dissect.Quote{f.Offer.Quote}
		thin(quote)
		f.Offer.Quote = quote[0]
	}
	if f.MailCommand != nil {
		quote := []dissect.Quote{*f.MailCommand}
		thin(quote)
		*f.MailCommand = quote[0]
	}
	thin(f.STARTTLS.Quotes)
	for _, a := range f.Auth {
		thin(a.Quotes)
	}
	for _, m := range f.Messages {
		thin(m.Quotes)
	}
	for i := range findings {
		for k := range findings[i].Evidence {
			if v := &findings[i].Evidence[k]; said[*v] {
				v.Text = Thinned
			}
		}
	}
}
