package model

import (
	"slices"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// text is what is looked for in a name: a part, in either case, or behind "="
// the whole of it.
type text struct {
	want  string
	whole bool
}

func newText(value string) text {
	if want, whole := strings.CutPrefix(value, "="); whole {
		return text{want, true}
	}
	return text{strings.ToLower(value), false}
}

func (t text) in(name string) bool {
	if t.whole {
		return name == t.want
	}
	return strings.Contains(strings.ToLower(name), t.want)
}

// alternatives are the values that commas part. With the operator "=" each is
// the whole of a name.
func (w *word) alternatives() []string {
	list := slices.Clone(w.list)
	for i := range list {
		if w.op == "=" && !strings.HasPrefix(list[i], "=") {
			list[i] = "=" + list[i]
		}
	}
	return list
}

// textTerm is of what has one text.
func textTerm[T any](of func(*T) string) func(*word, time.Time) (term[T], error) {
	return textsTerm(func(one *T, yield func(string) bool) { yield(of(one)) })
}

// textsTerm is of what has any number of them: each yields them until it is
// told false.
func textsTerm[T any](each func(one *T, yield func(string) bool)) func(*word, time.Time) (term[T], error) {
	return func(w *word, _ time.Time) (term[T], error) {
		var list []text
		for _, want := range w.alternatives() {
			list = append(list, newText(want))
		}
		return term[T]{fits: func(one *T) (fits bool) {
			each(one, func(s string) bool {
				fits = fits || slices.ContainsFunc(list, func(t text) bool { return t.in(s) })
				return !fits
			})
			return fits
		}}, nil
	}
}

func accountTerm(w *word, _ time.Time) (term[alerts.Case], error) {
	list := w.alternatives()
	fits := func(account string, has bool) bool {
		return has && slices.ContainsFunc(list, func(want string) bool { return newText(want).in(account) })
	}
	t := term[alerts.Case]{fits: func(c *alerts.Case) bool { return fits(c.Account, c.HasAccount) }}
	t.seek = &seek{fits: func(f *alerts.Finding) bool { return fits(f.Account, f.HasAccount) }}
	if len(list) == 1 {
		t.seek.narrow.Account = list[0]
	}
	return t, nil
}

func narrowAccount(f *store.Filter, w *word) {
	if list := w.alternatives(); len(list) == 1 {
		f.Account = list[0]
	}
}
