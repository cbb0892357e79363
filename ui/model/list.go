package model

import (
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// Bounds of a list.
const (
	PageSize   = 500    // cases that are read at once where there are many
	maxPages   = 32     // pages that are kept
	MaxMatches = 10_000 // cases of a list that is filtered, sorted or folded
	maxScanned = 50_000 // cases that are looked at for one
)

// Query says which cases a list has, and how.
type Query struct {
	Text    string  // see Filter
	Filter  *Filter // that Text gives
	By      Field
	Reverse bool
	Flat    bool // cases of one cause are not folded
}

// NewQuery reads the text of a filter.
func NewQuery(text string, now time.Time) (Query, error) {
	f, err := ParseFilter(text, now)
	return Query{Text: text, Filter: f}, err
}

// inStoreOrder tells a query that the store's pages answer.
func (q *Query) inStoreOrder() bool { return q.Filter == nil && q.By == BySeverity && !q.Reverse }

// Row is one row of a list.
type Row struct {
	Case    alerts.Case
	Folded  int  // cases of the same cause that the row stands for
	Open    bool // they are shown below it
	Beneath bool // it is one of them
}

// List is the cases that a query asks for. Up to MaxMatches of them are held,
// folded by their cause. Where there are more and the query asks for nothing
// special, rows are read when they are looked at, see Wanted. A List belongs
// to one goroutine.
type List struct {
	source Source
	query  Query
	counts store.Counts
	total  int  // rows
	cut    bool // more fit than are held or were looked at

	cases  []alerts.Case // held
	groups []group
	rows   []place
	open   map[alerts.CaseID]bool

	paged  bool
	pages  [maxPages]page
	wanted int // number of the page that a row was asked of and is not there; -1: none
	err    error
}

// place is a row by the numbers of its group and its case in that.
type place struct{ group, member int }

// page is the rows from number*PageSize. Number n is kept in slot n%maxPages.
type page struct {
	read   bool
	number int
	rows   []alerts.Case
}

// NewList reads what a list needs to be shown. Cases of open are unfolded.
func NewList(source Source, query Query, open map[alerts.CaseID]bool) (*List, error) {
	l := &List{source: source, query: query, open: open, wanted: -1}
	var err error
	if l.counts, err = source.Counts(); err != nil {
		return nil, err
	}
	all := 0
	for _, n := range l.counts.Cases {
		all += int(n)
	}
	if query.inStoreOrder() && all > MaxMatches {
		l.paged, l.total = true, all
		l.page(0, true)
		return l, l.err
	}
	if err := l.collect(); err != nil {
		return nil, err
	}
	query.sorted(l.cases)
	if query.Flat {
		for i := range l.cases {
			l.groups = append(l.groups, group{i})
		}
	} else {
		l.groups = fold(l.cases)
	}
	l.layOut()
	return l, nil
}

// collect reads the cases that fit.
func (l *List) collect() error {
	var f store.Filter
	if l.query.Filter != nil {
		more, err := l.query.Filter.prepare(l.source)
		if err != nil {
			return err
		}
		l.cut, f = more, l.query.Filter.narrow
	}
	f.Limit = store.MaxPage
	for ; f.Offset < maxScanned; f.Offset += f.Limit {
		cases, err := l.source.Cases(f)
		if err != nil {
			return err
		}
		for i := range cases {
			if l.query.Filter != nil && !l.query.Filter.fits(&cases[i]) {
				continue
			}
			if len(l.cases) == MaxMatches {
				l.cut = true
				return nil
			}
			l.cases = append(l.cases, cases[i])
		}
		if len(cases) < f.Limit {
			return nil
		}
	}
	l.cut = true
	return nil
}

// layOut makes the rows of the groups.
func (l *List) layOut() {
	l.rows = l.rows[:0]
	for i, g := range l.groups {
		l.rows = append(l.rows, place{i, 0})
		if l.open[l.cases[g[0]].ID] {
			for member := 1; member < len(g); member++ {
				l.rows = append(l.rows, place{i, member})
			}
		}
	}
	l.total = len(l.rows)
}

// Unfold shows the cases of each cause whose first case open has. Toggle changes
// open from then on.
func (l *List) Unfold(open map[alerts.CaseID]bool) {
	l.open = open
	if !l.paged {
		l.layOut()
	}
}

// Toggle unfolds the cases that the i-th row stands for, or folds those that it
// is one of. It returns the row where the case that stands for them is.
func (l *List) Toggle(i int) int {
	if l.paged || i < 0 || i >= len(l.rows) {
		return i
	}
	at := l.rows[i]
	if len(l.groups[at.group]) == 1 {
		return i
	}
	head := l.cases[l.groups[at.group][0]].ID
	if l.open[head] {
		delete(l.open, head)
	} else {
		l.open[head] = true
	}
	l.layOut()
	return i - at.member
}

// Stands returns the cases that the i-th row stands for: its own, and those that
// are folded into it.
func (l *List) Stands(i int) (ids []alerts.CaseID) {
	row, ok := l.Row(i)
	if !ok {
		return nil
	}
	ids = append(ids, row.Case.ID)
	if row.Folded > 0 && !row.Open {
		for _, n := range l.groups[l.rows[i].group][1:] {
			ids = append(ids, l.cases[n].ID)
		}
	}
	return ids
}

// Len returns the number of rows.
func (l *List) Len() int { return l.total }

// Cases returns the number of cases, folded ones among them.
func (l *List) Cases() int {
	if l.paged {
		return l.total
	}
	return len(l.cases)
}

// Query is what the list was asked for.
func (l *List) Query() Query { return l.query }

// Cut tells that not all cases that fit are there.
func (l *List) Cut() bool { return l.cut }

// Paged tells that there are too many cases to fold them.
func (l *List) Paged() bool { return l.paged }

// Counts is what the database held when the list was made.
func (l *List) Counts() store.Counts { return l.counts }

// Err returns the first error of reading rows.
func (l *List) Err() error { return l.err }

// Row returns the i-th row, false where there is none, or it is still to be
// read.
func (l *List) Row(i int) (Row, bool) { return l.row(i, false) }

func (l *List) row(i int, read bool) (Row, bool) {
	if i < 0 || i >= l.total {
		return Row{}, false
	}
	if l.paged {
		rows := l.page(i/PageSize, read)
		if i %= PageSize; i >= len(rows) {
			return Row{}, false
		}
		return Row{Case: rows[i]}, true
	}
	at := l.rows[i]
	g := l.groups[at.group]
	row := Row{Case: l.cases[g[at.member]], Beneath: at.member > 0}
	if !row.Beneath {
		row.Folded, row.Open = len(g)-1, l.open[row.Case.ID]
	}
	return row, true
}
