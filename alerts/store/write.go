package store

import (
	"database/sql/driver"
	"errors"

	"github.com/mattn/go-sqlite3"

	"github.com/mailtap/mailtap/alerts"
)

// batch is what one transaction stores.
type batch struct {
	results []alerts.Result
	records []byte // one behind the other
	ends    []int  // of each record
	rows    int    // of what lists show: sessions and findings

	stored chan struct{} // if not nil: closed when it is written
	err    error         // if not nil: why it cannot be written
}

func (b *batch) record(i int) []byte {
	if i == 0 {
		return b.records[:b.ends[0]]
	}
	return b.records[b.ends[i-1]:b.ends[i]]
}

func (b *batch) add(r alerts.Result, record []byte) {
	b.results = append(b.results, r)
	b.records = append(b.records, record...)
	b.ends = append(b.ends, len(b.records))
	b.rows += 1 + len(r.Findings)
}

func (b *batch) full() bool { return b.rows >= maxBatchRows || len(b.records) >= maxBatchBytes }

// reset empties the batch and lets go of its results, which are large.
func (b *batch) reset() {
	clear(b.results)
	*b = batch{results: b.results[:0], records: b.records[:0], ends: b.ends[:0]}
}

// write stores a batch in one transaction.
func (db *database) write(b *batch) (err error) {
	if err := db.begin(); err != nil {
		return err
	}
	defer db.end(&err)
	if err := db.catchUp(); err != nil {
		return err
	}
	for from := 0; from < len(b.results); from += sessionsAtOnce {
		if err := db.put(b, from, min(from+sessionsAtOnce, len(b.results))); err != nil {
			return err
		}
	}
	return db.settle()
}

// A block that is folded and pruned must not give its number to another one.
const catchUpSQL = `SELECT (SELECT data_version FROM pragma_data_version),
	max((SELECT coalesce(max(id), 0) FROM blocks), ` + foldedSQL + `),
	EXISTS (SELECT 1 FROM cases WHERE status <> 0), ` + talliedSQL

// catchUp forgets what another connection may have changed, and sees where
// blocks end. The transaction keeps both true.
func (db *database) catchUp() error {
	var row [4]driver.Value
	if _, err := db.findEnd.row(row[:]); err != nil {
		return err
	}
	if version := row[0].(int64); version != db.version || db.kinds == nil {
		if err := db.loadKinds(); err != nil {
			return err
		}
		var err error
		if db.marks, err = db.readMarks(); err != nil {
			return err
		}
		db.version = version
	}
	db.tally.reset()
	last, ok := row[1].(int64)
	triaged, ok1 := row[2].(int64)
	tallied, ok2 := row[3].(int64)
	if !ok || !ok1 || !ok2 {
		return errDamaged
	}
	db.block.start(last + 1)
	db.triaged = triaged != 0
	db.startUntally(tallied)
	db.known = db.known[:0]
	clear(db.standings)
	return nil
}

// settle writes what the sessions put so far left for later.
func (db *database) settle() error {
	if err := db.writeBlock(); err != nil {
		return err
	}
	return db.addUp()
}

// sessionsAtOnce is how many sessions one statement adds.
const sessionsAtOnce = 16

const addSessionSQL = `INSERT INTO sessions (start, uid, body, packets) VALUES (?, ?, ?, ?)`

