package view

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// export writes what is in front into a file: all rows of a list or those that
// are marked, the findings of a case, or a session.
func (a *app) export(path string) error {
	if path == "" {
		return errors.New("name a file that ends in .csv, .jsonl or .html")
	}
	path, err := filepath.Abs(atHome(path))
	if err != nil {
		return err
	}
	s, err := a.selection()
	if err != nil {
		return err
	}
	a.into(path, func(replace bool) { a.write(path, replace, s) })
	return nil
}

// into has a file written, after a question where there is one of its name.
func (a *app) into(path string, write func(replace bool)) {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		write(false)
		return
	}
	const ask, answers = "Write over ", "? yes or no"
	room := a.width - len(ask+answers+": yes") - 1 // the cursor
	a.question(&prompt{
		label:    ask + render.Shorten(path, room) + answers,
		complete: among("yes", "no"),
		done: func(answer string) {
			if strings.HasPrefix("yes", strings.ToLower(answer)) && answer != "" {
				write(true)
			} else {
				a.said = "not written"
			}
		},
	}, "")
}

// among completes to one of some words.
func among(words ...string) func(string) []string {
	return func(text string) (list []string) {
		for _, w := range words {
			if strings.HasPrefix(w, text) && w != text {
				list = append(list, w)
			}
		}
		return list
	}
}

// atHome puts the home folder in the place of a tilde.
func atHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}

// selection is what is exported of the place in front.
func (a *app) selection() (s model.Selection, err error) {
	switch p := a.top(); {
	case p.list != nil && p.behind():
		return s, errBehind
	case p.on == casesScreen && len(p.marks) > 0:
		s.Cases, _ = a.chosenCases()
	case p.list != nil && p.list.Paged():
		return s, errors.New("there are too many cases here, or they are still being counted: wait, or filter them first")
	case p.list != nil:
		s.Cases = slices.Collect(p.list.All())
	case p.on == sessionsScreen:
		s.Sessions = &model.SessionQuery{Of: p.of, Filter: p.sessions}
	case p.detail != nil:
		s.Cases, s.Findings = []alerts.CaseID{p.caseID}, true
	case p.session != nil:
		s.Session = &p.session.Session
	default:
		return s, errors.New("cases and sessions are exported: Enter lists the cases of a row, l its sessions")
	}
	return s, nil
}

// write writes a selection while the program goes on.
func (a *app) write(path string, replace bool, s model.Selection) {
	if a.job != nil {
		a.wrong = errBusy
		return
	}
	cut := a.top().list != nil && a.top().list.Cut()
	now := a.now()
	j := &job{ctx: a.ctx, path: render.Clean(path), kind: "rows"}
	a.work(j, func() func() {
		to := model.Target{Path: path, Replace: replace, Row: j.row}
		n, more, err := model.Export(a.source, to, s, now)
		return func() {
			if a.wrong = a.cannotWrite(err); err != nil {
				return
			}
			a.said = fmt.Sprintf("%d %s written to %s (0600)", n, kindOfRows(&s, n), j.path)
			switch {
			case more && filepath.Ext(path) == ".html":
				a.said += "; they are the most severe: 'mailtap export html' reports on all"
			case more || cut:
				a.said += "; there are more: 'mailtap export' writes all"
			}
		}
	})
}

// kindOfRows names what an export has in it.
func kindOfRows(s *model.Selection, n int) string {
	kind := "cases"
	switch {
	case s.Session != nil || s.Sessions != nil:
		kind = "sessions"
	case s.Findings:
		kind = "findings"
	}
	if n == 1 {
		kind = strings.TrimSuffix(kind, "s")
	}
	return kind
}

// cannotWrite says what to do where a file may not be written.
func (a *app) cannotWrite(err error) error {
	switch {
	case !errors.Is(err, fs.ErrPermission):
		return err
	case a.capturing():
		return fmt.Errorf("%w: this capture may write to %s only", err, filepath.Dir(a.options.Database))
	}
	return fmt.Errorf("%w: name a folder that you may write to", err)
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
