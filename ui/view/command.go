package view

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
)

// command is a word that can be typed behind a colon.
type command struct {
	name string
	does string
	args []string // what may follow; nil: nothing
	run  func(a *app, arg string) error
}

// commands is all of them but the views, which have their names.
var commands = []command{
	{"filter", "filter the list, or by the NAME of a saved filter", []string{}, (*app).filterBy},
	{"save", "NAME: keep the filter of the list", []string{}, (*app).saveFilter},
	{"forget", "NAME: a saved filter", []string{}, (*app).forgetFilter},
	{"export", "FILE.csv|jsonl|html: write what is shown, or marked", []string{}, (*app).export},
	{"pcap", "FILE: write the packets of what is selected", []string{}, (*app).writePackets},
	{"sort", "sort the cases by a column", fields(), func(a *app, name string) error {
		by, ok := model.ParseField(name)
		if !ok {
			return fmt.Errorf("sort by one of: %s", strings.Join(fields(), " "))
		}
		if a.top().on != casesScreen {
			a.start(casesScreen)
		}
		q := a.top().query
		q.By, q.Reverse = by, false
		a.setQuery(q)
		return nil
	}},
	triageCommand("acknowledge", "as a does", func(a *app) { a.decide(alerts.Acknowledged) }),
	triageCommand("resolve", "as r does", func(a *app) { a.decide(alerts.Resolved) }),
	triageCommand("risk", "accept it, as x does", (*app).acceptRisk),
	triageCommand("false-positive", "as f does", func(a *app) { a.decide(alerts.FalsePositive) }),
	triageCommand("note", "as n does", (*app).annotate),
	triageCommand("undo", "as u does", (*app).undo),
	{"refresh", "read the database now", nil, func(a *app, _ string) error { a.reread(); return nil }},
	{"help", "the keys", nil, func(a *app, _ string) error { a.showHelp(); return nil }},
	{"quit", "quit", nil, func(a *app, _ string) error { a.quit(); return nil }},
}

// triageCommand does what a key of triage does.
func triageCommand(name, does string, run func(*app)) command {
	return command{name, does, nil, func(a *app, _ string) error {
		switch {
		case a.options.Triage == nil:
			a.refuse()
		case a.top().on&triaged == 0:
			return errors.New("no case is selected here: 2 lists them")
		default:
			run(a)
		}
		return nil
	}}
}

func fields() (names []string) {
	for f := range model.Fields {
		names = append(names, model.Field(f).String())
	}
	return names
}

// askCommand is the palette.
func (a *app) askCommand() {
	saved, err := model.ReadSaved(a.options.Filters)
	a.saved, a.wrong = saved, err
	a.question(&prompt{
		label:    "Command",
		complete: a.completeCommand,
		check: func(text string) error {
			if _, _, ok := findCommand(text); ok || text == "" {
				return nil
			}
			if few := a.completeCommand(text); len(few) > 0 {
				return fmt.Errorf("%s may be %s", text, strings.Join(few, ", "))
			}
			return errors.New("no such command: Esc, then ? tells all of them")
		},
		done: func(text string) {
			if c, arg, ok := findCommand(text); ok {
				if err := c.run(a, arg); err != nil { // else it may have told one by itself
					a.wrong = err
				}
			}
		},
	}, "")
}

// findCommand returns the command that a text begins, its name or as much of it
// as no other begins with.
func findCommand(text string) (c command, arg string, ok bool) {
	name, arg, _ := strings.Cut(strings.TrimSpace(text), " ")
	var found []command
	for _, c := range allCommands() {
		if c.name == name {
			return c, strings.TrimSpace(arg), true
		}
		if name != "" && strings.HasPrefix(c.name, name) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return command{}, "", false
	}
	return found[0], strings.TrimSpace(arg), true
}

// allCommands lists the views, then the others.
func allCommands() (list []command) {
	for _, v := range views {
		list = append(list, command{name: v.name, does: "show the " + v.name, run: func(a *app, _ string) error {
			a.start(v.on)
			return nil
		}})
	}
	return append(list, commands...)
}

func (a *app) completeCommand(text string) (list []string) {
	name, arg, more := strings.Cut(text, " ")
	for _, c := range allCommands() {
		switch {
		case !more && strings.HasPrefix(c.name, name) && c.args != nil:
			list = append(list, c.name+" ")
		case !more && strings.HasPrefix(c.name, name) && c.name != name:
			list = append(list, c.name)
		case more && c.name == name && (name == "filter" || name == "forget"):
			for _, s := range a.savedNames() {
				if strings.HasPrefix(s, arg) && s != arg {
					list = append(list, name+" "+s)
				}
			}
			for _, s := range a.completeFilter(a.filtered(), arg) {
				if name == "filter" {
					list = append(list, name+" "+s)
				}
			}
		case more && c.name == name:
			for _, s := range c.args {
				if strings.HasPrefix(s, arg) && s != arg {
					list = append(list, name+" "+s)
				}
			}
		}
	}
	return list
}

// filtered is the screen that a filter that is typed as a command is for.
func (a *app) filtered() screen {
	if on := a.top().on; on&listScreen != 0 {
		return on
	}
	return casesScreen
}

// lastWords returns the ends of texts that may be typed: what is before them
// stands in the line below.
func lastWords(texts []string) []string {
	words := slices.Clone(texts)
	for i, s := range words {
		s = strings.TrimSuffix(s, " ")
		words[i] = s[strings.LastIndexByte(s, ' ')+1:]
	}
	return words
}
