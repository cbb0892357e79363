package view

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/ui/model"
)

// export writes what is in front into a file: all rows of a list, the findings
// of a case, or a session.
func (a *app) export(path string) error {
	if path == "" {
		return errors.New("name a file that ends in .csv, .jsonl or .html")
	}
	var s model.Selection
	switch p := a.top(); {
	case p.list != nil && p.list.Paged():
		return errors.New("there are too many cases here, or they are still being counted: filter them first")
	case p.list != nil:
		s = p.list.Select()
	case p.listed != nil:
		s.Sessions, s.More = p.listed.Rows, p.listed.Cut
	case p.detail != nil:
		s.Cases, s.Findings, s.More = []alerts.CaseID{p.caseID}, true, p.detail.Case.Findings > model.MaxExported
	case p.session != nil:
		s.Sessions = []alerts.Session{p.session.Session}
	default:
		return errors.New("cases and sessions are exported: Enter lists the cases of a row, l its sessions")
	}
	now := a.now()
	a.said = "writing " + path + " ..."
	a.ask(func() func() {
		n, err := model.Export(a.source, path, s, now)
		return func() {
			if a.said = ""; err != nil {
				a.wrong = err
				return
			}
			a.said = fmt.Sprintf("%d rows written to %s", n, path)
			if s.More {
				a.said += "; there are more: 'mailtap export' writes all"
			}
		}
	})
	return nil
}

// copyName copies what names the row or the page: the id of a case or a
// session, else the name.
func (a *app) copyName() {
	p := a.top()
	id, isCase := a.selected()
	switch s := a.subject(); { // names are peers' words; ids are not
	case p.on == caseScreen:
		a.copy(p.caseID.String())
	case p.on == sessionScreen:
		a.copy(p.sessionID.String())
	case isCase:
		a.copy(id.String())
	case p.on == sessionsScreen && p.listed != nil && a.row() < len(p.listed.Rows) && a.row() >= 0:
		a.copy(p.listed.Rows[a.row()].ID.String())
	case p.on == ruleScreen:
		a.copy(export.Clean(p.rule.Name))
	case s != nil:
		a.copy(export.Clean(s.Name))
	}
}

// copyText copies the row, or the page as it is shown.
func (a *app) copyText() {
	_, _, width, height := a.text.GetInnerRect()
	if a.top().on&listScreen == 0 {
		a.copy(plainText(a.page(width, height)))
		return
	}
	_, _, width, _ = a.table.GetInnerRect()
	a.copy(a.rowText(a.row(), width))
}

// maxCopied is how many bytes are copied: terminals take a little more.
const maxCopied = 64 << 10

// copy puts a text on the clipboard by way of the terminal (OSC 52), which may
// refuse without a word.
func (a *app) copy(text string) {
	if text == "" || a.screen == nil {
		return
	}
	text = strings.ToValidUTF8(text[:min(len(text), maxCopied)], "")
	a.screen.SetClipboard([]byte(text))
	a.said = fmt.Sprintf("copied %d bytes, if the terminal allows that (OSC 52)", len(text))
}
