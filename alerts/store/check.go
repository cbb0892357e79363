package store

import (
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/mailtap/mailtap/alerts"
)

// maxProblems is how many problems Check lists.
const maxProblems = 100

// keySize is how many bytes the key of fingerprints has.
const keySize = 32

// Check looks for damage in the database at path and at who may read it, its
// log and the file of its key, and returns what is wrong, each in a line.
func Check(path, key string) ([]string, error) {
	var problems []string
	for _, name := range []string{path, path + "-wal", path + "-shm", key} {
		problems = appendMode(problems, name) // before SQLite makes files of its own
	}
	r, err := OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if info, err := os.Stat(key); err != nil {
		problems = append(problems, fmt.Sprintf("%s: the key of fingerprints is missing: the next run makes another, and knows no password again", key))
	} else if info.Size() != keySize {
		problems = append(problems, fmt.Sprintf("%s: has %d bytes, and a key has %d", key, info.Size(), keySize))
	}
	damaged := false
	for _, look := range []func(*sql.Tx) ([]string, error){integrity, foreignKeys, checkBlocks} {
		found, err := r.look(look)
		if err != nil {
			return nil, explain(path, err)
		}
		for _, p := range found {
			problems = append(problems, path+": "+p)
			damaged = true
		}
	}
	problems = problems[:min(len(problems), maxProblems)]
	if damaged {
		problems = append(problems, path+": damaged: move it away, or put a copy in its place")
	}
	return problems, nil
}

// appendMode appends what is wrong with who may open a file that is there.
func appendMode(problems []string, name string) []string {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return problems
	case info.Mode()&fs.ModeType != 0:
		return append(problems, name+": not a file")
	case info.Mode().Perm()&0o077 != 0:
		return append(problems, fmt.Sprintf("%s: others may read it (mode %04o): chmod 600 it", name, info.Mode().Perm()))
	}
	return problems
}

func (r *Reader) look(f func(*sql.Tx) ([]string, error)) ([]string, error) {
	tx, err := r.db.Begin()
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	return f(tx)
}

func integrity(tx *sql.Tx) (problems []string, err error) {
	rows, err := tx.Query(fmt.Sprintf("PRAGMA integrity_check(%d)", maxProblems))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		// One text may hold all problems of a table, behind a heading.
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line != "ok" && line != "" && !strings.HasPrefix(line, "***") {
				problems = append(problems, line)
			}
		}
	}
	return problems, rows.Err()
}

// references that the schema does not declare, see README.md.
const referencesSQL = `SELECT
	(SELECT count(*) FROM sessions WHERE body / 64 NOT IN (SELECT id FROM blocks)),
	(SELECT count(*) FROM contents WHERE block NOT IN (SELECT id FROM blocks)),
	(SELECT count(*) FROM cases WHERE kind NOT IN (SELECT id FROM kinds)),
	(SELECT count(*) FROM changes WHERE kase NOT IN (SELECT uid FROM cases))`

func foreignKeys(tx *sql.Tx) (problems []string, err error) {
	var n [4]int64
	if err := tx.QueryRow(referencesSQL).Scan(&n[0], &n[1], &n[2], &n[3]); err != nil {
		return nil, err
	}
	for i, what := range []string{"sessions without a block", "contents without a block", "cases without a rule", "changes without a case"} {
		if n[i] > 0 {
			problems = append(problems, fmt.Sprintf("%d %s", n[i], what))
		}
	}
	return problems, nil
}

const checkedSQL = `SELECT c.block, c.block > coalesce(` + foldedSQL + `, c.block), c.block > coalesce(` + talliedSQL + `, 0), c.entries, b.records
	FROM contents c JOIN blocks b ON b.id = c.block`

// checkBlocks reads every record, and counts what lists and counts say of them.
func checkBlocks(tx *sql.Tx) (problems []string, err error) {
	c := checker{cases: make(map[alerts.CaseID]int64)}
	if err := c.subjects.load(tx); err != nil {
		return nil, err
	}
	rows, err := tx.Query(checkedSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var block int64
		var entries, records sql.RawBytes
		if err := rows.Scan(&block, &c.unfolded, &c.untallied, &entries, &records); err != nil {
			return nil, err
		}
		if !c.block(entries, records) {
			problems = append(problems, fmt.Sprintf("block %d holds what no mailtap wrote", block))
		}
	}
	if err := rows.Err(); err != nil || len(problems) > 0 {
		return problems, err
	}
	return c.compare(tx)
}
