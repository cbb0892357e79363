package main

import (
	"fmt"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// keptReader reads a database for as long as its file is in its place.
type keptReader struct {
	*store.Reader
	file *databaseFile
}

// Counts is what a screen asks for before all else, again and again.
func (r keptReader) Counts() (store.Counts, error) {
	if err := r.file.lost(); err != nil {
		return store.Counts{}, err
	}
	return r.Reader.Counts()
}

// keptTriage writes to a database for as long as its file is in its place.
type keptTriage struct {
	*store.Triage
	file *databaseFile
}

func (t keptTriage) Set(ids []alerts.CaseID, d store.Decision) error {
	if err := t.file.lost(); err != nil {
		return err
	}
	return t.Triage.Set(ids, d)
}

func (t keptTriage) Undo(who string, at int64, ids ...alerts.CaseID) (int64, error) {
	if err := t.file.lost(); err != nil {
		return 0, err
	}
	return t.Triage.Undo(who, at, ids...)
}

// lost is gone, for whoever looks at it.
func (f *databaseFile) lost() error {
	if err := f.gone(); err != nil {
		return fmt.Errorf("%w: quit and start again, to see the one that is there now", err)
	}
	return nil
}
