package view

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

// triaged is the screens on which there is a case to decide on.
const triaged = casesScreen | caseScreen

// triageKeys is what the keys of triage do. Who may only read is told so.
func triageKeys(readOnly bool) []binding {
	key := func(c rune, status alerts.Status, does, hint string) binding {
		return binding{string(c), []stroke{char(c)}, triaged, does, hint, "", func(a *app) { a.decide(status) }}
	}
	keys := []binding{
		key('a', alerts.Acknowledged, "acknowledge: somebody is at it", "ack"),
		key('r', alerts.Resolved, "resolved: a later finding makes it new again", "resolve"),
		{"x", []stroke{char('x')}, triaged, "accept the risk, until a day or until it grows", "accept", "", (*app).acceptRisk},
		key('f', alerts.FalsePositive, "false positive: for good", ""),
		{"n", []stroke{char('n')}, triaged, "write a note", "", "", (*app).annotate},
		{"u", []stroke{char('u')}, triaged, "undo the last change of the case", "", "", (*app).undo},
	}
	if readOnly {
		for i := range keys {
			keys[i].does, keys[i].hint, keys[i].run = "not here (read-only): "+keys[i].does, "", (*app).refuse
		}
	}
	return keys
}

// refuse says why nothing can be decided.
func (a *app) refuse() {
	a.said = "nothing can be decided: the database is read-only"
	if why := a.options.ReadOnly; why != "" {
		a.said = "read-only: " + why
	}
}

// deciding returns the cases to decide on, and the note of the first: the open
// one, or those that the selected row stands for.
func (a *app) deciding() (ids []alerts.CaseID, note string) {
	p := a.top()
	p.picked = true
	switch {
	case p.detail != nil:
		return []alerts.CaseID{p.caseID}, p.detail.Case.Note
	case p.list != nil:
		row, _ := p.list.Row(a.row())
		return p.list.Stands(a.row()), row.Case.Note
	}
	return nil, ""
}

// decide asks why, and gives the cases a status.
func (a *app) decide(status alerts.Status) {
	ids, _ := a.deciding()
	if len(ids) == 0 {
		return
	}
	a.question(&prompt{
		label: fmt.Sprintf("%s, %s. Reason", status, some(len(ids))),
		check: tooLong,
		done: func(reason string) {
			a.change(ids, store.Decision{Status: &status, Reason: reason}, fmt.Sprintf("%s: %s; u takes it back", some(len(ids)), status))
		},
	}, "")
}

// acceptRisk asks until when, and why.
func (a *app) acceptRisk() {
	ids, _ := a.deciding()
	if len(ids) == 0 {
		return
	}
	status := alerts.AcceptedRisk
	a.question(&prompt{
		label: fmt.Sprintf("%s, %s. Until 2027-01-31 or 90d, empty for ever", status, some(len(ids))),
		check: func(text string) error { _, err := model.ParseUntil(text, a.now()); return err },
		done: func(text string) {
			until, _ := model.ParseUntil(text, a.now())
			a.question(&prompt{label: "Reason", check: tooLong, done: func(reason string) {
				a.change(ids, store.Decision{Status: &status, Reason: reason, Until: until}, fmt.Sprintf("%s: %s; u takes it back", some(len(ids)), status))
			}}, "")
		},
	}, "")
}

// annotate changes the note of the selected case, and of no other.
func (a *app) annotate() {
	ids, note := a.deciding()
	if len(ids) == 0 {
		return
	}
	a.question(&prompt{label: "Note", check: tooLong, done: func(text string) {
		a.change(ids[:1], store.Decision{Note: &text}, "noted; u takes it back")
	}}, note)
}

func tooLong(text string) error {
	if len(text) > store.MaxNote {
		return fmt.Errorf("longer than %d bytes", store.MaxNote)
	}
	return nil
}

// maxDecided is how many cases one decision may be about.
const maxDecided = 10_000

// change writes a decision, store.MaxCases at a time.
func (a *app) change(ids []alerts.CaseID, d store.Decision, said string) {
	if len(ids) > maxDecided {
		a.wrong = fmt.Errorf("not changed: the row stands for %s, more than %d: Space shows them one by one", some(len(ids)), maxDecided)
		return
	}
	d.Who, d.At = a.options.Who, a.now().UnixNano()
	a.ask(func() func() {
		done := 0
		for part := range slices.Chunk(ids, store.MaxCases) {
			if err := a.options.Triage.Set(part, d); err != nil {
				if done > 0 {
					err = fmt.Errorf("after the first %s: %w", some(done), err)
				}
				return func() { a.changed(err, said) }
			}
			done += len(part)
		}
		return func() { a.changed(nil, said) }
	})
}

// undo takes back the last change of each of the cases.
func (a *app) undo() {
	ids, _ := a.deciding()
	if len(ids) == 0 {
		return
	}
	at := a.now().UnixNano()
	a.ask(func() func() {
		undone, any := int64(0), false
		for part := range slices.Chunk(ids, store.MaxCases) {
			n, err := a.options.Triage.Undo(a.options.Who, at, part...)
			if err != nil && !errors.Is(err, store.ErrNothingToUndo) {
				return func() { a.changed(err, "") }
			}
			undone, any = undone+n, any || err == nil
		}
		return func() {
			if !any {
				a.said = "nothing to undo"
				return
			}
			a.changed(nil, some(int(undone))+" as before")
		}
	})
}

// changed tells what came of a change, and shows it.
func (a *app) changed(err error, said string) {
	if err != nil {
		a.wrong = fmt.Errorf("not changed: %w", err)
		return
	}
	a.said = said
	a.reread()
}

func some(n int) string {
	if n == 1 {
		return "1 case"
	}
	return fmt.Sprintf("%d cases", n)
}
