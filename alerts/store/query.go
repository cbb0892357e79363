package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// place says where a session or a finding is, and how lists sort it.
type place struct {
	time int64 // start of the session, time of the finding: ns
	body int64
	n    int64   // of the finding in its record
	kase caseRef // of the finding
}

func (p *place) compare(q *place) int {
	return cmp.Or(cmp.Compare(p.time, q.time), cmp.Compare(p.body, q.body), cmp.Compare(p.n, q.n))
}

// query looks for the places that a page of a list shows. It goes through the
// contents of the blocks in order of time, until no block that is left can
// have a place for the page.
type query struct {
	tx     *sql.Tx
	filter *Filter
	after  *place // the last one of the page before
	kinds  map[int64]kind

	client, server, account pattern
	statuses                map[alerts.CaseID]alerts.Status // of the cases that are not New

	// Which texts and cases of a listing fit the filter; nil: all do.
	clients, servers, accounts, cases []bool

	places []place

	counting   bool // places are not kept; see approach
	counted    int
	turned     bool // the page is one of the opposite list; see turn
	approached bool // after is where approach ended: Offset counts what comes before it, too
}

// newQuery begins a query. It narrows the time of f to that of its case.
func newQuery(tx *sql.Tx, f *Filter, after *place) (*query, error) {
	q := &query{
		tx: tx, filter: f, after: after,
		client: newPattern(f.Client), server: newPattern(f.Server), account: newPattern(f.Account),
	}
	var err error
	if q.kinds, err = readKinds(tx); err != nil {
		return nil, err
	}
	if f.Case != nil {
		if err := f.narrow(tx); err != nil {
			return nil, err
		}
	}
	if len(f.Statuses) > 0 {
		q.statuses, err = readStatuses(tx, f.Now)
	}
	return q, err
}

// What cases do not count yet may be of any case.
const caseTimesSQL = `SELECT coalesce(min(first), 0), coalesce(max(last), 0) FROM (
	SELECT first, last FROM cases WHERE uid = ?
	UNION ALL SELECT min(oldest), max(newest) FROM contents WHERE block > ` + foldedSQL + `)`

func (f *Filter) narrow(tx *sql.Tx) error {
	var first, last int64
	if err := tx.QueryRow(caseTimesSQL, f.Case[:]).Scan(&first, &last); err != nil {
		return err
	}
	f.Since = max(f.Since, first)
	if f.Until == 0 || f.Until > last {
		f.Until = last + 1
	}
	return nil
}

const statusesSQL = `SELECT uid, ` + statusAt + ` FROM cases WHERE status <> 0`

// readStatuses reads the statuses that admins gave, as they stand at the time
// now.
func readStatuses(tx *sql.Tx, now int64) (map[alerts.CaseID]alerts.Status, error) {
	rows, err := tx.Query(fmt.Sprintf(statusesSQL, ""), now)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	statuses := make(map[alerts.CaseID]alerts.Status)
	for rows.Next() {
		var uid []byte
		var status alerts.Status
		if err := rows.Scan(&uid, &status); err != nil {
			return nil, err
		}
		var id alerts.CaseID
		copy(id[:], uid)
		statuses[id] = status
	}
	return statuses, rows.Err()
}

// rows opens the contents that may have a place of the page.
func (q *query) rows() (*sql.Rows, error) {
	var w where
	f, after := q.filter, q.after
	if f.Since != 0 {
		w.add("newest >= ?", f.Since)
	}
	if f.Until != 0 {
		w.add("oldest < ?", f.Until)
	}
	order := "newest DESC"
	switch {
	case f.OldestFirst:
		order = "oldest"
		if after != nil {
			w.add("newest >= ?", after.time)
		}
	case after != nil:
		w.add("oldest <= ?", after.time)
	}
	return q.tx.Query("SELECT block, oldest, newest, entries FROM contents"+w.String()+" ORDER BY "+order, w.args...)
}

// run finds the places of the page: those that list adds of an entry. What may
// tells whether the contents can have any; tally names what counts all of them.
func (q *query) run(tally string, may func(l *listing) bool, list func(e *entry, l *listing, body int64)) error {
	if q.filter.Offset > farOffset {
		if err := q.turn(tally); err != nil {
			return err
		}
	}
	if q.filter.Offset > farOffset {
		if err := q.approach(may, list); err != nil {
			return err
		}
	}
	if err := q.walk(q.enough, may, list); err != nil {
		return err
	}
	if q.filter.Offset < 0 {
		return errDamaged // the contents lie about what is in them
	}
	q.cut()
	q.places = q.places[min(q.filter.Offset, len(q.places)):]
	if q.turned {
		slices.Reverse(q.places)
	}
	return nil
}

