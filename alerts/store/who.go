package store

import (
	"database/sql"
	"fmt"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of a list of parties.
const (
	MaxParties = 1 << 16 // parties that are counted at a time

	maxPartyNames = 100     // servers, clients or accounts that one of them was seen with
	maxAllNames   = 1 << 20 // of all of them together
	maxPartyCases = 100     // open cases that an account counts
	maxPairs      = 1 << 18 // of client and server, whose log-ins tell whose they are

	// newestSessions is how many records are read of a party that is listed: so
	// many of the newest, and so many of the newest readable ones.
	newestSessions = 4
	maxLearned     = 8 // mechanisms or names that these give
)

// Parties is a list of accounts, clients or servers, the worst first.
type Parties struct {
	List []alerts.Party
	More int // parties behind the limit

	// Forgotten is how many were dropped as there were more than MaxParties: the
	// less bad ones. One that came back has lower counts than it should.
	Forgotten int
}

// partyKind says what a party is.
type partyKind uint8

const (
	anAccount partyKind = iota
	aClient
	aServer
)

// Accounts lists accounts by how bad the sessions and findings are that fit f.
// limit is how many are listed, 0 is all; f's own, Offset and OldestFirst are
// ignored.
func (r *Reader) Accounts(f Filter, limit int) (Parties, error) {
	return r.parties(anAccount, f, limit)
}

// Clients lists clients as Accounts does accounts.
func (r *Reader) Clients(f Filter, limit int) (Parties, error) { return r.parties(aClient, f, limit) }

// Servers lists servers as Accounts does accounts.
func (r *Reader) Servers(f Filter, limit int) (Parties, error) { return r.parties(aServer, f, limit) }

// parties counts in the contents, which needs no record; only the newest ones
// of those that are listed are read.
func (r *Reader) parties(kind partyKind, f Filter, limit int) (Parties, error) {
	tx, err := r.db.Begin()
	if err != nil {
		return Parties{}, explain(r.path, err)
	}
	defer tx.Rollback()
	f.OldestFirst = false
	p, err := listParties(tx, kind, f, limit)
	return p, explain(r.path, err)
}

func listParties(tx *sql.Tx, kind partyKind, f Filter, limit int) (p Parties, err error) {
	c := newCensus(kind, &f)
	if c.statuses, err = readStatuses(tx, f.Now); err != nil {
		return p, err
	}
	if err := walkContents(tx, &f, c.listing, c.session); err != nil {
		return p, err
	}
	list := c.members
	slices.SortFunc(list, compareMembers)
	if limit > 0 && len(list) > limit {
		list, p.More = list[:limit], len(list)-limit
	}
	if kind == anAccount {
		err = c.countProtected(tx, f, list)
	} else {
		err = c.countOpenCases(tx, &f, list)
	}
	if err == nil {
		err = c.learn(tx, list)
	}
	p.Forgotten = c.forgotten
	for _, m := range list {
		m.Servers, m.Clients, m.Accounts = c.names.of(&m.servers), c.names.of(&m.clients), c.names.of(&m.accounts)
		p.List = append(p.List, m.Party)
	}
	return p, err
}

// walkContents goes through the sessions that fit f, but for what is asked of
// their findings: begin is called with each listing before its sessions.
func walkContents(tx *sql.Tx, f *Filter, begin func(*query, *listing), session func(q *query, l *listing, e *entry, body int64)) error {
	q, err := newQuery(tx, f, nil)
	if err != nil {
		return err
	}
	may := func(l *listing) bool {
		fits := q.verdictIn(l) && q.texts(l) && q.kases(l)
		if fits {
			begin(q, l)
		}
		return fits
	}
	return q.walk(toTheEnd, may, func(e *entry, l *listing, body int64) {
		if q.party(e) {
			session(q, l, e, body)
		}
	})
}

// verdictIn tells whether any session of a listing has a verdict that fits.
func (q *query) verdictIn(l *listing) bool {
	return len(q.filter.Verdicts) == 0 ||
		slices.ContainsFunc(q.filter.Verdicts, func(v alerts.Verdict) bool { return l.verdicts&(1<<v) != 0 })
}

// party tells whether a session fits what else the filter asks of sessions.
func (q *query) party(e *entry) bool {
	f := q.filter
	return (len(f.Verdicts) == 0 || slices.Contains(f.Verdicts, e.verdict)) && (q.clients == nil || q.clients[e.client]) &&
		(f.Since == 0 || e.start >= f.Since) && (f.Until == 0 || e.start < f.Until)
}

const openCasesSQL = `SELECT c.%[1]s, count(*) FROM cases c`

// countOpenCases counts the open cases of clients or servers, whose keys name
// them.
func (c *census) countOpenCases(tx *sql.Tx, f *Filter, list []*member) error {
	column := "client"
	if c.kind == aServer {
		column = "server"
	}
	var w where
	w.among(fmt.Sprintf(statusAt, "c."), []alerts.Status{alerts.New, alerts.Acknowledged}, f.Now)
	w.add("c." + column + " IS NOT NULL")
	rows, err := tx.Query(fmt.Sprintf(openCasesSQL, column)+w.String()+" GROUP BY c."+column, w.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	listed := make(map[string]*member, len(list))
	for _, m := range list {
		listed[m.Name] = m
	}
	for rows.Next() {
		var name sql.RawBytes
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		if m := listed[string(name)]; m != nil {
			m.OpenCases = n
		}
	}
	return rows.Err()
}

// countProtected counts the sessions in TLS that are most likely log-ins of the
// listed accounts. The first walk has counted those of all pairs, unless it left
// sessions out, or there were too many.
func (c *census) countProtected(tx *sql.Tx, f Filter, list []*member) error {
	for _, m := range c.pairs {
		if m != nil {
			m.KnowsProtected = true
		}
	}
	if c.inTLS != nil {
		for p, n := range c.inTLS {
			if m := c.pairs[p]; m != nil {
				m.ProtectedLogins += n
			}
		}
		return nil
	}
	if !slices.ContainsFunc(list, func(m *member) bool { return m.KnowsProtected }) {
		return nil
	}
	f.MinSeverity, f.Rule, f.Case, f.Account = alerts.Info, "", nil, ""
	f.Statuses, f.Verdicts = nil, []alerts.Verdict{alerts.Protected}
	return walkContents(tx, &f, c.listing, func(_ *query, l *listing, e *entry, _ int64) {
		if p, ok := c.pair(l, e); ok && c.pairs[p] != nil {
			c.pairs[p].ProtectedLogins++
		}
	})
}
