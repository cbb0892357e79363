package store

import (
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/mailtap/mailtap/alerts"
)

// Reader reads a database, also while others write to it. It never changes what
// they mean, and holds no transaction between calls: each call sees the database
// as it was at one moment. While a Store writes, cases may count a finding half a
// second after it is listed. It may be used by several goroutines.
type Reader struct {
	path string // as it was named
	db   *sql.DB
}

// Errors of a Reader.
var (
	// ErrNotFound says that nothing has the id that was asked for.
	ErrNotFound = errors.New("not found")

	errDamaged = errors.New("damaged: a row holds what no mailtap wrote: move it away, or put a copy in its place")
)

// OpenReader opens the database at path for reading. It never creates one.
func OpenReader(path string) (*Reader, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no database at %s: run mailtap analyze or capture first, or name one with --db", path)
	}
	if err != nil {
		return nil, explain(path, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file: name another one with --db", path)
	}
	real, err := resolve(path)
	if err != nil {
		return nil, err
	}
	settings := access(real)
	settings.Set("_query_only", "on")
	settings.Set("_cache_size", strconv.Itoa(-readerCache))
	settings.Set("_stmt_cache_size", strconv.Itoa(statementCache))
	db := sql.OpenDB(connector(dataSource(real, settings)))
	db.SetMaxOpenConns(maxReaders)
	r := &Reader{path: path, db: db}
	if err := r.check(); err != nil {
		db.Close()
		return nil, explain(path, err)
	}
	if settings.Get("mode") == "rw" {
		r.fold(real)
	}
	return r, nil
}

// An older schema leaves all of it.
const anyUnfoldedSQL = `SELECT (SELECT user_version FROM pragma_user_version) < ? OR
	EXISTS (SELECT 1 FROM contents WHERE block > min(coalesce(` + foldedSQL + `, 0), coalesce(` + talliedSQL + `, 0)))`

// maxReaderWait is how long a Reader waits for a writer, to fold in its place.
const maxReaderWait = 20 * time.Millisecond

// fold counts in cases and subjects what a writer that was killed has left,
// where that is possible: a writer that lives does it soon, and a list is right
// without it.
func (r *Reader) fold(path string) {
	var left bool
	if err := r.db.QueryRow(anyUnfoldedSQL, schemaVersion).Scan(&left); err != nil || !left {
		return
	}
	db, err := openDatabase(path, maxReaderWait)
	if err != nil {
		return
	}
	defer db.hangUp()
	// What fails, the next one to open the database tries again.
	if db.foldAll() == nil {
		db.tallyAll()
	}
}

// access returns how a Reader may open path. SQLite needs to write the index
// of the write-ahead log, and folds the log into the database after a crash;
// on a file system that nobody can write to there is no log to mind.
func access(path string) url.Values {
	const writable = 2 // W_OK
	switch err := syscall.Access(path, writable); {
	case err == nil:
		return url.Values{"mode": {"rw"}}
	case errors.Is(err, syscall.EROFS):
		if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
			return url.Values{"mode": {"ro"}, "immutable": {"1"}}
		}
	}
	return url.Values{"mode": {"ro"}}
}

// check refuses what is not ours.
func (r *Reader) check() error {
	var id identity
	if err := r.db.QueryRow(identitySQL).Scan(&id.application, &id.version, &id.tables); err != nil {
		return err
	}
	if (id == identity{}) {
		return errors.New("an empty database: run mailtap analyze or capture first, or name another one with --db")
	}
	return id.check()
}

// Close closes the Reader's connections.
func (r *Reader) Close() error { return explain(r.path, r.db.Close()) }

// Counts is what the database holds.
type Counts struct {
	Sessions [alerts.Exposed + 1]int64       // by verdict
	Findings [alerts.Critical + 1]int64      // by severity
	Cases    [alerts.FalsePositive + 1]int64 // by status
}

// The cases nobody has decided are most, so they are counted without sorting.
const countsSQL = `SELECT kind, value, count FROM tallies
	UNION ALL SELECT 'status', 0, (SELECT count(*) FROM cases) - (SELECT count(*) FROM cases WHERE status <> 0)
	UNION ALL SELECT 'status', status, count(*) FROM cases WHERE status <> 0 GROUP BY status`

// Counts counts what the database holds. It costs little however much that is.
func (r *Reader) Counts() (Counts, error) {
	rows, err := r.db.Query(countsSQL)
	if err != nil {
		return Counts{}, explain(r.path, err)
	}
	defer rows.Close()
	var c Counts
	kinds := map[string][]int64{tallyVerdicts: c.Sessions[:], tallySeverities: c.Findings[:], "status": c.Cases[:]}
	for rows.Next() {
		var kind string
		var value uint8
		var n int64
		if err := rows.Scan(&kind, &value, &n); err != nil {
			return Counts{}, explain(r.path, err)
		}
		if int(value) >= len(kinds[kind]) || !isCount(n) {
			return Counts{}, explain(r.path, errDamaged)
		}
		kinds[kind][value] = n
	}
	return c, explain(r.path, rows.Err())
}

// maxCount is more than a database can hold of anything: sums of counts below it
// do not overflow.
const maxCount = 1 << 50

func isCount(n int64) bool { return n >= 0 && n <= maxCount }

// findID returns the one id that begins with prefix: some of the letters of
// what an id's String gives. What the query gives behind the id goes into more.
func (r *Reader) findID(kind, mark, query, prefix string, more ...any) (id [12]byte, err error) {
	low, high, ok := idRange(strings.TrimPrefix(prefix, mark))
	if !ok {
		return id, fmt.Errorf("%s: not the id of a %s: it is %s and up to 24 of 0-9 a-f", prefix, kind, mark)
	}
	rows, err := r.db.Query(query, low, high)
	if err != nil {
		return id, explain(r.path, err)
	}
	defer rows.Close()
	found := 0
	for ; rows.Next(); found++ {
		var uid []byte
		if err := rows.Scan(append([]any{&uid}, more...)...); err != nil {
			return id, explain(r.path, err)
		}
		copy(id[:], uid)
	}
	switch {
	case rows.Err() != nil:
		return id, explain(r.path, rows.Err())
	case found == 0:
		return id, r.missing(kind, prefix)
	case found > 1:
		return id, fmt.Errorf("%s: more than one %s begins so: give more of it", prefix, kind)
	}
	return id, nil
}

func (r *Reader) missing(kind, prefix string) error {
	return fmt.Errorf("%s: %s %w in %s", prefix, kind, ErrNotFound, r.path)
}

// idRange returns the least id that begins with the digits, and the least
// behind those that do.
func idRange(digits string) (low, high []byte, ok bool) {
	const whole = 24 // digits of an id
	if digits == "" || len(digits) > whole {
		return nil, nil, false
	}
	low, err := hex.DecodeString(digits + strings.Repeat("0", whole-len(digits)))
	if err != nil {
		return nil, nil, false
	}
	high, err = hex.DecodeString(digits + strings.Repeat("f", whole-len(digits)))
	return low, append(high, 0), err == nil
}
