package model

import (
	"bytes"
	"cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// Bounds of a list.
const (
	PageSize   = 500    // cases that are read at once
	maxPages   = 32     // pages that are kept
	MaxMatches = 10_000 // cases of a filtered list
	maxReasons = 1000   // cases whose newest finding is kept
)

// List is the cases that a text fits, the most severe first, then those with
// the latest finding. Without a text it is all of them, however many: rows are
// read when they are asked for. A list shows the database as it was when it
// was made, except that pages are read later; for what is new, make another
// one. It is not safe for concurrent use.
type List struct {
	source  Source
	text    string
	counts  store.Counts
	total   int
	cut     bool          // more than MaxMatches fit
	matches []alerts.Case // all rows, where there is a text
	pages   [maxPages]page
	reasons map[reasonKey]string
	err     error
}

// page is the rows from number*PageSize. Number n is kept in slot n%maxPages.
type page struct {
	read   bool
	number int
	rows   []alerts.Case
}

// NewList reads what a list needs to be shown. An empty text fits all cases.
func NewList(source Source, text string) (*List, error) {
	l := &List{source: source, text: text, reasons: make(map[reasonKey]string)}
	var err error
	if l.counts, err = source.Counts(); err != nil {
		return nil, err
	}
	if text != "" {
		l.matches, l.cut, err = match(source, text)
		l.total = len(l.matches)
		return l, err
	}
	for _, n := range l.counts.Cases {
		l.total += int(n)
	}
	return l, nil
}

// Len returns the number of rows.
func (l *List) Len() int { return l.total }

// Text returns what the rows fit.
func (l *List) Text() string { return l.text }

// Cut tells that more than MaxMatches cases fit the text: the rest is left out.
func (l *List) Cut() bool { return l.cut }

// Counts is what the database held when the list was made.
func (l *List) Counts() store.Counts { return l.counts }

// Err returns the first error of reading rows.
func (l *List) Err() error { return l.err }

// Row returns the i-th case, false where there is none, or none any more.
func (l *List) Row(i int) (alerts.Case, bool) {
	rows := l.matches
	if l.text == "" && i >= 0 && i < l.total {
		rows = l.page(i / PageSize)
		i %= PageSize
	}
	if i < 0 || i >= len(rows) {
		return alerts.Case{}, false
	}
	return rows[i], true
}

func (l *List) page(number int) []alerts.Case {
	p := &l.pages[number%maxPages]
	if p.read && p.number == number {
		return p.rows
	}
	rows, err := l.source.Cases(store.Filter{Limit: PageSize, Offset: number * PageSize})
	if err != nil && l.err == nil {
		l.err = err
	}
	// A page that fails is not tried again: the list is drawn all the time.
	*p = page{read: true, number: number, rows: rows}
	return rows
}

// reasonKey names what is shown as the reason of a case: it changes when the
// case gets a newer finding.
type reasonKey struct {
	id   alerts.CaseID
	last int64
}

// Reason returns what was seen in the newest finding of a case.
func (l *List) Reason(c *alerts.Case) string {
	key := reasonKey{c.ID, c.Last}
	if why, ok := l.reasons[key]; ok {
		return why
	}
	// The time makes it one look-up, however many findings the case has.
	newest, err := l.source.Findings(store.Filter{Case: &c.ID, Since: c.Last, Until: c.Last + 1, Limit: 1})
	if err != nil && l.err == nil {
		l.err = err
	}
	if len(l.reasons) == maxReasons {
		clear(l.reasons)
	}
	why := ""
	if len(newest) > 0 {
		why = newest[0].Why
	}
	l.reasons[key] = why
	return why
}

// compare orders cases as store.Reader.Cases does.
func compare(a, b *alerts.Case) int {
	return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Last, a.Last), bytes.Compare(a.ID[:], b.ID[:]))
}
