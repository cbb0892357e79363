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

const (
	growSubjectSQL = `UPDATE subjects SET unknown = unknown + ?, protected = protected + ?, clear = clear + ?, weak = weak + ?,
	exposed = exposed + ?, info = info + ?, low = low + ?, medium = medium + ?, high = high + ?, critical = critical + ?,
	last = max(last, ?) WHERE kind = ? AND name = ?`
	addSubjectSQL = `INSERT INTO subjects (unknown, protected, clear, weak, exposed, info, low, medium, high, critical, last, kind, name)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	dropSubjectSQL = `DELETE FROM subjects WHERE kind = ? AND name = ? AND unknown = 0 AND protected = 0 AND clear = 0 AND weak = 0
	AND exposed = 0 AND info = 0 AND low = 0 AND medium = 0 AND high = 0 AND critical = 0`

	subjectRowsSQL = `SELECT kind, count(*) FROM subjects WHERE kind > 0 GROUP BY kind`
	otherRowsSQL   = `SELECT CAST(name AS INTEGER), -1 FROM subjects WHERE kind = 0`
)

// rooms is how many rows each kind may still get.
type rooms [subjectKinds]int64

func (db *database) rooms() (r rooms, err error) {
	for k := range r {
		r[k] = subjectKind(k).most()
	}
	rows, err := db.c.Query(subjectRowsSQL+" UNION ALL "+otherRowsSQL, nil)
	if err != nil {
		return r, err
	}
	defer rows.Close()
	row := make([]driver.Value, 2)
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return r, nil
		} else if err != nil {
			return r, err
		}
		kind, ok := row[0].(int64)
		n, ok1 := row[1].(int64)
		switch {
		case !ok || !ok1 || kind <= 0 || kind >= int64(subjectKinds):
			return r, errDamaged
		case n < 0:
			r[kind] = 0
		default:
			r[kind] -= n
		}
	}
}

// writeSubjects adds what was added up to the rows of subjects, in their order,
// and begins anew.
func (db *database) writeSubjects() error {
	s := &db.subjects
	if len(s.of) == 0 {
		return nil
	}
	room, err := db.rooms()
	if err != nil {
		return err
	}
	var others [subjectKinds]subjectCounts
	for _, key := range s.order() {
		c := s.of[key]
		if found, err := db.growSubject(key, c); err != nil {
			return err
		} else if found {
			continue
		}
		if room[key.kind] <= 0 {
			room[key.kind] = 0
			others[key.kind].add(c)
			continue
		}
		room[key.kind]--
		if _, err := db.addSubject.exec(subjectValues(key, c)...); err != nil {
			return err
		}
	}
	s.reset()
	return db.growOthers(&others)
}

// growSubject adds to a row if there is one, and takes it out when nothing of
// it is left.
func (db *database) growSubject(key subjectKey, c *subjectCounts) (bool, error) {
	n, err := db.growSubjects.exec(subjectValues(key, c)...)
	if err != nil || n == 0 {
		return false, err
	}
	if c.lessens() {
		_, err = db.dropSubject.exec(int64(key.kind), key.name)
	}
	return true, err
}

func (db *database) growOthers(others *[subjectKinds]subjectCounts) error {
	for k := range others {
		key, c := subjectKind(k).others(), &others[k]
		if c.empty() {
			continue
		}
		if found, err := db.growSubject(key, c); err != nil {
			return err
		} else if found {
			continue
		}
		if _, err := db.addSubject.exec(subjectValues(key, c)...); err != nil {
			return err
		}
	}
	return nil
}

// lessens tells whether anything is taken away.
func (c *subjectCounts) lessens() bool {
	for _, n := range c.sessions {
		if n < 0 {
			return true
		}
	}
	for _, n := range c.findings {
		if n < 0 {
			return true
		}
	}
	return false
}

func subjectValues(key subjectKey, c *subjectCounts) []driver.Value {
	values := make([]driver.Value, 0, len(c.sessions)+len(c.findings)+3)
	for _, n := range c.sessions {
		values = append(values, n)
	}
	for _, n := range c.findings {
		values = append(values, n)
	}
	return append(values, c.last, int64(key.kind), key.name)
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
