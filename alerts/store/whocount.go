package store

import (
	"bytes"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// census counts parties.
type census struct {
	kind      partyKind
	picky     bool // only sessions with a finding that fits count
	statuses  map[alerts.CaseID]alerts.Status
	members   map[string]*member
	pairs     map[pair]*member // whose log-ins these are; nil: of several accounts
	names     map[string]string
	given     int // names, to all members together
	forgotten int

	// Of the texts of the present listing.
	known []*member
	text  []string
}

// pair is a client and a server, without the port: people move from 143 to 993.
type pair struct{ client, server string }

// member is a party that is counted.
type member struct {
	alerts.Party
	counted, exposed int64 // the session that was counted last, and the last exposed log-in
	cases            []alerts.CaseID
	newest, readable [newestSessions]spot
}

// spot says where a session is. The zero value is none.
type spot struct{ time, body int64 }

func newCensus(kind partyKind, f *Filter) *census {
	return &census{
		kind:    kind,
		picky:   f.MinSeverity > alerts.Info || f.Rule != "" || f.Case != nil || len(f.Statuses) > 0 || f.Account != "",
		members: make(map[string]*member), pairs: make(map[pair]*member), names: make(map[string]string),
	}
}

// listing begins a listing.
func (c *census) listing(_ *query, l *listing) {
	c.known = append(c.known[:0], make([]*member, len(l.texts))...)
	c.text = append(c.text[:0], make([]string, len(l.texts))...)
}

// session counts a session and those of its findings that fit.
func (c *census) session(q *query, l *listing, e *entry, body int64) {
	if c.picky && !slices.ContainsFunc(e.findings, func(f findingEntry) bool { return q.finding(&f) }) {
		return
	}
	switch c.kind {
	case anAccount:
		c.accounts(q, l, e, body)
	case aClient:
		m := c.member(l, e.client)
		m.meet(e, body)
		c.add(&m.Servers, l, e.server)
		m.count(q, e, func(f *findingEntry) { c.add(&m.Accounts, l, f.account) })
	case aServer:
		m := c.member(l, e.server)
		m.meet(e, body)
		c.add(&m.Clients, l, e.client)
		m.count(q, e, func(f *findingEntry) {
			if e.verdict == alerts.Exposed {
				c.add(&m.Accounts, l, f.account)
			}
		})
	}
}

func (c *census) accounts(q *query, l *listing, e *entry, body int64) {
	for i := range e.findings {
		f := &e.findings[i]
		if f.account == noText || !q.finding(f) {
			continue
		}
		m := c.member(l, f.account)
		if m.counted != body {
			m.meet(e, body)
			c.add(&m.Servers, l, e.server)
			c.add(&m.Clients, l, e.client)
			c.pair(m, l, e)
		}
		if f.severity == alerts.Critical && m.exposed != body {
			m.ExposedLogins++
			m.exposed = body
		}
		m.Findings[f.severity]++
		c.addCase(m, l.cases[f.kase].id)
	}
}

// count counts the findings that fit, and tells of those with an account.
func (m *member) count(q *query, e *entry, account func(*findingEntry)) {
	for i := range e.findings {
		f := &e.findings[i]
		if !q.finding(f) {
			continue
		}
		m.Findings[f.severity]++
		if f.account != noText {
			account(f)
		}
	}
}

// meet counts a session.
func (m *member) meet(e *entry, body int64) {
	if m.Sessions == [len(m.Sessions)]int64{} {
		m.First, m.Last = e.start, e.start
	}
	m.First, m.Last = min(m.First, e.start), max(m.Last, e.start)
	m.Sessions[e.verdict]++
	m.counted = body
	keepNewest(&m.newest, spot{e.start, body})
	if e.verdict > alerts.Protected {
		keepNewest(&m.readable, spot{e.start, body})
	}
}

// keepNewest puts a session into a list that is in order, the newest first.
func keepNewest(list *[newestSessions]spot, s spot) {
	for i := range list {
		if list[i] == (spot{}) || list[i].time < s.time {
			list[i], s = s, list[i]
		}
	}
}

// member returns the party that a text names.
func (c *census) member(l *listing, text int) *member {
	m := c.known[text]
	if m != nil {
		return m
	}
	if m = c.members[string(l.texts[text])]; m == nil {
		if len(c.members) == MaxParties {
			c.forget()
		}
		m = new(member)
		m.Name = string(l.texts[text])
		c.members[m.Name] = m
	}
	c.known[text] = m
	return m
}

// forget drops the less bad half: nobody who floods a network with names hides
// what is worse than they are.
func (c *census) forget() {
	list := c.worst()
	for _, m := range list[len(list)/2:] {
		delete(c.members, m.Name)
		c.given -= len(m.Servers.List) + len(m.Clients.List) + len(m.Accounts.List)
		c.forgotten++
	}
	clear(c.known)
}

// worst lists all members, the worst first.
func (c *census) worst() []*member {
	list := make([]*member, 0, len(c.members))
	for _, m := range c.members {
		list = append(list, m)
	}
	slices.SortFunc(list, compareMembers)
	return list
}

// name returns a text of a listing, of which all members share one copy; ok is
// false if there is no room.
func (c *census) name(l *listing, text int) (name string, ok bool) {
	if c.text[text] != "" {
		return c.text[text], true
	}
	if name, ok = c.names[string(l.texts[text])]; !ok {
		if len(c.names) == maxAllNames {
			return "", false
		}
		name = string(l.texts[text])
		c.names[name] = name
	}
	c.text[text] = name
	return name, true
}

// add adds a name, once.
func (c *census) add(names *alerts.Names, l *listing, text int) {
	if names.More && len(names.List) == maxPartyNames {
		return
	}
	at, there := slices.BinarySearchFunc(names.List, l.texts[text], compareName)
	if there {
		return
	}
	name, ok := c.name(l, text)
	if !ok || len(names.List) == maxPartyNames || c.given == maxAllNames {
		names.More = true
		return
	}
	names.List = slices.Insert(names.List, at, name)
	c.given++
}

// compareName compares without making a string of the text.
func compareName(name string, text []byte) int {
	switch {
	case name < string(text):
		return -1
	case name > string(text):
		return 1
	}
	return 0
}

// addCase counts a case of an account, once, if it is open.
func (c *census) addCase(m *member, id alerts.CaseID) {
	if s := c.statuses[id]; s != alerts.New && s != alerts.Acknowledged {
		return
	}
	at, there := slices.BinarySearchFunc(m.cases, id, func(a, b alerts.CaseID) int { return bytes.Compare(a[:], b[:]) })
	if !there && len(m.cases) < maxPartyCases {
		m.cases = slices.Insert(m.cases, at, id)
		m.OpenCases++
	}
}

// pair notes whose log-ins come from a client to a server.
func (c *census) pair(m *member, l *listing, e *entry) {
	client, server := l.texts[e.client], host(l.texts[e.server])
	other, there := c.pairs[pair{string(client), string(server)}]
	switch {
	case there && other != m && other != nil:
		c.pairs[pair{string(client), string(server)}] = nil
	case !there && len(c.pairs) < maxPairs:
		c.pairs[pair{string(client), string(server)}] = m
	}
}

// host cuts the port off.
func host(server []byte) []byte { return server[:max(bytes.LastIndexByte(server, ':'), 0)] }
