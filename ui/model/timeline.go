package model

import (
	"math"
	"time"

	"github.com/mailtap/mailtap/alerts/store"
)

// maxSlots is how many steps of a Timeline are counted; with more, steps get
// longer.
const maxSlots = 4096

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// held are the steps that a Timeline counts by, each a multiple of the one
// before.
var held = []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, day, week, 52 * week, 52 * 64 * week}

// shown are the steps that are shown; the last goes from one end of the clock to
// the other in a few.
var shown = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	day, 2 * day, week, 2 * week, 4 * week, 13 * week, 52 * week, 52 * 64 * week,
}

// Timeline is when there was how much. The zero value is empty.
type Timeline struct {
	step        int // number in held
	slots       map[int64]int64
	first, last int64 // times
}

// add counts n more at a time, ns since 1970.
func (t *Timeline) add(at, n int64) {
	if t.slots == nil {
		t.slots = make(map[int64]int64)
		t.first, t.last = at, at
	}
	t.first, t.last = min(t.first, at), max(t.last, at)
	t.slots[slot(at, held[t.step])] += n
	for len(t.slots) > maxSlots && t.step < len(held)-1 {
		longer := int64(held[t.step+1] / held[t.step])
		t.step++
		old := t.slots
		t.slots = make(map[int64]int64)
		for s, n := range old {
			t.slots[slot(s, time.Duration(longer))] += n
		}
	}
}

// slot is the number of the step that a time lies in.
func slot(at int64, step time.Duration) int64 {
	s := at / int64(step)
	if at%int64(step) < 0 {
		s--
	}
	return s
}

// Hourly is a Timeline of what the store has counted.
func Hourly(hours []store.Hour) (t Timeline) {
	for t.step = 0; held[t.step] < time.Hour; {
		t.step++
	}
	for i := range hours {
		if n := total(hours[i].Findings[:]); n > 0 {
			t.add(hours[i].Begin, n)
		}
	}
	t.last += min(int64(time.Hour)-1, math.MaxInt64-t.last) // clocks may say anything
	return t
}

// Ends returns when the first and the last were, ns since 1970, as exactly as is
// known.
func (t *Timeline) Ends() (first, last int64) { return t.first, t.last }

// Columns spreads the timeline over so many columns at most, each of a step; the
// first begins at a multiple of that. An empty one has none.
func (t *Timeline) Columns(room int) (columns []int64, step time.Duration) {
	if len(t.slots) == 0 || room < 1 {
		return nil, 0
	}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for s := range t.slots {
		first, last = min(first, s), max(last, s)
	}
	by := int64(1) // slots a column
	for _, step = range shown {
		by = int64(step / held[t.step])
		if step%held[t.step] == 0 && slot(last, time.Duration(by))-slot(first, time.Duration(by)) < int64(room) {
			break
		}
	}
	begin := slot(first, time.Duration(by))
	columns = make([]int64, min(slot(last, time.Duration(by))-begin+1, int64(room)))
	for s, n := range t.slots {
		columns[min(slot(s, time.Duration(by))-begin, int64(len(columns)-1))] += n
	}
	return columns, step
}
