package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// Bounds of the overview that ends a run with --format table.
const (
	maxRows   = 100  // cases that are all shown; with more, the worst of each rule
	worstRows = 10   // of a rule then
	maxKept   = 2000 // cases of a rule that are known at a time; half of them are forgotten then
	maxRules  = 1000 // rules that are told apart; there are some 50
	maxNamed  = 3    // accounts or clients of a case; the others are only hinted at
)

// overview collects the findings of a run by case, for people. Of each rule it
// keeps the worst cases, and counts the findings of all.
type overview struct {
	env      *environment
	database string // flag of the commands that list more; "" where nothing is kept
	rows     map[alerts.CaseID]*overviewRow
	rules    map[string]*overviewRule
	excepted uint64 // findings that the policy makes an exception for
}

// overviewRule is the findings of one rule.
type overviewRule struct {
	title    string
	severity alerts.Severity
	findings uint64
	cases    int  // that are kept
	forgot   bool // others
}

// overviewRow is one case. Of its first finding it keeps what is shown.
type overviewRow struct {
	id       alerts.CaseID
	rule     string
	severity alerts.Severity
	at       int64 // of the first finding
	server   string
	where    string
	line     string
	reason   string // of the exception; "" where there is none
	n        int
	more     bool // perhaps: it may have been forgotten once
	excepted int
	clients  named[netip.Addr]
	accounts named[string]
}

// named collects a few different names, or addresses.
type named[T comparable] struct {
	names []T
	more  bool
}

func (l *named[T]) add(name T) {
	switch {
	case l.more || slices.Contains(l.names, name):
	case len(l.names) == maxNamed:
		l.more = true
	default:
		l.names = append(l.names, name)
	}
}

func (l *named[T]) String() string {
	var words []string
	for _, name := range l.names {
		words = append(words, fmt.Sprint(name))
	}
	if l.more {
		words = append(words, "...")
	}
	return cmp.Or(strings.Join(words, " "), "-")
}

func newOverview(env *environment, flag string) *overview {
	o := &overview{env: env, rows: map[alerts.CaseID]*overviewRow{}, rules: map[string]*overviewRule{}}
	switch path, _ := env.databasePath(flag); {
	case path == noDatabase:
	case flag == "":
		o.database = " "
	default:
		o.database = " --db " + flag + " "
	}
	return o
}

func (o *overview) result(r *alerts.Result, least alerts.Severity) error {
	for i := range r.Findings {
		if export.Excepted(&r.Findings[i]) != "" {
			o.excepted++
		}
		if r.Findings[i].Severity >= least {
			o.add(&r.Findings[i])
		}
	}
	return nil
}

func (o *overview) told() error { return nil } // the table comes at the end

func (o *overview) add(f *alerts.Finding) {
	rule := o.rules[f.Rule]
	if rule == nil {
		if len(o.rules) == maxRules {
			return
		}
		rule = &overviewRule{title: f.Title}
		o.rules[f.Rule] = rule
	}
	rule.findings++
	rule.severity = max(rule.severity, f.Severity)
	row := o.rows[f.Case]
	if row == nil {
		if rule.cases == maxKept {
			o.forget(f.Rule, rule)
		}
		row = newOverviewRow(f)
		row.more = rule.forgot
		o.rows[f.Case] = row
		rule.cases++
	}
	row.n++
	row.severity = max(row.severity, f.Severity)
	row.clients.add(f.Client.Addr())
	if f.Account != "" {
		row.accounts.add(strings.Clone(f.Account)) // it may lie in all that was said
	}
	if reason := export.Excepted(f); reason != "" {
		row.reason = strings.Clone(reason)
		row.excepted++
	}
}

func newOverviewRow(f *alerts.Finding) *overviewRow {
	r := &overviewRow{id: f.Case, rule: f.Rule, at: f.Time, server: f.Server.String(), where: "-", line: f.Why}
	if len(f.Evidence) > 0 {
		e := &f.Evidence[0]
		r.where = filepath.Base(e.File) + ":" + strconv.FormatUint(e.Packet, 10)
		r.line = e.Text
	}
	r.line = strings.Clone(r.line)
	return r
}

// forget keeps the worse half of a rule's cases.
func (o *overview) forget(id string, rule *overviewRule) {
	var rows []*overviewRow
	for _, r := range o.rows {
		if r.rule == id {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, compareRows)
	for _, r := range rows[maxKept/2:] {
		delete(o.rows, r.id)
	}
	rule.cases, rule.forgot = maxKept/2, true
}
