package store

import (
	"iter"

	"github.com/mailtap/mailtap/alerts"
)

// Findings lists findings by time.
func (r *Reader) Findings(f Filter) ([]alerts.Finding, error) {
	list, _, err := r.findingsFrom(f, nil)
	return list, err
}

// AllFindings goes through all findings that fit f, page by page; Limit and
// Offset are ignored. What is added meanwhile may be among them. It ends with
// the first error.
func (r *Reader) AllFindings(f Filter) iter.Seq2[alerts.Finding, error] {
	return pages(f, r.findingsFrom)
}

// Found is a finding and the session with which it is stored, which several
// share.
type Found struct {
	alerts.Finding
	In *alerts.Session
}

// AllFound is AllFindings with the sessions.
func (r *Reader) AllFound(f Filter) iter.Seq2[Found, error] { return pages(f, r.foundFrom) }

// pages goes through all pages of a list.
func pages[T any](f Filter, page func(Filter, *place) ([]T, *place, error)) iter.Seq2[T, error] {
	f.Limit, f.Offset = MaxPage, 0
	return func(yield func(T, error) bool) {
		var last *place
		for {
			list, end, err := page(f, last)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			if len(list) == 0 {
				return
			}
			for _, one := range list {
				if !yield(one, nil) {
					return
				}
			}
			last = end
		}
	}
}

// findingsFrom returns the page behind the finding after, or the first one, and
// where it ends.
func (r *Reader) findingsFrom(f Filter, after *place) ([]alerts.Finding, *place, error) {
	var list []alerts.Finding
	end, err := r.findingsPage(f, after, func(found alerts.Finding, _ *alerts.Session) { list = append(list, found) })
	return list, end, err
}

// foundFrom does the same with the sessions.
func (r *Reader) foundFrom(f Filter, after *place) ([]Found, *place, error) {
	var list []Found
	end, err := r.findingsPage(f, after, func(found alerts.Finding, in *alerts.Session) { list = append(list, Found{found, in}) })
	return list, end, err
}

// findingsPage calls add with the findings of a page, and returns where it ends.
func (r *Reader) findingsPage(f Filter, after *place, add func(alerts.Finding, *alerts.Session)) (*place, error) {
	tx, err := r.db.Begin()
	if err != nil {
		return nil, explain(r.path, err)
	}
	defer tx.Rollback()
	q, err := newQuery(tx, &f, after)
	if err == nil {
		err = q.run(tallySeverities, q.anyFinding, q.addFindings)
	}
	if err != nil {
		return nil, explain(r.path, err)
	}
	reader := findingReader{bodies: bodyReader{tx: tx}, kinds: q.kinds}
	for i := range q.places {
		found, err := reader.read(&q.places[i])
		if err != nil {
			return nil, explain(r.path, err)
		}
		add(found, reader.session)
		after = &q.places[i]
		if reader.bytes > maxPageBytes {
			break
		}
	}
	return after, nil
}

func (q *query) anyFinding(l *listing) bool { return q.texts(l) && q.kases(l) }

func (q *query) addFindings(e *entry, l *listing, body int64) {
	l.findings(e)
	for n := range e.findings {
		if f := &e.findings[n]; q.finding(f) {
			q.add(place{f.time, body, int64(n), l.cases[f.kase]})
		}
	}
}

// findingReader makes findings from their places. It remembers the record that
// it has read: findings of one session follow each other.
type findingReader struct {
	bodies   bodyReader
	kinds    map[int64]kind
	body     int64
	session  *alerts.Session  // of body
	findings []alerts.Finding // of body
	bytes    int              // of the records read
}

func (r *findingReader) read(p *place) (alerts.Finding, error) {
	if r.findings == nil || r.body != p.body {
		s, findings, n, err := r.bodies.read(p.body)
		if err != nil {
			return alerts.Finding{}, err
		}
		r.body, r.session, r.findings = p.body, &s, findings
		r.bytes += n
	}
	if p.n >= int64(len(r.findings)) {
		return alerts.Finding{}, errDamaged
	}
	f := r.findings[p.n]
	return f, fill(&f, p.kase, r.kinds)
}

// fill adds to a finding what it shares with its case.
func fill(f *alerts.Finding, c caseRef, kinds map[int64]kind) error {
	k, ok := kinds[c.kind]
	if !ok || k.rule != f.Rule {
		return errDamaged
	}
	f.Case, f.Rule, f.Title, f.Blame = c.id, k.rule, k.title, k.blame
	return nil
}
