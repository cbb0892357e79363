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
	members   []*member
	known     map[string]int32 // in members, by name
	names     nameTable
	given     int // names, to all members together
	forgotten int

	// Of accounts.
	pairs map[pair]*member // whose log-ins these are; nil: of several accounts
	inTLS map[pair]int64   // sessions; nil: they were not counted, see countProtected

	// Of the texts of the present listing.
	parties []int32 // in members, from 1; 0: not known yet
	numbers []int32 // the same of names
	hosts   []int32 // and of servers without their ports
}

// pair is a client and a server, by the numbers of their names. The server has
// no port: people move from 143 to 993.
type pair struct{ client, server int32 }

// member is a party that is counted. Whom it was seen with is put into its Party
// when all sessions are counted.
type member struct {
	alerts.Party
	servers, clients, accounts nameList

	counted, exposed int64         // the session that was counted last, and the last exposed log-in
	client, server   string        // of the session that was paired last, see meetPair
	kase             alerts.CaseID // that was counted last
	cases            []alerts.CaseID
	newest, readable [newestSessions]spot
}

// spot says where a session is. The zero value is none.
type spot struct{ time, body int64 }

func newCensus(kind partyKind, f *Filter) *census {
	c := &census{
		kind:  kind,
		picky: f.MinSeverity > alerts.Info || f.Rule != "" || f.Case != nil || len(f.Statuses) > 0 || f.Account != "",
		known: make(map[string]int32), pairs: make(map[pair]*member), names: nameTable{numbers: make(map[string]int32)},
	}
	// These would pass over sessions of which nothing but the pair counts.
	narrow := f.Rule != "" || f.Case != nil || len(f.Statuses) > 0 || f.Account != "" || len(f.Verdicts) > 0
	if kind == anAccount && !narrow {
		c.inTLS = make(map[pair]int64)
	}
	return c
}

// listing begins a listing.
func (c *census) listing(_ *query, l *listing) {
	for _, list := range []*[]int32{&c.parties, &c.numbers, &c.hosts} {
		*list = slices.Grow((*list)[:0], len(l.texts))[:len(l.texts)]
		clear(*list)
	}
}

// session counts a session and those of its findings that fit.
func (c *census) session(q *query, l *listing, e *entry, body int64) {
	if c.inTLS != nil && e.verdict == alerts.Protected {
		c.countInTLS(l, e)
	}
	l.findings(e)
	if c.picky && !slices.ContainsFunc(e.findings, func(f findingEntry) bool { return q.finding(&f) }) {
		return
	}
	switch c.kind {
	case anAccount:
		c.countAccounts(q, l, e, body)
	case aClient:
		m := c.member(l, e.client)
		m.meet(e, body)
		c.add(&m.servers, l, e.server)
		c.countFindings(q, l, e, m, true)
	case aServer:
		m := c.member(l, e.server)
		m.meet(e, body)
		c.add(&m.clients, l, e.client)
		c.countFindings(q, l, e, m, e.verdict == alerts.Exposed)
	}
}

// countFindings counts the findings that fit, and notes their accounts.
func (c *census) countFindings(q *query, l *listing, e *entry, m *member, accounts bool) {
	for i := range e.findings {
		f := &e.findings[i]
		if !q.finding(f) {
			continue
		}
		m.Findings[f.severity]++
		if accounts && f.account != noText {
			c.add(&m.accounts, l, f.account)
		}
	}
}

func (c *census) countAccounts(q *query, l *listing, e *entry, body int64) {
	for i := range e.findings {
		f := &e.findings[i]
		if f.account == noText || !q.finding(f) {
			continue
		}
		m := c.member(l, f.account)
		if m.counted != body {
			m.meet(e, body)
			c.meetPair(m, l, e)
		}
		if f.severity == alerts.Critical && m.exposed != body {
			m.ExposedLogins++
			m.exposed = body
		}
		m.Findings[f.severity]++
		c.addCase(m, l.cases[f.kase].id)
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
	if last := list[len(list)-1]; last != (spot{}) && last.time >= s.time {
		return
	}
	for i := range list {
		if list[i] == (spot{}) || list[i].time < s.time {
			list[i], s = s, list[i]
		}
	}
}

// meetPair notes the client and the server of a session of an account. Mostly
// they are those of the session before.
func (c *census) meetPair(m *member, l *listing, e *entry) {
	if m.client == string(l.text(e.client)) && m.server == string(l.text(e.server)) {
		return
	}
	c.add(&m.servers, l, e.server)
	c.add(&m.clients, l, e.client)
	p, ok := c.pair(l, e)
	if !ok {
		return
	}
	if server, ok := c.number(l, e.server); ok {
		m.client, m.server = c.names.list[p.client], c.names.list[server]
	}
	other, there := c.pairs[p]
	switch {
	case there && other != m && other != nil:
		c.pairs[p] = nil
	case !there && len(c.pairs) < maxPairs:
		c.pairs[p] = m
	}
}

// pair returns the client and the server of a session; ok is false if there is
// no room for their names.
func (c *census) pair(l *listing, e *entry) (p pair, ok bool) {
	if p.client, ok = c.number(l, e.client); ok {
		p.server, ok = c.hostNumber(l, e.server)
	}
	return p, ok
}

// host cuts the port off.
func host(server []byte) []byte { return server[:max(bytes.LastIndexByte(server, ':'), 0)] }

// countInTLS counts a session that may be a log-in of an account. Where there is
// no room for all, none are counted.
func (c *census) countInTLS(l *listing, e *entry) {
	p, ok := c.pair(l, e)
	n := c.inTLS[p]
	if !ok || n == 0 && len(c.inTLS) == maxPairs {
		c.inTLS = nil
		return
	}
	c.inTLS[p] = n + 1
}

// addCase counts a case of an account, once, if it is open.
func (c *census) addCase(m *member, id alerts.CaseID) {
	if m.kase == id {
		return
	}
	m.kase = id
	if s := c.statuses[id]; s != alerts.New && s != alerts.Acknowledged {
		return
	}
	at, there := slices.BinarySearchFunc(m.cases, id, func(a, b alerts.CaseID) int { return bytes.Compare(a[:], b[:]) })
	if !there && len(m.cases) < maxPartyCases {
		m.cases = slices.Insert(m.cases, at, id)
		m.OpenCases++
	}
}
