package store

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Info says what a database is and holds.
type Info struct {
	Schema      int64
	Size, Log   int64 // bytes of the database and of its write-ahead log
	Free        int64 // bytes of the database that are not used
	Counts      Counts
	Changes     int64     // of cases, by admins and findings
	First, Last int64     // start of the first session; last time of a session or finding: ns since 1970 UTC
	Written     time.Time // when a program last wrote to it

	Watermark                      int64 // ns since 1970 UTC: what began before it was pruned; 0: nothing was
	PrunedSessions, PrunedFindings int64
	ThinnedSessions                int64 // that lost the words of their lines, see record.Thin
}

const infoSQL = `SELECT (SELECT user_version FROM pragma_user_version),
	(SELECT page_size FROM pragma_page_size) * (SELECT freelist_count FROM pragma_freelist_count),
	(SELECT count(*) FROM changes),
	coalesce((SELECT min(start) FROM sessions), 0) * 1000,
	coalesce((SELECT max(newest) FROM contents), 0)`

// Info returns what the database is and holds.
func (r *Reader) Info() (Info, error) {
	counts, err := r.Counts()
	if err != nil {
		return Info{}, err
	}
	i := Info{Counts: counts}
	if err := r.db.QueryRow(infoSQL).Scan(&i.Schema, &i.Free, &i.Changes, &i.First, &i.Last); err != nil {
		return Info{}, explain(r.path, err)
	}
	if err := r.readMarks(&i); err != nil {
		return Info{}, explain(r.path, err)
	}
	return i, explain(r.path, r.sizes(&i))
}

func (r *Reader) readMarks(i *Info) error {
	rows, err := r.db.Query(marksSQL)
	if err != nil {
		return err
	}
	defer rows.Close()
	var m marks
	for rows.Next() {
		var name string
		var value int64
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		m.set(name, value)
	}
	i.Watermark, i.PrunedSessions, i.PrunedFindings, i.ThinnedSessions = m.watermark, m.sessions, m.findings, m.thinned
	return rows.Err()
}

// sizes looks at the files.
func (r *Reader) sizes(i *Info) error {
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	i.Size, i.Written = info.Size(), info.ModTime()
	real, err := resolve(r.path)
	if err != nil {
		return err
	}
	log, err := os.Stat(real + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	i.Log = log.Size()
	if i.Log > 0 && log.ModTime().After(i.Written) {
		i.Written = log.ModTime()
	}
	return nil
}

const usedSQL = `SELECT (SELECT page_size FROM pragma_page_size) *
	((SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)),
	coalesce((SELECT sum(length(b.records) + length(c.entries)) FROM contents c JOIN blocks b ON b.id = c.block), 0)`

const blockSizesSQL = `SELECT c.newest, length(b.records) + length(c.entries)
	FROM contents c JOIN blocks b ON b.id = c.block ORDER BY c.newest`

// BeforeForSize returns the time, ns since 1970 UTC, before which Prune has to
// take out sessions so that about size bytes are left; 0: no session need go.
func (r *Reader) BeforeForSize(size int64) (int64, error) {
	var used, bodies int64
	if err := r.db.QueryRow(usedSQL).Scan(&used, &bodies); err != nil {
		return 0, explain(r.path, err)
	}
	if used <= size {
		return 0, nil
	}
	rows, err := r.db.Query(blockSizesSQL)
	if err != nil {
		return 0, explain(r.path, err)
	}
	defer rows.Close()
	// What goes with a session beside its block is taken to be in proportion.
	surplus := float64(used-size) / float64(used) * float64(bodies)
	var before int64
	for surplus > 0 && rows.Next() {
		var newest, n int64
		if err := rows.Scan(&newest, &n); err != nil {
			return 0, explain(r.path, err)
		}
		surplus -= float64(n)
		before = newest + 1
	}
	return before, explain(r.path, rows.Err())
}
