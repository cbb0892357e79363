package alerts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/mailtap/mailtap/dissect"
)

// A Redactor takes the secrets out of Facts. It is safe for concurrent use.
type Redactor struct {
	// Its New keeps the key where fmt, which prints unexported fields, cannot
	// see it. A hash that is used again has the key's blocks worked in.
	macs *sync.Pool
}

// NewRedactor returns a Redactor whose fingerprints are made with key.
func NewRedactor(key [32]byte) *Redactor {
	return &Redactor{&sync.Pool{New: func() any { return hmac.New(sha256.New, key[:]) }}}
}

// Redact closes f and takes its secrets out, in place: each attempt keeps a
// fingerprint and the length in steps, hidden parts of quotes and repetitions
// of a secret in text from the network become Mask. Account names stay as they
// are. What is to be shown with its secrets is cloned before, see Clone.
func (r *Redactor) Redact(f *dissect.Facts) {
	f.Finish()
	var text masker
	text.gather(f)
	for q := range quotes(f) {
		q.Text = text.mask(q.Text, q.Hide)
		q.Hide = dissect.Span{}
	}
	if !text.empty() {
		maskFields(f, &text)
		maskNames(f)
	}
	for _, a := range f.Auth {
		r.seal(a)
	}
}

// gather collects what must not be readable in f.
func (m *masker) gather(f *dissect.Facts) {
	for _, a := range f.Auth {
		m.addSecret(a.Secret.Reveal())
	}
	for q := range quotes(f) {
		m.addSent(hidden(q))
	}
	m.build()
}

// seal puts a fingerprint in the place of the attempt's secret.
func (r *Redactor) seal(a *dissect.Attempt) {
	if !a.Secret.Present() {
		return
	}
	mac := r.macs.Get().(hash.Hash)
	io.WriteString(mac, a.Secret.Reveal())
	a.Fingerprint = hex.EncodeToString(mac.Sum(nil)[:3])
	mac.Reset()
	r.macs.Put(mac)
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

func maskFields(f *dissect.Facts, text *masker) {
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
			case "authzid": // see maskNames
			default:
				all(&d.Value)
			}
		}
	}
	for _, m := range f.Messages {
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

// maskNames masks addresses. A secret that its account's name holds stays
// readable there: it would tell no more than the account does.
func maskNames(f *dissect.Facts) {
	list := names(f)
	if len(list) == 0 {
		return
	}
	var m masker
	for _, a := range f.Auth {
		if secret := a.Secret.Reveal(); !strings.Contains(a.Account, secret) {
			m.addSecret(secret)
		}
	}
	m.build()
	for _, name := range list {
		*name = m.mask(*name, dissect.Span{})
	}
}

// names lists the addresses and authorization identities of f.
func names(f *dissect.Facts) (list []*string) {
	for _, a := range f.Auth {
		for i := range a.Detail {
			if a.Detail[i].Key == "authzid" {
				list = append(list, &a.Detail[i].Value)
			}
		}
	}
	for _, m := range f.Messages {
		list = append(list, &m.From)
		for i := range m.To {
			list = append(list, &m.To[i])
		}
	}
	return list
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
