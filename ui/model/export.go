package model

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
)

// Bounds of an export. 'mailtap export' has none.
const (
	MaxExported = 1_000_000 // rows
	maxReported = 200       // cases of an HTML report, the most severe
	maxReadOut  = 1000      // findings of each of them, the newest
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

// ErrStopped says that Target.Row ended an export.
var ErrStopped = errors.New("stopped")

// Export writes a selection into a file that only its owner may read, in the
// format of its name. It returns how many rows, or with HTML how many cases are
// in it; more tells that there are others than these: over MaxExported, or with
// HTML less severe. The file has its name once it is whole: after an error there
// is none, or the one that was there before.
func Export(source Source, to Target, s Selection, now time.Time) (rows int, more bool, err error) {
	write := map[string]func(*exporting) error{".csv": (*exporting).csv, ".jsonl": (*exporting).jsonl, ".html": (*exporting).html}[filepath.Ext(to.Path)]
	switch {
	case write == nil:
		return 0, false, fmt.Errorf("%s: name a file that ends in .csv, .jsonl or .html", to.Path)
	case len(s.Cases) == 0 && s.Session == nil && s.Sessions == nil:
		return 0, false, errors.New("there is nothing here to export")
	}
	if info, err := os.Lstat(to.Path); err == nil && !info.Mode().IsRegular() {
		return 0, false, fmt.Errorf("%s is no file that can be written over: name another one", to.Path)
	}
	e := exporting{source: source, selection: s, now: now, row: to.Row}
	err = export.WriteFile(to.Path, to.Replace, func(w io.Writer) error {
		e.w = w
		return write(&e)
	})
	if err != nil {
		return 0, false, err
	}
	return e.rows, e.more, nil
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
		return errors.Join(e.findings(s.Cases[0], c.Finding), c.Flush())
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
		return e.findings(s.Cases[0], j.Finding)
	}
	return e.cases(j.Case)
}

// html reports on cases, with their newest findings.
func (e *exporting) html() error {
	if len(e.selection.Cases) == 0 {
		return errors.New("a report is about cases: 2 lists them, or use 'mailtap export html'")
	}
	worst, err := e.worst()
	if err != nil {
		return err
	}
	subject := "a selection of cases"
	if e.more = e.rows > len(worst); e.more {
		subject = fmt.Sprintf("the %d most severe of %d cases", len(worst), e.rows)
	}
	report := export.NewReport(subject, catalogue)
	for i := range worst {
		report.Case(&worst[i])
	}
	for i := range worst {
		if err := e.newest(worst[i].ID, report); err != nil {
			return err
		}
	}
	e.rows = len(worst)
	return report.Write(e.w)
}

// newest adds the newest findings of a case to a report.
func (e *exporting) newest(of alerts.CaseID, report *export.Report) error {
	n := 0
	for f, err := range e.source.AllFindings(store.Filter{Case: &of}) {
		switch {
		case err != nil:
			return err
		case !e.row(e.rows):
			return ErrStopped
		case n == maxReadOut:
			return nil
		}
		n++
		report.Finding(&f)
	}
	return nil
}

// worst reads the cases of the selection and returns the most severe of them.
func (e *exporting) worst() (list []alerts.Case, err error) {
	keep := func() {
		slices.SortFunc(list, func(a, b alerts.Case) int {
			return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Findings, a.Findings),
				cmp.Compare(b.Last, a.Last), slices.Compare(a.ID[:], b.ID[:]))
		})
		list = list[:min(len(list), maxReported)]
	}
	err = e.cases(func(c *alerts.Case) error {
		if list = append(list, *c); len(list) == 2*maxReported {
			keep()
		}
		return nil
	})
	keep()
	return list, err
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

func (e *exporting) findings(of alerts.CaseID, write func(*alerts.Finding) error) error {
	for f, err := range e.source.AllFindings(store.Filter{Case: &of}) {
		if err != nil {
			return err
		}
		if e.rows == MaxExported {
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
