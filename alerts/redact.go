package alerts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"iter"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// A Redactor takes the secrets out of Facts. It is safe for concurrent use.
type Redactor struct {
	mac func() hash.Hash // keeps the key where fmt, which prints unexported fields, cannot see it
}

// NewRedactor returns a Redactor whose fingerprints are made with key.
func NewRedactor(key [32]byte) *Redactor {
	return &Redactor{func() hash.Hash { return hmac.New(sha256.New, key[:]) }}
}

// Redact closes f and takes its secrets out, in place: each attempt keeps a
// fingerprint and the length in steps, hidden parts of quotes and repetitions
// of a secret in text from the network become Mask. Account names stay as they
// are. What is to be shown with its secrets is cloned before, see Clone.
func (r *Redactor) Redact(f *dissect.Facts) {
	f.Finish()
	text, names := gather(f)
	for _, a := range f.Auth {
		r.seal(a)
	}
	for q := range quotes(f) {
		q.Text = text.mask(q.Text, q.Hide)
		q.Hide = dissect.Span{}
	}
	if !text.empty() {
		maskFields(f, text, names)
	}
}

// gather collects what must not be readable in f: text is for everything,
// names for addresses, where a secret that its account's name holds stays
// readable. It would tell no more than the account does.
func gather(f *dissect.Facts) (text, names *masker) {
	text, names = new(masker), new(masker)
	for _, a := range f.Auth {
		secret := a.Secret.Reveal()
		text.addSecret(secret)
		if !strings.Contains(a.Account, secret) {
			names.addSecret(secret)
		}
	}
	for q := range quotes(f) {
		text.addSent(hidden(q))
	}
	text.build()
	names.build()
	return text, names
}

// seal puts a fingerprint in the place of the attempt's secret.
func (r *Redactor) seal(a *dissect.Attempt) {
	if !a.Secret.Present() {
		return
	}
	mac := r.mac()
	mac.Write([]byte(a.Secret.Reveal()))
	a.Fingerprint = hex.EncodeToString(mac.Sum(nil)[:3])
	a.SecretSize = sizeStep(a.Secret.Len())
	a.Secret = dissect.Secret{}
}

// sizeStep gives a length in steps: the exact one would help to guess.
func sizeStep(n int) uint8 {
	switch {
	case n <= 8:
		return 8
	case n <= 12:
		return 12
	case n <= 16:
		return 16
	}
	return 255
}

func maskFields(f *dissect.Facts, text, names *masker) {
	all := func(fields ...*string) {
		for _, s := range fields {
			*s = text.mask(*s, dissect.Span{})
		}
	}
	all(&f.Banner, &f.Hello)
	for i := range f.Offer.Mechanisms {
		maskMechanism(text, &f.Offer.Mechanisms[i])
	}
	for _, a := range f.Auth {
		maskMechanism(text, &a.Mechanism)
		for i := range a.Detail {
			switch d := &a.Detail[i]; d.Key {
			case "response": // ours, and rules read it
			case "authzid":
				d.Value = names.mask(d.Value, dissect.Span{})
			default:
				all(&d.Value)
			}
		}
	}
	for _, m := range f.Messages {
		m.From = names.mask(m.From, dissect.Span{})
		for i, to := range m.To {
			m.To[i] = names.mask(to, dissect.Span{})
		}
		all(&m.Subject)
	}
	if t := f.TLS; t != nil {
		all(&t.SNI, &t.ALPN)
		if c := t.Certificate; c != nil {
			all(&c.Subject, &c.Issuer)
			for i := range c.Names {
				all(&c.Names[i])
			}
		}
	}
}

// maskMechanism leaves the names that rules know: a password may be "PLAIN".
func maskMechanism(m *masker, name *string) {
	if LeakOf(strings.ToUpper(*name)) == OtherLeak {
		*name = m.mask(*name, dissect.Span{})
	}
}

// quotes gives every quote of f.
func quotes(f *dissect.Facts) iter.Seq[*dissect.Quote] {
	return func(yield func(*dissect.Quote) bool) {
		each := func(quotes []dissect.Quote) bool {
			for i := range quotes {
				if !yield(&quotes[i]) {
					return false
				}
			}
			return true
		}
		for _, q := range []*dissect.Quote{&f.Offer.Quote, f.MailCommand, f.Preauth, f.Injected} {
			if q != nil && !yield(q) {
				return
			}
		}
		if !each(f.STARTTLS.Quotes) {
			return
		}
		for _, a := range f.Auth {
			if !each(a.Quotes) {
				return
			}
		}
		for _, m := range f.Messages {
			if !each(m.Quotes) {
				return
			}
		}
	}
}

// hidden returns the secret part of q as it was sent.
func hidden(q *dissect.Quote) string {
	hide := within(q.Hide, len(q.Text))
	return q.Text[hide.From:hide.To]
}

// within cuts a span to a text of n bytes.
func within(s dissect.Span, n int) dissect.Span {
	from := min(max(s.From, 0), n)
	return dissect.Span{From: from, To: max(from, min(s.To, n))}
}