// put stores the results [from, to) with one statement, or one by one where
// there are few, or the database has one of them already.
func (db *database) put(b *batch, from, to int) error {
	added, err := db.putMany(b, from, to)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		if added {
			err = db.keep(&b.results[i], b.record(i))
		} else {
			err = db.putOne(&b.results[i], b.record(i))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (db *database) putMany(b *batch, from, to int) (bool, error) {
	if to-from < sessionsAtOnce {
		return false, nil
	}
	var room [sessionsAtOnce]int64
	bodies := db.block.bodies(room[:0], b, from, to)
	values := db.values[:0]
	for i := from; i < to; i++ {
		s := &b.results[i].Session
		if s.Facts.Start < db.marks.watermark {
			return false, nil
		}
		values = append(values, s.Facts.Start/1000, s.ID[:], bodies[i-from], int64(s.Facts.Packets))
	}
	db.values = values
	_, err := db.addSessions.exec(values...)
	var lite sqlite3.Error
	if errors.As(err, &lite) && lite.Code == sqlite3.ErrConstraint {
		return false, nil
	}
	return err == nil, err
}

// putOne stores one result, or leaves things as they are where the database has
// that session already.
func (db *database) putOne(r *alerts.Result, record []byte) error {
	f := r.Session.Facts
	if f.Start < db.marks.watermark {
		db.passed++
		return nil
	}
	added, err := db.addSession.exec(f.Start/1000, r.Session.ID[:], db.block.body(), int64(f.Packets))
	if err != nil {
		return err
	}
	if added == 0 {
		return db.again(r, record)
	}
	return db.keep(r, record)
}

// keep puts a session's record where the next body is, and counts its findings.
func (db *database) keep(r *alerts.Result, record []byte) error {
	db.tally.verdicts[r.Session.Verdict]++
	b := &db.block
	b.add(record)
	b.contents.session(&r.Session, len(r.Findings))
	for i := range r.Findings {
		f := &r.Findings[i]
		if !b.contents.hasCase(f.Case) {
			kind, err := db.kindOf(f)
			if err != nil {
				return err
			}
			b.contents.addCase(f.Case, kind)
		}
		if db.triaged {
			if err := db.meet(f); err != nil {
				return err
			}
		}
		db.tally.severities[f.Severity]++
		b.contents.finding(&r.Session, f)
	}
	if b.full() {
		return db.writeBlock()
	}
	return nil
}

const findSessionSQL = `SELECT body, packets FROM sessions WHERE start = ? AND uid = ?`

const replaceSessionSQL = `UPDATE sessions SET body = ?, packets = ? WHERE start = ? AND uid = ?`

// again handles a session that the database has. A capture that was cut in the
// middle of it may be analysed before the whole one: the session with more
// packets stays. The old record stays in its block, and nothing leads to it.
func (db *database) again(r *alerts.Result, record []byte) error {
	f := r.Session.Facts
	key := []driver.Value{f.Start / 1000, r.Session.ID[:]}
	var row [2]driver.Value
	if _, err := db.findSession.row(row[:], key...); err != nil {
		return err
	}
	old, ok := row[0].(int64)
	packets, ok1 := row[1].(int64)
	if !ok || !ok1 {
		return errDamaged
	}
	if int64(f.Packets) <= packets {
		return nil
	}
	// The old one may be in the block that is being made.
	if err := db.writeBlock(); err != nil {
		return err
	}
	if err := db.drop(old); err != nil {
		return err
	}
	if _, err := db.replaceSession.exec(db.block.body(), int64(f.Packets), key[0], key[1]); err != nil {
		return err
	}
	err := db.keep(r, record)
	db.known = db.known[:0]
	return err
}

const findContentsSQL = `SELECT entries FROM contents WHERE block = ?`

const changeContentsSQL = `UPDATE contents SET entries = ? WHERE block = ?`

// drop takes a session and its findings out of the lists and the counts.
func (db *database) drop(body int64) error {
	var row [1]driver.Value
	if _, err := db.findContents.row(row[:], body/blockSessions); err != nil {
		return err
	}
	entries, _ := row[0].([]byte)
	var l listing
	var e entry
	for l.load(entries); l.next(&e); {
		if e.place != body%blockSessions || e.gone {
			continue
		}
		entries[e.flagsAt] |= entryGone
		db.tally.dropped(&l, &e)
		if err := db.untally(&l, &e, body/blockSessions); err != nil {
			return err
		}
		db.known = db.known[:0]
		for i := range e.findings {
			db.known = append(db.known, l.cases[e.findings[i].kase].id)
		}
		_, err := db.changeContents.exec(entries, body/blockSessions)
		return err
	}
	return errDamaged
}
