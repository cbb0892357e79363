// Package judge applies the rules to the Facts of a session, and says what
// became of the session as a whole.
package judge

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// usualHits is how many hits few sessions have more of.
const usualHits = 4

// Session judges one session by what is seen in it alone. The same Facts give
// the same Result, redacted or not, but for the text of the evidence. Findings
// stand in order of falling severity, then as in the table of rules.
func Session(f *dissect.Facts) alerts.Result {
	id := alerts.NewSessionID(f)
	hits := make([]rules.Hit, 0, usualHits)
	held := make([]*rules.Rule, 0, usualHits) // of each hit
	faulty := false
	for i := range rules.Rules {
		rule := &rules.Rules[i]
		hits = rule.Judge(f, hits)
		for j := len(held); j < len(hits); j++ {
			held = append(held, rule)
			faulty = faulty || faultOfTLS(rule, &hits[j])
		}
	}
	var findings []alerts.Finding
	if len(hits) > 0 {
		findings = make([]alerts.Finding, 0, len(hits))
	}
	for severity := alerts.Critical; len(findings) < len(hits); severity-- {
		for i := range hits {
			if hits[i].Severity == severity {
				findings = append(findings, finding(f, id, held[i], &hits[i]))
			}
		}
	}
	return alerts.Result{
		Session:  alerts.Session{ID: id, Facts: f, Verdict: verdict(f, faulty)},
		Findings: findings,
	}
}

// faultOfTLS tells a hit that takes the trust out of a TLS session.
func faultOfTLS(rule *rules.Rule, hit *rules.Hit) bool {
	return hit.Severity >= alerts.Medium && (rule.Group == rules.TLS || rule.Group == rules.Downgrade)
}

func finding(f *dissect.Facts, session alerts.SessionID, rule *rules.Rule, hit *rules.Hit) alerts.Finding {
	out := alerts.Finding{
		ID:         alerts.NewFindingID(session, rule.ID, hit.Account),
		Rule:       rule.ID,
		Severity:   hit.Severity,
		Blame:      rule.Blame,
		Case:       alerts.NewCaseID(rule.ID, rule.Blame, f.Client, f.Server, hit.Account),
		Session:    session,
		Time:       f.End,
		Protocol:   f.Protocol,
		Client:     f.Client,
		Server:     f.Server,
		Account:    hit.Account,
		HasAccount: hit.HasAccount,
		Title:      rule.Title,
		Why:        hit.Why,
		Detail:     hit.Detail,
	}
	if len(hit.Quotes) > 0 {
		out.Evidence = make([]alerts.Evidence, 0, len(hit.Quotes))
	}
	for i, q := range hit.Quotes {
		if i == 0 || q.Stamp.Time > out.Time {
			out.Time = q.Stamp.Time
		}
		out.Evidence = append(out.Evidence, alerts.Evidence{
			Session: session,
			File:    alerts.FileOf(f, q.Stamp),
			Packet:  q.Stamp.Packet,
			Time:    q.Stamp.Time,
			From:    q.Side,
			Text:    q.Text,
		})
	}
	return out
}
