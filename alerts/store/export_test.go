package store

import (
	"os"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
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
	s := &Store{db: db, path: path, spare: make(chan *batch, 1), folding: time.NewTimer(maxFoldWait)}
	for i := range results {
		b, err := batchOf(results[i : i+1])
		if err != nil {
			return err
		}
		s.flush(b)
		<-s.spare
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

func batchOf(results []alerts.Result) (*batch, error) {
	var encoder record.Encoder
	b := new(batch)
	for i := range results {
		record, err := encoder.Encode(&results[i].Session, results[i].Findings)
		if err != nil {
			return nil, err
		}
		b.add(results[i], record)
	}
	return b, nil
}

// SessionsWithoutLog stores results in a new database at path, and returns how
// many sessions a copy of its file without the write-ahead log has, which a
// checkpointer has copied or not.
func SessionsWithoutLog(path string, results []alerts.Result, copied bool) (n int, err error) {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return 0, err
	}
	db, err := openDatabase(path, busyTimeout)
	if err != nil {
		return 0, err
	}
	defer db.close()
	if err := db.run("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil { // the schema
		return 0, err
	}
	log, err := newCheckpointer(path)
	if err != nil {
		return 0, err
	}
	b, err := batchOf(results)
	if err != nil {
		return 0, err
	}
	if err := db.write(b); err != nil {
		return 0, err
	}
	if copied {
		log.start()
	}
	if err := log.close(); err != nil {
		return 0, err
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	alone := path + ".alone"
	if err := os.WriteFile(alone, file, 0o600); err != nil {
		return 0, err
	}
	r, err := OpenReader(alone)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	list, err := r.Sessions(Filter{Limit: len(results)})
	return len(list), err
}
