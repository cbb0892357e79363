package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// moments is what a time looks like, for people.
const moments = "2026-11-21, 2026-11-21T10:00, or how long ago: 2h, 3d, 1w"

// timeTerm is of what has a time.
func timeTerm[T any](of func(*T) int64) func(*word, time.Time) (term[T], error) {
	return func(w *word, now time.Time) (term[T], error) {
		from, to, ok := span(w.value, now)
		if !ok {
			return term[T]{}, fmt.Errorf("%q is no time: %s", w.value, moments)
		}
		return term[T]{fits: func(one *T) bool {
			switch t := of(one); w.op {
			case ">=":
				return t >= from
			case "<":
				return t < from
			case ">":
				return t >= to
			case "<=":
				return t < to
			default:
				return t >= from && t < to
			}
		}}, nil
	}
}

// span returns from when to when a time lasts: a day, a minute, or from how
// long ago until now.
func span(value string, now time.Time) (from, to int64, ok bool) {
	for _, layout := range []struct {
		text  string
		lasts time.Duration
	}{{time.DateOnly, 24 * time.Hour}, {"2006-01-02T15:04", time.Minute}} {
		if t, err := time.Parse(layout.text, value); err == nil {
			return t.UnixNano(), t.Add(layout.lasts).UnixNano(), true
		}
	}
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	unit := units[value[len(value)-1]]
	n, err := strconv.ParseUint(value[:len(value)-1], 10, 16)
	if err != nil || unit == 0 {
		return 0, 0, false
	}
	return now.Add(-time.Duration(n) * unit).UnixNano(), now.UnixNano(), true
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
	if !until.After(now) {
		return 0, fmt.Errorf("%s is over", text)
	}
	return until.UnixNano(), nil
}
