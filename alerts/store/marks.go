package store

import (
	"database/sql/driver"
	"errors"
	"io"
)

// marks are the numbers that concern the whole database.
type marks struct {
	watermark          int64 // ns since 1970 UTC: nothing that began before it is stored
	sessions, findings int64 // that were pruned
	thinned            int64 // sessions, see thinner
}

const marksSQL = `SELECT name, value FROM marks`

const addMarkSQL = `INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value`

const raiseMarkSQL = `INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`

func (m *marks) set(name string, value int64) {
	switch name {
	case "watermark":
		m.watermark = value
	case "pruned-sessions":
		m.sessions = value
	case "pruned-findings":
		m.findings = value
	case "thinned-sessions":
		m.thinned = value
	}
}

func (db *database) readMarks() (marks, error) {
	var m marks
	rows, err := db.c.Query(marksSQL, nil)
	if err != nil {
		return m, err
	}
	defer rows.Close()
	row := make([]driver.Value, 2)
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return m, nil
		} else if err != nil {
			return m, err
		}
		name, ok := row[0].(string)
		value, ok1 := row[1].(int64)
		if !ok || !ok1 {
			return m, errDamaged
		}
		m.set(name, value)
	}
}
