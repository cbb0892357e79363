package store

import (
	"cmp"
	"database/sql"
	"errors"
	"iter"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

const nthNewestSQL = `SELECT start FROM sessions ORDER BY start DESC LIMIT 1 OFFSET ?`

// Begun goes through the newest sessions, so many at most, in the order in
// which they began; 0 is all. Their findings lack what they share with their
// case: Case, Title and Blame. What is added meanwhile may be among them. It
// ends with the first error.
func (r *Reader) Begun(newest int) iter.Seq2[alerts.Result, error] {
	return func(yield func(alerts.Result, error) bool) {
		at := begin{start: -1 << 63}
		if newest > 0 {
			err := r.db.QueryRow(nthNewestSQL, newest-1).Scan(&at.start)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				yield(alerts.Result{}, explain(r.path, err))
				return
			}
		}
		for {
			page, err := r.begunFrom(&at)
			if err != nil {
				yield(alerts.Result{}, explain(r.path, err))
				return
			}
			if len(page) == 0 {
				return
			}
			for i := range page {
				if !yield(page[i], nil) {
					return
				}
			}
		}
	}
}

// begin is a row of sessions.
type begin struct {
	start int64 // µs
	uid   []byte
	body  int64
}

const begunSQL = `SELECT start, uid, body FROM sessions WHERE (start, uid) > (?, ?) ORDER BY start, uid LIMIT ?`

// begunFrom returns the sessions behind at, a page of them, and moves it.
func (r *Reader) begunFrom(at *begin) ([]alerts.Result, error) {
	tx, err := r.db.Begin()
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	rows, err := begins(tx, at)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	// In the order of their bodies each block is unpacked once.
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(rows[a].body, rows[b].body) })
	page := make([]alerts.Result, len(rows))
	bodies := bodyReader{tx: tx}
	for _, i := range order {
		if page[i].Session, page[i].Findings, _, err = bodies.read(rows[i].body); err != nil {
			return nil, err
		}
	}
	*at = rows[len(rows)-1]
	return page, nil
}

func begins(tx *sql.Tx, after *begin) (list []begin, err error) {
	uid := after.uid
	if uid == nil {
		uid = []byte{}
	}
	rows, err := tx.Query(begunSQL, after.start, uid, MaxPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var b begin
		if err := rows.Scan(&b.start, &b.uid, &b.body); err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, rows.Err()
}
