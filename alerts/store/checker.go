package store

import (
	"database/sql"
	"fmt"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
)

// checker counts what blocks hold.
type checker struct {
	raw        []byte
	unfolded   bool // cases do not count the block yet
	untallied  bool // subjects do not
	subjects   subjectChecker
	listing    listing
	entry      entry
	sessions   int64
	verdicts   [alerts.Exposed + 1]int64
	severities [alerts.Critical + 1]int64
	cases      map[alerts.CaseID]int64 // findings
}

// block tells whether a block makes sense, and counts what it holds.
func (c *checker) block(entries, records []byte) bool {
	raw, err := unpack(c.raw, records)
	if err != nil {
		return false
	}
	c.raw = raw
	l, e := &c.listing, &c.entry
	l.load(entries)
	c.subjects.listing(l)
	for l.next(e) {
		var r []byte
		var ok bool
		if r, raw, ok = nextRecord(raw); !ok {
			return false
		}
		if e.gone {
			continue
		}
		s, findings, err := record.Decode(r)
		if err != nil || s.Verdict != e.verdict || len(findings) != len(e.findings) {
			return false
		}
		c.count(l, e)
	}
	return !l.bad && len(raw) == 0
}

func (c *checker) count(l *listing, e *entry) {
	c.sessions++
	if !c.untallied {
		c.subjects.session(l, e, -1)
	}
	c.verdicts[e.verdict]++
	for i := range e.findings {
		f := &e.findings[i]
		c.severities[f.severity]++
		if !c.unfolded {
			c.cases[l.cases[f.kase].id]++
		}
	}
}

// compare holds the counts that are kept against what was counted.
func (c *checker) compare(tx *sql.Tx) (problems []string, err error) {
	var n int64
	if err := tx.QueryRow("SELECT count(*) FROM sessions").Scan(&n); err != nil {
		return nil, err
	}
	if n != c.sessions {
		problems = append(problems, fmt.Sprintf("%d sessions are listed, and %d are there", n, c.sessions))
	}
	for kind, counts := range map[string][]int64{tallyVerdicts: c.verdicts[:], tallySeverities: c.severities[:]} {
		for value, want := range counts {
			const query = "SELECT coalesce((SELECT count FROM tallies WHERE kind = ? AND value = ?), 0)"
			if err := tx.QueryRow(query, kind, value).Scan(&n); err != nil {
				return nil, err
			}
			if n != want {
				problems = append(problems, fmt.Sprintf("%s %d was counted %d times, and is there %d times", kind, value, n, want))
			}
		}
	}
	if wrong := c.subjects.wrong(); wrong > 0 {
		problems = append(problems, fmt.Sprintf("%d servers, clients, accounts, rules or hours were counted wrong for the overview", wrong))
	}
	wrong, err := c.wrongCases(tx)
	if wrong > 0 {
		problems = append(problems, fmt.Sprintf("%d cases have another number of findings than was counted", wrong))
	}
	return problems, err
}

func (c *checker) wrongCases(tx *sql.Tx) (wrong int, err error) {
	rows, err := tx.Query("SELECT uid, count FROM cases")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	known := 0
	for rows.Next() {
		var uid sql.RawBytes
		var n int64
		if err := rows.Scan(&uid, &n); err != nil {
			return 0, err
		}
		var id alerts.CaseID
		copy(id[:], uid)
		counted, ok := c.cases[id]
		if ok {
			known++
		}
		if n != counted || len(uid) != len(id) {
			wrong++
		}
	}
	return wrong + len(c.cases) - known, rows.Err()
}
