package view

import (
	"fmt"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// markSign stands behind the severity of a marked row.
const markSign = "*"

// markKeys mark cases, for a decision on all of them, their packets or an export.
func markKeys() []binding {
	return []binding{
		{"m", []stroke{char('m')}, casesScreen, "mark the row, to decide on several or export them", "mark", "", (*app).mark},
		{"M", []stroke{char('M')}, casesScreen, "mark all that the filter shows, or nothing any more", "", "", (*app).markAll},
	}
}

// marked tells whether the i-th row is.
func (a *app) marked(i int) bool {
	p := a.top()
	if len(p.marks) == 0 || p.on != casesScreen {
		return false
	}
	row, ok := p.list.Row(i)
	return ok && p.marks[row.Case.ID]
}

// mark marks the cases that the selected row stands for, or takes their marks
// away, and goes on to the next row.
func (a *app) mark() {
	p := a.top()
	if p.list == nil {
		return
	}
	if p.behind() {
		a.wrong = errBehind
		return
	}
	ids := p.list.Stands(a.row())
	if len(ids) == 0 {
		return
	}
	if p.marks == nil {
		p.marks = make(map[alerts.CaseID]bool)
	}
	if p.marks[ids[0]] {
		for _, id := range ids {
			delete(p.marks, id)
		}
	} else if a.mayMark(len(p.marks) + len(ids)) {
		for _, id := range ids {
			p.marks[id] = true
		}
	}
	a.move(1)
}

// markAll marks all cases of the list, or none any more.
func (a *app) markAll() {
	p := a.top()
	switch {
	case len(p.marks) > 0:
		p.marks = nil
	case p.list == nil:
	case p.behind():
		a.wrong = errBehind
	case p.list.Paged() || p.list.Cut():
		a.wrong = fmt.Errorf("not marked: there are too many cases, or they are still being counted: / narrows the list")
	case a.mayMark(p.list.Cases()):
		p.marks = make(map[alerts.CaseID]bool)
		for id := range p.list.All() {
			p.marks[id] = true
		}
	}
}

func (a *app) mayMark(n int) bool {
	if n > maxDecided {
		a.wrong = fmt.Errorf("not marked: %s are more than %d: / narrows the list, and Space shows what a row stands for", some(n), maxDecided)
	}
	return n <= maxDecided
}

// unmark takes all marks away, as another filter may hide what has one.
func (a *app) unmark(p *place) {
	if n := len(p.marks); n > 0 {
		p.marks = nil
		a.said = "no marks any more: the filter is another one"
	}
}

// chosenCases returns the cases that something is to be done to, and what they
// are called: the open one, those that are marked, or those that the selected
// row stands for.
func (a *app) chosenCases() (ids []alerts.CaseID, called string) {
	p := a.top()
	p.picked = true
	switch {
	case p.detail != nil:
		return []alerts.CaseID{p.caseID}, "this case"
	case p.behind():
		a.wrong = errBehind
		return nil, ""
	case p.list == nil:
		return nil, ""
	case len(p.marks) == 0:
		ids = p.list.Stands(a.row())
		return ids, some(len(ids))
	case p.list.Paged(): // it does not know all of its cases
		for id := range p.marks {
			ids = append(ids, id)
		}
		slices.SortFunc(ids, func(a, b alerts.CaseID) int { return slices.Compare(a[:], b[:]) })
	default: // what is not in the list any more was decided by others
		for id := range p.list.All() {
			if p.marks[id] {
				ids = append(ids, id)
			}
		}
	}
	return ids, "marked: " + some(len(ids))
}
