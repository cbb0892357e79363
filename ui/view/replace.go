package view

import (
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
)

// replace puts a list in the place of the old one. A selection that somebody has
// made stays on its case, and the case where it is on the screen; else the first
// row is selected. Another query that leaves the case out begins at the top.
func (a *app) replace(p *place, w *wish, list *model.List) {
	old := a.row()
	id, selected := a.selected()
	selected = selected && p.picked
	same := false
	if p.list != nil {
		before := p.list.Query()
		same = before.Same(&w.query)
	}
	p.list = list
	list.Unfold(p.open)
	row, kept := 0, false
	if selected {
		row, kept = list.Look(id, old)
	}
	if !kept && same && p.picked {
		row = max(0, min(old, list.Len()-1))
	}
	p.picked = p.picked && (kept || same)
	if p.end && same {
		row = max(0, list.Len()-1)
	}
	p.end = false
	a.moveTo(row)
}

// replaceSessions does the same for sessions.
func (a *app) replaceSessions(p *place, listed *model.Sessions) {
	row := a.row()
	if !p.picked {
		row = 0
	} else if p.listed != nil && row >= 0 && row < len(p.listed.Rows) {
		id := p.listed.Rows[row].ID
		if i := slices.IndexFunc(listed.Rows, func(s alerts.Session) bool { return s.ID == id }); i >= 0 {
			row = i
		}
	}
	p.listed = listed
	a.moveTo(max(0, min(row, len(listed.Rows)-1)))
}

// moveTo selects the row where the selected one is by now, and leaves it where
// it is on the screen. An offset that is set is kept: a short list would follow
// its end from then on.
func (a *app) moveTo(row int) {
	offset, _ := a.table.GetOffset()
	a.table.SetOffset(max(0, offset+row-a.row()), 0)
	a.table.Select(row+headRows, 0)
}
