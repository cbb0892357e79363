package view

import (
	"strings"

	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// open goes from the selected row to what it is about.
func (a *app) open() {
	p := a.top()
	p.picked = true
	switch p.on {
	case casesScreen:
		if next, ok := p.caseAt(a.row()); ok {
			a.push(next)
		}
	case sessionsScreen:
		if i := a.row(); p.listed != nil && i >= 0 && i < len(p.listed.Rows) {
			id := p.listed.Rows[i].ID
			a.push(&place{on: sessionScreen, title: id.String(), sessionID: id})
		}
	default:
		if s := a.subject(); s != nil {
			next := newPlace(casesScreen)
			next.query = model.Exactly(keyOf[p.on], s.Name, a.now())
			a.push(next)
		}
	}
}

// keyOf is the word of the filter for what a screen lists.
var keyOf = map[screen]string{serversScreen: "server", clientsScreen: "client", accountsScreen: "account", rulesScreen: "rule"}

// caseAt returns the place of the case in a row of the list.
func (p *place) caseAt(row int) (*place, bool) {
	if p.list == nil {
		return nil, false
	}
	r, ok := p.list.Row(row)
	return &place{on: caseScreen, title: r.Case.Rule, caseID: r.Case.ID}, ok
}

// openSessions lists the sessions of the selected server, client or account, or
// those of the open case.
func (a *app) openSessions() {
	next := newPlace(sessionsScreen)
	p := a.top()
	p.picked = true
	switch s := a.subject(); {
	case p.detail != nil:
		k := p.detail.Case
		next.of.Case = &k
	case s == nil:
		return
	case p.on == serversScreen:
		next.of.Server, next.title = s.Name, "sessions of "+s.Name
	case p.on == clientsScreen:
		next.of.Client, next.title = s.Name, "sessions of "+s.Name
	case p.on == accountsScreen:
		next.of.Account, next.title = s.Name, "sessions of "+s.Name
	}
	a.push(next)
}

// openRule explains the rule of the selected row.
func (a *app) openRule() {
	if s := a.subject(); s != nil {
		a.top().picked = true
		about := *s
		a.push(&place{on: ruleScreen, title: s.Name, rule: &about})
	}
}

// neighbour opens the case n rows further in the list that the open one is from,
// as soon as that row is read.
func (a *app) neighbour(n int) {
	if len(a.way) < 2 {
		return
	}
	from, list := a.way[len(a.way)-2], a.way[len(a.way)-2].list
	if next, ok := from.caseAt(from.row + n); ok {
		from.row, from.picked = from.row+n, true
		a.way[len(a.way)-1] = next
		a.enter()
		return
	}
	if list == nil {
		return
	}
	lacking, ok := list.Wanted()
	if !ok {
		return // there is no such row
	}
	open := a.top()
	a.ask(func() func() {
		found := lacking.Read()
		return func() {
			if list.Put(found); open == a.top() {
				a.neighbour(n)
			}
		}
	})
}

// setQuery asks the cases in front for something else.
func (a *app) setQuery(q model.Query) {
	a.top().query = q
	a.reread()
}

// sortBy sorts by the next field, or the other way round.
func (a *app) sortBy(next bool) {
	q := a.top().query
	if next {
		q.By, q.Reverse = (q.By+1)%model.Field(model.Fields), false
	} else {
		q.Reverse = !q.Reverse
	}
	a.setQuery(q)
}

// toggle unfolds the selected row, or folds what it is one of.
func (a *app) toggle() {
	if p := a.top(); p.list != nil {
		p.picked = true
		a.table.Select(p.list.Toggle(a.row())+headRows, 0)
	}
}

// flat shows all cases without folding, or folds them again.
func (a *app) flat() {
	q := a.top().query
	q.Flat = !q.Flat
	a.setQuery(q)
}

// namesOf returns the names that are known for a key of the filter, those that
// can be typed.
func (a *app) namesOf(key string) (names []string) {
	if a.tally == nil {
		return nil
	}
	list := map[string][]model.Subject{"server": a.tally.Servers, "client": a.tally.Clients, "account": a.tally.Accounts}[key]
	for i := range list {
		if name := list[i].Name; !strings.ContainsAny(name, ",") && render.Clean(name) == name {
			names = append(names, name)
		}
	}
	return names
}
