package model

import (
	"bufio"
	"errors"
	"fmt"
	"io"
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
	MaxExported = 10_000 // rows
	maxReported = 200    // cases of an HTML report
	maxReadOut  = 1000   // findings of each of them
)

// Formats are the ends of the names of files that Export writes.
var Formats = []string{".csv", ".jsonl", ".html"}

// Selection is what Export writes: cases, the findings of one of them, or
// sessions.
type Selection struct {
	Cases    []alerts.CaseID
	Findings bool // those of Cases, instead of the cases themselves
	Sessions []alerts.Session
	More     bool // there is more than that
}

// Select returns all cases of a list, as many as Export writes.
func (l *List) Select() (s Selection) {
	s.More = l.Cases() > MaxExported || l.cut
	n := min(l.Cases(), MaxExported)
	for _, member := range l.groups.members[:min(n, len(l.groups.members))] {
		s.Cases = append(s.Cases, l.id(member))
	}
	return s
}

// Export writes a selection into a new file that only its owner may read, in
// the format of its name. It returns how many rows, or with HTML how many cases
// are in it.
func Export(source Source, path string, s Selection, now time.Time) (rows int, err error) {
	write := map[string]func(*exporting) error{".csv": (*exporting).csv, ".jsonl": (*exporting).jsonl, ".html": (*exporting).html}[filepath.Ext(path)]
	switch {
	case write == nil:
		return 0, fmt.Errorf("%s: name a file that ends in .csv, .jsonl or .html", path)
	case len(s.Cases) == 0 && len(s.Sessions) == 0:
		return 0, errors.New("there is nothing here to export")
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return 0, fmt.Errorf("%s is there already: name another file", path)
	}
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(f)
	e := exporting{source: source, selection: s, now: now, w: w}
	err = write(&e)
	if err = errors.Join(err, w.Flush(), f.Close()); err != nil {
		os.Remove(path) // half of it would be taken for all
		return 0, err
	}
	return e.rows, nil
}

// exporting is an export that runs.
type exporting struct {
	source    Source
	selection Selection
	now       time.Time
	w         io.Writer
	rows      int
}

func (e *exporting) csv() error {
	switch s := &e.selection; {
	case len(s.Sessions) > 0:
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
	case len(s.Sessions) > 0:
		return e.sessions(j.Session)
	case s.Findings:
		return e.findings(s.Cases[0], MaxExported, j.Finding)
	}
	return e.cases(j.Case)
}

// html reports on cases, with their newest findings.
func (e *exporting) html() error {
	if n := len(e.selection.Cases); n == 0 || n > maxReported {
		return fmt.Errorf("a report here has 1 to %d cases, not %d: filter them, or use 'mailtap export html'", maxReported, n)
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

func (e *exporting) sessions(write func(*alerts.Session) error) error {
	for i := range e.selection.Sessions {
		e.rows++
		if err := write(&e.selection.Sessions[i]); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporting) cases(write func(*alerts.Case) error) error {
	for _, id := range e.selection.Cases {
		list, err := e.source.Cases(store.Filter{Case: &id, Now: e.now.UnixNano()})
		if err != nil {
			return err
		}
		for i := range list { // none where it went meanwhile
			e.rows++
			if err := write(&list[i]); err != nil {
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
			return nil
		}
		e.rows++
		if err := write(&f); err != nil {
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
