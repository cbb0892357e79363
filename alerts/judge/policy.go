package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// violation is the rule whose hits a policy gives.
var violation = rules.Find("policy-violation")

// siteNow returns what the policy says is ours, nil where there is none. It may
// be another one than that of the session before.
func (j *Judge) siteNow() *rules.Site {
	if j.ours != j.Policy {
		j.ours, j.site = j.Policy, newSite(j.Policy)
	}
	return j.site
}

func newSite(p *policy.Policy) *rules.Site {
	if p == nil {
		return nil
	}
	s := &rules.Site{TLSPort: p.TLSPort, OwnServer: p.OwnServer, OwnClient: p.OwnClient}
	if len(p.LocalDomains) > 0 {
		s.Local = p.Local
	}
	return s
}

// enforce adds what the session breaks of the admin's policy, and gives the hits
// the severities that it wants. An exception hides nothing: the finding says
// that it is one, and why.
func (h *hits) enforce(f *dissect.Facts, p *policy.Policy) {
	if p == nil {
		return
	}
	if d := p.Decide(f); len(d.Breaks) > 0 {
		h.list = append(h.list, broken(p, &d))
		h.held = append(h.held, violation)
	}
	for i := range h.list {
		hit, id := &h.list[i], h.held[i].ID
		hit.Severity = p.Severity(f, id, hit.Severity)
		if x := p.Exception(f, id, hit.Account); x != nil {
			hit.Detail = append(hit.Detail, dissect.Pair{Key: "exception", Value: x.Reason})
		}
	}
}

// broken makes one hit of all that a session breaks of its host row.
func broken(p *policy.Policy, d *policy.Decision) rules.Hit {
	hit := rules.Hit{Severity: d.Host.Severity}
	var why, what []string
	for i := range d.Breaks {
		b := &d.Breaks[i]
		why, what = append(why, b.Why), append(what, string(b.Requirement))
		for _, q := range b.Quotes {
			if len(hit.Quotes) < rules.MaxEvidence && !slices.Contains(hit.Quotes, q) {
				hit.Quotes = append(hit.Quotes, q)
			}
		}
	}
	hit.Why = strings.Join(why, "; ")
	hit.Detail = []dissect.Pair{
		{Key: "requirement", Value: strings.Join(what, ", ")},
		{Key: "policy", Value: fmt.Sprintf("%s:%d", p.Name, d.Host.At.Line)},
	}
	return hit
}
