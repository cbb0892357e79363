package model

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
)

// Field is what a list of cases is sorted by.
type Field uint8

// The fields. BySeverity is the order of the store: the most severe first,
// then those with the latest finding.
const (
	BySeverity Field = iota
	ByStatus
	ByRule
	ByServer
	ByClient
	ByAccount
	ByCount
	ByFirst
	ByLast
)

// Fields is how many there are.
const Fields = int(ByLast) + 1

var fieldNames = [Fields]string{"severity", "status", "rule", "server", "client", "account", "count", "first", "last"}

func (f Field) String() string { return fieldNames[f] }

// ParseField reads a field's name.
func ParseField(name string) (Field, bool) {
	i := slices.Index(fieldNames[:], name)
	return Field(max(i, 0)), i >= 0
}

// compare orders cases as store.Reader.Cases does.
func compare(a, b *alerts.Case) int {
	return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Last, a.Last), bytes.Compare(a.ID[:], b.ID[:]))
}

// compare orders two cases by a field: numbers and times from the greatest,
// names from A. Cases that are equal in it stand as in the store.
func (f Field) compare(a, b *alerts.Case) int {
	order := 0
	switch f {
	case ByStatus:
		order = cmp.Compare(a.Status, b.Status)
	case ByRule:
		order = strings.Compare(a.Rule, b.Rule)
	case ByServer:
		order = strings.Compare(a.Server, b.Server)
	case ByClient:
		order = strings.Compare(a.Client, b.Client)
	case ByAccount:
		order = strings.Compare(a.Account, b.Account)
	case ByCount:
		order = cmp.Compare(b.Findings, a.Findings)
	case ByFirst:
		order = cmp.Compare(b.First, a.First)
	case ByLast:
		order = cmp.Compare(b.Last, a.Last)
	}
	return cmp.Or(order, compare(a, b))
}

// compare orders two cases as a query asks.
func (q *Query) compare(a, b *alerts.Case) int {
	if q.Reverse {
		return q.By.compare(b, a)
	}
	return q.By.compare(a, b)
}

// sorted sorts cases as a query asks.
func (q *Query) sorted(cases []alerts.Case) {
	slices.SortFunc(cases, func(a, b alerts.Case) int { return q.compare(&a, &b) })
}
