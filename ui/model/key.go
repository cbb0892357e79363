package model

import (
	"cmp"
	"fmt"
	"net/netip"
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

const moments = "2026-11-21, 2026-11-21T10:00, or how long ago: 2h, 3d, 1w"

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

// host is an address, a network, or a part of how an address is written.
type host struct {
	network netip.Prefix
	text    text
}

// hosts reads the alternatives of a word.
func (w *word) hosts() (list []host, err error) {
	for _, value := range w.alternatives() {
		h := host{text: newText(value)}
		if strings.Contains(value, "/") {
			if h.network, err = netip.ParsePrefix(strings.TrimPrefix(value, "=")); err != nil {
				return nil, fmt.Errorf("%q is no network: 10.0.0.0/8 and 2001:db8::/32 are", value)
			}
		}
		list = append(list, h)
	}
	return list, nil
}

// in tells whether an address, or how it is written, fits one of the hosts.
func in(list []host, a netip.Addr, written string) bool {
	for _, h := range list {
		if h.network.IsValid() && h.network.Contains(a.Unmap()) || !h.network.IsValid() && h.text.in(written) {
			return true
		}
	}
	return false
}

// addressTerm is of what has an address; of gives it, and how it is written.
func addressTerm[T any](of func(*T) (netip.Addr, string)) func(*word, time.Time) (term[T], error) {
	return func(w *word, _ time.Time) (term[T], error) {
		list, err := w.hosts()
		return term[T]{fits: func(one *T) bool {
			a, written := of(one)
			return written != "" && in(list, a, written)
		}}, err
	}
}

var serverTerm = addressTerm(func(c *alerts.Case) (netip.Addr, string) {
	a, _ := netip.ParseAddrPort(c.Server)
	return a.Addr(), c.Server
})

func narrowServer(f *store.Filter, w *word) {
	if list := w.alternatives(); len(list) == 1 && !strings.Contains(list[0], "/") {
		f.Server = list[0]
	}
}

func clientTerm(w *word, now time.Time) (term[alerts.Case], error) {
	t, err := addressTerm(func(c *alerts.Case) (netip.Addr, string) {
		a, _ := netip.ParseAddr(c.Client)
		return a, c.Client
	})(w, now)
	list, _ := w.hosts()
	t.seek = &seek{fits: func(f *alerts.Finding) bool { return in(list, f.Client.Addr(), f.Client.Addr().String()) }}
	narrowClient(&t.seek.narrow, w)
	return t, err
}

func narrowClient(f *store.Filter, w *word) {
	if list := w.alternatives(); len(list) == 1 && !strings.Contains(list[0], "/") {
		f.Client = list[0]
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
