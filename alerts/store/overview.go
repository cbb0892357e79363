package store

import (
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/mailtap/mailtap/alerts"
)

// ErrNoOverview says that a database is of a schema that has none, and could
// not be brought up to date.
var ErrNoOverview = errors.New("its schema has no overview yet: open it once as a user who may write to it")

// Overview is what a database adds up to. While a Store writes, it may count a
// session half a second after it is listed.
type Overview struct {
	Hours                             []Hour // those in which something was, in order
	Rules, Servers, Clients, Accounts Ranking
	Partial                           bool // some sessions are not counted yet
}

// Ranking is the subjects of one kind, the worst first.
type Ranking struct {
	Top    []Subject
	All    int64   // how many are told apart
	Others Subject // those beyond MaxSubjects, counted together; it has no name
}

// Subject is a server, a client, an account or a rule, and what adds up to it.
// The findings of a client are those that name it, and a session may have some
// that name another.
type Subject struct {
	Name     string                    // "10.0.0.9:25", "10.0.0.5", an account, a rule's id
	Sessions [alerts.Exposed + 1]int64 // by verdict; of an account or a rule those with a finding of it
	Findings [alerts.Critical + 1]int64
	Last     int64 // start of the last of the sessions, ns since 1970 UTC
}

// Hour is what was in one hour of the capture.
type Hour struct {
	Begin    int64                     // ns since 1970 UTC
	Sessions [alerts.Exposed + 1]int64 // that began in it, by verdict
	Findings [alerts.Critical + 1]int64
}

const subjectColumns = `SELECT name, unknown, protected, clear, weak, exposed, info, low, medium, high, critical, last FROM subjects`

const (
	topSubjectsSQL = subjectColumns + ` WHERE kind = ?
	ORDER BY critical DESC, high DESC, medium DESC, low DESC, info DESC, unknown + protected + clear + weak + exposed DESC, name LIMIT ?`
	otherSubjectsSQL = subjectColumns + ` WHERE kind = 0 AND name = ?`
	countSubjectsSQL = `SELECT count(*) FROM subjects WHERE kind = ?`
	hoursSQL         = subjectColumns + ` WHERE kind = ? ORDER BY CAST(name AS INTEGER)`

	overviewStateSQL = `SELECT (SELECT user_version FROM pragma_user_version),
	EXISTS (SELECT 1 FROM contents WHERE block > coalesce(` + talliedSQL + `, 0))`
)

// firstOverview is the schema that began to have one.
const firstOverview = 3

// Overview returns what the database adds up to, with so many subjects of each
// ranking; 0 is MaxSubjects. It costs little however much there is.
func (r *Reader) Overview(top int) (Overview, error) {
	if top <= 0 || top > MaxSubjects {
		top = MaxSubjects
	}
	tx, err := r.db.Begin()
	if err != nil {
		return Overview{}, explain(r.path, err)
	}
	defer tx.Rollback()
	o, err := readOverview(tx, top)
	return o, explain(r.path, err)
}

func readOverview(tx *sql.Tx, top int) (o Overview, err error) {
	var version int64
	if err := tx.QueryRow(overviewStateSQL).Scan(&version, &o.Partial); err != nil {
		return o, err
	}
	if version < firstOverview {
		return o, ErrNoOverview
	}
	for _, r := range []struct {
		kind subjectKind
		into *Ranking
	}{{aServerSubject, &o.Servers}, {aClientSubject, &o.Clients}, {anAccountSubject, &o.Accounts}, {aRuleSubject, &o.Rules}} {
		if *r.into, err = readRanking(tx, r.kind, top); err != nil {
			return o, err
		}
	}
	hours, err := readSubjects(tx, hoursSQL, int64(anHourSubject))
	for i := range hours {
		h := &hours[i]
		n, err := strconv.ParseInt(h.Name, 10, 64)
		if err != nil {
			return o, errDamaged
		}
		o.Hours = append(o.Hours, Hour{n * int64(time.Hour), h.Sessions, h.Findings})
	}
	return o, err
}

func readRanking(tx *sql.Tx, kind subjectKind, top int) (r Ranking, err error) {
	if err := tx.QueryRow(countSubjectsSQL, int64(kind)).Scan(&r.All); err != nil {
		return r, err
	}
	if r.Top, err = readSubjects(tx, topSubjectsSQL, int64(kind), top); err != nil {
		return r, err
	}
	others, err := readSubjects(tx, otherSubjectsSQL, kind.others().name)
	if len(others) > 0 {
		r.Others = others[0]
		r.Others.Name = ""
	}
	return r, err
}

func readSubjects(tx *sql.Tx, query string, args ...any) (list []Subject, err error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s Subject
		v, n := &s.Sessions, &s.Findings
		err := rows.Scan(&s.Name, &v[0], &v[1], &v[2], &v[3], &v[4], &n[0], &n[1], &n[2], &n[3], &n[4], &s.Last)
		if err != nil {
			return nil, err
		}
		for i := range v {
			if !isCount(int64(v[i])) || !isCount(int64(n[i])) {
				return nil, errDamaged
			}
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
