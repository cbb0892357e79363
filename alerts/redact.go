package alerts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"sync"

	"github.com/mailtap/mailtap/dissect"
)

// A Redactor takes the secrets out of Facts. It is safe for concurrent use.
type Redactor struct {
	// Its New keeps the key where fmt, which prints unexported fields, cannot
	// see it.
	spare *sync.Pool
}

// NewRedactor returns a Redactor whose fingerprints are made with key.
func NewRedactor(key [32]byte) *Redactor {
	return &Redactor{&sync.Pool{New: func() any { return &redaction{mac: hmac.New(sha256.New, key[:])} }}}
}

// Redact closes f and takes its secrets out, in place: each attempt keeps a
// fingerprint and the length in steps, hidden parts of quotes and repetitions
// of a secret in text from the network become Mask. Account names stay as they
// are, and so does what rules compare: names that are ours, and capabilities
// overwritten with X's. The Dialogue, which is all secrets, is dropped. What
// is to be shown with its secrets is cloned before, see Clone.
func (r *Redactor) Redact(f *dissect.Facts) {
	f.Finish()
	f.Dialogue = nil
	x := r.spare.Get().(*redaction)
	x.gather(f)
	eachQuote(f, x.text.quote)
	if !x.text.empty() {
		maskFields(f, &x.text)
		x.maskNames(f)
	}
	for _, a := range f.Auth {
		x.seal(a)
	}
	if f.Signs != nil {
		for i := range f.Signs.URLs {
			f.Signs.URLs[i].Secret = dissect.Secret{}
		}
	}
	x.reset()
	r.spare.Put(x)
}

// redaction is the work on one session's Facts. Its memory serves the next
// one: a hash that is used again has the key's blocks worked in.
type redaction struct {
	mac     hash.Hash
	sealing []byte            // what is sealed
	sum     [sha256.Size]byte // of it
	secrets []owned
	text    masker // of all secrets
	names   masker // of those that no account's name gives away

	// touched is of no use but that each text is looked at before any is searched:
	// they lie in the caches of another processor, and so come from there together,
	// not each when it is waited for. Measured in November 2026: a tenth of Redact.
	touched byte
}

// owned is a secret and the account that it opens.
type owned struct{ secret, account string }

// gather collects what must not be readable in f.
func (x *redaction) gather(f *dissect.Facts) {
	for _, a := range f.Auth {
		x.secrets = append(x.secrets, owned{a.Secret.Reveal(), a.Account})
	}
	if f.Signs != nil {
		for i := range f.Signs.URLs {
			x.secrets = append(x.secrets, owned{f.Signs.URLs[i].Secret.Reveal(), f.Signs.URLs[i].User})
		}
	}
	for _, s := range x.secrets {
		x.text.addSecret(s.secret)
	}
	eachQuote(f, func(q *dissect.Quote) {
		if q.Text != "" {
			x.touched += q.Text[0]
		}
		if q.Hide != (dissect.Span{}) {
			x.text.addSent(hidden(q))
		}
	})
	x.text.build()
}

// reset forgets the session.
func (x *redaction) reset() {
	clear(x.secrets)
	x.secrets = x.secrets[:0]
	x.text.reset()
	x.names.reset()
}

// maskNames masks addresses. A secret that its account's name holds stays
// readable there: it would tell no more than the account does.
func (x *redaction) maskNames(f *dissect.Facts) {
	ready := false
	eachName(f, func(name *string) {
		if !ready {
			x.gatherNames()
			ready = true
		}
		x.names.fields(name)
	})
}

func (x *redaction) gatherNames() {
	for _, s := range x.secrets {
		if !strings.Contains(s.account, s.secret) {
			x.names.addSecret(s.secret)
		}
	}
	x.names.build()
}

// seal puts a fingerprint in the place of the attempt's secret.
func (x *redaction) seal(a *dissect.Attempt) {
	if !a.Secret.Present() {
		return
	}
	x.sealing = append(x.sealing[:0], a.Secret.Reveal()...)
	x.mac.Write(x.sealing)
	clear(x.sealing)
	var digits [6]byte
	hex.Encode(digits[:], x.mac.Sum(x.sum[:0])[:3])
	a.Fingerprint = string(digits[:])
	x.mac.Reset()
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
