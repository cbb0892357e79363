package view

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// maxUndo is how many decisions can be taken back, the last; each may be about
// maxDecided cases.
const maxUndo = 10

// decision is one that was made here, and can be taken back.
type decision struct {
	ids []alerts.CaseID
	did string
}

// decided notes a decision.
func (a *app) decided(ids []alerts.CaseID, did string) {
	if len(ids) == 0 {
		return
	}
	a.decisions = append(a.decisions, decision{ids, did})
	a.decisions = a.decisions[max(0, len(a.decisions)-maxUndo):]
}

// undo takes back the last change of the open case; on the list what was decided
// here last, whatever the list shows of that by now, and where there is nothing,
// the last change of the selected row's cases.
func (a *app) undo() {
	n := len(a.decisions)
	if p := a.top(); p.detail != nil {
		a.takeBack(decision{[]alerts.CaseID{p.caseID}, "the last change"})
		return
	}
	if n > 0 {
		last := a.decisions[n-1]
		a.takeBack(last)
		return
	}
	ids, _ := a.chosenCases()
	if len(ids) > 0 {
		a.takeBack(decision{ids, "the last change"})
	}
}

// takeBack takes back the last change of each of some cases.
func (a *app) takeBack(d decision) {
	at := a.now().UnixNano()
	a.said = "writing ..."
	a.ask(func() func() {
		undone := int64(0)
		for part := range slices.Chunk(d.ids, store.MaxCases) {
			n, err := a.options.Triage.Undo(a.options.Who, at, part...)
			undone += n
			if err != nil && !errors.Is(err, store.ErrNothingToUndo) {
				return func() { a.changed(err, "") }
			}
		}
		return func() {
			a.forget(d.ids)
			if undone == 0 {
				a.said = "nothing to undo"
				return
			}
			a.changed(nil, fmt.Sprintf("%s as before: %s is taken back", some(int(undone)), d.did))
		}
	})
}

// forget forgets the last decision on each of the cases: it was taken back.
func (a *app) forget(ids []alerts.CaseID) {
	gone := make(map[alerts.CaseID]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	for i, d := range slices.Backward(a.decisions) {
		left := slices.DeleteFunc(slices.Clone(d.ids), func(id alerts.CaseID) bool {
			last := gone[id]
			delete(gone, id)
			return last
		})
		if a.decisions[i].ids = left; len(gone) == 0 {
			break
		}
	}
	a.decisions = slices.DeleteFunc(a.decisions, func(d decision) bool { return len(d.ids) == 0 })
}
