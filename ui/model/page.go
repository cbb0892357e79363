package model

import (
	"sort"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// page is the rows from number*PageSize. Number n is kept in slot n%maxPages.
type page struct {
	read   bool
	number int
	rows   []alerts.Case
}

// around is how many rows on either side of the selected one are read before a
// list is shown: what a large screen shows.
const around = 100

// Row returns the i-th row, false where there is none, or it is still to be
// read.
func (l *List) Row(i int) (Row, bool) {
	if i < 0 || i >= l.total {
		return Row{}, false
	}
	if l.paged {
		rows := l.page(i/PageSize, false)
		if i %= PageSize; i >= len(rows) {
			return Row{}, false
		}
		return Row{Case: rows[i]}, true
	}
	at := l.rows[i]
	members := l.groups.group(at.group)
	c, ok := l.kase(members[at.member])
	row := Row{Case: c, Beneath: at.member > 0}
	if !row.Beneath {
		row.Folded, row.Open = len(members)-1, l.open[l.id(members[0])]
	}
	return row, ok
}

// kase returns the n-th case, false where it is still to be read.
func (l *List) kase(n int32) (alerts.Case, bool) {
	if l.order == nil {
		return l.cases[n], true
	}
	id := l.id(n)
	c, ok := l.known[id]
	if !ok && len(l.lacks) < PageSize {
		l.lacks = append(l.lacks, id)
	}
	return c, ok && c.ID == id // else it is not in the database any more
}

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
	l.Put(l.lacking(number).Read())
	return p.rows
}

// Lacking is rows that were looked at and are not there.
type Lacking struct {
	source Source
	now    int64
	number int // of their page
	ids    []alerts.CaseID
}

func (l *List) lacking(number int) Lacking {
	return Lacking{source: l.source, now: l.query.moment(), number: number}
}

// Lacks tells whether rows were looked at that are not there.
func (l *List) Lacks() bool { return l.wanted >= 0 || len(l.lacks) > 0 }

// Wanted returns those, false where there are none.
func (l *List) Wanted() (Lacking, bool) {
	w := l.lacking(l.wanted)
	w.ids, l.lacks = l.lacks, nil
	return w, w.number >= 0 || len(w.ids) > 0
}

// Lacked is what Read found.
type Lacked struct {
	number int
	rows   []alerts.Case
	known  map[alerts.CaseID]alerts.Case
	err    error
}

// Read reads the rows. Any goroutine may call it.
func (w Lacking) Read() Lacked {
	found := Lacked{number: w.number}
	if w.number >= 0 {
		found.rows, found.err = w.source.Cases(store.Filter{Limit: PageSize, Offset: w.number * PageSize, Now: w.now})
		return found
	}
	found.known = make(map[alerts.CaseID]alerts.Case)
	for _, id := range w.ids {
		list, err := w.source.Cases(store.Filter{Case: &id, Now: w.now})
		if err != nil && found.err == nil {
			found.err = err
		}
		found.known[id] = alerts.Case{} // not asked for again: the list is drawn all the time
		if len(list) > 0 {
			found.known[id] = list[0]
		}
	}
	return found
}

// Put keeps what was read. A page that failed is not tried again.
func (l *List) Put(found Lacked) {
	if found.err != nil && l.err == nil {
		l.err = found.err
	}
	if found.number < 0 {
		if l.known == nil || len(l.known)+len(found.known) > maxKnown {
			l.known = make(map[alerts.CaseID]alerts.Case)
		}
		for id, c := range found.known {
			l.known[id] = c
		}
		return
	}
	l.pages[found.number%maxPages] = page{read: true, number: found.number, rows: found.rows}
	if l.wanted == found.number {
		l.wanted = -1
	}
}

// Find returns the row of a case, false where it has none, and reads the rows
// around that, or around near. It looks there first, for that is where a case
// stays as a rule, and then where the order puts it. A list that is shown has
// Look, which does not read.
func (l *List) Find(id alerts.CaseID, near int) (row int, ok bool) {
	if row, ok = l.find(id, near); !ok {
		row = near
	}
	if l.order != nil {
		for i := max(0, row-around); i < min(l.total, row+around); i++ {
			l.Row(i)
		}
		if w, lacks := l.Wanted(); lacks {
			l.Put(w.Read())
		}
	}
	return row, ok
}

func (l *List) find(id alerts.CaseID, near int) (int, bool) {
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
		row, ok := l.pagedCase(i, true)
		return !ok || compare(&row, &c[0]) >= 0
	})
	row, ok := l.pagedCase(i, true)
	return i, ok && row.ID == id
}

// Look is Find among the rows that are there.
func (l *List) Look(id alerts.CaseID, near int) (int, bool) {
	if l.paged {
		return l.around(id, near, false)
	}
	folded := -1 // the row that stands for it
	for i, at := range l.rows {
		members := l.groups.group(at.group)
		if l.id(members[at.member]) == id {
			return i, true
		}
		if folded >= 0 || at.member > 0 {
			continue
		}
		for _, n := range members[1:] {
			if l.id(n) == id {
				folded = i
			}
		}
	}
	return max(folded, 0), folded >= 0
}

func (l *List) around(id alerts.CaseID, near int, read bool) (int, bool) {
	from := max(0, near-PageSize/2)
	for i := from; i < min(l.total, from+PageSize); i++ {
		if c, ok := l.pagedCase(i, read); ok && c.ID == id {
			return i, true
		}
	}
	return 0, false
}

func (l *List) pagedCase(i int, read bool) (alerts.Case, bool) {
	rows := l.page(i/PageSize, read)
	if i %= PageSize; i >= len(rows) {
		return alerts.Case{}, false
	}
	return rows[i], true
}
