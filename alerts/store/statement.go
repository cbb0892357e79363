package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/mattn/go-sqlite3"
)

// statements are the writer's, prepared once and used with every row. The SQL
// stands beside the methods that run them.
type statements struct {
	addName, addNames           statement
	addSession, addBlock        statement
	findSession, replaceSession statement
	findBlock                   statement
	addFinding, addFindings     statement
	dropFinding                 statement
	findCase, addCase, growCase statement
	recountCase, dropCase       statement
	addTally                    statement
}

// prepare prepares all statements.
func (db *database) prepare() error {
	for _, p := range []struct {
		s   *statement
		sql string
	}{
		{&db.addName, addNameSQL}, {&db.addNames, moreRows(addNameSQL)},
		{&db.addSession, addSessionSQL}, {&db.addBlock, addBlockSQL},
		{&db.findSession, findSessionSQL}, {&db.replaceSession, replaceSessionSQL},
		{&db.findBlock, findBlockSQL},
		{&db.addFinding, addFindingSQL}, {&db.addFindings, moreRows(addFindingSQL)},
		{&db.dropFinding, dropFindingSQL},
		{&db.findCase, findCaseSQL}, {&db.addCase, addCaseSQL}, {&db.growCase, growCaseSQL},
		{&db.recountCase, recountCaseSQL}, {&db.dropCase, dropCaseSQL},
		{&db.addTally, addTallySQL},
	} {
		prepared, err := db.c.Prepare(p.sql)
		if err != nil {
			return err
		}
		p.s.s = prepared.(*sqlite3.SQLiteStmt)
		db.prepared = append(db.prepared, p.s.s)
	}
	return nil
}

// maxArgs is the most that a statement takes: rowsAtOnce findings.
const maxArgs = 7 * rowsAtOnce

// statement is one prepared statement, with room for its arguments: a new list
// for every row took a seventh of the writer's time.
type statement struct {
	s    *sqlite3.SQLiteStmt
	args [maxArgs]driver.NamedValue
}

func (s *statement) bind(values []driver.Value) []driver.NamedValue {
	for i, v := range values {
		s.args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return s.args[:len(values)]
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

// inserter adds rows, rowsAtOnce with each statement.
type inserter struct {
	one, many *statement
	columns   int
	values    []driver.Value
}

// rows returns an inserter from the statement of one row and that of many.
func (s *statement) rows(many *statement) *inserter { return &inserter{one: s, many: many} }

func (i *inserter) add(row ...driver.Value) error {
	i.columns = len(row)
	i.values = append(i.values, row...)
	if len(i.values) < rowsAtOnce*len(row) {
		return nil
	}
	_, err := i.many.exec(i.values...)
	i.values = i.values[:0]
	return err
}

// flush adds the rows that are left.
func (i *inserter) flush() error {
	for ; len(i.values) > 0; i.values = i.values[i.columns:] {
		if _, err := i.one.exec(i.values[:i.columns]...); err != nil {
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
