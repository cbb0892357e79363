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
	maxKept   = 1000 // cases of a rule that are known at a time; half of them are forgotten then
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
	rows     []*overviewRow // behind them, up to the capacity, those that were forgotten: their memory is used again
	forgot   bool
}

// overviewRow is one case. Of its first finding it keeps what is shown.
type overviewRow struct {
	id       alerts.CaseID
	rule     string
	severity alerts.Severity
	at       int64 // of the first finding
	server   netip.AddrPort
	file     string // "": it has no evidence
	packet   uint64
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

// lacks tells whether a name is to be added.
func (l *named[T]) lacks(name T) bool { return !l.more && !slices.Contains(l.names, name) }

func (l *named[T]) add(name T) {
	if len(l.names) == maxNamed {
		l.more = true
		return
	}
	l.names = append(l.names, name)
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
		f := &r.Findings[i]
		reason := export.Excepted(f)
		if reason != "" {
			o.excepted++
		}
		if f.Severity >= least {
			o.add(f, reason)
		}
	}
	return nil
}

func (o *overview) told() error { return nil } // the table comes at the end

// add counts a finding. Its texts may lie in all that was said, so what stays
// of them is copied.
func (o *overview) add(f *alerts.Finding, exception string) {
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
		row = o.row(rule)
		row.begin(f)
		row.more = rule.forgot
		o.rows[f.Case] = row
	}
	row.n++
	row.severity = max(row.severity, f.Severity)
	if client := f.Client.Addr(); row.clients.lacks(client) {
		row.clients.add(client)
	}
	if f.Account != "" && row.accounts.lacks(f.Account) {
		row.accounts.add(strings.Clone(f.Account))
	}
	if exception != "" {
		row.reason = strings.Clone(exception)
		row.excepted++
	}
}

// row returns one for a new case of a rule.
func (o *overview) row(rule *overviewRule) *overviewRow {
	if len(rule.rows) == maxKept {
		o.forget(rule)
	}
	n := len(rule.rows)
	rule.rows = slices.Grow(rule.rows, 1)[:n+1]
	if rule.rows[n] == nil {
		rule.rows[n] = &overviewRow{}
	}
	return rule.rows[n]
}

// begin makes r the row of the case that f is the first of.
func (r *overviewRow) begin(f *alerts.Finding) {
	clients, accounts := r.clients.names[:0], r.accounts.names[:0]
	*r = overviewRow{id: f.Case, rule: f.Rule, at: f.Time, server: f.Server, line: f.Why}
	if len(f.Evidence) > 0 {
		e := &f.Evidence[0]
		r.file, r.packet, r.line = e.File, e.Packet, e.Text
	}
	r.line = strings.Clone(r.line)
	r.clients.names, r.accounts.names = clients, accounts
}

// where names the packet of the first finding.
func (r *overviewRow) where() string {
	if r.file == "" {
		return "-"
	}
	return filepath.Base(r.file) + ":" + strconv.FormatUint(r.packet, 10)
}

// forget keeps the worse half of a rule's cases.
func (o *overview) forget(rule *overviewRule) {
	slices.SortFunc(rule.rows, compareRows)
	for _, r := range rule.rows[maxKept/2:] {
		delete(o.rows, r.id)
	}
	rule.rows, rule.forgot = rule.rows[:maxKept/2], true
}
