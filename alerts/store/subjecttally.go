package store

import (
	"database/sql/driver"
	"errors"
	"io"
)

// Subjects are counted as cases are, behind the sessions: the mark 'tallied' is
// the last block that they count, and moves in the same transaction. A name has
// a row, or is counted with others of its kind, never both: it gets a row only
// while no name of its kind is without one. So what goes is taken from where it
// was counted.
const (
	MaxSubjects = 20_000  // servers, clients, accounts or rules with a row of their own
	maxHours    = 100_000 // hours with one: eleven years

	maxTallyBlocks = 1024    // blocks of a transaction
	maxTallied     = 1 << 16 // subjects of a transaction that end it
)

// most is how many rows a kind may have.
func (k subjectKind) most() int64 {
	switch k {
	case otherSubjects:
		return int64(subjectKinds)
	case anHourSubject:
		return maxHours
	}
	return MaxSubjects
}

const talliedSQL = `(SELECT value FROM marks WHERE name = 'tallied')`

const untalliedSQL = `SELECT block, entries FROM contents WHERE block > ` + talliedSQL + ` ORDER BY block LIMIT ?`

// tallyAll brings subjects up to the last block, some blocks in each
// transaction.
func (db *database) tallyAll() error {
	for {
		if more, err := db.tallySome(); err != nil || !more {
			return err
		}
	}
}

func (db *database) tallySome() (more bool, err error) {
	if err := db.begin(); err != nil {
		return false, err
	}
	defer db.end(&err)
	s := &db.subjects
	s.reset()
	if s.rules, err = db.rules(); err != nil {
		return false, err
	}
	last, more, err := db.sumUp(s)
	if err != nil || last < 0 {
		return false, err
	}
	if err := db.writeSubjects(); err != nil {
		return false, err
	}
	_, err = db.change(raiseMarkSQL, "tallied", last)
	return more, err
}

// sumUp adds up the blocks that come next. It returns the last of them, -1 if
// there is none, and whether there may be more.
func (db *database) sumUp(s *subjects) (last int64, more bool, err error) {
	rows, err := db.c.Query(untalliedSQL, []driver.Value{int64(maxTallyBlocks)})
	if err != nil {
		return -1, false, err
	}
	defer rows.Close()
	row := make([]driver.Value, 2)
	var l listing
	var e entry
	last = -1
	for range maxTallyBlocks {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return last, false, nil
		} else if err != nil {
			return last, false, err
		}
		block, ok := row[0].(int64)
		entries, ok1 := row[1].([]byte)
		if !ok || !ok1 || !s.block(&l, &e, entries) {
			return last, false, errDamaged
		}
		last = block
		if len(s.of) >= maxTallied {
			break
		}
	}
	return last, true, nil
}

// block adds the sessions of a block, or returns false where it makes no sense.
func (s *subjects) block(l *listing, e *entry, entries []byte) bool {
	l.load(entries)
	s.listing(l)
	for l.next(e) {
		if !e.gone {
			s.session(l, e, 1)
		}
	}
	return !l.bad
}

// startUntally begins to collect what a transaction takes out of the lists.
// tallied is the mark.
func (db *database) startUntally(tallied int64) {
	db.tallied = tallied
	db.subjects.reset()
	db.subjects.rules = nil
}

// untally takes a session from subjects if they count its block: those of a
// later one they have not met, and never will.
func (db *database) untally(l *listing, e *entry, block int64) (err error) {
	if block > db.tallied {
		return nil
	}
	s := &db.subjects
	if s.rules == nil {
		if s.rules, err = db.rules(); err != nil {
			return err
		}
	}
	s.listing(l)
	s.session(l, e, -1)
	return nil
}

// tallyAgain counts all from the beginning, if there is a name without a row:
// names that went may have left one for it.
func (db *database) tallyAgain() error {
	if again, err := db.forgetTallies(); err != nil || !again {
		return err
	}
	for {
		more := false
		err := inTurn(func() (err error) { more, err = db.tallySome(); return err })
		if err != nil || !more {
			return err
		}
	}
}

func (db *database) forgetTallies() (again bool, err error) {
	if err := db.begin(); err != nil {
		return false, err
	}
	defer db.end(&err)
	row, err := db.ask("SELECT EXISTS (SELECT 1 FROM subjects WHERE kind = 0)", 1)
	if err != nil || row[0] == int64(0) {
		return false, err
	}
	return true, db.run("DELETE FROM subjects; UPDATE marks SET value = 0 WHERE name = 'tallied'")
}
