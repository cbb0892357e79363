package model

import (
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
)

// match returns the cases that have text in their rule, server, client or
// account, in either case, and whether there are more than MaxMatches.
func match(source Source, text string) (cases []alerts.Case, more bool, err error) {
	for _, f := range filters(text) {
		some, err := upTo(source, f, MaxMatches+1)
		if err != nil {
			return nil, false, err
		}
		cases = append(cases, some...)
	}
	slices.SortFunc(cases, func(a, b alerts.Case) int { return compare(&a, &b) })
	cases = slices.CompactFunc(cases, func(a, b alerts.Case) bool { return a.ID == b.ID })
	if len(cases) > MaxMatches {
		return cases[:MaxMatches], true, nil
	}
	return cases, false, nil
}

// filters returns one filter for each place where text may stand: all the
// conditions of a store.Filter hold together, so "any of them" takes several.
// As with the store, what follows a "=" is the whole of it.
func filters(text string) []store.Filter {
	list := []store.Filter{{Server: text}, {Client: text}, {Account: text}}
	whole, exact := strings.CutPrefix(text, "=")
	for i := range rules.Rules {
		id := rules.Rules[i].ID
		if id == whole || !exact && strings.Contains(id, strings.ToLower(text)) {
			list = append(list, store.Filter{Rule: id})
		}
	}
	return list
}

// upTo reads at most n cases.
func upTo(source Source, f store.Filter, n int) ([]alerts.Case, error) {
	var cases []alerts.Case
	for len(cases) < n {
		f.Limit, f.Offset = min(n-len(cases), store.MaxPage), len(cases)
		some, err := source.Cases(f)
		if err != nil {
			return nil, err
		}
		cases = append(cases, some...)
		if len(some) < f.Limit {
			break
		}
	}
	return cases, nil
}
