package model

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// moments is what a time looks like, for people.
const moments = "2026-11-21, 2026-11-21T10:00, or how long ago: 2h, 3d, 1w"

// timeTerm is of what has a time. A filter may name one that no clock of the
// store reaches.
func timeTerm[T any](of func(*T) int64) func(*word, time.Time) (term[T], error) {
	return func(w *word, now time.Time) (term[T], error) {
		from, to, ok := span(w.value, now)
		if !ok {
			return term[T]{}, fmt.Errorf("%q is no time: %s", w.value, moments)
		}
		return term[T]{fits: func(one *T) bool {
			begun, over := false, false
			if t := time.Unix(0, of(one)); !t.Before(from) {
				begun, over = true, !t.Before(to)
			}
			switch w.op {
			case ">=":
				return begun
			case "<":
				return !begun
			case ">":
				return over
			case "<=":
				return !over
			default:
				return begun && !over
			}
		}}, nil
	}
}

// span returns from when to when a time lasts: a day, a minute, or from how
// long ago until now.
func span(value string, now time.Time) (from, to time.Time, ok bool) {
	for _, layout := range []struct {
		text  string
		lasts time.Duration
	}{{time.DateOnly, 24 * time.Hour}, {"2006-01-02T15:04", time.Minute}} {
		if t, err := time.Parse(layout.text, value); err == nil {
			return t, t.Add(layout.lasts), true
		}
	}
	n, err := strconv.ParseUint(value[:len(value)-1], 10, 16)
	if err != nil {
		return from, to, false
	}
	switch value[len(value)-1] {
	case 'm':
		from = now.Add(-time.Duration(n) * time.Minute)
	case 'h':
		from = now.Add(-time.Duration(n) * time.Hour)
	case 'd':
		from = now.UTC().AddDate(0, 0, -int(n))
	case 'w':
		from = now.UTC().AddDate(0, 0, -7*int(n))
	default:
		return from, to, false
	}
	return from, now, true
}

// ParseUntil reads until when a risk is accepted, ns since 1970 UTC: the end of a
// day, or in how many days or weeks. Nothing is for ever, 0.
func ParseUntil(text string, now time.Time) (int64, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	until := now
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		until = day.AddDate(0, 0, 1)
	} else {
		units := map[byte]int{'d': 1, 'w': 7}
		n, err := strconv.ParseUint(text[:len(text)-1], 10, 12)
		days := units[text[len(text)-1]]
		if err != nil || days == 0 {
			return 0, fmt.Errorf("%q is no day: 2027-01-31, 90d or 12w", text)
		}
		until = now.AddDate(0, 0, int(n)*days)
	}
	switch {
	case !until.After(now):
		return 0, fmt.Errorf("%s is over", text)
	case until.After(time.Unix(0, math.MaxInt64)):
		return 0, fmt.Errorf("%s is too far off: empty is no end", text)
	}
	return until.UnixNano(), nil
}

// end is the Until of a store.Filter that ends with a time. Clocks may stand at
// their last: nothing is after that.
func end(last int64) int64 {
	if last == math.MaxInt64 {
		return 0
	}
	return last + 1
}
