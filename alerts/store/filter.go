package store

import (
	"fmt"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Filter says which rows a list holds, and which part of it. The zero value is
// the first page of all. A list ignores what its rows do not have: sessions
// have no severity, rule or status, findings and cases have no verdict.
type Filter struct {
	MinSeverity alerts.Severity
	Rule        string          // its id
	Statuses    []alerts.Status // of the case, any of them
	Case        *alerts.CaseID  // findings of this case
	Protocol    dissect.Protocol
	Verdicts    []alerts.Verdict // any of them
	Since       int64            // ns since 1970 UTC; a case counts by its last finding
	Until       int64            // ns since 1970 UTC, exclusive; 0 is no end

	// Now is the time of whoever looks, ns since 1970 UTC: an accepted risk that
	// has expired by then is New, though no finding has shown it yet. 0 lets none
	// expire.
	Now int64

	// A part of the text, in either case; behind "=" the whole of it. A server
	// is "10.0.0.9:25", a client "10.0.0.5". A session counts by the accounts of
	// its findings, a case by the client and the account in its key.
	Server, Client, Account string

	OldestFirst bool // findings and sessions; else the newest are first
	Limit       int  // rows; at most MaxPage, which is also what 0 means
	Offset      int
}

// Bounds of a list. A page ends when either is reached, so one that is shorter
// than Limit need not be the last: an empty one is.
const (
	MaxPage      = 1000
	maxPageBytes = 4 << 20 // of the records that a page is made from
)

func (f *Filter) limit() int {
	if f.Limit <= 0 || f.Limit > MaxPage {
		return MaxPage
	}
	return f.Limit
}

// where collects the conditions of a query and their arguments.
type where struct {
	conditions []string
	args       []any
}

func (w *where) add(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// among adds that an expression with the arguments args has one of the values.
func (w *where) among(expression string, values []alerts.Status, args ...any) {
	w.add(expression+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
	for _, v := range values {
		w.args = append(w.args, int64(v))
	}
}

// named adds that column is a text that fits; see Filter.
func (w *where) named(column, text string) {
	whole, exact := strings.CutPrefix(text, "=")
	switch {
	case text == "":
	case exact:
		w.add(column+" = ?", whole)
	default:
		w.add("instr(lower("+column+"), lower(?)) > 0", text)
	}
}

// between adds the filter's time span.
func (w *where) between(column string, f *Filter) {
	if f.Since != 0 {
		w.add(column+" >= ?", f.Since)
	}
	if f.Until != 0 {
		w.add(column+" < ?", f.Until)
	}
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// ofCases adds the conditions on a row of cases c.
func (w *where) ofCases(f *Filter) {
	if f.MinSeverity > alerts.Info {
		w.add("c.severity >= ?", int64(f.MinSeverity))
	}
	if f.Rule != "" {
		w.add("c.kind IN (SELECT id FROM kinds WHERE rule = ?)", f.Rule)
	}
	if f.Protocol != dissect.NoProtocol {
		w.add("c.protocol = ?", int64(f.Protocol))
	}
	if f.Case != nil {
		w.add("c.uid = ?", f.Case[:])
	}
	if len(f.Statuses) > 0 {
		w.among(fmt.Sprintf(statusAt, "c."), f.Statuses, f.Now)
	}
	w.named("c.server", f.Server)
}

// statusAt is the status of a case at a time.
const statusAt = "CASE WHEN %[1]sstatus = 3 AND %[1]sexpires <= ? THEN 0 ELSE %[1]sstatus END"

// cases returns the conditions on a row of cases c.
func (f *Filter) cases() where {
	var w where
	w.ofCases(f)
	w.named("c.client", f.Client)
	w.named("c.account", f.Account)
	w.between("c.last", f)
	return w
}
