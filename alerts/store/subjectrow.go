package store

import (
	"database/sql/driver"
	"errors"
	"io"

	"github.com/mailtap/mailtap/alerts"
)

const (
	// A count that is 0 is not set: see subjectValues.
	growSubjectSQL = `UPDATE subjects SET unknown = unknown + ifnull(?, 0), protected = protected + ifnull(?, 0),
	clear = clear + ifnull(?, 0), weak = weak + ifnull(?, 0), exposed = exposed + ifnull(?, 0), info = info + ifnull(?, 0),
	low = low + ifnull(?, 0), medium = medium + ifnull(?, 0), high = high + ifnull(?, 0), critical = critical + ifnull(?, 0),
	last = max(last, ?) WHERE kind = ? AND name = ?`
	addSubjectSQL = `INSERT INTO subjects (unknown, protected, clear, weak, exposed, info, low, medium, high, critical, last, kind, name)
	VALUES (ifnull(?, 0), ifnull(?, 0), ifnull(?, 0), ifnull(?, 0), ifnull(?, 0), ifnull(?, 0), ifnull(?, 0), ifnull(?, 0),
	ifnull(?, 0), ifnull(?, 0), ?, ?, ?)`
	mergeSubjectSQL = ` ON CONFLICT DO UPDATE SET unknown = unknown + excluded.unknown, protected = protected + excluded.protected,
	clear = clear + excluded.clear, weak = weak + excluded.weak, exposed = exposed + excluded.exposed, info = info + excluded.info,
	low = low + excluded.low, medium = medium + excluded.medium, high = high + excluded.high, critical = critical + excluded.critical,
	last = max(last, excluded.last)`
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
	for list := s.order(); len(list) > 0; {
		kind := list[0].kind
		n := 1
		for n < len(list) && list[n].kind == kind {
			n++
		}
		if int64(n) <= room[kind] && !s.taken {
			err = db.mergeSubjects(list[:n])
		} else {
			err = db.fitSubjects(list[:n], room[kind], &others[kind])
		}
		if err != nil {
			return err
		}
		list = list[n:]
	}
	s.reset()
	return db.growOthers(&others)
}

// mergeSubjects adds to the rows of names, which need not be there: there is
// room for all.
func (db *database) mergeSubjects(list []subject) error {
	rows := db.addSubject.rows(&db.addSubjects)
	for _, one := range list {
		values := subjectValues(one.subjectKey, one.subjectCounts)
		if err := rows.add(values[:]...); err != nil {
			return err
		}
	}
	return rows.flush()
}

// fitSubjects adds to the rows of names where they have one or there is room for
// another, and adds up what others have.
func (db *database) fitSubjects(list []subject, room int64, others *subjectCounts) error {
	for _, one := range list {
		if found, err := db.growSubject(one.subjectKey, one.subjectCounts); err != nil {
			return err
		} else if found {
			continue
		}
		if room <= 0 {
			room = 0
			others.add(one.subjectCounts)
			continue
		}
		room--
		values := subjectValues(one.subjectKey, one.subjectCounts)
		if _, err := db.addSubject.exec(values[:]...); err != nil {
			return err
		}
	}
	return nil
}

// growSubject adds to a row if there is one, and takes it out when nothing of
// it is left.
func (db *database) growSubject(key subjectKey, c *subjectCounts) (bool, error) {
	values := subjectValues(key, c)
	n, err := db.growSubjects.exec(values[:]...)
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
		values := subjectValues(key, c)
		if _, err := db.addSubject.exec(values[:]...); err != nil {
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

const subjectColumnCount = int(alerts.Exposed) + 1 + int(alerts.Critical) + 1 + 3

// subjectValues returns the values of a row in the order of its statements. A
// count that is 0, as most are, is nil.
func subjectValues(key subjectKey, c *subjectCounts) (values [subjectColumnCount]driver.Value) {
	counts := values[:0]
	for _, list := range [...][]int64{c.sessions[:], c.findings[:]} {
		for _, n := range list {
			if n == 0 {
				counts = append(counts, nil)
			} else {
				counts = append(counts, n)
			}
		}
	}
	n := len(counts)
	values[n], values[n+1], values[n+2] = c.last, int64(key.kind), key.name
	return values
}
