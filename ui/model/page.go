package model

import (
	"sort"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// page returns the rows of a page; where it is not there, it is read, or
// wanted.
func (l *List) page(number int, read bool) []alerts.Case {
	p := &l.pages[number%maxPages]
	if p.read && p.number == number {
		return p.rows
	}
	if !read {
		l.wanted = number
		return nil
	}
	l.Put(number, l.Read(number))
	return p.rows
}

// Wanted returns the number of a page that was looked at and is not there,
// false where there is none.
func (l *List) Wanted() (number int, ok bool) { return l.wanted, l.wanted >= 0 }

// Pages is what Read found.
type Pages struct {
	rows []alerts.Case
	err  error
}

// Read reads a page. It is the one method that any goroutine may call.
func (l *List) Read(number int) Pages {
	rows, err := l.source.Cases(store.Filter{Limit: PageSize, Offset: number * PageSize})
	return Pages{rows, err}
}

// Put keeps a page that was read. One that failed is not tried again: the list
// is drawn all the time.
func (l *List) Put(number int, p Pages) {
	if p.err != nil && l.err == nil {
		l.err = p.err
	}
	l.pages[number%maxPages] = page{read: true, number: number, rows: p.rows}
	if l.wanted == number {
		l.wanted = -1
	}
}

// Find returns the row of a case, false where it has none. It looks on the page
// around near first, for that is where a case stays as a rule, and then where
// the order puts it. It reads: a list that is shown has Look.
func (l *List) Find(id alerts.CaseID, near int) (int, bool) {
	if !l.paged {
		return l.Look(id, near)
	}
	if i, ok := l.around(id, near, true); ok {
		return i, true
	}
	c, err := l.source.Cases(store.Filter{Case: &id})
	if err != nil || len(c) == 0 {
		return 0, false
	}
	i := sort.Search(l.total, func(i int) bool {
		row, ok := l.row(i, true)
		return !ok || compare(&row.Case, &c[0]) >= 0
	})
	row, ok := l.row(i, true)
	return i, ok && row.Case.ID == id
}

// Look is Find among the rows that are there.
func (l *List) Look(id alerts.CaseID, near int) (int, bool) {
	if l.paged {
		return l.around(id, near, false)
	}
	for i := range l.rows {
		if at := l.rows[i]; l.cases[l.groups[at.group][at.member]].ID == id {
			return i, true
		}
	}
	for i := range l.rows { // it may be folded now
		for _, n := range l.groups[l.rows[i].group] {
			if l.cases[n].ID == id {
				return i, true
			}
		}
	}
	return 0, false
}

func (l *List) around(id alerts.CaseID, near int, read bool) (int, bool) {
	from := max(0, near-PageSize/2)
	for i := from; i < min(l.total, from+PageSize); i++ {
		if row, ok := l.row(i, read); ok && row.Case.ID == id {
			return i, true
		}
	}
	return 0, false
}
