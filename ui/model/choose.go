package model

import (
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// choose puts the cases of the index that fit in order. Nothing but their
// statuses is read: these change without a finding.
func (l *List) choose() error {
	x, q := l.index, &l.query
	touched, ok, err := readTouched(l.source, q.moment())
	if err != nil {
		return err
	}
	l.cut = !ok
	statuses := make(map[alerts.CaseID]alerts.Status, len(touched))
	for i := range touched {
		statuses[touched[i].ID] = touched[i].Status
	}
	if q.Filter != nil {
		more, err := q.Filter.prepare(l.source)
		if err != nil {
			return err
		}
		l.cut = l.cut || more
	}
	var a, b alerts.Case
	fill := func(c *alerts.Case, n int32) {
		x.fill(c, n)
		c.Status = statuses[c.ID]
	}
	l.order = make([]int32, 0, len(x.entries))
	for n := range int32(len(x.entries)) {
		if q.Filter != nil {
			if fill(&a, n); !q.Filter.fits(&a) {
				continue
			}
		}
		l.order = append(l.order, n)
	}
	slices.SortFunc(l.order, func(i, j int32) int {
		if q.By == BySeverity {
			if q.Reverse {
				i, j = j, i
			}
			return x.inOrder(i, j)
		}
		fill(&a, i)
		fill(&b, j)
		return q.compare(&a, &b)
	})
	return nil
}
