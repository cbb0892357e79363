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

// key is a word of the filter language that stands before a value.
type key struct {
	name      string
	operators []string
	values    string   // what may follow, for people
	choices   []string // all that may follow; nil: anything
	term      func(w *word, now time.Time) (term, error)
	narrow    func(f *store.Filter, w *word, now time.Time) // nil: the store cannot tell
}

var (
	texts  = []string{":", "="}
	orders = []string{":", ">=", "<=", ">", "<", "="}
)

var keys = []key{
	{"severity", orders, strings.Join(severities, " "), severities, severityTerm, narrowSeverity},
	{"status", texts, strings.Join(statuses, " "), statuses, statusTerm, narrowStatus},
	{"rule", texts, "a part of its id", ruleIDs(), textTerm(func(c *alerts.Case) string { return c.Rule }), nil},
	{"server", texts, "a part of 10.0.0.9:25, or 10.0.0.0/8", nil, serverTerm, narrowServer},
	{"client", texts, "a part of 10.0.0.5, or 10.0.0.0/8", nil, clientTerm, nil},
	{"account", texts, "a part of the name", nil, accountTerm, nil},
	{"protocol", texts, strings.Join(protocols, " "), protocols, protocolTerm, nil},
	{"count", orders, "a number of findings", nil, countTerm, nil},
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

func severityTerm(w *word, _ time.Time) (term, error) {
	list, err := w.choose(severities)
	return term{fits: func(c *alerts.Case) bool {
		for _, i := range list {
			if ordered(w.op, cmp.Compare(c.Severity, alerts.Critical-alerts.Severity(i))) {
				return true
			}
		}
		return false
	}}, err
}

func narrowSeverity(f *store.Filter, w *word, _ time.Time) {
	if list, err := w.choose(severities); err == nil && len(list) == 1 && (w.op == ">=" || w.op == ":" || w.op == "=") {
		f.MinSeverity = max(f.MinSeverity, alerts.Critical-alerts.Severity(list[0]))
	}
}

func statusTerm(w *word, _ time.Time) (term, error) {
	list, err := w.choose(statuses)
	return oneOf(list, func(c *alerts.Case) int { return int(c.Status) }), err
}

func narrowStatus(f *store.Filter, w *word, _ time.Time) {
	list, err := w.choose(statuses)
	if err == nil && len(list) == 1 && f.Statuses == nil {
		f.Statuses = []alerts.Status{alerts.Status(list[0])}
	}
}

func protocolTerm(w *word, _ time.Time) (term, error) {
	list, err := w.choose(protocols)
	return oneOf(list, func(c *alerts.Case) int { return int(c.Protocol - dissect.SMTP) }), err
}

func oneOf(list []int, of func(*alerts.Case) int) term {
	return term{fits: func(c *alerts.Case) bool {
		for _, i := range list {
			if of(c) == i {
				return true
			}
		}
		return false
	}}
}

func textTerm(of func(*alerts.Case) string) func(*word, time.Time) (term, error) {
	return func(w *word, _ time.Time) (term, error) {
		list := w.alternatives()
		return term{fits: func(c *alerts.Case) bool {
			for _, want := range list {
				if newText(want).in(of(c)) {
					return true
				}
			}
			return false
		}}, nil
	}
}

func accountTerm(w *word, _ time.Time) (term, error) {
	list := w.alternatives()
	fits := func(account string, has bool) bool {
		return has && slices.ContainsFunc(list, func(want string) bool { return newText(want).in(account) })
	}
	t := term{fits: func(c *alerts.Case) bool { return fits(c.Account, c.HasAccount) }}
	t.seek = &seek{fits: func(f *alerts.Finding) bool { return fits(f.Account, f.HasAccount) }}
	if len(list) == 1 {
		t.seek.narrow.Account = list[0]
	}
	return t, nil
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

func serverTerm(w *word, _ time.Time) (term, error) {
	list, err := w.hosts()
	return term{fits: func(c *alerts.Case) bool {
		a, _ := netip.ParseAddrPort(c.Server)
		return in(list, a.Addr(), c.Server)
	}}, err
}

func narrowServer(f *store.Filter, w *word, _ time.Time) {
	if list := w.alternatives(); len(list) == 1 && !strings.Contains(list[0], "/") {
		f.Server = list[0]
	}
}

func clientTerm(w *word, _ time.Time) (term, error) {
	list, err := w.hosts()
	t := term{fits: func(c *alerts.Case) bool {
		a, _ := netip.ParseAddr(c.Client)
		return c.Client != "" && in(list, a, c.Client)
	}}
	t.seek = &seek{fits: func(f *alerts.Finding) bool { return in(list, f.Client.Addr(), f.Client.Addr().String()) }}
	if len(list) == 1 && !list[0].network.IsValid() {
		t.seek.narrow.Client = w.alternatives()[0]
	}
	return t, err
}

func countTerm(w *word, _ time.Time) (term, error) {
	n, err := strconv.ParseInt(w.value, 10, 64)
	if err != nil {
		return term{}, fmt.Errorf("%q is no number", w.value)
	}
	return term{fits: func(c *alerts.Case) bool { return ordered(w.op, cmp.Compare(c.Findings, n)) }}, nil
}

func timeTerm(of func(*alerts.Case) int64) func(*word, time.Time) (term, error) {
	return func(w *word, now time.Time) (term, error) {
		from, to, ok := span(w.value, now)
		if !ok {
			return term{}, fmt.Errorf("%q is no time: %s", w.value, moments)
		}
		return term{fits: func(c *alerts.Case) bool {
			switch t := of(c); w.op {
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
