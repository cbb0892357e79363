package store

import (
	"database/sql/driver"
	"errors"
	"io"

	"github.com/mailtap/mailtap/alerts"
)

// tally is what a batch adds up to, written when all its sessions are in.
type tally struct {
	lessened   map[alerts.CaseID]*growth // cases that lost findings
	verdicts   [alerts.Exposed + 1]int64
	severities [alerts.Critical + 1]int64
	thinned    int64 // sessions
}

// growth counts findings of one case.
type growth struct {
	severity        alerts.Severity
	first, last     int64
	count, sessions int64
	body            int64 // the last session counted
}

func (t *tally) reset() {
	if t.lessened == nil {
		t.lessened = make(map[alerts.CaseID]*growth)
	}
	clear(t.lessened)
	*t = tally{lessened: t.lessened}
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
	if e.thinned {
		t.thinned--
	}
	for i := range e.findings {
		t.severities[e.findings[i].severity]--
		t.lessened[l.cases[e.findings[i].kase].id] = new(growth)
	}
}

const addTallySQL = `INSERT INTO tallies (kind, value, count) VALUES (?, ?, ?)
	ON CONFLICT DO UPDATE SET count = count + excluded.count`

// addUp writes the tally and begins another one.
func (db *database) addUp() error {
	if err := db.reopen(); err != nil {
		return err
	}
	if err := db.recount(); err != nil {
		return err
	}
	if err := db.writeSubjects(); err != nil {
		return err
	}
	if err := db.count(tallyVerdicts, db.tally.verdicts[:]); err != nil {
		return err
	}
	if err := db.count(tallySeverities, db.tally.severities[:]); err != nil {
		return err
	}
	if db.tally.thinned != 0 {
		if _, err := db.change(addMarkSQL, "thinned-sessions", db.tally.thinned); err != nil {
			return err
		}
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

const allContentsSQL = `SELECT block, entries FROM contents`

// recount counts the cases that lost findings again, all in one go through the
// contents. What is not folded comes before: then all of it is to be counted.
func (db *database) recount() error {
	lessened := db.tally.lessened
	if len(lessened) == 0 {
		return nil
	}
	if err := db.fold(); err != nil {
		return err
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
