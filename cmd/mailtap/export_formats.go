package main

import (
	"cmp"
	"errors"
	"os"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/rules"
)

// exporters write findings, or all, by format.
var exporters = map[string]func(*exporting) error{
	"html":  (*exporting).html,
	"jsonl": (*exporting).jsonl,
	"csv": func(e *exporting) error {
		c := export.NewFindingsCSV(e.w)
		return errors.Join(e.findings(c.Finding), c.Flush())
	},
	"eve": (*exporting).eve,
	"zeek": func(e *exporting) error {
		z := export.NewZeekFindings(e.w)
		return errors.Join(e.findings(z.Finding), z.Close())
	},
	"cef": func(e *exporting) error {
		if e.sent {
			host, _ := os.Hostname() // "" where it is not known
			return e.findings(export.NewSyslogCEF(e.w, e.framing, host, version, catalogue).Finding)
		}
		return e.findings(export.NewCEF(e.w, version, catalogue).Finding)
	},
	"syslog": func(e *exporting) error {
		host, _ := os.Hostname() // "" where it is not known
		return e.findings(export.NewSyslog(e.w, e.framing, host, catalogue).Finding)
	},
}

// sessionExporters write sessions, by format.
var sessionExporters = map[string]func(*exporting) error{
	"csv": func(e *exporting) error {
		c := export.NewSessionsCSV(e.w)
		return errors.Join(e.sessions(c.Session), c.Flush())
	},
	"zeek": func(e *exporting) error {
		z := export.NewZeekSessions(e.w)
		return errors.Join(e.sessions(z.Session), z.Close())
	},
}

// catalogue tells the exports of a rule.
func catalogue(id string) export.Rule {
	r := rules.Find(id)
	if r == nil {
		return export.Rule{}
	}
	return export.Rule{Group: string(r.Group), Title: r.Title, Why: r.Why, Fix: r.Fix, Config: r.Config}
}

func (e *exporting) findings(write func(*alerts.Finding) error) error {
	for f, err := range e.reader.AllFindings(e.filter) {
		if err := cmp.Or(err, stopped(e.ctx)); err != nil {
			return err
		}
		if err := write(&f); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporting) sessions(write func(*alerts.Session) error) error {
	for s, err := range e.reader.AllSessions(e.filter) {
		if err := cmp.Or(err, stopped(e.ctx)); err != nil {
			return err
		}
		if err := write(&s); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporting) jsonl() error {
	j := export.NewJSONL(e.w)
	if err := e.sessions(j.Session); err != nil {
		return err
	}
	return e.findings(j.Finding)
}

// eve writes findings with what is known of their sessions, such as TLS and
// VLANs.
func (e *exporting) eve() error {
	w := export.NewEVE(e.w, catalogue)
	for f, err := range e.reader.AllFound(e.filter) {
		if err := cmp.Or(err, stopped(e.ctx)); err != nil {
			return err
		}
		in := f.In
		if in.ID != f.Session { // what spans sessions may be stored with another
			s, _, err := e.reader.Session(f.Session.String())
			if err != nil {
				return err
			}
			in = &s
		}
		if err := w.Finding(&f.Finding, in); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporting) html() error {
	report := export.NewReport(e.subject, catalogue)
	for c, err := range e.reader.AllCases(e.filter) {
		if err := cmp.Or(err, stopped(e.ctx)); err != nil {
			return err
		}
		report.Case(&c)
	}
	if err := e.findings(func(f *alerts.Finding) error { report.Finding(f); return nil }); err != nil {
		return err
	}
	if err := e.sessions(func(s *alerts.Session) error { report.Session(s); return nil }); err != nil {
		return err
	}
	return report.Write(e.w)
}
