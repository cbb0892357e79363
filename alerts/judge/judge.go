// Package judge applies the rules to the Facts of a session, and says what
// became of the session as a whole.
package judge

import (
	"cmp"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// Session judges one session by what is seen in it alone. The same Facts give
// the same Result, redacted or not, but for the text of the evidence. Findings
// stand in order of falling severity, then as in the table of rules.
func Session(f *dissect.Facts) alerts.Result {
	id := alerts.NewSessionID(f)
	var findings []alerts.Finding
	var hits []rules.Hit
	faulty := false
	for i := range rules.Rules {
		rule := &rules.Rules[i]
		hits = rule.Judge(f, hits[:0])
		for j := range hits {
			findings = append(findings, finding(f, id, rule, &hits[j]))
			faulty = faulty || faultOfTLS(rule, &hits[j])
		}
	}
	slices.SortStableFunc(findings, func(a, b alerts.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
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
