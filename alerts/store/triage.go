package store

import (
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of a change.
const (
	MaxCases = 1000    // that are named in one change
	MaxNote  = 4 << 10 // bytes of a note, of a reason, of who makes the change
)

// Decision is what an admin makes of cases. Status and Note may be nil: they
// stay as they are.
type Decision struct {
	Status *alerts.Status
	Note   *string
	Reason string // for the history
	Who    string // must not be empty
	At     int64  // ns since 1970 UTC: later findings reopen a resolved case
	Until  int64  // of an accepted risk, ns since 1970 UTC; 0 is for ever
}

// check refuses what makes no sense.
func (d *Decision) check() error {
	switch {
	case d.Status == nil && d.Note == nil:
		return errors.New("neither a status nor a note is given")
	case d.Who == "" || d.At == 0:
		return errors.New("a change needs to say who made it, and when")
	case d.Until != 0 && (d.Status == nil || *d.Status != alerts.AcceptedRisk):
		return errors.New("only an accepted risk has an end")
	case d.Until != 0 && d.Until <= d.At:
		return errors.New("the risk would be accepted until a time that is over")
	case len(d.Reason) > MaxNote, len(d.Who) > MaxNote, d.Note != nil && len(*d.Note) > MaxNote:
		return fmt.Errorf("a text of more than %d bytes", MaxNote)
	}
	return nil
}

// Triage writes what admins decide. It may be open while a Store of this or
// another process writes to the same database: each waits for the other. It is
// for one goroutine.
type Triage struct {
	path string // as it was named
	db   *database
}

// OpenTriage opens the database at path. It never creates one.
func OpenTriage(path string) (*Triage, error) {
	r, err := OpenReader(path) // which says best what is wrong
	if err != nil {
		return nil, err
	}
	r.Close()
	if err := checkFile(path); err != nil {
		return nil, err
	}
	real, err := resolve(path)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(real, busyTimeout)
	if err != nil {
		return nil, explain(path, err)
	}
	return &Triage{path, db}, nil
}

// Close closes the database. It leaves the write-ahead log to a Store that may
// have it open.
func (t *Triage) Close() error { return explain(t.path, t.db.hangUp()) }

// Set applies d to the cases with these ids, to all of them or none.
func (t *Triage) Set(ids []alerts.CaseID, d Decision) error {
	if len(ids) == 0 || len(ids) > MaxCases {
		return fmt.Errorf("%d cases are named, and a change takes 1 to %d", len(ids), MaxCases)
	}
	if err := d.check(); err != nil {
		return err
	}
	return explain(t.path, t.db.set(ids, &d))
}

func (db *database) set(ids []alerts.CaseID, d *Decision) (err error) {
	if err := db.begin(); err != nil {
		return err
	}
	defer db.end(&err)
	if err := db.fold(); err != nil {
		return err
	}
	bulk, err := db.nextBulk()
	if err != nil {
		return err
	}
	seen := make(map[alerts.CaseID]bool)
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		n, err := db.decide(bulk, d, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("no case has the id %v: %w", id, ErrNotFound)
		}
	}
	return db.adopt(bulk)
}

const nextBulkSQL = `SELECT max(coalesce((SELECT max(bulk) FROM changes WHERE bulk > 0), 0),
	coalesce((SELECT max(undone) FROM changes WHERE undone IS NOT NULL), 0)) + 1`

// nextBulk returns the number of the next change, or undoing of one.
func (db *database) nextBulk() (int64, error) {
	row, err := db.ask(nextBulkSQL, 1)
	if err != nil {
		return 0, err
	}
	n, ok := row[0].(int64)
	if !ok {
		return 0, errDamaged
	}
	return n, nil
}

// decideSQL writes how a decision leaves the cases. Without a status, ?5, all
// but the note stays.
const decideSQL = `INSERT INTO changes (bulk, kase, at, who, reason, status, reopened, resolved_at, expires, floor, note)
	SELECT ?1, c.uid, ?2, ?3, ?4, coalesce(?5, c.status),
		CASE WHEN ?5 IS NULL THEN c.reopened ELSE 0 END,
		CASE WHEN ?5 IS NULL THEN c.resolved_at ELSE ?6 END,
		CASE WHEN ?5 IS NULL THEN c.expires ELSE ?7 END,
		CASE WHEN ?5 IS NULL THEN c.floor WHEN ?5 = 3 THEN c.severity ELSE 0 END,
		coalesce(?8, c.note)
	FROM cases c WHERE c.uid = ?9`

// decide notes what d makes of a case, and returns how many have its id.
func (db *database) decide(bulk int64, d *Decision, id alerts.CaseID) (int64, error) {
	args := []driver.Value{bulk, d.At, d.Who, d.Reason, nil, nil, nil, nil, id[:]}
	if d.Status != nil {
		args[4] = int64(*d.Status)
		switch {
		case *d.Status == alerts.Resolved:
			args[5] = d.At
		case *d.Status == alerts.AcceptedRisk && d.Until != 0:
			args[6] = d.Until
		}
	}
	if d.Note != nil {
		args[7] = *d.Note
	}
	return db.change(decideSQL, args...)
}

const adoptSQL = `UPDATE cases SET status = h.status, reopened = h.reopened, resolved_at = h.resolved_at, expires = h.expires,
	floor = h.floor, note = h.note FROM changes h WHERE h.kase = cases.uid AND `

// adopt gives the cases of a change what it says.
func (db *database) adopt(bulk int64) error {
	_, err := db.change(adoptSQL+"h.bulk = ? AND h.bulk > 0", bulk)
	return err
}

// change runs a statement and returns how many rows it changed.
func (db *database) change(query string, args ...driver.Value) (int64, error) {
	result, err := db.c.Exec(query, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
