package view

import (
	"math"
	"strings"

	"github.com/gdamore/tcell/v2"

	"github.com/mailtap/mailtap/ui/render"
)

// stroke is one key: a special one, or a character with tcell.KeyRune.
type stroke struct {
	key  tcell.Key
	char rune
}

// binding is what a key does.
type binding struct {
	name    string // of the keys, as people call them
	strokes []stroke
	on      screen // where it works, any of them
	does    string
	hint    string // in the foot; "" is not there
	run     func(*app)
}

func char(c rune) stroke           { return stroke{tcell.KeyRune, c} }
func special(key tcell.Key) stroke { return stroke{key: key} }

// bindings is what all keys do. The help and the foot are made from it.
var bindings = []binding{
	{"Down, j", []stroke{special(tcell.KeyDown), char('j')}, anyScreen, "one line down", "", func(a *app) { a.move(1) }},
	{"Up, k", []stroke{special(tcell.KeyUp), char('k')}, anyScreen, "one line up", "", func(a *app) { a.move(-1) }},
	{"PgDn, Ctrl-F", []stroke{special(tcell.KeyPgDn), special(tcell.KeyCtrlF)}, anyScreen, "one screen down", "", func(a *app) { a.move(a.height()) }},
	{"PgUp, Ctrl-B", []stroke{special(tcell.KeyPgUp), special(tcell.KeyCtrlB)}, anyScreen, "one screen up", "", func(a *app) { a.move(-a.height()) }},
	{"Home, g", []stroke{special(tcell.KeyHome), char('g')}, anyScreen, "to the beginning", "", (*app).toBeginning},
	{"End, G", []stroke{special(tcell.KeyEnd), char('G')}, anyScreen, "to the end", "", (*app).toEnd},
	{"Enter", []stroke{special(tcell.KeyEnter)}, listScreen, "open the case", "open", (*app).openCase},
	{"/", []stroke{char('/')}, listScreen, "filter the cases; an empty filter shows all", "filter", (*app).askFilter},
	{"Esc", []stroke{special(tcell.KeyEsc)}, listScreen, "show all cases again", "", (*app).goBack},
	{"Esc, q", []stroke{special(tcell.KeyEsc), char('q')}, detailScreen | helpScreen, "back", "back", (*app).goBack},
	{"r", []stroke{char('r')}, listScreen | detailScreen, "read the database now; it is read every 2 seconds anyway", "refresh", (*app).reread},
	{"?", []stroke{char('?')}, listScreen | detailScreen, "this help", "help", (*app).showHelp},
	{"q", []stroke{char('q')}, listScreen, "quit", "quit", func(a *app) { a.quit() }},
	{"Ctrl-C", []stroke{special(tcell.KeyCtrlC)}, anyScreen, "quit", "", func(a *app) { a.quit() }},
}

// press runs what a key does. Keys that do nothing go nowhere: widgets have
// keys of their own, and those are in no help.
func (a *app) press(event *tcell.EventKey) *tcell.EventKey {
	pressed := stroke{key: event.Key()}
	if pressed.key == tcell.KeyRune {
		pressed.char = event.Rune()
	}
	if a.filter.HasFocus() && pressed.key != tcell.KeyCtrlC {
		return event
	}
	for _, b := range bindings {
		for _, s := range b.strokes {
			if s == pressed && b.on&a.front != 0 {
				b.run(a)
				return nil
			}
		}
	}
	return nil
}

// height returns how many lines or rows the screen in front shows.
func (a *app) height() int {
	_, _, _, height := a.body.GetInnerRect()
	if a.front == listScreen {
		height -= headRows
	}
	return max(1, height)
}

// move goes n lines down, or up.
func (a *app) move(n int) {
	if t := a.page(); t != nil {
		line, _ := t.GetScrollOffset()
		t.ScrollTo(max(0, line+n), 0)
		return
	}
	a.selectRow(a.row() + n)
}

func (a *app) toBeginning() {
	if t := a.page(); t != nil {
		t.ScrollToBeginning()
		return
	}
	a.selectRow(0)
}

func (a *app) toEnd() {
	if t := a.page(); t != nil {
		t.ScrollToEnd()
		return
	}
	a.selectRow(math.MaxInt)
}

// hintLine is the foot of a screen.
func hintLine(s screen) render.Line {
	var line render.Line
	for _, b := range bindings {
		if b.hint != "" && b.on&s != 0 {
			line = append(line, render.Span{Text: b.name, Style: render.Heading}, render.Span{Text: " " + b.hint + "   "})
		}
	}
	return line
}

// helpLines is the page that tells the keys.
func helpLines() []render.Line {
	lines := []render.Line{{{Text: "Keys", Style: render.Heading}}}
	for _, b := range bindings {
		lines = append(lines, render.Line{
			{Text: "  " + b.name + strings.Repeat(" ", max(0, 14-len(b.name))), Style: render.Strong},
			{Text: b.does + where(b.on)},
		})
	}
	for _, text := range helpText {
		lines = append(lines, render.Line{{Text: text}})
	}
	return lines
}

func where(s screen) string {
	switch s {
	case listScreen:
		return " (in the list)"
	case detailScreen | helpScreen:
		return " (elsewhere)"
	}
	return ""
}

// helpText is what else there is to know, for 80 columns.
var helpText = []string{
	"",
	"  The mouse selects a case, a double click opens it, and the wheel scrolls.",
	"  Hold Shift to mark text with the mouse.",
	"",
	"  A filter is looked for in the rule, the server, the client and the account.",
	`  "=10.0.0.9:25" is the whole of one of them. While it is typed, Enter applies`,
	"  it, Esc leaves things as they were, and Ctrl-U empties the line.",
	"",
	"  critical  a reusable secret was readable",
	"  high      a message was readable, or somebody attacked the encryption",
	"  medium    something weakens the protection",
	"  low       hygiene",
	"  info      context",
}
