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
	maxKnown   = 20_000 // cases that are kept of a list that is made from an Index
	MaxMatches = 10_000 // cases of a list that is filtered, sorted or folded without a whole Index
	maxScanned = 50_000 // cases that are looked at for one
)

// Query says which cases a list has, and how.
type Query struct {
	Text    string    // see Filter
	Filter  *Filter   // that Text gives
	Now     time.Time // of whoever looks: a risk that was accepted until then has expired
	By      Field
	Reverse bool
	Flat    bool // cases of one cause are not folded
}

// NewQuery reads the text of a filter.
func NewQuery(text string, now time.Time) (Query, error) {
	f, err := ParseFilter(text, now)
	return Query{Text: text, Filter: f, Now: now}, err
}

// Same tells whether two queries ask for the same rows.
func (q *Query) Same(other *Query) bool {
	return q.Text == other.Text && q.By == other.By && q.Reverse == other.Reverse && q.Flat == other.Flat
}

// inStoreOrder tells a query that the store's pages answer.
func (q *Query) inStoreOrder() bool { return q.Filter == nil && q.By == BySeverity && !q.Reverse }

func (q *Query) moment() int64 {
	if q.Now.IsZero() {
		return 0
	}
	return q.Now.UnixNano()
}

// Row is one row of a list.
type Row struct {
	Case    alerts.Case
	Folded  int  // cases of the same cause that the row stands for
	Open    bool // they are shown below it
	Beneath bool // it is one of them
}

// List is the cases that a query asks for, folded by their cause. Up to
// MaxMatches of them are held. Where there are more, rows are read when they
// are looked at, see Wanted: by their ids, which a whole Index gives in order,
// else page by page, as the store has them. A List belongs to one goroutine.
type List struct {
	source Source
	query  Query
	counts store.Counts
	index  *Index // nil: causes are not known yet
	total  int    // rows
	cut    bool   // more fit than are held or were looked at

	cases  []alerts.Case // held
	order  []int32       // or their numbers in the index
	groups groups
	rows   []place
	open   map[alerts.CaseID]bool

	known map[alerts.CaseID]alerts.Case // that were read by their ids
	lacks []alerts.CaseID

	paged  bool
	pages  [maxPages]page
	wanted int // number of the page that a row was asked of and is not there; -1: none
	err    error
}

// place is a row by the numbers of its group and its case in that.
type place struct{ group, member int32 }

// NewBeginning reads the first rows of a list, which takes less time than to
// count the cases; false where there are so few that all are there at once.
func NewBeginning(source Source, query Query) (l *List, ok bool, err error) {
	if !query.inStoreOrder() {
		return nil, false, nil
	}
	rows, err := source.Cases(store.Filter{Limit: around, Now: query.moment()})
	if err != nil || len(rows) < around {
		return nil, false, err
	}
	l = &List{source: source, query: query, total: len(rows), cut: true, paged: true, wanted: -1}
	l.pages[0] = page{read: true, rows: rows}
	return l, true, nil
}

// NewList reads what a list needs to be shown. Cases of open are unfolded. The
// index may be nil, and may be older than what the source has. Counts is what
// that holds.
func NewList(source Source, query Query, counts store.Counts, index *Index, open map[alerts.CaseID]bool) (*List, error) {
	l := &List{source: source, query: query, counts: counts, index: index, open: open, wanted: -1}
	var err error
	all := total(counts.Cases[:])
	switch whole := index != nil && index.Whole; {
	case all > MaxMatches && whole:
		err = l.choose()
	case all > MaxMatches && query.inStoreOrder():
		l.paged, l.total = true, int(all)
		l.page(0, true)
		return l, l.err
	default:
		err = l.collect()
	}
	if err != nil {
		return nil, err
	}
	switch {
	case query.Flat:
		l.groups = flat(l.Cases())
	case l.order != nil:
		l.groups = fold(len(l.order), func(i int) int32 { return index.entries[l.order[i]].cause })
	default:
		l.groups = fold(len(l.cases), func(i int) alerts.CaseID { return index.root(l.cases[i].ID) })
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
	f.Limit, f.Now = store.MaxPage, l.query.moment()
	for ; f.Offset < maxScanned; f.Offset += f.Limit {
		cases, err := l.source.Cases(f)
		if err != nil {
			return err
		}
		if full := l.take(cases); full || len(cases) < f.Limit {
			l.cut = l.cut || full
			l.query.sorted(l.cases)
			return nil
		}
	}
	l.cut = true
	l.query.sorted(l.cases)
	return nil
}

// take holds those of the cases that fit. Full tells that one more did.
func (l *List) take(cases []alerts.Case) (full bool) {
	for i := range cases {
		if !l.query.Filter.fits(&cases[i]) {
			continue
		}
		if len(l.cases) == MaxMatches {
			return true
		}
		l.cases = append(l.cases, cases[i])
	}
	return false
}

// layOut makes the rows of the groups.
func (l *List) layOut() {
	l.rows = l.rows[:0]
	for g := range int32(len(l.groups.starts)) {
		l.rows = append(l.rows, place{g, 0})
		if len(l.open) == 0 {
			continue
		}
		if members := l.groups.group(g); l.open[l.id(members[0])] {
			for member := 1; member < len(members); member++ {
				l.rows = append(l.rows, place{g, int32(member)})
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
	members := l.groups.group(at.group)
	if len(members) == 1 {
		return i
	}
	head := l.id(members[0])
	if l.open[head] {
		delete(l.open, head)
	} else {
		l.open[head] = true
	}
	l.layOut()
	return i - int(at.member)
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
		for _, n := range l.groups.group(l.rows[i].group)[1:] {
			ids = append(ids, l.id(n))
		}
	}
	return ids
}

// id returns the id of the n-th case.
func (l *List) id(n int32) alerts.CaseID {
	if l.order != nil {
		return l.index.entries[l.order[n]].id
	}
	return l.cases[n].ID
}

// Len returns the number of rows.
func (l *List) Len() int { return l.total }

// Cases returns the number of cases, folded ones among them.
func (l *List) Cases() int {
	if l.paged {
		return l.total
	}
	return max(len(l.cases), len(l.order))
}

// Query is what the list was asked for.
func (l *List) Query() Query { return l.query }

// Cut tells that not all cases that fit are there.
func (l *List) Cut() bool { return l.cut }

// Paged tells that there are too many cases to fold them before they are
// counted.
func (l *List) Paged() bool { return l.paged }

// Counts is what the database held when the list was made.
func (l *List) Counts() store.Counts { return l.counts }

// Err returns the first error of reading rows.
func (l *List) Err() error { return l.err }
