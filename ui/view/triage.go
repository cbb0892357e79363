package view

import (
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
		{"x", []stroke{char('x')}, triaged, "accept the risk, until a day or it grows", "accept", "", (*app).acceptRisk},
		key('f', alerts.FalsePositive, "false positive: for good", ""),
		{"n", []stroke{char('n')}, triaged, "write a note", "", "", (*app).annotate},
		{"u", []stroke{char('u')}, triaged, "undo your last decision, or the open case's", "", "", (*app).undo},
	}
	if readOnly {
		for i := range keys {
			keys[i].does, keys[i].hint, keys[i].run = "read-only: "+keys[i].does, "", (*app).refuse
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

// decide asks why, and gives the cases a status.
func (a *app) decide(status alerts.Status) {
	ids, called := a.chosenCases()
	if len(ids) == 0 {
		return
	}
	a.question(&prompt{
		label: fmt.Sprintf("%s, %s. Reason", status, called),
		help:  "Why? Others read it in the case. Enter does it, reason or none; Esc does not",
		check: tooLong,
		done: func(reason string) {
			a.change(ids, store.Decision{Status: &status, Reason: reason}, status.String())
		},
	}, "")
}

// acceptRisk asks until when, and why.
func (a *app) acceptRisk() {
	ids, called := a.chosenCases()
	if len(ids) == 0 {
		return
	}
	status := alerts.AcceptedRisk
	a.question(&prompt{
		label: fmt.Sprintf("%s, %s. Until", status, called),
		help:  "2027-01-31, 90d or 12w; empty: until it is more severe. Esc leaves all as it was",
		check: func(text string) error { _, err := model.ParseUntil(text, a.now()); return err },
		done: func(text string) {
			until, _ := model.ParseUntil(text, a.now())
			a.question(&prompt{label: "Reason", check: tooLong, done: func(reason string) {
				a.change(ids, store.Decision{Status: &status, Reason: reason, Until: until}, status.String())
			}}, "")
		},
	}, "")
}

// annotate changes the note of the selected case, and of no other.
func (a *app) annotate() {
	p := a.top()
	p.picked = true
	var c alerts.Case
	if p.detail != nil {
		c = p.detail.Case
	} else if p.list != nil {
		row, ok := p.list.Row(a.row())
		switch {
		case p.behind():
			a.wrong = errBehind
			return
		case !ok:
			return
		}
		c = row.Case
	}
	was := oneLine(c.Note)
	a.question(&prompt{label: "Note", check: tooLong, done: func(text string) {
		if text != was {
			a.change([]alerts.CaseID{c.ID}, store.Decision{Note: &text}, "noted")
		}
	}}, was)
}

func tooLong(text string) error {
	if len(text) > store.MaxNote {
		return fmt.Errorf("longer than %d bytes", store.MaxNote)
	}
	return nil
}

// maxDecided is how many cases one decision may be about.
const maxDecided = 100_000

// change writes a decision, store.MaxCases at a time.
func (a *app) change(ids []alerts.CaseID, d store.Decision, did string) {
	if len(ids) > maxDecided {
		a.wrong = fmt.Errorf("not changed: the row stands for %s, more than %d: Space shows them one by one", some(len(ids)), maxDecided)
		return
	}
	d.Who, d.At = a.options.Who, a.now().UnixNano()
	p := a.top()
	a.said = "writing ..."
	a.ask(func() func() {
		done := 0
		for part := range slices.Chunk(ids, store.MaxCases) {
			if err := a.options.Triage.Set(part, d); err != nil {
				if done > 0 {
					err = fmt.Errorf("after the first %s: %w", some(done), err)
				}
				return func() {
					a.decided(ids[:done], did)
					a.changed(err, "")
				}
			}
			done += len(part)
		}
		return func() {
			a.decided(ids, did)
			p.marks = nil
			a.changed(nil, fmt.Sprintf("%s: %s; u takes it back", some(len(ids)), did))
		}
	})
}

// changed tells what came of a change, and shows it.
func (a *app) changed(err error, said string) {
	a.said = said
	if err != nil {
		a.wrong = fmt.Errorf("not changed: %w", err)
	}
	a.reread()
}

func some(n int) string {
	if n == 1 {
		return "1 case"
	}
	return fmt.Sprintf("%d cases", n)
}
