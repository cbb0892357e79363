package store

import (
	"database/sql/driver"

	"github.com/mailtap/mailtap/alerts"
)

// tally is what a batch adds up to, written when all its rows are in: a case
// that grows by a thousand findings is updated once.
type tally struct {
	cases      map[int64]*growth
	recount    map[int64]bool // cases that lost findings
	verdicts   [alerts.Exposed + 1]int64
	severities [alerts.Critical + 1]int64
}

// growth is what a batch adds to one case.
type growth struct {
	severity        alerts.Severity
	first, last     int64
	count, sessions int64
	body            int64 // the last session counted
}

func (t *tally) reset() {
	*t = tally{cases: make(map[int64]*growth), recount: make(map[int64]bool)}
}

// add counts a finding of the session with that body.
func (t *tally) add(kase, body int64, f *alerts.Finding) {
	g := t.cases[kase]
	if g == nil {
		g = &growth{first: f.Time, last: f.Time}
		t.cases[kase] = g
	}
	g.severity = max(g.severity, f.Severity)
	g.first, g.last = min(g.first, f.Time), max(g.last, f.Time)
	g.count++
	if g.body != body {
		g.body = body
		g.sessions++
	}
	t.severities[f.Severity]++
}

func (t *tally) dropped(kase int64, severity alerts.Severity) {
	t.recount[kase] = true
	t.severities[severity]--
}

const growCaseSQL = `UPDATE cases SET severity = max(severity, ?), first = min(first, ?), last = max(last, ?),
	count = count + ?, sessions = sessions + ? WHERE id = ?`

const recountCaseSQL = `UPDATE cases SET (severity, first, last, count, sessions) =
	(SELECT coalesce(max(f.severity), cases.severity), coalesce(min(f.time), cases.first), coalesce(max(f.time), cases.last),
		count(*), count(DISTINCT f.body) FROM findings f WHERE f.kase = cases.id)
	WHERE id = ?`

// A case that nobody has touched goes with its last finding.
const dropCaseSQL = `DELETE FROM cases WHERE id = ? AND count = 0 AND status = 0 AND note = ''`

const addTallySQL = `INSERT INTO tallies (kind, value, count) VALUES (?, ?, ?)
	ON CONFLICT DO UPDATE SET count = count + excluded.count`

// addUp writes the tally.
func (db *database) addUp() error {
	for id, g := range db.tally.cases {
		if _, err := db.growCase.exec(int64(g.severity), g.first, g.last, g.count, g.sessions, id); err != nil {
			return err
		}
	}
	for id := range db.tally.recount {
		if _, err := db.recountCase.exec(id); err != nil {
			return err
		}
		gone, err := db.dropCase.exec(id)
		if err != nil {
			return err
		}
		if gone > 0 {
			clear(db.cases)
		}
	}
	if err := db.count("verdict", db.tally.verdicts[:]); err != nil {
		return err
	}
	return db.count("severity", db.tally.severities[:])
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

const findCaseSQL = `SELECT id FROM cases WHERE uid = ?`

const addCaseSQL = `INSERT INTO cases (uid, rule, title, severity, blame, protocol, server, client, account, first, last, count, sessions)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`

// kase returns the number of the case that f belongs to, a new one if need be.
func (db *database) kase(f *alerts.Finding) (int64, error) {
	if id, ok := db.cases[f.Case]; ok {
		return id, nil
	}
	var row [1]driver.Value
	found, err := db.findCase.row(row[:], f.Case[:])
	if err != nil {
		return 0, err
	}
	id, _ := row[0].(int64)
	if !found {
		if id, err = db.newCase(f); err != nil {
			return 0, err
		}
	}
	if len(db.cases) == maxCases {
		clear(db.cases)
	}
	db.cases[f.Case] = id
	return id, nil
}

func (db *database) newCase(f *alerts.Finding) (int64, error) {
	rule, err := db.name([]byte(f.Rule))
	if err != nil {
		return 0, err
	}
	title, err := db.name([]byte(f.Title))
	if err != nil {
		return 0, err
	}
	server, err := db.serverName(f.Server)
	if err != nil {
		return 0, err
	}
	var client, account driver.Value
	switch f.Blame {
	case alerts.BlameAccount:
		account, err = db.accountName(f)
	case alerts.BlameClient, alerts.BlamePath, alerts.BlameClientServer:
		client, err = db.clientName(f.Client)
	}
	if err != nil {
		return 0, err
	}
	return db.addCase.insert(f.Case[:], rule, title, int64(f.Severity), int64(f.Blame), int64(f.Protocol), server, client, account, f.Time, f.Time)
}
