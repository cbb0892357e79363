package store

import (
	"database/sql/driver"

	"github.com/mailtap/mailtap/alerts"
)

// tally is what a batch adds up to, written when all its sessions are in: a
// case that grows by a thousand findings is updated once.
type tally struct {
	cases      map[alerts.CaseID]*growth
	findings   []row
	recount    map[int64]bool // cases that lost findings
	verdicts   [alerts.Exposed + 1]int64
	severities [alerts.Critical + 1]int64
}

// row is one finding to be written.
type row struct {
	*alerts.Finding
	body, n int64
	client  int64 // names.id
	kase    *growth
}

// growth is what a batch adds to one case.
type growth struct {
	id              int64 // cases.id, once it is known
	sample          *alerts.Finding
	severity        alerts.Severity
	first, last     int64
	count, sessions int64
	body            int64 // the last session counted
}

func (t *tally) reset() {
	if t.cases == nil {
		t.cases, t.recount = make(map[alerts.CaseID]*growth), make(map[int64]bool)
	}
	clear(t.cases)
	clear(t.findings)
	clear(t.recount)
	*t = tally{cases: t.cases, findings: t.findings[:0], recount: t.recount}
}

// add counts the n-th finding of the session with that body.
func (t *tally) add(body, n, client int64, f *alerts.Finding) {
	g := t.cases[f.Case]
	if g == nil {
		g = &growth{sample: f, first: f.Time, last: f.Time}
		t.cases[f.Case] = g
	}
	g.severity = max(g.severity, f.Severity)
	g.first, g.last = min(g.first, f.Time), max(g.last, f.Time)
	g.count++
	if g.body != body {
		g.body = body
		g.sessions++
	}
	t.severities[f.Severity]++
	t.findings = append(t.findings, row{f, body, n, client, g})
}

func (t *tally) dropped(kase int64, severity alerts.Severity) {
	t.recount[kase] = true
	t.severities[severity]--
}

const recountCaseSQL = `UPDATE cases SET (severity, first, last, count, sessions) =
	(SELECT coalesce(max(f.severity), cases.severity), coalesce(min(f.time), cases.first), coalesce(max(f.time), cases.last),
		count(*), count(DISTINCT f.body) FROM findings f WHERE f.kase = cases.id)
	WHERE id = ?`

// A case that nobody has touched goes with its last finding.
const dropCaseSQL = `DELETE FROM cases WHERE id = ? AND count = 0 AND status = 0 AND note = ''`

const addTallySQL = `INSERT INTO tallies (kind, value, count) VALUES (?, ?, ?)
	ON CONFLICT DO UPDATE SET count = count + excluded.count`

// addUp writes the tally and begins another one.
func (db *database) addUp() error {
	if err := db.growCases(); err != nil {
		return err
	}
	if err := db.writeFindings(); err != nil {
		return err
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
			db.cases = newMemory[alerts.CaseID](maxCases)
		}
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

const growCaseSQL = `UPDATE cases SET severity = max(severity, ?), first = min(first, ?), last = max(last, ?),
	count = count + ?, sessions = sessions + ? WHERE id = ?`

const findCaseSQL = `SELECT id FROM cases WHERE uid = ?`

// RETURNING would give the number in either case, and costs a temporary table
// each time.
const addCaseSQL = `INSERT INTO cases (id, uid, rule, title, severity, blame, protocol, server, client, account, first, last, count, sessions)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

// growCases adds to each case what the batch has for it, in the order of the
// findings so that the same batch always gives the same numbers.
func (db *database) growCases() error {
	for i := range db.tally.findings {
		f := &db.tally.findings[i]
		if f.kase.id != 0 {
			continue
		}
		if err := db.growOne(f.Case, f.kase); err != nil {
			return err
		}
	}
	return nil
}

func (db *database) growOne(uid alerts.CaseID, g *growth) error {
	var known bool
	if g.id, known = db.cases.get(uid); !known {
		added, err := db.newCase(uid, g)
		if added || err != nil {
			return err
		}
		var row [1]driver.Value
		if _, err := db.findCase.row(row[:], uid[:]); err != nil {
			return err
		}
		g.id = row[0].(int64)
		db.cases.set(uid, g.id)
	}
	_, err := db.growCase.exec(int64(g.severity), g.first, g.last, g.count, g.sessions, g.id)
	return err
}

// newCase adds a case, unless the database has it.
func (db *database) newCase(uid alerts.CaseID, g *growth) (bool, error) {
	mark := len(db.names.fresh)
	var client, account driver.Value
	f := g.sample
	switch f.Blame {
	case alerts.BlameAccount:
		account = db.names.account(f)
	case alerts.BlameClient, alerts.BlamePath, alerts.BlameClientServer:
		client = db.names.client(f.Client)
	}
	added, err := db.addCase.exec(db.nextCase, uid[:], db.names.id([]byte(f.Rule)), db.names.id([]byte(f.Title)),
		int64(g.severity), int64(f.Blame), int64(f.Protocol), db.names.server(f.Server), client, account,
		g.first, g.last, g.count, g.sessions)
	if err != nil || added == 0 {
		db.names.undo(mark)
		return false, err
	}
	g.id = db.nextCase
	db.nextCase++
	db.cases.set(uid, g.id)
	return true, nil
}

const addFindingSQL = `INSERT INTO findings (time, body, n, kase, severity, client, account) VALUES (?, ?, ?, ?, ?, ?, ?)`

func (db *database) writeFindings() error {
	rows := db.addFinding.rows(&db.addFindings)
	for i := range db.tally.findings {
		f := &db.tally.findings[i]
		err := rows.add(f.Time, f.body, f.n, f.kase.id, int64(f.Severity), f.client, db.names.account(f.Finding))
		if err != nil {
			return err
		}
	}
	return rows.flush()
}
