package store

import "database/sql"

// subjectChecker takes what blocks hold from what the rows of subjects say.
type subjectChecker struct {
	subjects
	rows map[subjectKey]*subjectCounts
}

const allSubjectsSQL = `SELECT kind, name, unknown, protected, clear, weak, exposed, info, low, medium, high, critical FROM subjects`

// load reads all rows, if the schema has them.
func (c *subjectChecker) load(tx *sql.Tx) (err error) {
	c.reset()
	c.rows = make(map[subjectKey]*subjectCounts)
	c.rules = make(map[int64]string)
	kinds, err := readKinds(tx)
	if err != nil {
		return err
	}
	for id, k := range kinds {
		c.rules[id] = k.rule
	}
	var version int64
	if err := tx.QueryRow("SELECT user_version FROM pragma_user_version").Scan(&version); err != nil || version < firstOverview {
		return err
	}
	rows, err := tx.Query(allSubjectsSQL)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key subjectKey
		row := new(subjectCounts)
		v, n := &row.sessions, &row.findings
		if err := rows.Scan(&key.kind, &key.name, &v[0], &v[1], &v[2], &v[3], &v[4], &n[0], &n[1], &n[2], &n[3], &n[4]); err != nil {
			return err
		}
		c.rows[key] = row
	}
	return rows.Err()
}

// listing begins a listing. What was taken so far is put to its rows before
// there are too many names.
func (c *subjectChecker) listing(l *listing) {
	if len(c.of) >= maxTallied {
		c.settle()
	}
	c.subjects.listing(l)
}

func (c *subjectChecker) settle() {
	for key, taken := range c.of {
		row := c.rows[key]
		if row == nil {
			key = key.kind.others()
			row = c.rows[key]
		}
		if row == nil {
			row = new(subjectCounts)
			c.rows[key] = row
		}
		row.add(taken)
	}
	c.reset()
}

// wrong returns how many rows say something else than the blocks.
func (c *subjectChecker) wrong() (n int) {
	c.settle()
	for _, row := range c.rows {
		if !row.empty() {
			n++
		}
	}
	return n
}
