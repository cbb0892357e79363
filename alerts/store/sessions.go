package store

import (
	"database/sql"
	"iter"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// Sessions lists sessions by their start.
func (r *Reader) Sessions(f Filter) ([]alerts.Session, error) {
	list, _, err := r.sessionsFrom(f, nil)
	return list, err
}

// AllSessions goes through all sessions that fit f, page by page; Limit and
// Offset are ignored. What is added meanwhile may be among them. It ends with
// the first error.
func (r *Reader) AllSessions(f Filter) iter.Seq2[alerts.Session, error] {
	return pages(f, r.sessionsFrom)
}

// sessionsFrom returns the page behind the session after, or the first one, and
// where it ends.
func (r *Reader) sessionsFrom(f Filter, after *place) ([]alerts.Session, *place, error) {
	tx, err := r.db.Begin()
	if err != nil {
		return nil, nil, explain(r.path, err)
	}
	defer tx.Rollback()
	q, err := newQuery(tx, &f, after)
	if err == nil {
		err = q.run(tallyVerdicts, q.anySession, q.addSession)
	}
	if err != nil {
		return nil, nil, explain(r.path, err)
	}
	var list []alerts.Session
	bodies := bodyReader{tx: tx}
	bytes := 0
	for i := range q.places {
		s, _, n, err := bodies.read(q.places[i].body)
		if err != nil {
			return nil, nil, explain(r.path, err)
		}
		list = append(list, s)
		after = &q.places[i]
		if bytes += n; bytes > maxPageBytes {
			break
		}
	}
	return list, after, nil
}

func (q *query) anySession(l *listing) bool {
	has := func(v alerts.Verdict) bool { return l.verdicts&(1<<v) != 0 }
	return (len(q.filter.Verdicts) == 0 || slices.ContainsFunc(q.filter.Verdicts, has)) && q.texts(l)
}

func (q *query) addSession(e *entry, l *listing, body int64) {
	f := q.filter
	if (len(f.Verdicts) == 0 || slices.Contains(f.Verdicts, e.verdict)) && (q.clients == nil || q.clients[e.client]) &&
		(q.accounts == nil || q.anyAccount(e, l)) {
		q.add(place{time: e.start, body: body})
	}
}

// anyAccount tells whether a session has a finding of an account that fits.
func (q *query) anyAccount(e *entry, l *listing) bool {
	l.findings(e)
	return slices.ContainsFunc(e.findings, func(f findingEntry) bool { return q.ofAccount(&f) })
}

// Session returns the session whose id begins with prefix, "s_" or not, and its
// findings.
func (r *Reader) Session(prefix string) (alerts.Session, []alerts.Finding, error) {
	var start int64
	id, err := r.findID("session", "s_", "SELECT uid, start FROM sessions WHERE uid >= ? AND uid < ? LIMIT 2", prefix, &start)
	if err != nil {
		return alerts.Session{}, nil, err
	}
	tx, err := r.db.Begin()
	if err != nil {
		return alerts.Session{}, nil, explain(r.path, err)
	}
	defer tx.Rollback()
	var body int64
	if err := tx.QueryRow("SELECT body FROM sessions WHERE start = ? AND uid = ?", start, id[:]).Scan(&body); err != nil {
		return alerts.Session{}, nil, explain(r.path, err)
	}
	bodies := bodyReader{tx: tx}
	s, findings, _, err := bodies.read(body)
	if err == nil {
		err = withCases(tx, body, findings)
	}
	if err != nil {
		return alerts.Session{}, nil, explain(r.path, err)
	}
	return s, findings, nil
}

// withCases fills in what the findings of a session share with their cases.
func withCases(tx *sql.Tx, body int64, findings []alerts.Finding) error {
	kinds, err := readKinds(tx)
	if err != nil {
		return err
	}
	var entries []byte
	if err := tx.QueryRow(findContentsSQL, body/blockSessions).Scan(&entries); err != nil {
		return err
	}
	var l listing
	var e entry
	for l.load(entries); l.next(&e) && e.place < body%blockSessions; {
	}
	if l.bad || e.place != body%blockSessions || len(e.findings) != len(findings) {
		return errDamaged
	}
	for i := range findings {
		if err := fill(&findings[i], l.cases[e.findings[i].kase], kinds); err != nil {
			return err
		}
	}
	return nil
}
