package store

import (
	"database/sql"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// MaxChanges is how many changes of a case are listed.
const MaxChanges = 1000

const changesSQL = `SELECT at, who, reason, status, reopened, coalesce(resolved_at, 0), coalesce(expires, 0), note,
		coalesce(undone_at, 0), coalesce(undone_by, '')
	FROM changes WHERE kase = ? ORDER BY id DESC LIMIT ?`

// Changes lists what was done to a case in the order in which it was done: the
// last MaxChanges.
func (r *Reader) Changes(id alerts.CaseID) ([]alerts.Change, error) {
	rows, err := r.db.Query(changesSQL, id[:], MaxChanges)
	if err != nil {
		return nil, explain(r.path, err)
	}
	defer rows.Close()
	var list []alerts.Change
	for rows.Next() {
		c, err := scanChange(rows)
		if err != nil {
			return nil, explain(r.path, err)
		}
		list = append(list, c)
	}
	slices.Reverse(list)
	return list, explain(r.path, rows.Err())
}

func scanChange(rows *sql.Rows) (c alerts.Change, err error) {
	var status, reopened uint8
	err = rows.Scan(&c.At, &c.Who, &c.Reason, &status, &reopened, &c.ResolvedAt, &c.Expires, &c.Note, &c.UndoneAt, &c.UndoneBy)
	if err != nil {
		return alerts.Change{}, err
	}
	if status > uint8(alerts.FalsePositive) || reopened > uint8(alerts.Worsened) {
		return alerts.Change{}, errDamaged // their String methods trust what they are
	}
	c.Status, c.Reopened = alerts.Status(status), alerts.Reopening(reopened)
	return c, nil
}

const findCaseSQL = `SELECT uid FROM cases WHERE uid >= ? AND uid < ? LIMIT 2`

// FindCase returns the id that begins with prefix, "c_" or not.
func (r *Reader) FindCase(prefix string) (alerts.CaseID, error) {
	id, err := r.findID("case", "c_", findCaseSQL, prefix)
	return alerts.CaseID(id), err
}

// maxAccountClients is how many of the latest findings of an account tell which
// clients use it.
const maxAccountClients = 20

// Aftermath counts the sessions that came after the last finding of c under its
// key: of its server, and of its client where the key has one. An account is
// not seen within TLS: there the clients count from which it was last used.
func (r *Reader) Aftermath(c *alerts.Case) (alerts.Aftermath, error) {
	clients, err := r.clientsOf(c)
	if err != nil {
		return alerts.Aftermath{}, err
	}
	tx, err := r.db.Begin()
	if err != nil {
		return alerts.Aftermath{}, explain(r.path, err)
	}
	defer tx.Rollback()
	a, err := aftermath(tx, c, clients)
	return a, explain(r.path, err)
}

// clientsOf returns the clients that count for a case; nil: all do.
func (r *Reader) clientsOf(c *alerts.Case) ([]string, error) {
	switch c.Blame {
	case alerts.BlameServer:
		return nil, nil
	case alerts.BlameClient, alerts.BlamePath, alerts.BlameClientServer:
		return []string{c.Client}, nil
	}
	clients := []string{}
	findings, err := r.Findings(Filter{Case: &c.ID, Limit: maxAccountClients})
	for i := range findings {
		clients = append(clients, findings[i].Client.Addr().String())
	}
	return clients, err
}

func aftermath(tx *sql.Tx, c *alerts.Case, clients []string) (a alerts.Aftermath, err error) {
	q, err := newQuery(tx, &Filter{Server: "=" + c.Server, Since: c.Last + 1}, nil)
	if err != nil {
		return a, err
	}
	ours := func(l *listing) bool {
		if !q.texts(l) {
			return false
		}
		if clients == nil {
			return true
		}
		q.clients = q.clients[:0]
		for n := range l.texts {
			q.clients = append(q.clients, slices.Contains(clients, string(l.text(n))))
		}
		return slices.Contains(q.clients, true)
	}
	err = q.walk(toTheEnd, ours, func(e *entry, _ *listing, _ int64) {
		if e.start <= c.Last || clients != nil && !q.clients[e.client] {
			return
		}
		switch e.verdict {
		case alerts.Protected:
			a.Protected++
		case alerts.UnknownVerdict:
			a.Unknown++
		default:
			a.Other++
		}
		a.Last = max(a.Last, e.start)
	})
	return a, err
}
