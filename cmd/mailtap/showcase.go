package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// shownFindings is how many of a case's findings are shown, the newest.
const shownFindings = 20

// dossier is all that is shown of a case.
type dossier struct {
	kase      alerts.Case
	aftermath alerts.Aftermath
	changes   []alerts.Change
	findings  []alerts.Finding
	session   *dissect.Facts // of the newest finding; nil: none is left
}

func showCases(env *environment, r *store.Reader, format string, ids []alerts.CaseID, now time.Time) error {
	array := export.NewArray(env.stdout)
	lines := export.NewJSONL(array)
	for i, id := range ids {
		d, err := readDossier(r, id, now)
		if err != nil {
			return err
		}
		if format == formatJSON {
			err = lines.CaseFile(d.file())
		} else {
			if i > 0 {
				fmt.Fprintln(env.stdout)
			}
			_, err = io.WriteString(env.stdout, d.text())
		}
		if err != nil {
			return err
		}
	}
	if format == formatJSON {
		return array.Close()
	}
	return nil
}

func readDossier(r *store.Reader, id alerts.CaseID, now time.Time) (d dossier, err error) {
	if d.kase, err = oneCase(r, id, now); err != nil {
		return d, err
	}
	if d.aftermath, err = r.Aftermath(&d.kase); err != nil {
		return d, err
	}
	if d.changes, err = r.Changes(id); err != nil {
		return d, err
	}
	if d.findings, err = r.Findings(store.Filter{Case: &id, Limit: shownFindings}); err != nil || len(d.findings) == 0 {
		return d, err
	}
	s, _, err := r.Session(d.findings[0].Session.String())
	d.session = s.Facts
	return d, err
}

// text is the case for people.
func (d *dossier) text() string {
	var b strings.Builder
	c := &d.kase
	fmt.Fprintf(&b, "%v: %s\n\n", c.ID, export.Clean(c.Title))
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s%s\n", name, export.Clean(value))
		}
	}
	line("severity", c.Severity.String())
	line("rule", c.Rule+" (see 'mailtap rules "+c.Rule+"')")
	line("status", c.Standing(utc))
	line("blames", c.Blame.String())
	line("server", c.Server)
	line("client", c.Client)
	line("account", c.Account)
	line("seen", fmt.Sprintf("%s in %s", numbered(c.Findings, "finding", "findings"), numbered(c.Sessions, "session", "sessions")))
	line("first", utc(c.First))
	line("last", utc(c.Last))
	line("since then", since(&d.aftermath))
	line("note", c.Note)
	if len(d.changes) > 0 {
		b.WriteString("\nhistory\n")
		for i := range d.changes {
			fmt.Fprintf(&b, "  %s\n", export.Clean(changeText(&d.changes[i])))
		}
	}
	d.writeFindings(&b)
	return b.String()
}

func (d *dossier) writeFindings(b *strings.Builder) {
	if len(d.findings) == 0 {
		b.WriteString("\nits findings were pruned\n")
		return
	}
	b.WriteString("\nfindings, the newest first\n")
	for i := range d.findings {
		f := &d.findings[i]
		fmt.Fprintf(b, "  %s  %v  %s\n", utc(f.Time), f.Session, export.Clean(f.Why))
		if reason := export.Excepted(f); reason != "" {
			fmt.Fprintf(b, "    an exception of the policy: %s\n", export.Clean(reason))
		}
		for _, e := range f.Evidence {
			fmt.Fprintf(b, "    %-7s%s  (%s)\n", e.From.String(), export.Clean(e.Text), export.Clean(e.File+":"+strconv.FormatUint(e.Packet, 10)))
		}
	}
	if len(d.session.Transcript) == 0 {
		return
	}
	fmt.Fprintf(b, "\nwhat was said in %v\n", d.findings[0].Session)
	for _, q := range d.session.Transcript {
		fmt.Fprintf(b, "  %-7s%s\n", q.Side.String(), export.Clean(q.Text))
	}
}

// since says whether the case was seen to be fixed.
func since(a *alerts.Aftermath) string {
	if a.Last == 0 {
		return "no traffic, so nobody knows if it is fixed"
	}
	return fmt.Sprintf("%s protected, %d unknown, %d others, the last at %s",
		numbered(a.Protected, "session", "sessions"), a.Unknown, a.Other, utc(a.Last))
}

func changeText(c *alerts.Change) string {
	text := fmt.Sprintf("%s  %s by %s", utc(c.At), (&alerts.Case{Status: c.Status, ResolvedAt: c.ResolvedAt, Expires: c.Expires}).Standing(utc), c.Who)
	if c.Who == "" {
		text = fmt.Sprintf("%s  %v: %v, by a finding", utc(c.At), c.Status, c.Reopened)
	}
	if c.Reason != "" {
		text += ": " + c.Reason
	}
	if c.Note != "" {
		text += fmt.Sprintf(" (note: %s)", c.Note)
	}
	if c.UndoneBy != "" {
		text += fmt.Sprintf(", undone by %s at %s", c.UndoneBy, utc(c.UndoneAt))
	}
	return text
}

// utc writes a time as people need it.
func utc(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05Z") }

// file is the case for programs.
func (d *dossier) file() *export.CaseFile {
	f := &export.CaseFile{Case: &d.kase, Aftermath: &d.aftermath, Changes: d.changes, Findings: d.findings}
	if d.session != nil {
		f.Transcript = d.session.Transcript
	}
	return f
}
