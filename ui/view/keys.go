package view

import (
	"cmp"
	"math"
	"slices"

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
	keys    string // that the foot gives for it; "" is name
	run     func(*app)
}

func char(c rune) stroke           { return stroke{tcell.KeyRune, c} }
func special(key tcell.Key) stroke { return stroke{key: key} }

func view(key rune, on screen, does string) binding {
	return binding{name: string(key), strokes: []stroke{char(key)}, on: besideHelp, does: does, run: func(a *app) { a.start(on) }}
}

// keyTable is what all keys do. The help and the foot are made from it. To who
// may not triage, its keys say so.
func keyTable(o *Options) []binding {
	keys := otherKeys()
	command := slices.IndexFunc(keys, func(b binding) bool { return b.name == ":" })
	return slices.Insert(keys, command, append(triageKeys(o.Triage == nil), markKeys()...)...)
}

func otherKeys() []binding {
	return []binding{
		{"Enter", []stroke{special(tcell.KeyEnter)}, listScreen, "open the row: a case, a session, or the cases of the row", "open", "", (*app).open},
		{"Esc, q", []stroke{special(tcell.KeyEsc), char('q')}, besideViews, "back", "back", "", (*app).goBack},
		{"/", []stroke{char('/')}, listScreen, "filter the list; an empty filter shows all", "filter", "", (*app).askFilter},
		{"Space", []stroke{char(' ')}, casesScreen, "show the cases that the row stands for, or hide them", "unfold", "", (*app).toggle},
		{"s", []stroke{char('s')}, casesScreen, "sort by the next column; so does a click on its head", "", "", func(a *app) { a.sortBy(true) }},
		{"S", []stroke{char('S')}, casesScreen, "sort the other way round", "", "", func(a *app) { a.sortBy(false) }},
		{"z", []stroke{char('z')}, casesScreen, "one row a case; again: one row a cause", "", "", (*app).flat},
		{"J", []stroke{char('J')}, caseScreen, "the next case of the list", "", "", func(a *app) { a.neighbour(1) }},
		{"K", []stroke{char('K')}, caseScreen, "the case before", "", "", func(a *app) { a.neighbour(-1) }},
		{"l", []stroke{char('l')}, caseScreen | serversScreen | clientsScreen | accountsScreen, "its sessions (case, server, client, account)", "sessions", "", (*app).openSessions},
		{"i", []stroke{char('i')}, rulesScreen, "explain the rule", "explain", "", (*app).openRule},
		{"1", []stroke{char('1')}, besideHelp, "overview: how things stand", "views", "1-7", func(a *app) { a.start(overviewScreen) }},
		view('2', casesScreen, "cases: what is to be done"),
		view('3', sessionsScreen, "sessions, the newest first"),
		view('4', serversScreen, "servers, the worst first"),
		view('5', clientsScreen, "clients"),
		view('6', accountsScreen, "accounts"),
		view('7', rulesScreen, "rules that found something"),
		{"Down, j", []stroke{special(tcell.KeyDown), char('j')}, anyScreen, "one line down", "", "", func(a *app) { a.move(1) }},
		{"Up, k", []stroke{special(tcell.KeyUp), char('k')}, anyScreen, "one line up", "", "", func(a *app) { a.move(-1) }},
		{"PgDn, Ctrl-F", []stroke{special(tcell.KeyPgDn), special(tcell.KeyCtrlF)}, anyScreen, "one screen down", "", "", func(a *app) { a.move(a.height()) }},
		{"PgUp, Ctrl-B", []stroke{special(tcell.KeyPgUp), special(tcell.KeyCtrlB)}, anyScreen, "one screen up", "", "", func(a *app) { a.move(-a.height()) }},
		{"Home, g", []stroke{special(tcell.KeyHome), char('g')}, anyScreen, "to the beginning", "", "", (*app).toBeginning},
		{"End, G", []stroke{special(tcell.KeyEnd), char('G')}, anyScreen, "to the end", "", "", (*app).toEnd},
		{"Esc", []stroke{special(tcell.KeyEsc)}, besideHelp &^ besideViews, "back to where the row came from; take the filter away", "", "", (*app).goBack},
		{"c", []stroke{char('c')}, copied, "copy the id or the name to the clipboard", "", "", (*app).copyName},
		{"C", []stroke{char('C')}, besideHelp, "copy the row or the page as text", "", "", (*app).copyText},
		{"p", []stroke{char('p')}, packeted, "the packets, in termshark, wireshark or tshark", "", "", (*app).openPackets},
		{":", []stroke{char(':')}, besideHelp, "type a command; Tab completes it", "command", "", (*app).askCommand},
		{"R", []stroke{char('R')}, besideHelp, "read the database now; it is read every 2 seconds anyway", "", "", (*app).reread},
		{"?", []stroke{char('?')}, besideHelp, "this help", "help", "", (*app).showHelp},
		{"q", []stroke{char('q')}, besideHelp &^ besideViews, "back; from a view that has a number: quit", "quit", "", (*app).quitOrBack},
		{"Ctrl-C", []stroke{special(tcell.KeyCtrlC)}, anyScreen, "quit", "", "", func(a *app) { a.quit() }},
	}
}

