package store

import (
	"database/sql"
	"iter"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

const caseSQL = `SELECT c.uid, k.rule, k.title, c.severity, k.blame, c.protocol, c.server, coalesce(c.client, ''), c.account,
		c.first, c.last, c.count, c.sessions, c.status, c.reopened, coalesce(c.resolved_at, 0), coalesce(c.expires, 0), c.note
	FROM cases c JOIN kinds k ON k.id = c.kind`

// The order of cases, and its opposite.
const (
	worstFirst = " ORDER BY c.severity DESC, c.last DESC, c.uid"
	worstLast  = " ORDER BY c.severity, c.last, c.uid DESC"
)

// Cases lists cases, the most severe first, then those with the latest finding.
func (r *Reader) Cases(f Filter) ([]alerts.Case, error) {
	list, err := r.casesPage(&f, f.cases())
	return list, explain(r.path, err)
}

// AllCases goes through all cases that fit f, page by page; Limit and Offset
// are ignored. One that gets a finding meanwhile may be left out. It ends with
// the first error.
func (r *Reader) AllCases(f Filter) iter.Seq2[alerts.Case, error] {
	f.Limit, f.Offset = MaxPage, 0
	return func(yield func(alerts.Case, error) bool) {
		w := f.cases()
		for {
			page, err := r.casesPage(&f, w)
			if err != nil {
				yield(alerts.Case{}, explain(r.path, err))
				return
			}
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
			}
			if len(page) < MaxPage {
				return
			}
			last := &page[len(page)-1]
			w = f.cases()
			w.add("(c.severity < ? OR c.severity = ? AND (c.last < ? OR c.last = ? AND c.uid > ?))",
				int64(last.Severity), int64(last.Severity), last.Last, last.Last, last.ID[:])
		}
	}
}

// casesPage reads the page of f of the cases that fit w. What is in the back
// half is read from the end.
func (r *Reader) casesPage(f *Filter, w where) ([]alerts.Case, error) {
	limit, offset, order := f.limit(), f.Offset, worstFirst
	if offset > farOffset {
		var total int
		if err := r.db.QueryRow("SELECT count(*) FROM cases c"+w.String(), w.args...).Scan(&total); err != nil {
			return nil, err
		}
		if left := max(total-offset, 0); left < total/2 {
			limit = min(limit, left)
			offset, order = left-limit, worstLast
		}
	}
	// The page is cut before whole rows are read.
	query := caseSQL + " WHERE c.uid IN (SELECT c.uid FROM cases c" + w.String() + order + " LIMIT ? OFFSET ?)" + worstFirst
	rows, err := r.db.Query(query, append(w.args, limit, offset)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []alerts.Case
	for rows.Next() {
		c, err := scanCase(rows, f.Now)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// scanCase reads a case as it stands at the time now.
func scanCase(rows *sql.Rows, now int64) (c alerts.Case, err error) {
	var uid []byte
	var severity, blame, protocol, status, reopened uint8
	var account sql.NullString
	err = rows.Scan(&uid, &c.Rule, &c.Title, &severity, &blame, &protocol, &c.Server, &c.Client, &account,
		&c.First, &c.Last, &c.Findings, &c.Sessions, &status, &reopened, &c.ResolvedAt, &c.Expires, &c.Note)
	if err != nil {
		return alerts.Case{}, err
	}
	// Their String methods trust what they are.
	if len(uid) != len(c.ID) || severity > uint8(alerts.Critical) || blame > uint8(alerts.BlameClientServer) ||
		protocol > uint8(dissect.ManageSieve) || status > uint8(alerts.FalsePositive) || reopened > uint8(alerts.Worsened) {
		return alerts.Case{}, errDamaged
	}
	copy(c.ID[:], uid)
	c.Severity, c.Blame = alerts.Severity(severity), alerts.Blame(blame)
	c.Protocol, c.Status = dissect.Protocol(protocol), alerts.Status(status)
	c.Account, c.HasAccount = account.String, account.Valid
	c.Reopened = alerts.Reopening(reopened)
	if c.Status == alerts.AcceptedRisk && c.Expires != 0 && c.Expires <= now {
		c.Status, c.Reopened = alerts.New, alerts.Expired
	}
	return c, nil
}

// Case returns the case whose id begins with prefix, "c_" or not, and its
// newest findings. More of them are in Findings with Filter.Case.
func (r *Reader) Case(prefix string) (alerts.Case, []alerts.Finding, error) {
	id, err := r.findID("case", "c_", "SELECT uid FROM cases WHERE uid >= ? AND uid < ? LIMIT 2", prefix)
	if err != nil {
		return alerts.Case{}, nil, err
	}
	only := Filter{Case: (*alerts.CaseID)(&id)}
	cases, err := r.Cases(only)
	if err != nil {
		return alerts.Case{}, nil, err
	}
	if len(cases) == 0 {
		return alerts.Case{}, nil, r.missing("case", prefix)
	}
	findings, err := r.Findings(only)
	return cases[0], findings, err
}
