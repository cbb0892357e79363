// Package judge applies the rules to the Facts of a session and to what is
// remembered of earlier ones, and says what became of the session as a whole.
package judge

import (
	"slices"
	"sync"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// hits are what rules gave for one session.
type hits struct {
	list []rules.Hit
	held []*rules.Rule // of each
}

// spare keeps memory for hits: most sessions would make as much garbage of it
// as their findings take.
var spare = sync.Pool{New: func() any { return new(hits) }}

// maxSpareHits is how many hits keep their memory: a session of guesses has one
// an account.
const maxSpareHits = 32

// reset lets go of the Facts that hits point to.
func (h *hits) reset() {
	if cap(h.list) > maxSpareHits {
		*h = hits{}
		return
	}
	for i := range h.list {
		h.list[i].Reset()
	}
	h.list, h.held = h.list[:0], h.held[:0]
}

// Session judges one session by what is seen in it alone. The same Facts give
// the same Result, redacted or not, but for the text of the evidence. Findings
// stand in order of falling severity, then as in the table of rules.
func Session(f *dissect.Facts) alerts.Result {
	h := spare.Get().(*hits)
	h.judge(f, nil, nil)
	result := h.result(f)
	h.reset()
	spare.Put(h)
	return result
}

// needs are the premises of all rules, which together take two lines of the
// caches: the rules take more than a hundred.
var needs = func() (list []rules.Premise) {
	for i := range rules.Rules {
		list = append(list, rules.Rules[i].Needs)
	}
	return list
}()

// judge applies all rules; past and site are nil where nothing is known of them.
func (h *hits) judge(f *dissect.Facts, past *rules.Past, site *rules.Site) {
	seen := rules.SeenIn(f)
	for i, need := range needs {
		if need&^seen != 0 {
			continue
		}
		rule := &rules.Rules[i]
		switch {
		case rule.JudgeAt != nil && site != nil:
			h.list = rule.JudgeAt(f, site, h.list)
		case rule.Judge != nil:
			h.list = rule.Judge(f, h.list)
		}
		if rule.Recall != nil && past != nil {
			h.list = rule.Recall(f, past, h.list)
		}
		for j := len(h.held); j < len(h.list); j++ {
			h.held = append(h.held, rule)
		}
	}
}

// open returns the rules whose hits a later session may take over.
func (h *hits) open() (list []open) {
	for i := range h.list {
		if until := h.list[i].Until; until != 0 {
			list = append(list, open{h.held[i], until})
		}
	}
	return list
}

func (h *hits) result(f *dissect.Facts) alerts.Result {
	id := alerts.NewSessionID(f)
	faulty := false
	for i := range h.list {
		faulty = faulty || faultOfTLS(h.held[i], &h.list[i])
	}
	return alerts.Result{
		Session:  alerts.Session{ID: id, Facts: f, Verdict: verdict(f, faulty)},
		Findings: h.findings(f, id),
	}
}

// findings makes findings of the hits.
func (h *hits) findings(f *dissect.Facts, id alerts.SessionID) []alerts.Finding {
	if len(h.list) == 0 {
		return nil
	}
	lines, pairs := 0, 0
	for i := range h.list {
		lines += len(h.list[i].Earlier) + len(h.list[i].Quotes)
		pairs += len(h.list[i].Detail)
	}
	proxied := f.Signs != nil && f.Signs.RealClient != ""
	if proxied {
		pairs += len(h.list)
	}
	findings := newFindings(len(h.list))[:len(h.list)]
	n := 0
	evidence := make([]alerts.Evidence, 0, lines) // of all findings
	detail := make([]dissect.Pair, 0, pairs)
	for severity := alerts.Critical; n < len(h.list); severity-- {
		for i := range h.list {
			if h.list[i].Severity == severity {
				from, first := len(evidence), len(detail)
				evidence = append(evidence, h.list[i].Earlier...)
				evidence = appendEvidence(evidence, f, id, h.list[i].Quotes)
				fill(&findings[n], f, id, h.held[i], &h.list[i], slices.Clip(evidence[from:]))
				detail = append(detail, h.list[i].Detail...)
				if proxied {
					findings[n].Why += "; the proxy speaks for " + f.Signs.RealClient
					detail = append(detail, dissect.Pair{Key: "real_client", Value: f.Signs.RealClient})
				}
				if first < len(detail) {
					findings[n].Detail = slices.Clip(detail[first:])
				}
				n++
			}
		}
	}
	return findings
}

// faultOfTLS tells a hit that takes the trust out of a TLS session.
func faultOfTLS(rule *rules.Rule, hit *rules.Hit) bool {
	return hit.Severity >= alerts.Medium && (rule.Group == rules.TLS || rule.Group == rules.Downgrade)
}

// fill makes out, which is empty, a finding.
func fill(out *alerts.Finding, f *dissect.Facts, session alerts.SessionID, rule *rules.Rule, hit *rules.Hit, evidence []alerts.Evidence) {
	out.ID = alerts.NewFindingID(session, rule.ID, hit.Account)
	out.Rule = rule.ID
	out.Severity = hit.Severity
	out.Blame = rule.Blame
	out.Case = alerts.NewCaseID(rule.ID, rule.Blame, f.Client, f.Server, hit.Account)
	out.Session = session
	out.Time = f.End
	out.Protocol = f.Protocol
	out.Client, out.Server = f.Client, f.Server
	out.Account, out.HasAccount = hit.Account, hit.HasAccount
	out.Title = rule.Title
	out.Why = hit.Why
	if len(evidence) > 0 {
		out.Evidence = evidence
		out.Time = evidence[0].Time
	}
	for i := range evidence {
		out.Time = max(out.Time, evidence[i].Time)
	}
}

func appendEvidence(list []alerts.Evidence, f *dissect.Facts, session alerts.SessionID, quotes []*dissect.Quote) []alerts.Evidence {
	for _, q := range quotes {
		list = append(list, alerts.Evidence{
			Session: session,
			File:    alerts.FileOf(f, q.Stamp),
			Packet:  q.Stamp.Packet,
			Time:    q.Stamp.Time,
			From:    q.Side,
			Text:    q.Text,
		})
	}
	return list
}
