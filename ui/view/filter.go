package view

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// kindOf is what the rows of a list are.
var kindOf = map[screen]string{
	casesScreen: "case", sessionsScreen: "session", serversScreen: "server", clientsScreen: "client", accountsScreen: "account", rulesScreen: "rule",
}

// text is the filter of a place, as it was typed.
func (p *place) text() string {
	if p.on == casesScreen {
		return p.query.Text
	}
	return p.filter
}

// askFilter asks for a filter of the list in front.
func (a *app) askFilter() {
	on, was := a.top().on, render.Clean(a.top().text()) // which may name what a peer called itself
	a.question(&prompt{
		label:    "Filter",
		complete: func(text string) []string { return a.completeFilter(on, text) },
		check:    func(text string) error { return checkFilter(on, text, a.now()) },
		done: func(text string) {
			if text != was {
				a.wrong = a.setFilter(text)
			}
		},
	}, was)
}

func (a *app) completeFilter(on screen, text string) []string {
	switch {
	case on == casesScreen:
		return model.Complete(text, a.namesOf)
	case on == sessionsScreen:
		return model.CompleteSession(text, a.namesOf)
	}
	return model.CompleteSubject(text, a.namesOf)
}

// checkFilter tells what is wrong with a filter, and where.
func checkFilter(on screen, text string, now time.Time) error {
	var err error
	switch on {
	case casesScreen:
		_, err = model.ParseFilter(text, now)
	case sessionsScreen:
		_, err = model.ParseSessionFilter(text, now)
	default:
		_, err = model.ParseSubjectFilter(text, now)
	}
	var m *model.Mistake
	if !errors.As(err, &m) || len(text) == m.To-m.From {
		return err
	}
	word := text[m.From:m.To]
	if _, value, _ := strings.Cut(word, ":"); value != "" && strings.Contains(m.Text, value) {
		return err // which names it
	}
	return fmt.Errorf("%s: %w", word, err)
}

// setFilter filters the list in front.
func (a *app) setFilter(text string) error {
	p := a.top()
	switch p.on {
	case casesScreen:
		q, err := model.NewQuery(text, a.now())
		if err != nil {
			return err
		}
		q.By, q.Reverse, q.Flat = p.query.By, p.query.Reverse, p.query.Flat
		a.unmark(p)
		a.setQuery(q)
		return nil
	case sessionsScreen:
		f, err := model.ParseSessionFilter(text, a.now())
		if err != nil {
			return err
		}
		p.filter, p.sessions = text, f
		a.reread()
		return nil
	}
	f, err := model.ParseSubjectFilter(text, a.now())
	if err != nil {
		return err
	}
	name, any := a.chosenSubject()
	p.filter, p.subjects, p.chosen = text, f, nil
	row := slices.IndexFunc(a.subjects(), func(s model.Subject) bool { return any && s.Name == name })
	a.table.SetOffset(0, 0)
	a.table.Select(max(0, row)+headRows, 0)
	return nil
}

// filterBy filters by a name that a filter was saved under, in its view, or by
// what was typed: the list in front, or the cases.
func (a *app) filterBy(text string) error {
	saved, err := model.ReadSaved(a.options.Filters)
	if err != nil {
		return err
	}
	for _, s := range saved {
		if s.Name == text {
			text = s.Text
			for _, v := range views {
				if v.name == s.View {
					a.start(v.on)
				}
			}
		}
	}
	if a.top().on&listScreen == 0 {
		a.start(casesScreen)
	}
	if err := checkFilter(a.top().on, text, a.now()); err != nil {
		return err
	}
	return a.setFilter(text)
}

// saveFilter keeps the filter in front under a name.
func (a *app) saveFilter(name string) error {
	p := a.top()
	if p.on&listScreen == 0 || p.text() == "" {
		return errors.New("nothing is filtered here: / filters, then :save NAME keeps that")
	}
	view := ""
	for _, v := range views {
		if v.on == p.on {
			view = v.name
		}
	}
	if err := model.Save(a.options.Filters, model.Saved{Name: name, View: view, Text: p.text()}); err != nil {
		return err
	}
	a.said = fmt.Sprintf("saved: :filter %s filters the %s so from now on", name, view)
	return nil
}

// forgetFilter takes a saved one out.
func (a *app) forgetFilter(name string) error {
	if !slices.Contains(a.savedNames(), name) {
		return fmt.Errorf("no filter is saved as %q", name)
	}
	if err := model.Save(a.options.Filters, model.Saved{Name: name}); err != nil {
		return err
	}
	a.said = "forgotten: " + name
	return nil
}

// savedNames returns the names of the filters that were read when the command
// was begun.
func (a *app) savedNames() (names []string) {
	for _, s := range a.saved {
		names = append(names, s.Name)
	}
	return names
}
