package view

import (
	"errors"
	"fmt"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// triaged is the screens on which there is a case to decide on.
const triaged = casesScreen | caseScreen

// triageKeys is what the keys of triage do.
func triageKeys() []binding {
	key := func(c rune, status alerts.Status, does, hint string) binding {
		return binding{string(c), []stroke{char(c)}, triaged, does, hint, func(a *app) { a.decide(status) }}
	}
	return []binding{
		key('a', alerts.Acknowledged, "acknowledge: somebody is at it", "ack"),
		key('r', alerts.Resolved, "resolved: a later finding makes it new again", "resolve"),
		key('x', alerts.AcceptedRisk, "accept the risk, until it grows", ""),
		key('f', alerts.FalsePositive, "false positive: for good", ""),
		{"n", []stroke{char('n')}, triaged, "write a note", "", (*app).annotate},
		{"u", []stroke{char('u')}, triaged, "undo the last change of the case", "", (*app).undo},
	}
}

// deciding returns the cases to decide on, and the note of the first: the open
// one, or those that the selected row stands for.
func (a *app) deciding() (ids []alerts.CaseID, note string) {
	p := a.top()
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

// change writes a decision.
func (a *app) change(ids []alerts.CaseID, d store.Decision, said string) {
	d.Who, d.At = a.options.Who, a.now().UnixNano()
	a.ask(func() func() {
		err := a.options.Triage.Set(ids, d)
		return func() { a.changed(err, said) }
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
		n, err := a.options.Triage.Undo(a.options.Who, at, ids...)
		return func() {
			if errors.Is(err, store.ErrNothingToUndo) {
				a.said = "nothing to undo"
				return
			}
			a.changed(err, some(int(n))+" as before")
		}
	})
}

// changed tells what came of a change, and shows it.
func (a *app) changed(err error, said string) {
	if err != nil {
		a.said = "not changed: " + err.Error()
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
