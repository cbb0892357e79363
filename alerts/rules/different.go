package rules

import (
	"net/netip"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// minWitnesses is how many other clients must have been given the certificate
// from before, after this one was given another.
const minWitnesses = 2

// judgeCertificateChanged wants certainty that the server itself did not change:
// others are still given the certificate that this client had before, and nobody
// else is given the new one. A set of servers with certificates of their own
// gives several clients each of them; renewed ones come late in a certificate's
// life, from the same issuer for the same kind of key.
func judgeCertificateChanged(f *dissect.Facts, past *Past, hits []Hit) []Hit {
	if len(past.Certificates) == 0 || len(past.LatestCerts) <= minWitnesses {
		return hits
	}
	now, ok := CertificateIn(f, alerts.SessionID{})
	if !ok {
		return hits
	}
	before, since := previous(past.Certificates, &now)
	if before == nil || before.Begin >= since || !replaced(before, &now) {
		return hits
	}
	var witnesses []*Presented
	for i := range past.LatestCerts {
		p := &past.LatestCerts[i]
		mine := p.Client == now.Client
		switch {
		case p.SHA256 == now.SHA256 && !mine, p.SHA256 == before.SHA256 && mine && p.Begin > since:
			return hits // several servers, or a change for all
		case p.SHA256 == before.SHA256 && p.Begin > since:
			witnesses = append(witnesses, p)
		}
	}
	if len(witnesses) < minWitnesses {
		return hits
	}
	h := Hit{
		Severity: alerts.Medium,
		Why:      "certificate of another issuer or kind for this client only; others are still given the one before",
		Detail:   []dissect.Pair{{Key: "issuer", Value: f.TLS.Certificate.Issuer}, {Key: "key", Value: f.TLS.Certificate.Key}},
		Quotes:   telling(certificateLine(f.TLS, f.TLS.Certificate)),
	}
	h.Earlier = append(h.Earlier, before.evidence(dissect.Server, "Certificate before"))
	for _, w := range witnesses[:min(len(witnesses), minWitnesses)] {
		h.Earlier = append(h.Earlier, w.evidence(dissect.Server, "Certificate before, to "+w.Client.String()))
	}
	return append(hits, h)
}

// previous returns the certificate that the client was given before this one,
// and when it was first given this one.
func previous(given []Presented, now *Presented) (before *Presented, since int64) {
	since = now.Begin
	for i := range given {
		if c := &given[i]; c.SHA256 == now.SHA256 {
			since = c.Begin
		} else if c.Begin < since {
			before = c
		}
	}
	return before, since
}

// replaced tells whether a certificate was replaced by one that renewal does
// not give, before two thirds of its life.
func replaced(old, now *Presented) bool {
	life := old.NotAfter - old.NotBefore
	at := now.Begin / int64(time.Second)
	return at-old.NotBefore < life/3*2 && (old.Issuer != now.Issuer || old.Kind != now.Kind)
}

// bothWaysWindow is how far back the session in TLS may be.
const bothWaysWindow = 24 * time.Hour

// judgeBothWays takes a client that has always logged in to a server as one
// account for that account's device: within TLS nobody sees whose login it is.
// A session that could not have had TLS at this port, or asked for it in vain,
// is not the device's fault.
func judgeBothWays(f *dissect.Facts, past *Past, hits []Hit) []Hit {
	if len(past.Uses) == 0 || len(f.Auth) == 0 || f.Transport != dissect.Plain || f.STARTTLS.Requested {
		return hits
	}
	account, ok := onlyAccount(f, past.Uses)
	if !ok {
		return hits
	}
	var safe *Use
	for i := range past.Uses {
		u := &past.Uses[i]
		possible := u.Port != f.Server.Port() || f.STARTTLS.Offered == dissect.Yes
		if u.TLS && possible && f.Start-u.Begin <= int64(bothWaysWindow) {
			safe = u
		}
	}
	if safe == nil {
		return hits
	}
	h := Hit{
		Severity: alerts.Medium, Account: account.Account, HasAccount: true,
		Why: name(f.Protocol) + " login in clear from " + f.Client.Addr().String() + ", which uses TLS at " +
			netip.AddrPortFrom(f.Server.Addr(), safe.Port).String(),
		Detail:  []dissect.Pair{{Key: "client", Value: f.Client.Addr().String()}},
		Earlier: []alerts.Evidence{safe.evidence(dissect.Client, "ClientHello")},
	}
	h.Quotes = clientLines(nil, account)
	h.Quotes = h.Quotes[:min(len(h.Quotes), MaxEvidence-len(h.Earlier))]
	return append(hits, h)
}

// onlyAccount returns an attempt of the account that the session and all uses
// before have in common, or false where there are several.
func onlyAccount(f *dissect.Facts, uses []Use) (only *dissect.Attempt, ok bool) {
	for _, a := range f.Auth {
		if u, sent := UseOf(f, alerts.SessionID{}, a); sent {
			if only != nil && cutAccount(only.Account) != u.Account {
				return nil, false
			}
			only = a
		}
	}
	if only == nil {
		return nil, false
	}
	for i := range uses {
		if u := &uses[i]; !u.TLS && u.Account != cutAccount(only.Account) {
			return nil, false
		}
	}
	return only, true
}
