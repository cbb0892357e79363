package store

import (
	"database/sql"
	"errors"
	"iter"
	"strings"

	"github.com/mailtap/mailtap/alerts"
)

// maxSorted is up to how many findings the cases that fit a filter are read
// and sorted. Beyond, findings are read in order until the page is full, which
// is slow only where few of many fit.
const maxSorted = 20_000

// findingKey says where a finding is.
type findingKey struct {
	time, body, n int64
	kase          int64
}

// Findings lists findings by time.
func (r *Reader) Findings(f Filter) ([]alerts.Finding, error) {
	list, _, err := r.findingsFrom(f, findingKey{})
	return list, err
}

// AllFindings goes through all findings that fit f, page by page; Limit and
// Offset are ignored. What is added meanwhile may be among them. It ends with
// the first error.
func (r *Reader) AllFindings(f Filter) iter.Seq2[alerts.Finding, error] {
	f.Limit, f.Offset = MaxPage, 0
	return func(yield func(alerts.Finding, error) bool) {
		var last findingKey
		for {
			list, end, err := r.findingsFrom(f, last)
			if err != nil {
				yield(alerts.Finding{}, err)
				return
			}
			if len(list) == 0 {
				return
			}
			for i := range list {
				if !yield(list[i], nil) {
					return
				}
			}
			last = end
		}
	}
}

// findingsFrom returns the page behind the finding after, or the first one, and
// where it ends.
func (r *Reader) findingsFrom(f Filter, after findingKey) ([]alerts.Finding, findingKey, error) {
	tx, err := r.db.Begin()
	if err != nil {
		return nil, after, explain(r.path, err)
	}
	defer tx.Rollback()
	keys, err := findingKeys(tx, &f, after)
	if err != nil {
		return nil, after, explain(r.path, err)
	}
	b := findingReader{tx: tx, bodies: bodyReader{tx: tx}, cases: make(map[int64]alerts.Finding)}
	var list []alerts.Finding
	for _, k := range keys {
		found, err := b.read(k)
		if err != nil {
			return nil, after, explain(r.path, err)
		}
		list = append(list, found)
		after = k
		if b.bytes > maxPageBytes {
			break
		}
	}
	return list, after, nil
}

// findingKeys returns where the findings of a page are.
func findingKeys(tx *sql.Tx, f *Filter, after findingKey) ([]findingKey, error) {
	var w where
	if err := w.ofFindings(tx, f); err != nil {
		return nil, err
	}
	order := " ORDER BY f.time DESC, f.body DESC, f.n DESC"
	behind := "(f.time, f.body, f.n) < (?, ?, ?)"
	if f.OldestFirst {
		order, behind = strings.ReplaceAll(order, "DESC", "ASC"), strings.Replace(behind, "<", ">", 1)
	}
	if (after != findingKey{}) {
		w.add(behind, after.time, after.body, after.n)
	}
	rows, err := tx.Query("SELECT f.time, f.body, f.n, f.kase FROM findings f"+w.String()+order+" LIMIT ? OFFSET ?",
		append(w.args, f.limit(), f.Offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []findingKey
	for rows.Next() {
		var k findingKey
		if err := rows.Scan(&k.time, &k.body, &k.n, &k.kase); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// ofFindings adds the conditions on a row of findings f.
func (w *where) ofFindings(tx *sql.Tx, f *Filter) error {
	if f.MinSeverity > alerts.Info {
		w.add("f.severity >= ?", int64(f.MinSeverity))
	}
	w.named("f.client", f.Client)
	w.named("f.account", f.Account)
	w.between("f.time", f, 1)
	var c where
	c.ofCases(f)
	if len(c.conditions) == 0 {
		return nil
	}
	var findings int64
	if err := tx.QueryRow("SELECT coalesce(sum(c.count), 0) FROM cases c"+c.String(), c.args...).Scan(&findings); err != nil {
		return err
	}
	column := "f.kase"
	if findings > maxSorted {
		column = "+f.kase" // the plus keeps SQLite from its index: read by time
	}
	w.add(column+" IN (SELECT c.id FROM cases c"+c.String()+")", c.args...)
	return nil
}

// findingReader makes findings from their places. It remembers the record and
// the cases it has read: findings of one session follow each other.
type findingReader struct {
	tx       *sql.Tx
	bodies   bodyReader
	body     int64
	findings []alerts.Finding // of body
	cases    map[int64]alerts.Finding
	bytes    int // of the records read
}

const findingCaseSQL = `SELECT c.uid, r.text, t.text, c.blame FROM cases c
	JOIN names r ON r.id = c.rule JOIN names t ON t.id = c.title WHERE c.id = ?`

func (b *findingReader) read(k findingKey) (alerts.Finding, error) {
	if b.findings == nil || b.body != k.body {
		_, findings, n, err := b.bodies.read(k.body)
		if err != nil {
			return alerts.Finding{}, err
		}
		b.body, b.findings = k.body, findings
		b.bytes += n
	}
	if k.n < 0 || k.n >= int64(len(b.findings)) {
		return alerts.Finding{}, errDamaged
	}
	shared, known := b.cases[k.kase]
	if !known {
		var err error
		if shared, err = b.ofCase(k.kase); err != nil {
			return alerts.Finding{}, err
		}
		b.cases[k.kase] = shared
	}
	f := b.findings[k.n]
	f.Case, f.Rule, f.Title, f.Blame = shared.Case, shared.Rule, shared.Title, shared.Blame
	return f, nil
}

// ofCase returns what the findings of a case share.
func (b *findingReader) ofCase(id int64) (f alerts.Finding, err error) {
	var uid []byte
	var blame uint8
	err = b.tx.QueryRow(findingCaseSQL, id).Scan(&uid, &f.Rule, &f.Title, &blame)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (len(uid) != len(f.Case) || blame > uint8(alerts.BlameClientServer)) {
		err = errDamaged
	}
	copy(f.Case[:], uid)
	f.Blame = alerts.Blame(blame)
	return f, err
}
