package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/mailtap/mailtap/alerts"
)

// Settings of the connections.
const (
	busyTimeout     = 5 * time.Second // wait for another program's transaction
	writerCache     = 2 << 10         // KiB of pages
	readerCache     = 4 << 10         // KiB of pages, of each connection
	pageSize        = 8192            // bytes: what a page costs beside its bytes is most of it
	checkpointBytes = 32 << 20        // of write-ahead log that are folded into the database at once
	maxReaders      = 2               // connections of a Reader
	statementCache  = 16              // prepared statements kept by each connection of a Reader
)

// database is the writer's connection. It speaks to the driver itself: one
// goroutine has it, so the pool of database/sql would only cost.
type database struct {
	c *sqlite3.SQLiteConn
	statements
	prepared  []*sqlite3.SQLiteStmt
	version   int64          // PRAGMA data_version: changes when another connection has written
	kinds     map[kind]int64 // the table; nil: not known
	nextKind  int64          // kinds.id of the next new one
	block     block          // the records that come next
	tally     tally          // what the batch adds up to
	folder    folder
	subjects  subjects
	tallied   int64                       // the last block that subjects count, see startUntally
	unfolded  int                         // cases named in blocks written since the last fold, see maxUnfolded
	logged    int                         // bytes that were written, about, see copyBytes
	triaged   bool                        // a case has another status than New
	standings map[alerts.CaseID]*standing // of cases that the batch has findings of, while triaged
	known     []alerts.CaseID             // cases of the session that the present one replaces
	marks     marks
	passed    int64          // sessions that began before the watermark, since Open
	values    []driver.Value // of a statement that adds many rows
}

// dataSource makes the name under which the driver opens path, an absolute
// path without links.
func dataSource(path string, settings url.Values) string {
	u := url.URL{Scheme: "file", Path: path}
	if !settings.Has("_busy_timeout") {
		settings.Set("_busy_timeout", strconv.FormatInt(busyTimeout.Milliseconds(), 10))
	}
	return u.String() + "?" + settings.Encode()
}

// openDatabase opens the writer's connection to a file that exists. It waits so
// long for another program's transaction.
func openDatabase(path string, wait time.Duration) (*database, error) {
	// The switch to WAL changes the file: look whose it is before.
	if err := probe(path); err != nil {
		return nil, err
	}
	db, err := connect(dataSource(path, url.Values{
		"mode":          {"rw"},
		"_mutex":        {"no"},
		"_synchronous":  {"NORMAL"},
		"_cache_size":   {strconv.Itoa(-writerCache)},
		"_busy_timeout": {strconv.FormatInt(wait.Milliseconds(), 10)},
	}))
	if err != nil {
		return nil, err
	}
	if err := db.setUp(); err != nil {
		db.c.Close() // nothing was written: the first error is the one to tell
		return nil, err
	}
	return db, nil
}

func (db *database) setUp() error {
	// The size of pages comes before the switch to WAL, which fixes it.
	// So does how free pages are given back, which the first table fixes.
	settings := fmt.Sprintf("PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = %d",
		pageSize, checkpointBytes/pageSize)
	if err := db.run(settings); err != nil {
		return err
	}
	if err := db.migrate(); err != nil {
		return err
	}
	return db.prepare()
}

// probe returns an error unless the database is ours or empty.
func probe(path string) error {
	db, err := connect(dataSource(path, url.Values{"mode": {"rw"}, "_query_only": {"on"}}))
	if err != nil {
		return err
	}
	defer db.c.Close()
	id, err := db.identify()
	if err != nil {
		return err
	}
	return id.check()
}

func connect(source string) (*database, error) {
	c, err := connector(source).connect()
	if err != nil {
		return nil, err
	}
	return &database{c: c, standings: make(map[alerts.CaseID]*standing)}, nil
}

// connector makes connections to a data source.
type connector string

// temporarySQL keeps in memory what a statement sorts or may have to take back: a
// capture that is confined may write nowhere but beside its database. It is not
// much. The writer's statements touch a few rows each, and the largest list that
// is sorted has the ids of all cases.
const temporarySQL = `PRAGMA temp_store = MEMORY`

func (c connector) connect() (*sqlite3.SQLiteConn, error) {
	conn, err := new(sqlite3.SQLiteDriver).Open(string(c))
	if err != nil {
		return nil, err
	}
	made := conn.(*sqlite3.SQLiteConn)
	if _, err := made.Exec(temporarySQL, nil); err != nil {
		made.Close()
		return nil, err
	}
	return made, nil
}

// Connect makes one for database/sql.
func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.connect()
	if err != nil {
		return nil, err // not a nil *SQLiteConn, which would be a connection
	}
	return conn, nil
}

// Driver is for database/sql.
func (connector) Driver() driver.Driver { return new(sqlite3.SQLiteDriver) }

// close folds the write-ahead log into the database. Where a reader is in the
// way, what is left of it stays for the next one to open.
func (db *database) close() error {
	err := db.run("PRAGMA wal_checkpoint(TRUNCATE)")
	if closing := db.hangUp(); err == nil {
		err = closing
	}
	return err
}

// hangUp ends the connection.
func (db *database) hangUp() error {
	for _, s := range db.prepared {
		s.Close()
	}
	return db.c.Close()
}

// run executes statements that take and give nothing.
func (db *database) run(script string) error {
	_, err := db.c.Exec(script, nil)
	return err
}

// ask returns the one row that a query gives.
func (db *database) ask(query string, columns int) ([]driver.Value, error) {
	rows, err := db.c.Query(query, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	row := make([]driver.Value, columns)
	return row, rows.Next(row)
}

// each calls f with the rows that a query gives.
func (db *database) each(query string, f func(row []driver.Value) error, args ...driver.Value) error {
	rows, err := db.c.Query(query, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

func (db *database) begin() error { return db.run("BEGIN IMMEDIATE") }

// end commits, or rolls back when *err is set or the commit fails.
func (db *database) end(err *error) {
	if *err == nil {
		*err = db.run("COMMIT")
	}
	if *err == nil {
		return
	}
	db.kinds = nil
	// A full disk may have rolled the transaction back already.
	if !db.c.AutoCommit() {
		db.run("ROLLBACK") // *err says more than what goes wrong here
	}
}
