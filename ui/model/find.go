package model

import (
	"sort"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// Find returns the row of a case, 0 and false where it has none. It looks on the page around near first, for
// that is where a case stays as a rule, and then where the order puts it.
func (l *List) Find(id alerts.CaseID, near int) (int, bool) {
	from := max(0, near-PageSize/2)
	for i := from; i < min(l.total, from+PageSize); i++ {
		if l.is(i, id) {
			return i, true
		}
	}
	c, err := l.source.Cases(store.Filter{Case: &id})
	if err != nil || len(c) == 0 {
		return 0, false
	}
	i := sort.Search(l.total, func(i int) bool {
		row, ok := l.Row(i)
		return !ok || compare(&row, &c[0]) >= 0
	})
	if !l.is(i, id) {
		return 0, false
	}
	return i, true
}

func (l *List) is(i int, id alerts.CaseID) bool {
	row, ok := l.Row(i)
	return ok && row.ID == id
}
