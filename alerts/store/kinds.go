package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/mailtap/mailtap/alerts"
)

// kind is what findings of one rule share. There are as many as the program
// and the policy have rules.
type kind struct {
	rule, title string
	blame       alerts.Blame
}

const kindsSQL = `SELECT id, rule, title, blame FROM kinds`

const addKindSQL = `INSERT INTO kinds (id, rule, title, blame) VALUES (?, ?, ?, ?)`

// loadKinds reads the numbers of all kinds.
func (db *database) loadKinds() error {
	db.kinds = make(map[kind]int64)
	rows, err := db.c.Query(kindsSQL, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]driver.Value, 4)
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		id, ok := row[0].(int64)
		rule, ok1 := row[1].(string)
		title, ok2 := row[2].(string)
		blame, ok3 := row[3].(int64)
		if !ok || !ok1 || !ok2 || !ok3 {
			return errDamaged
		}
		db.kinds[kind{rule, title, alerts.Blame(blame)}] = id
		db.nextKind = max(db.nextKind, id+1)
	}
}

// kindOf returns the number of the kind of f.
func (db *database) kindOf(f *alerts.Finding) (int64, error) {
	k := kind{f.Rule, f.Title, f.Blame}
	if id, ok := db.kinds[k]; ok {
		return id, nil
	}
	id := db.nextKind
	if _, err := db.addKind.exec(id, k.rule, k.title, int64(k.blame)); err != nil {
		return 0, err
	}
	db.nextKind++
	db.kinds[k] = id
	return id, nil
}

// blames returns whom the findings of each kind blame, by number.
func (db *database) blames() (map[int64]alerts.Blame, error) {
	blames := make(map[int64]alerts.Blame)
	return blames, db.eachKind("SELECT id, blame FROM kinds", func(id int64, v driver.Value) bool {
		blame, ok := v.(int64)
		blames[id] = alerts.Blame(blame)
		return ok
	})
}

// rules returns the rule of each kind, by number.
func (db *database) rules() (map[int64]string, error) {
	rules := make(map[int64]string)
	return rules, db.eachKind("SELECT id, rule FROM kinds", func(id int64, v driver.Value) bool {
		rule, ok := v.(string)
		rules[id] = rule
		return ok
	})
}

// eachKind calls f with a number and what the query gives beside it.
func (db *database) eachKind(query string, f func(id int64, v driver.Value) (ok bool)) error {
	rows, err := db.c.Query(query, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]driver.Value, 2)
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if id, ok := row[0].(int64); !ok || !f(id, row[1]) {
			return errDamaged
		}
	}
}

// readKinds reads all kinds by number.
func readKinds(tx *sql.Tx) (map[int64]kind, error) {
	rows, err := tx.Query(kindsSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	kinds := make(map[int64]kind)
	for rows.Next() {
		var id int64
		var k kind
		if err := rows.Scan(&id, &k.rule, &k.title, &k.blame); err != nil {
			return nil, err
		}
		if k.blame > alerts.BlameClientServer {
			return nil, errDamaged // its String method trusts what it is
		}
		kinds[id] = k
	}
	return kinds, rows.Err()
}
