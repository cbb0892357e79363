package model

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// key is a word of a filter language that stands before a value.
type key[T any] struct {
	name      string
	operators []string
	values    string   // what may follow, for people
	choices   []string // all that may follow; nil: anything
	term      func(w *word, now time.Time) (term[T], error)
	narrow    func(f *store.Filter, w *word) // nil: the store cannot tell
}

var (
	texts  = []string{":", "="}
	orders = []string{":", ">=", "<=", ">", "<", "="}
)

// What may follow, for people.
const (
	serverValues  = "a part of 10.0.0.9:25, or 10.0.0.0/8"
	clientValues  = "a part of 10.0.0.5, or 10.0.0.0/8"
	accountValues = "a part of the name"
	numberValues  = "a number"
)

// caseKeys are those of a filter of cases.
var caseKeys = []key[alerts.Case]{
	{"severity", orders, strings.Join(severities, " "), severities, severityTerm(func(c *alerts.Case) (alerts.Severity, bool) { return c.Severity, true }), narrowSeverity},
	{"status", texts, strings.Join(statuses, " "), statuses, choiceTerm(statuses, func(c *alerts.Case) int { return int(c.Status) }), narrowStatus},
	{"rule", texts, "a part of its id", ruleIDs(), textTerm(func(c *alerts.Case) string { return c.Rule }), nil},
	{"server", texts, serverValues, nil, serverTerm, narrowServer},
	{"client", texts, clientValues, nil, clientTerm, nil},
	{"account", texts, accountValues, nil, accountTerm, nil},
	{"protocol", texts, strings.Join(protocols, " "), protocols, choiceTerm(protocols, func(c *alerts.Case) int { return int(c.Protocol - dissect.SMTP) }), nil},
	{"count", orders, numberValues, nil, numberTerm(func(c *alerts.Case) int64 { return c.Findings }), nil},
	{"first", orders, moments, nil, timeTerm(func(c *alerts.Case) int64 { return c.First }), nil},
	{"last", orders, moments, nil, timeTerm(func(c *alerts.Case) int64 { return c.Last }), nil},
}

var (
	severities = []string{"critical", "high", "medium", "low", "info"}
	statuses   = names(alerts.New, alerts.FalsePositive)
	protocols  = names(dissect.SMTP, dissect.ManageSieve)
)

func names[T interface {
	~uint8
	fmt.Stringer
}](from, to T) (list []string) {
	for v := from; v <= to; v++ {
		list = append(list, v.String())
	}
	return list
}

func ruleIDs() (list []string) {
	for i := range rules.Rules {
		list = append(list, rules.Rules[i].ID)
	}
	return list
}

// choose returns which choices a word names, each by a beginning that no other
// has.
func (w *word) choose(choices []string) (list []int, err error) {
	for _, value := range w.list {
		found := -1
		for i, c := range choices {
			switch {
			case strings.EqualFold(c, value):
				found = i
			case value == "" || !strings.HasPrefix(c, strings.ToLower(value)):
				continue
			case found >= 0 && !strings.EqualFold(choices[found], value):
				return nil, fmt.Errorf("%q may be %s or %s", value, choices[found], c)
			case found < 0:
				found = i
			}
		}
		if found < 0 {
			return nil, fmt.Errorf("%s %q is none of %s", w.key, value, strings.Join(choices, " "))
		}
		list = append(list, found)
	}
	return list, nil
}

// ordered tells whether the comparison of two values fits an operator.
func ordered(op string, order int) bool {
	switch op {
	case ">=":
		return order >= 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case "<":
		return order < 0
	}
	return order == 0
}

func severityTerm[T any](of func(*T) (alerts.Severity, bool)) func(*word, time.Time) (term[T], error) {
	return func(w *word, _ time.Time) (term[T], error) {
		list, err := w.choose(severities)
		return term[T]{fits: func(one *T) bool {
			severity, has := of(one)
			return has && slices.ContainsFunc(list, func(i int) bool {
				return ordered(w.op, cmp.Compare(severity, alerts.Critical-alerts.Severity(i)))
			})
		}}, err
	}
}

func narrowSeverity(f *store.Filter, w *word) {
	if list, err := w.choose(severities); err == nil && len(list) == 1 && (w.op == ">=" || w.op == ":" || w.op == "=") {
		f.MinSeverity = max(f.MinSeverity, alerts.Critical-alerts.Severity(list[0]))
	}
}

func narrowStatus(f *store.Filter, w *word) {
	list, err := w.choose(statuses)
	if err == nil && len(list) == 1 && f.Statuses == nil {
		f.Statuses = []alerts.Status{alerts.Status(list[0])}
	}
}

// choiceTerm is of what has one of some values; of gives the number of that.
func choiceTerm[T any](choices []string, of func(*T) int) func(*word, time.Time) (term[T], error) {
	return func(w *word, _ time.Time) (term[T], error) {
		list, err := w.choose(choices)
		return term[T]{fits: func(one *T) bool { return slices.Contains(list, of(one)) }}, err
	}
}

// numberTerm is of what has a number.
func numberTerm[T any](of func(*T) int64) func(*word, time.Time) (term[T], error) {
	return func(w *word, _ time.Time) (term[T], error) {
		n, err := strconv.ParseInt(w.value, 10, 64)
		if err != nil {
			return term[T]{}, fmt.Errorf("%q is no number", w.value)
		}
		return term[T]{fits: func(one *T) bool { return ordered(w.op, cmp.Compare(of(one), n)) }}, nil
	}
}
