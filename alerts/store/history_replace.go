package store

import (
	"database/sql/driver"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
)

// Rewriter puts other judgements in the place of those that a database has.
// Others may write to it at the same time. It is not safe for concurrent use.
type Rewriter struct {
	path    string // as it was named
	db      *database
	encoder record.Encoder
}

// OpenRewriter opens the database at path, which must exist.
func OpenRewriter(path string) (*Rewriter, error) {
	real, err := resolve(path)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(real, busyTimeout)
	if err != nil {
		return nil, explain(path, err)
	}
	return &Rewriter{path: path, db: db}, nil
}

// Replace stores results in one transaction, in the place of what the database
// has for their sessions. One that it no longer has, or of which more packets
// were seen meanwhile, is left out. Cases keep their status and note.
func (w *Rewriter) Replace(results []alerts.Result) error {
	return explain(w.path, w.replace(results))
}

func (w *Rewriter) replace(results []alerts.Result) (err error) {
	db := w.db
	if err := db.begin(); err != nil {
		return err
	}
	defer db.end(&err)
	if err := db.catchUp(); err != nil {
		return err
	}
	for i := range results {
		if err := w.replaceOne(&results[i]); err != nil {
			return err
		}
	}
	if err := db.settle(); err != nil {
		return err
	}
	return db.fold()
}

func (w *Rewriter) replaceOne(r *alerts.Result) error {
	db, f := w.db, r.Session.Facts
	key := []driver.Value{f.Start / 1000, r.Session.ID[:]}
	var row [2]driver.Value
	found, err := db.findSession.row(row[:], key...)
	if err != nil || !found {
		return err
	}
	old, ok := row[0].(int64)
	packets, ok1 := row[1].(int64)
	if !ok || !ok1 {
		return errDamaged
	}
	if packets != int64(f.Packets) {
		return nil
	}
	bytes, err := w.encoder.Encode(&r.Session, r.Findings)
	if err != nil {
		return err
	}
	bytes = slices.Clone(bytes) // the encoder's
	if err := db.drop(old); err != nil {
		return err
	}
	if _, err := db.replaceSession.exec(db.block.body(), int64(f.Packets), key[0], key[1]); err != nil {
		return err
	}
	err = db.keep(r, bytes)
	db.known = db.known[:0]
	return err
}

// Close closes the database.
func (w *Rewriter) Close() error { return explain(w.path, w.db.close()) }
