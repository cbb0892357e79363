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
	h.offers.most, h.offers.depth = maxPairs, maxOffers
	h.offers.same = func(a, b *rules.Offered) bool { return a.Session == b.Session }
	h.latestOffers.most, h.latestOffers.depth = maxServers, maxLatestOffers
	h.latestOffers.same = func(a, b *rules.Offered) bool { return a.Client == b.Client }
	h.handshakes.most, h.handshakes.depth = maxPairs, maxHandshakes
	h.handshakes.same = func(a, b *rules.Handshake) bool { return a.Session == b.Session }
	h.certificates.most, h.certificates.depth, h.certificates.first = maxPairs, maxCertificates, true
	h.certificates.same = func(a, b *rules.Presented) bool { return a.SHA256 == b.SHA256 }
	h.latestCerts.most, h.latestCerts.depth = maxServers, maxLatestCerts
	h.latestCerts.same = func(a, b *rules.Presented) bool { return a.Client == b.Client && a.SHA256 == b.SHA256 }
	h.rejected.most, h.rejected.depth = maxTrying, maxRejected
	h.rejected.same = func(a, b *rules.Try) bool {
		return a.Session == b.Session && a.Packet == b.Packet && a.Time == b.Time
	}
	h.uses.most, h.uses.depth = maxPairs, maxUses
	h.uses.same = func(a, b *rules.Use) bool { return a.TLS == b.TLS && a.Port == b.Port && a.Account == b.Account }
	return h
}

// The keys of a session's observations.

func offersKey(f *dissect.Facts) (client, all key) {
	client = newKey(f.Server.Addr(), f.Client.Addr())
	client.port, client.protocol, client.name = f.Server.Port(), f.Protocol, rules.Backend(f)
	all = client
	all.client = [16]byte{}
	return client, all
}

func certificatesKey(f *dissect.Facts) (client, all key) {
	client = newKey(f.Server.Addr(), f.Client.Addr())
	client.port, client.name = f.Server.Port(), rules.Asked(f)
	all = client
	all.client = [16]byte{}
	return client, all
}

func handshakesKey(f *dissect.Facts) key {
	k := newKey(f.Server.Addr(), f.Client.Addr())
	k.protocol = f.Protocol
	return k
}

func rejectedKey(f *dissect.Facts) key {
	k := newKey(f.Server.Addr(), f.Client.Addr())
	k.port = f.Server.Port()
	return k
}

func usesKey(f *dissect.Facts) key { return newKey(f.Server.Addr(), f.Client.Addr()) }

// recall fills in what is known of before the session, where a rule may ask.
func (h *History) recall(f *dissect.Facts, p *rules.Past) {
	if f.Transport == dissect.Plain && f.Offer.Complete && !f.Offer.STARTTLS {
		client, all := offersKey(f)
		p.Offers = h.offers.before(client, f.Start)
		p.LatestOffers = h.latestOffers.before(all, f.Start)
	}
	p.Handshakes = h.handshakes.before(handshakesKey(f), f.Start)
	if f.TLS != nil && f.TLS.Certificate != nil {
		client, all := certificatesKey(f)
		p.Certificates = h.certificates.before(client, f.Start)
		p.LatestCerts = h.latestCerts.before(all, f.Start)
	}
	if len(f.Auth) > 0 {
		p.Rejected = h.rejected.before(rejectedKey(f), f.Start)
		p.Uses = h.uses.before(usesKey(f), f.Start)
	}
}

// Record remembers a session. Its Facts are redacted and not kept.
func (h *History) Record(f *dissect.Facts, id alerts.SessionID) {
	if o, ok := rules.OfferIn(f, id); ok {
		o.File = h.file(o.File)
		client, all := offersKey(f)
		h.offers.put(client, o)
		h.latestOffers.put(all, o)
	}
	if s, ok := rules.HandshakeIn(f, id); ok {
		s.File = h.file(s.File)
		h.handshakes.put(handshakesKey(f), s)
	}
	if c, ok := rules.CertificateIn(f, id); ok {
		c.File = h.file(c.File)
		client, all := certificatesKey(f)
		h.certificates.put(client, c)
		h.latestCerts.put(all, c)
	}
	if u, ok := rules.ProtectedUse(f, id); ok {
		u.File = h.file(u.File)
		h.uses.put(usesKey(f), u)
	}
	h.recordLogins(f, id)
}

func (h *History) recordLogins(f *dissect.Facts, id alerts.SessionID) {
	for _, a := range f.Auth[max(0, len(f.Auth)-maxRejected):] {
		if try, ok := rules.TryOf(f, id, a); ok {
			try.File = h.file(try.File)
			h.rejected.put(rejectedKey(f), try)
		}
	}
	last := "" // most sessions have one account
	for _, a := range slices.Backward(f.Auth[max(0, len(f.Auth)-maxUses):]) {
		if u, ok := rules.UseOf(f, id, a); ok && u.Account != last {
			last = u.Account
			u.File = h.file(u.File)
			h.uses.put(usesKey(f), u)
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
