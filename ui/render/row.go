package render

import (
	"fmt"
	"strconv"
	"time"

	"github.com/mailtap/mailtap/alerts"
)

// Column is one column of the list of cases.
type Column struct {
	kind  kind
	Width int
}

// kind says what a column shows.
type kind int

// The columns, from left to right.
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
	kinds
)

var heads = [kinds]string{
	severity: "SEVERITY", status: "STATUS", rule: "RULE", protocol: "PROTOCOL", server: "SERVER", who: "CLIENT/ACCOUNT",
	count: "COUNT", first: "FIRST (UTC)", last: "LAST (UTC)", reason: "EVIDENCE",
}

// narrow is the widths for a screen of 80 columns; 0 is not shown.
var narrow = [kinds]int{severity: 8, rule: 20, server: 17, who: 14, count: 6, last: len(time.DateOnly)}

// steps are what more room is used for, in this order.
var steps = []struct {
	kind kind
	grow int
}{
	{rule, 6}, {server, 4}, {who, 10}, // their usual length
	{status, 14}, {last, len(time.DateTime) - len(time.DateOnly)}, {protocol, 11}, {first, len(time.DateTime)}, {reason, 20},
	{reason, 40}, {server, 26}, {who, 30}, {reason, 1000},
}

// least is how far a column shrinks on a small screen, in this order.
var least = []struct {
	kind  kind
	width int
}{{who, 8}, {server, 9}, {rule, 8}}

// Columns returns the columns that a screen has room for. One space stands
// between them.
func Columns(screen int) []Column {
	widths := narrow
	room := screen + 1
	for _, w := range widths {
		if w > 0 {
			room -= w + 1
		}
	}
	for _, l := range least {
		give := min(max(0, -room), widths[l.kind]-l.width)
		widths[l.kind] -= give
		room += give
	}
	for _, s := range steps {
		if widths[s.kind] == 0 { // one that is new comes whole, with its space
			if room < s.grow+1 {
				break
			}
			room--
		}
		grow := max(0, min(room, s.grow))
		widths[s.kind] += grow
		room -= grow
	}
	var columns []Column
	for k, w := range widths {
		if w > 0 {
			columns = append(columns, Column{kind(k), w})
		}
	}
	return columns
}

// Head returns the column's head, as wide as the column.
func (c Column) Head() Span {
	if c.kind == count {
		return Span{right(heads[c.kind], c.Width), Heading}
	}
	return Span{fit(heads[c.kind], c.Width), Heading}
}

// Cell returns what the column shows of a case, at most as wide as the column,
// on a screen that is looked at now. newest gives the reason of the newest
// finding; it is asked only where that is shown.
func (c Column) Cell(k *alerts.Case, newest func() string, now time.Time) Span {
	switch c.kind {
	case severity:
		return Span{k.Severity.String(), severityStyles[k.Severity]}
	case count:
		return Span{right(short(k.Findings), c.Width), Plain}
	case reason:
		return Span{start(clean(newest()), c.Width), Plain}
	}
	return Span{middle(c.text(k, now), c.Width), Plain}
}

func (c Column) text(k *alerts.Case, now time.Time) string {
	switch c.kind {
	case status:
		return k.Status.String()
	case rule:
		return clean(k.Rule)
	case protocol:
		return k.Protocol.String()
	case server:
		return clean(k.Server)
	case who:
		return clientOrAccount(k)
	case first:
		return moment(k.First)
	}
	if c.Width < len(time.DateTime) {
		return day(k.Last, now)
	}
	return moment(k.Last)
}

// clientOrAccount names whom a case is about beside the server.
func clientOrAccount(k *alerts.Case) string {
	switch {
	case k.HasAccount && k.Account == "":
		return `""`
	case k.HasAccount:
		return clean(k.Account)
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
