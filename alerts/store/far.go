package store

import (
	"cmp"
	"math"
	"slices"

	"github.com/mailtap/mailtap/dissect"
)

// farOffset is how many places a list keeps and sorts to skip them; more are
// counted in a walk of their own.
const farOffset = 8 * MaxPage

// span is how many places the contents of a block have for a list. Times run
// as the list does: the ones to come are less.
type span struct {
	first, last int64
	places      int
}

// What tallies count: kind in the table.
const (
	tallyVerdicts   = "verdict"
	tallySeverities = "severity"
)

// turn makes a page in the back half of a list the page of the opposite list,
// where the tallies know how long it is.
func (q *query) turn(tally string) error {
	f := q.filter
	var w where
	w.add("kind = ?", tally)
	switch {
	case f.Rule != "", len(f.Statuses) > 0, f.Case != nil, f.Protocol != dissect.NoProtocol, f.Since != 0, f.Until != 0,
		f.Server != "", f.Client != "", f.Account != "":
		return nil
	case tally == tallySeverities:
		w.add("value >= ?", int64(f.MinSeverity))
	case len(f.Verdicts) > 0:
		return nil
	}
	var total int
	if err := q.tx.QueryRow("SELECT coalesce(sum(count), 0) FROM tallies"+w.String(), w.args...).Scan(&total); err != nil {
		return err
	}
	left := total - f.Offset
	if left <= 0 || left > total/2 {
		return nil
	}
	f.Limit = min(f.limit(), left)
	f.OldestFirst, f.Offset = !f.OldestFirst, left-f.Limit
	q.turned = true
	return nil
}

// approach moves the beginning of the list to near its page. It counts the
// places block by block. Those of the blocks that begin before a time are no
// fewer than the places before it, and those of the blocks that end before it
// no more: so the page lies between two times, and only what is there need be
// sorted.
func (q *query) approach(may func(l *listing) bool, list func(e *entry, l *listing, body int64)) error {
	spans, err := q.count(may, list)
	if err != nil {
		return err
	}
	from, to := around(spans, q.filter.Offset, q.most())
	for _, s := range spans {
		if s.last > from {
			q.filter.Offset -= s.places
		}
	}
	q.approached = true
	q.after = &place{time: q.time(from), body: math.MaxInt64}
	if q.filter.OldestFirst {
		q.after.body = -1
	}
	f := q.filter
	switch {
	case to == math.MinInt64:
	case !f.OldestFirst:
		f.Since = max(f.Since, to)
	case f.Until == 0 || f.Until > -to:
		f.Until = -to + 1
	}
	return nil
}

// time turns a time of a span into one of the capture, and back.
func (q *query) time(t int64) int64 {
	if q.filter.OldestFirst {
		return -t
	}
	return t
}

// count counts the places of each block, until those of the blocks that end
// before all that are left are enough for the page.
func (q *query) count(may func(l *listing) bool, list func(e *entry, l *listing, body int64)) ([]span, error) {
	q.counting = true
	defer func() { q.counting = false }()
	var spans []span
	total, look := 0, q.most()
	enough := func(oldest, newest int64) bool {
		first, last := newest, oldest
		if q.filter.OldestFirst {
			first, last = -oldest, -newest
		}
		if n := len(spans); n > 0 {
			spans[n-1].places = q.counted
			total += q.counted
			q.counted = 0
		}
		if total >= look {
			if before(spans, first) >= q.most() {
				return true
			}
			look += look / 8 // to add up for every block would take too long
		}
		spans = append(spans, span{first, last, 0})
		return false
	}
	err := q.walk(enough, may, list)
	if n := len(spans); n > 0 {
		spans[n-1].places += q.counted
	}
	return spans, err
}

// before adds up the places of the spans that end before time.
func before(spans []span, time int64) int {
	n := 0
	for _, s := range spans {
		if s.last > time {
			n += s.places
		}
	}
	return n
}

// around returns times of which no more than offset places are before from, and
// most or more not behind to: the least time if there are not as many.
func around(spans []span, offset, most int) (from, to int64) {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(b.first, a.first) })
	from = math.MinInt64 + 1 // which has an opposite
	n := 0
	for _, s := range spans {
		if n += s.places; n > offset {
			from = s.first
			break
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(b.last, a.last) })
	n = 0
	for _, s := range spans {
		if n += s.places; n >= most {
			return from, s.last
		}
	}
	return from, math.MinInt64
}
