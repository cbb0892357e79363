package store

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"io"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// tally is what a batch adds up to, written when all its sessions are in: a
// case that grows by a thousand findings is updated once.
type tally struct {
	cases      map[alerts.CaseID]*growth
	grown      []*growth // those of cases; the memory behind them is used again
	lessened   map[alerts.CaseID]*growth
	verdicts   [alerts.Exposed + 1]int64
	severities [alerts.Critical + 1]int64
}

// growth is what a batch adds to one case.
type growth struct {
	sample          *alerts.Finding
	kind            int64 // kinds.id
	severity        alerts.Severity
	first, last     int64
	count, sessions int64
	body            int64 // the last session counted
	standing        standing

	block  int64  // the last block whose contents name the case
	number uint64 // by this
}

func (t *tally) reset() {
	if t.cases == nil {
		t.cases, t.lessened = make(map[alerts.CaseID]*growth), make(map[alerts.CaseID]*growth)
	}
	clear(t.cases)
	clear(t.lessened)
	for _, g := range t.grown {
		*g = growth{}
	}
	*t = tally{cases: t.cases, grown: t.grown[:0], lessened: t.lessened}
}

// next returns an empty growth.
func (t *tally) next() *growth {
	n := len(t.grown)
	if n == cap(t.grown) {
		t.grown = append(t.grown, nil)
	} else {
		t.grown = t.grown[:n+1]
	}
	if t.grown[n] == nil {
		t.grown[n] = new(growth)
	}
	return t.grown[n]
}

// grow counts a finding of the session with that body.
func (db *database) grow(f *alerts.Finding, body int64) (*growth, error) {
	t := &db.tally
	g := t.cases[f.Case]
	if g == nil {
		kind, err := db.kindOf(f)
		if err != nil {
			return nil, err
		}
		g = t.next()
		g.sample, g.kind = f, kind
		t.cases[f.Case] = g
		if db.triaged {
			if g.standing, err = db.standingOf(f); err != nil {
				return nil, err
			}
		}
	}
	if g.standing.status != alerts.New && !slices.Contains(db.known, f.Case) {
		g.standing.meet(f)
	}
	g.add(f.Severity, f.Time, body)
	t.severities[f.Severity]++
	return g, nil
}

func (g *growth) add(severity alerts.Severity, time, body int64) {
	if g.count == 0 {
		g.first, g.last = time, time
	}
	g.severity = max(g.severity, severity)
	g.first, g.last = min(g.first, time), max(g.last, time)
	g.count++
	if g.body != body {
		g.body = body
		g.sessions++
	}
}

// dropped takes a session out of the counts.
func (t *tally) dropped(l *listing, e *entry) {
	t.verdicts[e.verdict]--
	for i := range e.findings {
		t.severities[e.findings[i].severity]--
		t.lessened[l.cases[e.findings[i].kase].id] = new(growth)
	}
}

const addTallySQL = `INSERT INTO tallies (kind, value, count) VALUES (?, ?, ?)
	ON CONFLICT DO UPDATE SET count = count + excluded.count`

// addUp writes the tally and begins another one.
func (db *database) addUp() error {
	if err := db.growCases(); err != nil {
		return err
	}
	if err := db.reopen(); err != nil {
		return err
	}
	if err := db.recount(); err != nil {
		return err
	}
	if err := db.count("verdict", db.tally.verdicts[:]); err != nil {
		return err
	}
	if err := db.count("severity", db.tally.severities[:]); err != nil {
		return err
	}
	db.tally.reset()
	return nil
}

func (db *database) count(kind string, counts []int64) error {
	for value, n := range counts {
		if n == 0 {
			continue
		}
		if _, err := db.addTally.exec(kind, int64(value), n); err != nil {
			return err
		}
	}
	return nil
}

const (
	addCaseSQL = `INSERT INTO cases (uid, kind, severity, protocol, first, last, count, sessions, server, client, account)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	growCaseSQL = ` ON CONFLICT DO UPDATE SET severity = max(severity, excluded.severity), first = min(first, excluded.first),
	last = max(last, excluded.last), count = count + excluded.count, sessions = sessions + excluded.sessions`
)

// growCases adds to each case what the batch has for it. In the order of their
// ids, those on the same page follow each other.
func (db *database) growCases() error {
	slices.SortFunc(db.tally.grown, func(a, b *growth) int { return bytes.Compare(a.sample.Case[:], b.sample.Case[:]) })
	rows := db.addCase.rows(&db.addCases)
	for _, g := range db.tally.grown {
		var client, account driver.Value
		f := g.sample
		switch f.Blame {
		case alerts.BlameAccount:
			if f.HasAccount {
				account = f.Account
			}
		case alerts.BlameClient, alerts.BlamePath, alerts.BlameClientServer:
			client = f.Client.Addr().String()
		}
		err := rows.add(f.Case[:], g.kind, int64(g.severity), int64(f.Protocol), g.first, g.last, g.count, g.sessions,
			f.Server.String(), client, account)
		if err != nil {
			return err
		}
	}
	return rows.flush()
}

const allContentsSQL = `SELECT block, entries FROM contents`

// recount counts the cases that lost findings again, all in one go through the
// contents.
func (db *database) recount() error {
	lessened := db.tally.lessened
	if len(lessened) == 0 {
		return nil
	}
	rows, err := db.c.Query(allContentsSQL, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]driver.Value, 2)
	var l listing
	var e entry
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return db.setCases()
		} else if err != nil {
			return err
		}
		block, _ := row[0].(int64)
		entries, _ := row[1].([]byte)
		for l.load(entries); l.next(&e); {
			l.recount(lessened, &e, block*blockSessions+e.place)
		}
		if l.bad {
			return errDamaged
		}
	}
}

func (l *listing) recount(cases map[alerts.CaseID]*growth, e *entry, body int64) {
	if e.gone {
		return
	}
	for i := range e.findings {
		f := &e.findings[i]
		if g := cases[l.cases[f.kase].id]; g != nil {
			g.add(f.severity, f.time, body)
		}
	}
}

const setCaseSQL = `UPDATE cases SET severity = ?, first = ?, last = ?, count = ?, sessions = ? WHERE uid = ?`

const emptyCaseSQL = `UPDATE cases SET count = 0, sessions = 0 WHERE uid = ?`

// A case that nobody has touched goes with its last finding.
const dropCaseSQL = `DELETE FROM cases WHERE uid = ? AND count = 0 AND status = 0 AND note = ''
	AND NOT EXISTS (SELECT 1 FROM changes WHERE kase = uid)`

// setCases writes what recount has found.
func (db *database) setCases() error {
	for id, g := range db.tally.lessened {
		var err error
		if g.count > 0 {
			_, err = db.setCase.exec(int64(g.severity), g.first, g.last, g.count, g.sessions, id[:])
		} else if _, err = db.emptyCase.exec(id[:]); err == nil {
			_, err = db.dropCase.exec(id[:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
