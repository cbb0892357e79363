package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// compareRows puts the worst first, and of these rule by rule what was found
// most often.
func compareRows(a, b *overviewRow) int {
	if c := cmp.Or(cmp.Compare(b.severity, a.severity), strings.Compare(a.rule, b.rule), cmp.Compare(b.n, a.n)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.at, b.at), bytes.Compare(a.id[:], b.id[:]))
}

// shown is the rows of the table, and how many findings are in others.
func (o *overview) shown() (rows []*overviewRow, others uint64) {
	most := maxRows
	if len(o.rows) > maxRows {
		most = worstRows
	}
	for _, rule := range o.rules {
		others += rule.findings
		rows = append(rows, worst(rule.rows, most)...)
	}
	slices.SortFunc(rows, compareRows)
	for _, r := range rows {
		others -= uint64(r.n)
	}
	return rows, others
}

// worst returns the first n of rows in the order of compareRows.
func worst(rows []*overviewRow, n int) []*overviewRow {
	list := make([]*overviewRow, 0, n+1)
	for _, r := range rows {
		if len(list) == n && compareRows(r, list[n-1]) > 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(list, r, compareRows)
		list = slices.Insert(list, at, r)
		list = list[:min(len(list), n)]
	}
	return list
}

// table makes one that fits the terminal, if it is for one.
func (env *environment) table(t *export.Table) *export.Table {
	if isTerminal(env.stdout) {
		t.Fit(columns(env.stdout.(*os.File)))
	}
	return t
}

func (o *overview) end(s *alerts.Summary) error {
	rows, others := o.shown()
	unsure := slices.ContainsFunc(rows, func(r *overviewRow) bool { return r.more })
	t := o.env.table(export.NewRows(o.env.stdout, o.env.colour(),
		"SEVERITY", "RULE", "TIMES", "SERVER", "CLIENT", "ACCOUNT", "FIRST SEEN IN", "EVIDENCE"))
	for _, r := range rows {
		line := r.line
		switch {
		case r.excepted > 0 && r.excepted == r.n:
			line = fmt.Sprintf("(exception: %s) %s", r.reason, line)
		case r.excepted > 0:
			line = fmt.Sprintf("(exceptions: %d) %s", r.excepted, line)
		}
		times := strconv.Itoa(r.n)
		if r.more {
			times += "+"
		}
		err := t.Row(r.severity.String(), r.rule, times, r.server.String(), r.clients.String(), r.accounts.String(), r.where(), line)
		if err != nil {
			return err
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if unsure {
		if _, err := fmt.Fprintf(o.env.stdout, "+: at least so often: only %d cases of a rule are known at a time\n", maxKept); err != nil {
			return err
		}
	}
	if others > 0 {
		if err := o.writeRules(others); err != nil {
			return err
		}
	}
	_, err := io.WriteString(o.env.stdout, summaryText(s)+exceptionsText(o.excepted))
	return err
}

// writeRules tells of what is in no row: how often each rule held.
func (o *overview) writeRules(others uint64) error {
	where := "--format jsonl writes all"
	if o.database != "" {
		where = fmt.Sprintf("'mailtap cases%s--limit 0' lists all, 'mailtap%s' shows them", o.database, strings.TrimRight(" tui"+o.database, " "))
	}
	if _, err := fmt.Fprintf(o.env.stdout, "and %s of other cases: %s\n\n", numbered(others, "finding", "findings"), where); err != nil {
		return err
	}
	ids := slices.SortedFunc(maps.Keys(o.rules), func(a, b string) int {
		return cmp.Or(cmp.Compare(o.rules[b].severity, o.rules[a].severity), cmp.Compare(o.rules[b].findings, o.rules[a].findings), cmp.Compare(a, b))
	})
	t := o.env.table(export.NewRows(o.env.stdout, o.env.colour(), "SEVERITY", "RULE", "FINDINGS", "WHAT IS WRONG"))
	for _, id := range ids {
		rule := o.rules[id]
		if err := t.Row(rule.severity.String(), id, strconv.FormatUint(rule.findings, 10), rule.title); err != nil {
			return err
		}
	}
	return t.Flush()
}
