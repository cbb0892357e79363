package rules

import (
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Site is what the admin's policy says is ours.
type Site struct {
	TLSPort func(port uint16) bool   // TLS begins with the first byte on it
	Local   func(domain string) bool // our servers take mail for it; nil: no domain is named

	OwnServer func(f *dissect.Facts) bool // the server is certainly one of ours
	OwnClient func(f *dissect.Facts) bool // the client is, or may be
}

// sites are the judgements that a policy changes, by rule.
var sites = map[string]func(*dissect.Facts, *Site, []Hit) []Hit{
	"starttls-not-offered": func(f *dissect.Facts, s *Site, hits []Hit) []Hit {
		if s.TLSPort(f.Server.Port()) {
			return hits
		}
		return judgeNotOffered(f, hits)
	},
	"clear-on-tls-port": func(f *dissect.Facts, s *Site, hits []Hit) []Hit {
		return clearFromStart(f, s.TLSPort(f.Server.Port()), hits)
	},
	"open-relay": judgeRelayAt,
}

// located gives the rules of a table what they do at a site.
func located(table []Rule) []Rule {
	for i := range table {
		table[i].JudgeAt = sites[table[i].ID]
	}
	return table
}

// judgeRelayAt knows our domains: a message of somebody outside to a domain that
// is none of them was passed on. At a server that may be another's it was
// delivered, and from one of our clients it is mail that goes out.
func judgeRelayAt(f *dissect.Facts, s *Site, hits []Hit) []Hit {
	if s.Local == nil {
		return judgeRelay(f, hits)
	}
	if f.Protocol != dissect.SMTP || f.Flags&partial != 0 || slices.ContainsFunc(f.Auth, mayBeIn) {
		return hits
	}
	if s.OwnServer(f) && !s.OwnClient(f) {
		foreign := func(address string) bool {
			domain := address[strings.LastIndexByte(address, '@')+1:]
			return len(domain) < len(address) && isDomain(domain) && !s.Local(domain)
		}
		if m, to := acceptedFor(f, foreign); m != nil {
			return append(hits, Hit{
				Severity: alerts.High,
				Why:      "SMTP without a login, message from outside for a domain that is not ours accepted",
				Detail:   []dissect.Pair{{Key: "recipient", Value: to}},
				Quotes:   inOrder(telling(pointers(m.Quotes)...)),
			})
		}
	}
	return relayHit(f, func(address string) bool { return asksToRelay(address) && !s.Local(relayDomain(address)) }, hits)
}

// acceptedFor returns the first message that the server took for a recipient of
// a kind, and this one.
func acceptedFor(f *dissect.Facts, kind func(address string) bool) (*dissect.Message, string) {
	for _, m := range f.Messages {
		if m.Outcome != dissect.Accepted {
			continue
		}
		if i := slices.IndexFunc(m.To, kind); i >= 0 {
			return m, m.To[i]
		}
	}
	return nil, ""
}

// mayBeIn tells an attempt that was accepted, or whose answer was not seen.
func mayBeIn(a *dissect.Attempt) bool {
	return a.Outcome == dissect.Accepted || a.Outcome == dissect.OutcomeUnknown
}
