package model

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of a Tally.
const (
	maxTallied  = 500_000   // sessions that are counted, the newest
	maxTimes    = 1_500_000 // findings that the timeline has
	MaxSubjects = 10_000    // servers, clients, accounts; the others are left out
	lookEvery   = 500       // sessions between two looks at whether to go on
	Buckets     = 240       // of the timeline
)

// Subject is one server, client, account or rule, and what adds up to it.
type Subject struct {
	Name     string
	About    string // what else is known: the banner of a server, the title of a rule
	Sessions [alerts.Exposed + 1]int64
	Findings [alerts.Critical + 1]int64
	Last     int64 // when it was seen last, ns
}

// Worst returns the highest severity of its findings, false where it has none.
func (s *Subject) Worst() (alerts.Severity, bool) {
	for v := alerts.Critical; ; v-- {
		if s.Findings[v] > 0 {
			return v, true
		}
		if v == alerts.Info {
			return v, false
		}
	}
}

// Total returns how many findings it has.
func (s *Subject) Total() (n int64) {
	for _, v := range s.Findings {
		n += v
	}
	return n
}

// Seen returns how many sessions it had.
func (s *Subject) Seen() (n int64) {
	for _, v := range s.Sessions {
		n += v
	}
	return n
}

// Tally is what the sessions and findings of a database add up to.
type Tally struct {
	Counts      store.Counts // of the whole database, as it was then
	Partial     bool         // it is still being counted
	Cut         bool         // it has more than are counted one by one
	Sessions    int64        // that are counted
	First, Last int64        // start of the first and the last of them, ns

	// What limits what can be known: sessions with each flag.
	Midstream, OneSided, Gapped, Evicted, Truncated int64

	Timeline Timeline
	Servers  []Subject
	Clients  []Subject
	Accounts []Subject
	Rules    []Subject

	Index *Index // of the cases; nil while it is counted
}

// Timeline is how many findings fell into each part of a time.
type Timeline struct {
	First, Last int64 // ns
	Counts      [Buckets]int64
}

// counter adds up a Tally.
type counter struct {
	tally                             *Tally
	servers, clients, accounts, rules map[string]*Subject
	times                             []int64
	indexer                           *indexer
}

// NewTally reads the newest sessions of a database and their findings. That
// takes some seconds where there are many; look is called now and again, may
// ask for what was counted so far, and ends it with true and a nil Tally.
func NewTally(source Source, look func(partial func() *Tally) (stop bool)) (*Tally, error) {
	c := counter{
		tally: new(Tally), servers: make(map[string]*Subject), clients: make(map[string]*Subject),
		accounts: make(map[string]*Subject), rules: make(map[string]*Subject),
	}
	t := c.tally
	var err error
	if t.Counts, err = source.Counts(); err != nil {
		return nil, err
	}
	c.indexer = newIndexer(total(t.Counts.Cases[:]))
	for r, err := range source.Begun(maxTallied) {
		if err != nil {
			return nil, err
		}
		if t.Sessions%lookEvery == 0 && look(c.partial) {
			return nil, nil
		}
		c.session(&r.Session)
		c.findings(r.Findings)
		c.indexer.add(r.Findings)
	}
	c.fill(t)
	t.Cut = t.Sessions < total(t.Counts.Sessions[:])
	c.indexer.cut = c.indexer.cut || t.Cut
	t.Index, err = c.indexer.finish(source, t.Counts)
	return t, err
}

// partial returns what was counted so far.
func (c *counter) partial() *Tally {
	t := *c.tally
	t.Partial = true
	c.fill(&t)
	return &t
}

func (c *counter) fill(t *Tally) {
	t.Timeline = Timeline{}
	t.Timeline.fill(c.times)
	t.Servers, t.Clients = sortSubjects(c.servers), sortSubjects(c.clients)
	t.Accounts, t.Rules = sortSubjects(c.accounts), sortSubjects(c.rules)
}