// press runs what a key does. Keys that do nothing go nowhere: widgets have
// keys of their own, and those are in no help.
func (a *app) press(event *tcell.EventKey) *tcell.EventKey {
	pressed := stroke{key: event.Key()}
	if pressed.key == tcell.KeyRune {
		pressed.char = event.Rune()
	}
	a.said, a.wrong = "", nil
	if a.prompt != nil && pressed.key != tcell.KeyCtrlC {
		switch pressed.key {
		case tcell.KeyDown:
			a.prompt.turn(1)
			return nil
		case tcell.KeyUp:
			a.prompt.turn(-1)
			return nil
		}
		return event
	}
	for _, b := range a.bindings {
		for _, s := range b.strokes {
			if s == pressed && b.on&a.top().on != 0 {
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
	if a.top().on&listScreen != 0 {
		height -= headRows
	}
	return max(1, height)
}

// move goes n lines down, or up.
func (a *app) move(n int) {
	if a.top().on&listScreen == 0 {
		line, _ := a.text.GetScrollOffset()
		a.text.ScrollTo(max(0, line+n), 0)
		return
	}
	a.top().end = false
	a.selectRow(a.row() + n)
}

func (a *app) toBeginning() {
	if a.top().on&listScreen == 0 {
		a.text.ScrollToBeginning()
		return
	}
	a.top().end = false
	a.selectRow(0)
}

func (a *app) toEnd() {
	if a.top().on&listScreen == 0 {
		a.text.ScrollTo(max(0, len(a.page(a.width, a.room))-a.room), 0)
		return
	}
	a.selectRow(math.MaxInt)
	p := a.top()
	p.end = p.list != nil && p.list.Cut() && p.list.Paged() // which is its beginning only, so far
}

// hintLine is the foot of a screen: as many hints as there is room for. Those at
// its end, how to get help and out, are the last to go.
func (a *app) hintLine(s screen, width int) render.Line {
	var shown []binding
	for _, b := range a.bindings {
		if b.hint != "" && b.on&s != 0 {
			shown = append(shown, b)
		}
	}
	const last = 2
	for room := hintWidth(shown); room > width && len(shown) > last; room = hintWidth(shown) {
		shown = slices.Delete(shown, len(shown)-last-1, len(shown)-last)
	}
	var line render.Line
	for _, b := range shown {
		line = append(line, render.Span{Text: b.shown(), Style: render.Heading}, render.Span{Text: " " + b.hint + "  "})
	}
	return line
}

// shown is what the foot calls the keys.
func (b *binding) shown() string { return cmp.Or(b.keys, b.name) }

func hintWidth(list []binding) (n int) {
	for _, b := range list {
		n += len(b.shown()) + len(b.hint) + len(" ") + len("  ")
	}
	return n - len("  ")
}
