package model

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
)

// Bounds of an export. 'mailtap export' has none.
const (
	MaxExported = 1_000_000 // rows
	maxReported = 200       // cases of an HTML report
	maxReadOut  = 1000      // findings of each of them
)

// Selection is what Export writes: cases, the findings of one of them, or
// sessions.
type Selection struct {
	Cases    []alerts.CaseID
	Findings bool            // those of Cases[0], instead of the cases themselves
	Session  *alerts.Session // this one
	Sessions *SessionQuery   // nil: none
}

// SessionQuery says which sessions.
type SessionQuery struct {
	Of     Of
	Filter *SessionFilter
}

// All goes through the cases of a list in its order, folded ones among them. One
// that is Paged does not know them.
func (l *List) All() iter.Seq[alerts.CaseID] {
	return func(yield func(alerts.CaseID) bool) {
		for _, n := range l.groups.members {
			if !yield(l.id(n)) {
				return
			}
		}
	}
}

// Target is the file that Export writes.
type Target struct {
	Path    string
	Replace bool                // the file that is there, when all is written
	Row     func(rows int) bool // called with how many are written so far; false ends it
}

// Errors of Export.
var (
	ErrThere   = errors.New("is there already")
	ErrStopped = errors.New("stopped")
)

// Export writes a selection into a file that only its owner may read, in the
// format of its name. It returns how many rows, or with HTML how many cases are
// in it; more tells that there are more than MaxExported. After an error there is
// no file, or the one that was there before.
func Export(source Source, to Target, s Selection, now time.Time) (rows int, more bool, err error) {
	write := map[string]func(*exporting) error{".csv": (*exporting).csv, ".jsonl": (*exporting).jsonl, ".html": (*exporting).html}[filepath.Ext(to.Path)]
	switch {
	case write == nil:
		return 0, false, fmt.Errorf("%s: name a file that ends in .csv, .jsonl or .html", to.Path)
	case len(s.Cases) == 0 && s.Session == nil && s.Sessions == nil:
		return 0, false, errors.New("there is nothing here to export")
	}
	f, err := to.create()
	if err != nil {
		return 0, false, err
	}
	w := bufio.NewWriter(f)
	e := exporting{source: source, selection: s, now: now, w: w, row: to.Row}
	err = errors.Join(write(&e), w.Flush(), f.Close())
	if err == nil && to.Replace {
		err = os.Rename(f.Name(), to.Path)
	}
	if err != nil {
		os.Remove(f.Name()) // half of it would be taken for all
		return 0, false, err
	}
	return e.rows, e.more, nil
}

// create makes the file to write: the target, or what is to take its place.
func (to *Target) create() (*os.File, error) {
	info, err := os.Lstat(to.Path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file that can be written over: name another one", to.Path)
	case err == nil && !to.Replace:
		return nil, fmt.Errorf("%s: %w", to.Path, ErrThere)
	case to.Replace:
		return os.CreateTemp(filepath.Dir(to.Path), filepath.Base(to.Path)+".*") // 0600
	}
	return os.OpenFile(to.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// exporting is an export that runs.
type exporting struct {
	source    Source
	selection Selection
	now       time.Time
	w         io.Writer
	row       func(rows int) bool
	rows      int
	more      bool
}

// next counts a row, before it is written.
func (e *exporting) next() error {
	if e.rows++; !e.row(e.rows) {
		return ErrStopped
	}
	return nil
}

func (e *exporting) csv() error {
	switch s := &e.selection; {
	case s.Session != nil || s.Sessions != nil:
		c := export.NewSessionsCSV(e.w)
		return errors.Join(e.sessions(c.Session), c.Flush())
	case s.Findings:
		c := export.NewFindingsCSV(e.w)
		return errors.Join(e.findings(s.Cases[0], MaxExported, c.Finding), c.Flush())
	}
	c := export.NewCasesCSV(e.w)
	return errors.Join(e.cases(c.Case), c.Flush())
}

func (e *exporting) jsonl() error {
	j := export.NewJSONL(e.w)
	switch s := &e.selection; {
	case s.Session != nil || s.Sessions != nil:
		return e.sessions(j.Session)
	case s.Findings:
		return e.findings(s.Cases[0], MaxExported, j.Finding)
	}
	return e.cases(j.Case)
}

// html reports on cases, with their newest findings.
func (e *exporting) html() error {
	if n := len(e.selection.Cases); n == 0 || n > maxReported {
		return fmt.Errorf("a report here has 1 to %d cases, not %d: filter them, mark some, or use 'mailtap export html'", maxReported, n)
	}
	report := export.NewReport("a selection of cases", catalogue)
	if err := e.cases(func(c *alerts.Case) error { report.Case(c); return nil }); err != nil {
		return err
	}
	cases := e.rows
	for _, id := range e.selection.Cases {
		if err := e.findings(id, maxReadOut, func(f *alerts.Finding) error { report.Finding(f); return nil }); err != nil {
			return err
		}
	}
	e.rows = cases
	return report.Write(e.w)
}

func (e *exporting) sessions(write func(*alerts.Session) error) (err error) {
	if one := e.selection.Session; one != nil {
		e.rows = 1
		return write(one)
	}
	q := e.selection.Sessions
	more, walked := q.Of.walk(e.source, q.Filter, MaxExported, func(one *alerts.Session, fits bool) bool {
		switch {
		case !fits:
			return true
		case e.rows == MaxExported:
			e.more = true
			return false
		}
		if err = e.next(); err == nil {
			err = write(one)
		}
		return err == nil
	})
	e.more = e.more || more
	return errors.Join(err, walked)
}

func (e *exporting) cases(write func(*alerts.Case) error) error {
	for _, id := range e.selection.Cases {
		list, err := e.source.Cases(store.Filter{Case: &id, Now: e.now.UnixNano()})
		if err != nil {
			return err
		}
		for i := range list { // none where it went meanwhile
			if err := errors.Join(e.next(), write(&list[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *exporting) findings(of alerts.CaseID, most int, write func(*alerts.Finding) error) error {
	for f, err := range e.source.AllFindings(store.Filter{Case: &of}) {
		if err != nil {
			return err
		}
		if most--; most < 0 {
			e.more = true
			return nil
		}
		if err := errors.Join(e.next(), write(&f)); err != nil {
			return err
		}
	}
	return nil
}

func catalogue(id string) export.Rule {
	r := rules.Find(id)
	if r == nil {
		return export.Rule{}
	}
	return export.Rule{Group: string(r.Group), Title: r.Title, Why: r.Why, Fix: r.Fix, Config: r.Config}
}

// SessionIDs returns the sessions of the newest findings of cases, for their
// packets; more tells that there are more than are given.
func SessionIDs(source Source, cases []alerts.CaseID) (ids []alerts.SessionID, more bool, err error) {
	seen := make(map[alerts.SessionID]bool)
	for _, id := range cases {
		for f, err := range source.AllFindings(store.Filter{Case: &id}) {
			switch {
			case err != nil:
				return nil, false, err
			case seen[f.Session]:
			case len(ids) == MaxSessions:
				return ids, true, nil
			default:
				seen[f.Session] = true
				ids = append(ids, f.Session)
			}
		}
	}
	return ids, false, nil
}
