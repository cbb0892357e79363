package render

import (
	"fmt"
	"strconv"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
)

// The columns of cases.
const (
	severity kind = iota
	status
	rule
	protocol
	server
	who
	count
	first
	last
	reason
)

var caseColumns = plan{
	columns: []Column{
		{kind: severity, head: "SEVERITY", Width: 8},
		{kind: status, head: "STATUS", Width: 1},
		{kind: rule, head: "RULE", Width: 18},
		{kind: protocol, head: "PROTOCOL"},
		{kind: server, head: "SERVER", Width: 17},
		{kind: who, head: "CLIENT/ACCOUNT", Width: 14},
		{kind: count, head: "COUNT", Width: 6, right: true},
		{kind: first, head: "FIRST (UTC)"},
		{kind: last, head: "LAST (UTC)", Width: len(time.DateOnly)},
		{kind: reason, head: "EVIDENCE"},
	},
	grow: []step{
		{rule, 12}, {server, 4}, {who, 10}, // their usual length
		{status, statusWidth - 1}, {last, len(time.DateTime) - len(time.DateOnly)}, {protocol, 11}, {first, len(time.DateTime)}, {reason, 20},
		{reason, 40}, {server, 26}, {who, 30}, {reason, 1000},
	},
	shrink: []step{{who, 8}, {server, 9}, {last, 0}, {rule, 8}, {count, 0}, {status, 0}},
}

// statusWidth is the room for the name of a status. With less, it is a letter:
// that of its key, or ! where a case is new again.
const statusWidth = 14

var statusLetters = [...]string{alerts.New: "", alerts.Acknowledged: "a", alerts.Resolved: "r", alerts.AcceptedRisk: "x", alerts.FalsePositive: "f"}

// sortedBy is the column that shows what a list is sorted by.
var sortedBy = [model.Fields]kind{
	model.BySeverity: severity, model.ByStatus: status, model.ByRule: rule, model.ByServer: server, model.ByClient: who,
	model.ByAccount: who, model.ByCount: count, model.ByFirst: first, model.ByLast: last,
}

// CaseColumns returns the columns of a list of cases, the one that it is sorted
// by with an arrow.
func CaseColumns(screen int, q model.Query) []Column {
	columns := caseColumns.fit(screen)
	arrow := "↓"
	if q.Reverse {
		arrow = "↑"
	}
	for i := range columns {
		c := &columns[i]
		if c.kind == status && c.Width < statusWidth {
			c.head = "S"
		}
		if c.kind != sortedBy[q.By] || q.By == model.BySeverity && !q.Reverse {
			continue
		}
		c.head = prefix(c.head, c.Width-1) + arrow
	}
	return columns
}

// Field returns what a click on the column's head sorts by, false where that is
// nothing.
func (c Column) Field() (model.Field, bool) {
	for f, k := range sortedBy {
		if k == c.kind {
			return model.Field(f), true
		}
	}
	return 0, false
}

// Case returns what the column shows of a case, at most as wide as the column,
// on a screen that is looked at now. newest gives the reason of the newest
// finding; it is asked only where that is shown.
func (c Column) Case(r *model.Row, newest func(*alerts.Case) string, now time.Time) Span {
	k := &r.Case
	switch c.kind {
	case severity:
		return Span{k.Severity.String(), severityStyles[k.Severity]}
	case status:
		return c.status(k)
	case rule:
		return Span{c.rule(r), Plain}
	case protocol:
		return c.text(k.Protocol.String())
	case server:
		return c.text(clean(k.Server))
	case who:
		return c.text(clientOrAccount(k))
	case count:
		return c.text(short(k.Findings))
	case first:
		return c.text(moment(k.First))
	case last:
		return c.text(c.time(k.Last, now))
	}
	return Span{start(clean(newest(k)), c.Width), Plain}
}

// rule shows the rule, and how many cases of the same cause the row stands for:
// +2 where they are folded, -2 where they are shown below.
func (c Column) rule(r *model.Row) string {
	name := clean(r.Case.Rule)
	switch {
	case r.Beneath:
		return "  " + middle(name, c.Width-2)
	case r.Folded == 0:
		return middle(name, c.Width)
	}
	mark := " +"
	if r.Open {
		mark = " -"
	}
	mark += strconv.Itoa(r.Folded)
	return middle(name, c.Width-len(mark)) + mark
}

func (c Column) status(k *alerts.Case) Span {
	again := k.Reopened != alerts.NotReopened
	switch {
	case c.Width < statusWidth && again:
		return Span{"!", Strong}
	case c.Width < statusWidth:
		return Span{statusLetters[k.Status], Strong}
	case again:
		return Span{k.Reopened.String(), Strong} // which tells more than "new"
	}
	return c.text(k.Status.String())
}

// time writes a time as the column has room.
func (c Column) time(ns int64, now time.Time) string {
	if c.Width < len(time.DateTime) {
		return day(ns, now)
	}
	return moment(ns)
}

// clientOrAccount names whom a case is about beside the server.
func clientOrAccount(k *alerts.Case) string {
	switch {
	case k.HasAccount:
		return name(k.Account)
	case k.Client != "":
		return clean(k.Client)
	}
	return "-"
}

// moment writes a time of the capture.
func moment(ns int64) string { return time.Unix(0, ns).UTC().Format(time.DateTime) }

// day writes a time in ten columns: the hour where it is less than a day old,
// else the date.
func day(ns int64, now time.Time) string {
	t := time.Unix(0, ns).UTC()
	if age := now.Sub(t); age >= 0 && age < 24*time.Hour {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateOnly)
}

// short writes a number in at most six columns.
func short(n int64) string {
	switch {
	case n < 1_000_000:
		return strconv.FormatInt(n, 10)
	case n < 100_000_000:
		return fmt.Sprintf("%.1fM", float64(n/100_000)/10)
	}
	return strconv.FormatInt(n/1_000_000, 10) + "M"
}
