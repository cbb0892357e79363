package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// statements are the writer's, prepared once and used with every row. The SQL
// stands beside the methods that run them.
type statements struct {
	findEnd                      statement
	addSession, addSessions      statement
	findSession, replaceSession  statement
	addBlock, addContents        statement
	findContents, changeContents statement
	addKind                      statement
	addCase, addCases            statement
	setCase, emptyCase, dropCase statement
	addTally                     statement
	findStanding, reopenCase     statement
	noteReopening, dropSession   statement
	addSubject, addSubjects      statement
	growSubjects, dropSubject    statement
}

// prepare prepares all statements.
func (db *database) prepare() error {
	for _, p := range []struct {
		s   *statement
		sql string
	}{
		{&db.findEnd, catchUpSQL},
		{&db.addSession, addSessionSQL + " ON CONFLICT DO NOTHING"}, {&db.addSessions, manyRows(addSessionSQL, sessionsAtOnce)},
		{&db.findSession, findSessionSQL}, {&db.replaceSession, replaceSessionSQL},
		{&db.addBlock, addBlockSQL}, {&db.addContents, addContentsSQL},
		{&db.findContents, findContentsSQL}, {&db.changeContents, changeContentsSQL},
		{&db.addKind, addKindSQL},
		{&db.addCase, addCaseSQL + growCaseSQL}, {&db.addCases, manyRows(addCaseSQL, rowsAtOnce) + growCaseSQL},
		{&db.setCase, setCaseSQL}, {&db.emptyCase, emptyCaseSQL}, {&db.dropCase, dropCaseSQL},
		{&db.addTally, addTallySQL},
		{&db.findStanding, findStandingSQL}, {&db.reopenCase, reopenCaseSQL}, {&db.noteReopening, noteReopeningSQL},
		{&db.dropSession, dropSessionSQL},
		{&db.addSubject, addSubjectSQL + mergeSubjectSQL},
		{&db.addSubjects, manyRows(addSubjectSQL, rowsAtOnce) + mergeSubjectSQL},
		{&db.growSubjects, growSubjectSQL}, {&db.dropSubject, dropSubjectSQL},
	} {
		prepared, err := db.c.Prepare(p.sql)
		if err != nil {
			return err
		}
		p.s.s = prepared.(*sqlite3.SQLiteStmt)
		p.s.args = make([]driver.NamedValue, strings.Count(p.sql, "?"))
		db.prepared = append(db.prepared, p.s.s)
	}
	return nil
}

// manyRows repeats the values of an INSERT of one row.
func manyRows(insert string, n int) string {
	const before = "VALUES "
	values := insert[strings.Index(insert, before)+len(before):]
	return insert + strings.Repeat(", "+values, n-1)
}

// statement is one prepared statement, with room for its arguments: a new list
// for every row took a seventh of the writer's time.
type statement struct {
	s    *sqlite3.SQLiteStmt
	args []driver.NamedValue
}

// bind leaves out what is nil: the driver takes all values back before it sets
// others, and each that it sets is a call into C.
func (s *statement) bind(values []driver.Value) []driver.NamedValue {
	args := s.args[:0]
	for i, v := range values {
		if v != nil {
			args = append(args, driver.NamedValue{Ordinal: i + 1, Value: v})
		}
	}
	return args
}

func (s *statement) run(values []driver.Value) (driver.Result, error) {
	return s.s.ExecContext(context.Background(), s.bind(values))
}

// exec returns how many rows changed.
func (s *statement) exec(values ...driver.Value) (int64, error) {
	result, err := s.run(values)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// rowsAtOnce is how many rows of cases or subjects one statement adds: a
// statement costs more than most of its rows.
const rowsAtOnce = 16

// inserter adds rows, rowsAtOnce with each statement.
type inserter struct {
	one, many *statement
	values    []driver.Value
}

// rows returns an inserter from the statement of one row and that of many.
func (s *statement) rows(many *statement) *inserter {
	return &inserter{one: s, many: many, values: make([]driver.Value, 0, len(many.args))}
}

func (i *inserter) add(row ...driver.Value) error {
	i.values = append(i.values, row...)
	if len(i.values) < len(i.many.args) {
		return nil
	}
	_, err := i.many.exec(i.values...)
	i.values = i.values[:0]
	return err
}

// flush adds the rows that are left.
func (i *inserter) flush() error {
	for columns := len(i.one.args); len(i.values) > 0; i.values = i.values[columns:] {
		if _, err := i.one.exec(i.values[:columns]...); err != nil {
			return err
		}
	}
	return nil
}

// row fills into with the one row that a query gives, and tells if it gave one.
func (s *statement) row(into []driver.Value, values ...driver.Value) (bool, error) {
	rows, err := s.s.QueryContext(context.Background(), s.bind(values))
	if err != nil {
		return false, err
	}
	defer rows.Close()
	err = rows.Next(into)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}
