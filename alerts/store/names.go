package store

import (
	"database/sql/driver"
	"net/netip"

	"github.com/mailtap/mailtap/alerts"
)

// maxNames and maxCases bound what the writer remembers of the rows of names
// and cases. Beyond that it starts over.
const (
	maxNames = 8192
	maxCases = 8192
)

const findNameSQL = `SELECT id FROM names WHERE text = ?`

const addNameSQL = `INSERT INTO names (text) VALUES (?)`

// name returns the number of a text, a new one if need be.
func (db *database) name(text []byte) (int64, error) {
	if id, ok := db.names[string(text)]; ok {
		return id, nil
	}
	var row [1]driver.Value
	found, err := db.findName.row(row[:], string(text))
	if err != nil {
		return 0, err
	}
	id, _ := row[0].(int64)
	if !found {
		if id, err = db.addName.insert(string(text)); err != nil {
			return 0, err
		}
	}
	if len(db.names) == maxNames {
		clear(db.names)
	}
	db.names[string(text)] = id
	return id, nil
}

// clientName numbers a client: without its port, which changes all the time.
func (db *database) clientName(client netip.AddrPort) (int64, error) {
	var buf [64]byte
	return db.name(client.Addr().AppendTo(buf[:0]))
}

func (db *database) serverName(server netip.AddrPort) (int64, error) {
	var buf [64]byte
	return db.name(server.AppendTo(buf[:0]))
}

// accountName numbers the account of f, nil where it has none.
func (db *database) accountName(f *alerts.Finding) (driver.Value, error) {
	if !f.HasAccount {
		return nil, nil
	}
	return db.name([]byte(f.Account))
}
