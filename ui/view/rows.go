package view

import (
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// columns returns the columns of the list in front.
func (a *app) columns(width int) []render.Column {
	p := a.top()
	switch p.on {
	case casesScreen:
		return render.CaseColumns(width, p.query)
	case sessionsScreen:
		return render.SessionColumns(width)
	case clientsScreen:
		return render.ClientColumns(width)
	case accountsScreen:
		return render.AccountColumns(width)
	case rulesScreen:
		return render.RuleColumns(width)
	}
	return render.ServerColumns(width)
}

// length returns how many rows the list in front has.
func (a *app) length() int {
	p := a.top()
	switch {
	case p.on == casesScreen && p.list != nil:
		return p.list.Len()
	case p.on == sessionsScreen && p.listed != nil:
		return len(p.listed.Rows)
	}
	return len(a.subjects())
}

// subjects returns the rows of the list in front where they are counted: those
// that fit its filter.
func (a *app) subjects() []model.Subject {
	p := a.top()
	if p.subjects == nil || p.on&subjectScreen == 0 {
		return a.tallied()
	}
	if p.tally != a.tally || p.chosen == nil {
		p.tally, p.chosen = a.tally, p.subjects.Choose(a.tallied())
	}
	return p.chosen
}

// tallied returns all of them.
func (a *app) tallied() []model.Subject {
	if a.tally == nil {
		return nil
	}
	switch a.top().on {
	case serversScreen:
		return a.tally.Servers
	case clientsScreen:
		return a.tally.Clients
	case accountsScreen:
		return a.tally.Accounts
	case rulesScreen:
		return a.tally.Rules
	}
	return nil
}

// spans returns what the columns show of the i-th row, nil as long as it is not
// read.
func (a *app) spans(i int, columns []render.Column) (spans []render.Span) {
	p := a.top()
	if i < 0 || i >= a.length() {
		return nil
	}
	switch p.on {
	case casesScreen:
		row, ok := p.list.Row(i)
		if !ok {
			return nil
		}
		for _, c := range columns {
			spans = append(spans, c.Case(&row, a.reasons.Of, a.now()))
		}
	case sessionsScreen:
		for _, c := range columns {
			spans = append(spans, c.Session(&p.listed.Rows[i], a.now()))
		}
	default:
		for _, c := range columns {
			spans = append(spans, c.Subject(&a.subjects()[i], a.now()))
		}
	}
	return spans
}

// rowText is the i-th row as it is shown.
func (a *app) rowText(i, width int) string {
	var line render.Line
	for _, span := range a.spans(i, a.columns(width)) {
		line = append(line, span, render.Span{Text: " "})
	}
	return strings.TrimSpace(plainText([]render.Line{line}))
}

// nothing says why the list in front has no rows.
func (a *app) nothing() []string {
	p := a.top()
	switch {
	case p.on == casesScreen && p.list != nil:
		return render.Nothing(p.list, a.capturing())
	case p.filter != "" && (p.listed != nil || a.tally != nil):
		kind := kindOf[p.on]
		if worst := a.worst(); worst != "" {
			kind += " " + worst
		}
		return render.NothingFits(kind, p.filter)
	case p.on == sessionsScreen && p.listed != nil, p.on&subjectScreen != 0 && a.tally != nil:
		return []string{"none"}
	}
	return []string{"reading ..."}
}

// selected returns the selected case, false where there is none.
func (a *app) selected() (alerts.CaseID, bool) {
	p := a.top()
	if p.on != casesScreen || p.list == nil {
		return alerts.CaseID{}, false
	}
	row, ok := p.list.Row(a.row())
	return row.Case.ID, ok
}

// subject returns the selected server, client, account or rule, or nil.
func (a *app) subject() *model.Subject {
	if list, i := a.subjects(), a.row(); i >= 0 && i < len(list) {
		return &list[i]
	}
	return nil
}