// walk goes through the contents in the order of the list until enough, which
// is asked before each. Of those that may have what is looked for, each is
// called with the sessions that fit by what they share with their findings, which
// it reads where it needs them.
func (q *query) walk(enough func(oldest, newest int64) bool, may func(l *listing) bool, each func(e *entry, l *listing, body int64)) error {
	rows, err := q.rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	var l listing
	var e entry
	ahead := readAhead(rows)
	defer ahead.stop()
	for some := range ahead.next {
		for _, c := range some {
			if enough(c.oldest, c.newest) {
				return nil
			}
			l.load(c.entries)
			if !l.bad && !may(&l) {
				continue
			}
			for l.session(&e) {
				if !e.gone && q.session(&e) {
					each(&e, &l, c.block*blockSessions+e.place)
				}
			}
			if l.bad {
				return errDamaged
			}
		}
	}
	return ahead.err
}

// toTheEnd is for a walk that goes through all contents.
func toTheEnd(_, _ int64) bool { return false }

// add takes a place, unless it is out of the filter's time or on a page before.
func (q *query) add(p place) {
	f := q.filter
	switch {
	case f.Since != 0 && p.time < f.Since, f.Until != 0 && p.time >= f.Until:
	case q.counting:
		q.counted++
	case q.after == nil || q.order(p, *q.after) > 0:
		q.places = append(q.places, p)
	case q.approached:
		f.Offset--
	}
}

// order compares places as the list sorts them.
func (q *query) order(a, b place) int {
	if q.filter.OldestFirst {
		return a.compare(&b)
	}
	return b.compare(&a)
}

// cut keeps what the page and those that Offset skips can hold.
func (q *query) cut() {
	slices.SortFunc(q.places, q.order)
	q.places = q.places[:min(len(q.places), q.most())]
}

func (q *query) most() int { return q.filter.Offset + q.filter.limit() }

// enough tells whether nothing that begins with oldest or ends with newest can
// push a place from the page. To sort for every block would take too long.
func (q *query) enough(oldest, newest int64) bool {
	most := q.most()
	if len(q.places) < most+most/2 {
		return false
	}
	q.cut()
	last := q.places[most-1].time
	if q.filter.OldestFirst {
		return last < oldest
	}
	return last > newest
}

// texts sees which texts of a listing fit, and tells whether each part of the
// filter has one.
func (q *query) texts(l *listing) bool {
	var client, server, account bool
	q.clients, client = q.client.among(q.clients, l)
	q.servers, server = q.server.among(q.servers, l)
	q.accounts, account = q.account.among(q.accounts, l)
	return client && server && account
}

// kases does the same for the cases.
func (q *query) kases(l *listing) (any bool) {
	want := q.filter
	if want.Rule == "" && want.Case == nil && len(want.Statuses) == 0 {
		return true
	}
	q.cases = q.cases[:0]
	for i := range l.cases {
		c := &l.cases[i]
		fits := (want.Rule == "" || q.kinds[c.kind].rule == want.Rule) && (want.Case == nil || c.id == *want.Case) &&
			(len(want.Statuses) == 0 || slices.Contains(want.Statuses, q.statuses[c.id]))
		q.cases = append(q.cases, fits)
		any = any || fits
	}
	return any
}

// session tells whether what a session and its findings share fits the filter.
func (q *query) session(e *entry) bool {
	f := q.filter
	return (f.Protocol == dissect.NoProtocol || e.protocol == f.Protocol) && (q.servers == nil || q.servers[e.server])
}

// finding tells whether a finding of such a session does.
func (q *query) finding(f *findingEntry) bool {
	return f.severity >= q.filter.MinSeverity && (q.cases == nil || q.cases[f.kase]) &&
		(q.clients == nil || q.clients[f.client]) && q.ofAccount(f)
}

func (q *query) ofAccount(f *findingEntry) bool {
	return q.accounts == nil || f.account != noText && q.accounts[f.account]
}
