package store

import (
	"time"

	"github.com/mailtap/mailtap/alerts"
)

// ThinAsWriter does a whole pass as a Store does it, and returns its steps.
func ThinAsWriter(path string) (steps int, err error) {
	db, err := openDatabase(path, busyTimeout)
	if err != nil {
		return 0, err
	}
	s := &Store{db: db, thinning: time.NewTimer(thinEvery), thinner: thinner{db: db}}
	for steps = 1; s.thin(); steps++ {
	}
	return steps, db.close()
}

// AddApart stores results, each in a transaction of its own, as when they come
// slowly.
func AddApart(path string, results []alerts.Result) error {
	db, err := openDatabase(path, busyTimeout)
	if err != nil {
		return err
	}
	s := &Store{db: db, path: path, folding: time.NewTimer(maxFoldWait)}
	for _, r := range results {
		s.take(r)
		s.flush()
	}
	s.fold()
	s.keep(db.close())
	return s.err
}

// TempStores returns where a writer and a Reader keep what is temporary, as
// PRAGMA temp_store says it.
func TempStores(path string) (writer, reader int64, err error) {
	db, err := openDatabase(path, busyTimeout)
	if err != nil {
		return 0, 0, err
	}
	defer db.close()
	row, err := db.ask("PRAGMA temp_store", 1)
	if err != nil {
		return 0, 0, err
	}
	r, err := OpenReader(path)
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	err = r.db.QueryRow("PRAGMA temp_store").Scan(&reader)
	return row[0].(int64), reader, err
}
