package render

import (
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
)

// The columns of servers, clients, accounts and rules.
const (
	worst kind = iota
	subjectName
	found
	seen
	exposed
	weak
	clearText
	protected
	unknown
	lastSeen
	about
)

// subjects returns the plan of a list whose names and remarks have these heads.
func subjects(name, remark string) *plan {
	return &plan{
		columns: []Column{
			{kind: worst, head: "WORST", Width: 8},
			{kind: subjectName, head: name, Width: 22},
			{kind: found, head: "FINDINGS", right: true, Width: 8},
			{kind: seen, head: "SESSIONS", right: true, Width: 8},
			{kind: exposed, head: "EXPOSED", right: true, Width: 7},
			{kind: weak, head: "WEAK", right: true, Width: 6},
			{kind: clearText, head: "CLEAR", right: true},
			{kind: protected, head: "PROTECTED", right: true, Width: 9},
			{kind: unknown, head: "UNKNOWN", right: true},
			{kind: lastSeen, head: "LAST (UTC)"},
			{kind: about, head: remark},
		},
		grow:   []step{{subjectName, 4}, {lastSeen, 10}, {clearText, 6}, {unknown, 7}, {about, 24}, {lastSeen, 9}, {subjectName, 18}, {about, 1000}},
		shrink: []step{{seen, 0}, {weak, 0}, {protected, 0}, {subjectName, 9}, {exposed, 0}},
	}
}

var (
	serverColumns  = subjects("SERVER", "BANNER")
	clientColumns  = subjects("CLIENT", "CALLS ITSELF")
	accountColumns = subjects("ACCOUNT", "AT")
	ruleColumns    = &plan{
		columns: []Column{
			{kind: worst, head: "WORST", Width: 8},
			{kind: subjectName, head: "RULE", Width: 27},
			{kind: found, head: "FINDINGS", right: true, Width: 8},
			{kind: lastSeen, head: "LAST (UTC)"},
			{kind: about, head: "WHAT IS WRONG", Width: 34},
		},
		grow:   []step{{about, 32}, {lastSeen, 19}, {about, 1000}},
		shrink: []step{{about, 12}, {subjectName, 9}, {about, 0}},
	}
)

// ServerColumns, ClientColumns, AccountColumns and RuleColumns return the
// columns that a screen has room for.
func ServerColumns(screen int) []Column { return serverColumns.fit(screen) }

// ClientColumns is like ServerColumns.
func ClientColumns(screen int) []Column { return clientColumns.fit(screen) }

// AccountColumns is like ServerColumns.
func AccountColumns(screen int) []Column { return accountColumns.fit(screen) }

// RuleColumns is like ServerColumns.
func RuleColumns(screen int) []Column { return ruleColumns.fit(screen) }

// Subject returns what the column shows of a server, client, account or rule.
func (c Column) Subject(s *model.Subject, now time.Time) Span {
	switch c.kind {
	case worst:
		if v, ok := s.Worst(); ok {
			return Span{v.String(), severityStyles[v]}
		}
		return Span{"-", Faint}
	case subjectName:
		return c.text(name(s.Name))
	case found:
		return c.tally(s.Total(), Plain)
	case seen:
		return c.tally(s.Seen(), Plain)
	case exposed:
		return c.tally(s.Sessions[alerts.Exposed], Critical)
	case weak:
		return c.tally(s.Sessions[alerts.Weak], Medium)
	case clearText:
		return c.tally(s.Sessions[alerts.Clear], Plain)
	case protected:
		return c.tally(s.Sessions[alerts.Protected], Good)
	case unknown:
		return c.tally(s.Sessions[alerts.UnknownVerdict], Plain)
	case lastSeen:
		return c.text(c.time(s.Last, now))
	}
	return Span{start(clean(s.About), c.Width), Plain}
}

// tally shows a number. Nothing of something is no alarm.
func (c Column) tally(n int64, style Style) Span {
	if n == 0 {
		style = Faint
	}
	return Span{right(short(n), c.Width), style}
}
