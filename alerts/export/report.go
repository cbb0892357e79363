package export

import (
	"cmp"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of a report: what it keeps while findings stream by, and shows.
const (
	maxReportRules    = 100 // rules with cases
	maxReportCases    = 20  // cases of a rule
	maxReportEvidence = 3   // lines of a case
	maxReportNames    = 25  // accounts, servers, clients
)

// Report collects what the HTML report shows. It keeps counts, the worst cases
// of each rule and the worst names, so that a million findings take little
// memory. Add the cases first, then findings and sessions, in any order; then
// write it once. It is not safe for concurrent use.
type Report struct {
	subject string
	rules   Rules

	counts   alerts.Summary                   // sessions and findings that were added
	statuses [alerts.FalsePositive + 1]uint64 // cases by Status
	excepted uint64                           // findings that the policy makes an exception for
	groups   map[string]*caseGroup            // by rule
	others   uint64                           // open cases of rules over maxReportRules
	kept     map[alerts.CaseID]*keptCase
	times    timeline
	seen     seen

	accounts, servers, clients ranking
}

// caseGroup is the open cases of a rule.
type caseGroup struct {
	rule, title string
	severity    alerts.Severity
	open        uint64
	findings    int64
	cases       []*keptCase // the worst, and perhaps others
}

type keptCase struct {
	alerts.Case
	evidence []alerts.Evidence // of its worst finding, the latest of them
	worst    alerts.Severity
	at       int64
}

// NewReport returns an empty report. Subject says what it is about, such as a
// server; it is empty where that is all that is stored.
func NewReport(subject string, rules Rules) *Report {
	return &Report{
		subject: subject, rules: rules,
		groups: make(map[string]*caseGroup), kept: make(map[alerts.CaseID]*keptCase),
	}
}

// Session adds a session. It is not kept.
func (r *Report) Session(s *alerts.Session) {
	r.counts.Add(&alerts.Result{Session: *s})
	r.seen.session(s)
	if s.Facts.Server.IsValid() {
		r.servers.of(endpoint(s.Facts.Server)).session(s)
	}
	if s.Facts.Client.IsValid() {
		r.clients.of(address(s.Facts.Client)).session(s)
	}
}

// Finding adds a finding. It is not kept.
func (r *Report) Finding(f *alerts.Finding) {
	r.counts.Findings[f.Severity]++
	if Excepted(f) != "" {
		r.excepted++
	}
	r.times.add(f.Time, f.Severity)
	if f.HasAccount && f.Account != "" {
		r.accounts.of(f.Account).finding(f)
	}
	if f.Server.IsValid() {
		r.servers.of(endpoint(f.Server)).finding(f)
	}
	if f.Client.IsValid() {
		r.clients.of(address(f.Client)).finding(f)
	}
	k := r.kept[f.Case]
	if k == nil || len(f.Evidence) == 0 {
		return
	}
	if k.evidence == nil || cmp.Or(cmp.Compare(f.Severity, k.worst), cmp.Compare(f.Time, k.at)) > 0 {
		k.worst, k.at = f.Severity, f.Time
		k.evidence = append(k.evidence[:0], f.Evidence[:min(len(f.Evidence), maxReportEvidence)]...)
	}
}

// Case adds a case. Cases that an admin has closed are counted only.
func (r *Report) Case(c *alerts.Case) {
	r.statuses[c.Status]++
	if c.Status != alerts.New && c.Status != alerts.Acknowledged {
		return
	}
	g := r.groups[c.Rule]
	if g == nil {
		if len(r.groups) == maxReportRules {
			r.others++
			return
		}
		g = &caseGroup{rule: c.Rule, title: c.Title}
		r.groups[c.Rule] = g
	}
	g.severity = max(g.severity, c.Severity)
	g.open++
	g.findings += c.Findings
	k := &keptCase{Case: *c}
	g.cases = append(g.cases, k)
	r.kept[c.ID] = k
	if len(g.cases) == 2*maxReportCases {
		r.forget(g)
	}
}

// forget keeps the worst cases of a group only, in order.
func (r *Report) forget(g *caseGroup) {
	slices.SortFunc(g.cases, func(a, b *keptCase) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Findings, a.Findings),
			cmp.Compare(b.Last, a.Last), slices.Compare(a.ID[:], b.ID[:]))
	})
	if len(g.cases) <= maxReportCases {
		return
	}
	for _, k := range g.cases[maxReportCases:] {
		delete(r.kept, k.ID)
	}
	clear(g.cases[maxReportCases:])
	g.cases = g.cases[:maxReportCases]
}

// worstGroups lists the rules, those to look at first in front.
func (r *Report) worstGroups() []*caseGroup {
	var list []*caseGroup
	for _, g := range r.groups {
		r.forget(g)
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *caseGroup) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(b.findings, a.findings), cmp.Compare(a.rule, b.rule))
	})
	return list
}
