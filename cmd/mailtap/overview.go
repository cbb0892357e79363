package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// Bounds of the overview that ends a run with --format table.
const (
	maxRows  = 1000 // cases; the others are only counted
	maxNamed = 3    // accounts or clients of a case; the others are only counted
)

// overview collects the findings of a run by case, for people.
type overview struct {
	env    *environment
	rows   map[alerts.CaseID]*overviewRow
	others uint64 // findings of cases beyond maxRows
}

// overviewRow is one case.
type overviewRow struct {
	first    alerts.Finding
	severity alerts.Severity
	n        int
	clients  named
	accounts named
}

// named collects a few different names and counts the rest.
type named struct {
	names []string
	more  bool
}

func (l *named) add(name string) {
	switch {
	case name == "" || slices.Contains(l.names, name):
	case len(l.names) == maxNamed:
		l.more = true
	default:
		l.names = append(l.names, name)
	}
}

func (l *named) String() string {
	switch {
	case len(l.names) == 0:
		return "-"
	case l.more:
		return strings.Join(l.names, " ") + " ..."
	}
	return strings.Join(l.names, " ")
}

func (o *overview) result(r *alerts.Result, least alerts.Severity) error {
	for i := range r.Findings {
		if r.Findings[i].Severity >= least {
			o.add(&r.Findings[i])
		}
	}
	return nil
}

func (o *overview) add(f *alerts.Finding) {
	row := o.rows[f.Case]
	if row == nil {
		if len(o.rows) == maxRows {
			o.others++
			return
		}
		row = &overviewRow{first: *f}
		o.rows[f.Case] = row
	}
	row.n++
	row.severity = max(row.severity, f.Severity)
	row.clients.add(f.Client.Addr().String())
	row.accounts.add(f.Account)
}

func (o *overview) end(s *alerts.Summary) error {
	rows := make([]*overviewRow, 0, len(o.rows))
	for _, r := range o.rows {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *overviewRow) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(a.first.Rule, b.first.Rule),
			cmp.Compare(a.first.Time, b.first.Time), strings.Compare(a.first.ID.String(), b.first.ID.String()))
	})
	t := export.NewRows(o.env.stdout, o.env.colour(), "SEVERITY", "RULE", "TIMES", "SERVER", "CLIENT", "ACCOUNT", "FIRST SEEN IN", "EVIDENCE")
	for _, r := range rows {
		where, line := "-", r.first.Why
		if len(r.first.Evidence) > 0 {
			e := &r.first.Evidence[0]
			where = filepath.Base(e.File) + ":" + strconv.FormatUint(e.Packet, 10)
			line = e.Text
		}
		err := t.Row(r.severity.String(), r.first.Rule, strconv.Itoa(r.n), r.first.Server.String(), r.clients.String(), r.accounts.String(), where, line)
		if err != nil {
			return err
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	text := summaryText(s)
	if o.others > 0 {
		text = fmt.Sprintf("and %d findings of other cases: --format jsonl writes all\n", o.others) + text
	}
	_, err := fmt.Fprint(o.env.stdout, text)
	return err
}