func (c *counter) session(s *alerts.Session) {
	t, f := c.tally, s.Facts
	if t.Sessions == 0 {
		t.First, t.Last = f.Start, f.Start
	}
	t.Sessions++
	t.First, t.Last = min(t.First, f.Start), max(t.Last, f.Start)
	for _, n := range []struct {
		flag  dissect.Flags
		count *int64
	}{{dissect.Midstream, &t.Midstream}, {dissect.OneSided, &t.OneSided}, {dissect.Gap, &t.Gapped}, {dissect.Evicted, &t.Evicted}, {dissect.Truncated, &t.Truncated}} {
		if f.Flags&n.flag != 0 {
			*n.count++
		}
	}
	if server := subject(c.servers, f.Server.String(), f.Start); server != nil {
		server.Sessions[s.Verdict]++
		about(server, f.Banner)
	}
	if client := subject(c.clients, f.Client.Addr().String(), f.Start); client != nil {
		client.Sessions[s.Verdict]++
		about(client, f.Hello)
	}
	c.logins(s)
}

// logins counts a session for each of its accounts once.
func (c *counter) logins(s *alerts.Session) {
	for i, a := range s.Facts.Auth {
		again := slices.ContainsFunc(s.Facts.Auth[:i], func(b *dissect.Attempt) bool { return b.Account == a.Account })
		if !a.HasAccount || again {
			continue
		}
		if account := subject(c.accounts, a.Account, s.Facts.Start); account != nil {
			account.Sessions[s.Verdict]++
			about(account, s.Facts.Server.String())
		}
	}
}

// about remembers what else is known of a subject: the newest of it.
func about(s *Subject, text string) {
	if text != "" && text != s.About {
		s.About = strings.Clone(text)
	}
}

func (c *counter) findings(findings []alerts.Finding) {
	for i := range findings {
		f := &findings[i]
		if len(c.times) < maxTimes {
			c.times = append(c.times, f.Time)
		}
		for _, s := range []*Subject{subject(c.servers, f.Server.String(), f.Time), subject(c.clients, f.Client.Addr().String(), f.Time), subject(c.rules, f.Rule, f.Time)} {
			if s != nil {
				s.Findings[f.Severity]++
			}
		}
		if rule := c.rules[f.Rule]; rule != nil && rule.About == "" && rule.Rule() != nil {
			rule.About = rule.Rule().Title
		}
		if account := c.accounts[f.Account]; f.HasAccount && account != nil {
			account.Findings[f.Severity]++
		}
	}
}

// subject returns the subject with a name, nil where there are too many.
func subject(list map[string]*Subject, name string, time int64) *Subject {
	s := list[name]
	if s == nil {
		if len(list) == MaxSubjects {
			return nil
		}
		s = &Subject{Name: strings.Clone(name)}
		list[s.Name] = s
	}
	s.Last = max(s.Last, time)
	return s
}

// sortSubjects puts those with the most findings of the highest severity first.
func sortSubjects(list map[string]*Subject) []Subject {
	sorted := make([]Subject, 0, len(list))
	for _, s := range list {
		sorted = append(sorted, *s)
	}
	slices.SortFunc(sorted, func(a, b Subject) int {
		for v := alerts.Critical; v > alerts.Info; v-- {
			if order := cmp.Compare(b.Findings[v], a.Findings[v]); order != 0 {
				return order
			}
		}
		return cmp.Or(cmp.Compare(b.Total(), a.Total()), cmp.Compare(b.Seen(), a.Seen()), strings.Compare(a.Name, b.Name))
	})
	return sorted
}

// fill counts times, the first of which need not be the earliest.
func (t *Timeline) fill(times []int64) {
	if len(times) == 0 {
		return
	}
	t.First, t.Last = slices.Min(times), slices.Max(times)
	span := float64(t.Last) - float64(t.First) + 1
	for _, at := range times {
		part := (float64(at) - float64(t.First)) / span * Buckets
		t.Counts[min(int(part), Buckets-1)]++
	}
}

// Rule returns the rule that a subject of Tally.Rules is, nil where this program
// does not have it any more.
func (s *Subject) Rule() *rules.Rule { return rules.Find(s.Name) }
