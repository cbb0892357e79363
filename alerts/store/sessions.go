package store

import (
	"database/sql"
	"iter"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// sessionKey says where a session is.
type sessionKey struct {
	start int64 // µs
	uid   alerts.SessionID
	body  int64
}

// Sessions lists sessions by their start.
func (r *Reader) Sessions(f Filter) ([]alerts.Session, error) {
	list, _, err := r.sessionsFrom(f, sessionKey{})
	return list, err
}

// AllSessions goes through all sessions that fit f, page by page; Limit and
// Offset are ignored. What is added meanwhile may be among them. It ends with
// the first error.
func (r *Reader) AllSessions(f Filter) iter.Seq2[alerts.Session, error] {
	f.Limit, f.Offset = MaxPage, 0
	return func(yield func(alerts.Session, error) bool) {
		var last sessionKey
		for {
			list, end, err := r.sessionsFrom(f, last)
			if err != nil {
				yield(alerts.Session{}, err)
				return
			}
			if len(list) == 0 {
				return
			}
			for _, s := range list {
				if !yield(s, nil) {
					return
				}
			}
			last = end
		}
	}
}

// sessionsFrom returns the page behind the session after, or the first one, and
// where it ends.
func (r *Reader) sessionsFrom(f Filter, after sessionKey) ([]alerts.Session, sessionKey, error) {
	tx, err := r.db.Begin()
	if err != nil {
		return nil, after, explain(r.path, err)
	}
	defer tx.Rollback()
	keys, err := sessionKeys(tx, &f, after)
	if err != nil {
		return nil, after, explain(r.path, err)
	}
	var list []alerts.Session
	bodies := bodyReader{tx: tx}
	bytes := 0
	for _, k := range keys {
		s, _, n, err := bodies.read(k.body)
		if err != nil {
			return nil, after, explain(r.path, err)
		}
		list = append(list, s)
		after = k
		if bytes += n; bytes > maxPageBytes {
			break
		}
	}
	return list, after, nil
}

// sessionKeys returns where the sessions of a page are.
func sessionKeys(tx *sql.Tx, f *Filter, after sessionKey) ([]sessionKey, error) {
	var w where
	w.ofSessions(f)
	order := " ORDER BY s.start DESC, s.uid DESC"
	behind := "(s.start, s.uid) < (?, ?)"
	if f.OldestFirst {
		order, behind = strings.ReplaceAll(order, "DESC", "ASC"), strings.Replace(behind, "<", ">", 1)
	}
	if (after != sessionKey{}) {
		w.add(behind, after.start, after.uid[:])
	}
	rows, err := tx.Query("SELECT s.start, s.uid, s.body FROM sessions s"+w.String()+order+" LIMIT ? OFFSET ?",
		append(w.args, f.limit(), f.Offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []sessionKey
	for rows.Next() {
		var k sessionKey
		var uid []byte
		if err := rows.Scan(&k.start, &uid, &k.body); err != nil {
			return nil, err
		}
		copy(k.uid[:], uid)
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// ofSessions adds the conditions on a row of sessions s.
func (w *where) ofSessions(f *Filter) {
	if f.Protocol != dissect.NoProtocol {
		w.add("s.protocol = ?", int64(f.Protocol))
	}
	among(w, "s.verdict", f.Verdicts)
	w.named("s.server", f.Server)
	w.named("s.client", f.Client)
	w.between("s.start", f, 1000)
	if f.Account != "" {
		var a where
		a.named("f.account", f.Account)
		w.add("s.body IN (SELECT f.body FROM findings f"+a.String()+")", a.args...)
	}
}

// Session returns the session whose id begins with prefix, "s_" or not, and its
// findings.
func (r *Reader) Session(prefix string) (alerts.Session, []alerts.Finding, error) {
	id, err := r.findID("session", "s_", "SELECT uid FROM sessions WHERE uid >= ? AND uid < ? LIMIT 2", prefix)
	if err != nil {
		return alerts.Session{}, nil, err
	}
	tx, err := r.db.Begin()
	if err != nil {
		return alerts.Session{}, nil, explain(r.path, err)
	}
	defer tx.Rollback()
	var body int64
	if err := tx.QueryRow("SELECT body FROM sessions WHERE uid = ?", id[:]).Scan(&body); err != nil {
		return alerts.Session{}, nil, explain(r.path, err)
	}
	bodies := bodyReader{tx: tx}
	s, findings, _, err := bodies.read(body)
	if err != nil {
		return alerts.Session{}, nil, explain(r.path, err)
	}
	if err := withCases(tx, body, findings); err != nil {
		return alerts.Session{}, nil, explain(r.path, err)
	}
	return s, findings, nil
}

// withCases fills in what the findings of a session share with their cases.
func withCases(tx *sql.Tx, body int64, findings []alerts.Finding) error {
	b := findingReader{tx: tx, body: body, findings: findings, cases: make(map[int64]alerts.Finding)}
	for n := range findings {
		k := findingKey{time: findings[n].Time, body: body, n: int64(n)}
		err := tx.QueryRow("SELECT kase FROM findings WHERE time = ? AND body = ? AND n = ?", k.time, k.body, k.n).Scan(&k.kase)
		if err != nil {
			return err
		}
		if findings[n], err = b.read(k); err != nil {
			return err
		}
	}
	return nil
}
