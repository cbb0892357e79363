package judge

import (
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of a History, which together take at most about 40 MB: how many pairs
// of client and server, and servers, are remembered, and how much of each. The
// ones that had nothing to do for longest go.
const (
	maxPairs   = 4096
	maxTrying  = 2048 // pairs with rejected logins
	maxServers = 1024

	maxOffers       = 8  // lists to a client
	maxLatestOffers = 16 // clients
	maxHandshakes   = 8
	maxCertificates = 4  // of a server, to a client
	maxLatestCerts  = 64 // clients and certificates
	maxRejected     = 32
	maxUses         = 8

	maxFiles = 1024 // names of captures that observations share
)

// History is what earlier sessions showed: a set that is asked by capture time,
// so that it does not matter in which order, or how often, a session came. It
// is bounded, and holds no Facts. It must not be copied.
type History struct {
	offers       shelf[rules.Offered, *rules.Offered]
	latestOffers shelf[rules.Offered, *rules.Offered]
	handshakes   shelf[rules.Handshake, *rules.Handshake]
	certificates shelf[rules.Presented, *rules.Presented]
	latestCerts  shelf[rules.Presented, *rules.Presented]
	rejected     shelf[rules.Try, *rules.Try]
	uses         shelf[rules.Use, *rules.Use]

	files map[string]string
	name  string // of files, the one asked for last
}

// NewHistory returns one that remembers nothing yet.
func NewHistory() *History {
	h := &History{files: make(map[string]string)}
	h.offers.index.most, h.offers.depth = maxPairs, maxOffers
	h.offers.same = func(a, b *rules.Offered) bool { return a.Session == b.Session }
	h.latestOffers.index.most, h.latestOffers.depth = maxServers, maxLatestOffers
	h.latestOffers.same = func(a, b *rules.Offered) bool { return a.Client == b.Client }
	h.handshakes.index.most, h.handshakes.depth = maxPairs, maxHandshakes
	h.handshakes.same = func(a, b *rules.Handshake) bool { return a.Session == b.Session }
	h.certificates.index.most, h.certificates.depth, h.certificates.first = maxPairs, maxCertificates, true
	h.certificates.same = func(a, b *rules.Presented) bool { return a.SHA256 == b.SHA256 }
	h.latestCerts.index.most, h.latestCerts.depth = maxServers, maxLatestCerts
	h.latestCerts.same = func(a, b *rules.Presented) bool { return a.Client == b.Client && a.SHA256 == b.SHA256 }
	h.rejected.index.most, h.rejected.depth = maxTrying, maxRejected
	h.rejected.same = func(a, b *rules.Try) bool {
		return a.Session == b.Session && a.Packet == b.Packet && a.Time == b.Time
	}
	h.uses.index.most, h.uses.depth = maxPairs, maxUses
	h.uses.same = func(a, b *rules.Use) bool { return a.TLS == b.TLS && a.Port == b.Port && a.Account == b.Account }
	return h
}

// keys are those of a session's observations, as far as there may be any.
type keys struct {
	offers, latestOffers, handshakes, certificates, latestCerts, rejected, uses key
}

func keysOf(f *dissect.Facts) (k keys) {
	pair := whose{server: f.Server.Addr().As16(), client: f.Client.Addr().As16()}
	k.uses = pair.key()
	w := pair
	w.protocol = f.Protocol
	k.handshakes = w.key()
	w = pair
	w.port = f.Server.Port()
	if len(f.Auth) > 0 {
		k.rejected = w.key()
	}
	if f.TLS != nil && f.TLS.Certificate != nil {
		w.name = rules.Asked(f)
		k.certificates, k.latestCerts = w.key(), w.toAll().key()
	}
	if f.Offer.Complete {
		w.protocol, w.name = f.Protocol, rules.Backend(f)
		k.offers, k.latestOffers = w.key(), w.toAll().key()
	}
	return k
}

// toAll takes the clients together.
func (w whose) toAll() whose {
	w.client = [16]byte{}
	return w
}

// recall fills in what is known of before the session, where a rule may ask.
func (h *History) recall(f *dissect.Facts, k *keys, p *rules.Past) {
	if f.Transport == dissect.Plain && f.Offer.Complete && !f.Offer.STARTTLS {
		p.Offers = h.offers.before(k.offers, f.Start)
		p.LatestOffers = h.latestOffers.before(k.latestOffers, f.Start)
	}
	p.Handshakes = h.handshakes.before(k.handshakes, f.Start)
	if f.TLS != nil && f.TLS.Certificate != nil {
		p.Certificates = h.certificates.before(k.certificates, f.Start)
		p.LatestCerts = h.latestCerts.before(k.latestCerts, f.Start)
	}
	if len(f.Auth) > 0 {
		p.Rejected = h.rejected.before(k.rejected, f.Start)
		p.Uses = h.uses.before(k.uses, f.Start)
	}
}

// Record remembers a session. Its Facts are redacted and not kept.
func (h *History) Record(f *dissect.Facts, id alerts.SessionID) {
	k := keysOf(f)
	h.record(f, &k, id)
}

func (h *History) record(f *dissect.Facts, k *keys, id alerts.SessionID) {
	if o, ok := rules.OfferIn(f, id); ok {
		o.File = h.file(o.File)
		h.offers.put(k.offers, o)
		h.latestOffers.put(k.latestOffers, o)
	}
	if s, ok := rules.HandshakeIn(f, id); ok {
		s.File = h.file(s.File)
		h.handshakes.put(k.handshakes, s)
	}
	if c, ok := rules.CertificateIn(f, id); ok {
		c.File = h.file(c.File)
		h.certificates.put(k.certificates, c)
		h.latestCerts.put(k.latestCerts, c)
	}
	if u, ok := rules.ProtectedUse(f, id); ok {
		u.File = h.file(u.File)
		h.uses.put(k.uses, u)
	}
	h.recordLogins(f, k, id)
}

func (h *History) recordLogins(f *dissect.Facts, k *keys, id alerts.SessionID) {
	for _, a := range f.Auth[max(0, len(f.Auth)-maxRejected):] {
		if try, ok := rules.TryOf(f, id, a); ok {
			try.File = h.file(try.File)
			h.rejected.put(k.rejected, try)
		}
	}
	last := "" // most sessions have one account
	for _, a := range slices.Backward(f.Auth[max(0, len(f.Auth)-maxUses):]) {
		if u, ok := rules.UseOf(f, id, a); ok && u.Account != last {
			last = u.Account
			u.File = h.file(u.File)
			h.uses.put(k.uses, u)
		}
	}
}

// file gives all observations from a capture one copy of its name.
func (h *History) file(name string) string {
	if name == h.name {
		return h.name
	}
	kept, ok := h.files[name]
	if !ok {
		if len(h.files) == maxFiles {
			clear(h.files)
		}
		kept = strings.Clone(name)
		h.files[kept] = kept
	}
	h.name = kept
	return kept
}
