package view

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// Program is a running program on a simulated screen.
type Program struct {
	app    *app
	screen tcell.SimulationScreen
	Done   chan error    // what Run returned
	ended  chan struct{} // closed then
	clock  atomic.Int64  // ns
}

// Start runs the program.
func Start(ctx context.Context, source model.Source, options Options, now time.Time, width, height int) *Program {
	p := &Program{screen: tcell.NewSimulationScreen("UTF-8"), Done: make(chan error, 1), ended: make(chan struct{})}
	p.clock.Store(now.UnixNano())
	p.app = newApp(source, options, func() time.Time { return time.Unix(0, p.clock.Load()).UTC() })
	p.app.euid = func() int { return 1000 }
	p.app.loop.SetScreen(p.screen)
	p.screen.SetSize(width, height)
	go func() {
		p.Done <- p.app.run(ctx)
		close(p.ended)
	}()
	return p
}

// Advance sets the clock on.
func (p *Program) Advance(d time.Duration) { p.clock.Add(int64(d)) }

// BeRoot has root run it. It is called before a key is pressed.
func (p *Program) BeRoot() { p.app.loop.QueueUpdate(func() { p.app.euid = func() int { return 0 } }) }

// Clipboard is what was copied.
func (p *Program) Clipboard() (text string) {
	p.app.loop.QueueUpdate(func() { text = string(p.screen.GetClipboardData()) })
	return text
}

// Looks returns the colours of the theme of so many colours.
func Looks(noColor bool, colors int) (list []tcell.Color) {
	t := newTheme(noColor, colors)
	for s := range t {
		if fg, _, _ := t.style(render.Style(s)).Decompose(); fg.Valid() {
			list = append(list, fg)
		}
	}
	return list
}

// Key presses a key.
func (p *Program) Key(key tcell.Key, char rune) { p.screen.InjectKey(key, char, tcell.ModNone) }

// Mouse moves the mouse and presses its buttons.
func (p *Program) Mouse(x, y int, buttons tcell.ButtonMask) {
	p.screen.InjectMouse(x, y, buttons, tcell.ModNone)
}

// Resize makes the terminal another size.
func (p *Program) Resize(width, height int) {
	p.screen.SetSize(width, height)
	p.Event(tcell.NewEventResize(width, height))
}

// Event is one that the terminal sends.
func (p *Program) Event(e tcell.Event) { p.app.loop.QueueEvent(e) }

// Draw draws the screen.
func (p *Program) Draw() { p.app.loop.QueueUpdateDraw(func() {}) }

// Cells returns what is on the screen, nothing when the program has ended.
func (p *Program) Cells() (cells []tcell.SimCell, width int) {
	copied := make(chan []tcell.SimCell, 1)
	go p.app.loop.QueueUpdate(func() {
		shown, w, _ := p.screen.GetContents()
		width = w
		copied <- slices.Clone(shown)
	})
	select {
	case cells = <-copied:
	case <-p.ended:
	}
	return cells, width
}

// Text returns the characters on the screen, without spaces at the ends of lines.
func (p *Program) Text() string {
	cells, width := p.Cells()
	var b strings.Builder
	for ; len(cells) > 0; cells = cells[width:] {
		var line strings.Builder
		for x := 0; x < width; {
			char := string(cells[x].Runes)
			line.WriteString(char)
			x += max(1, render.Width(char)) // the cell behind a wide character is not drawn
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// Screens are the names of all screens, with how they are come to.
var Screens = map[string]screen{
	"overview": overviewScreen, "cases": casesScreen, "sessions": sessionsScreen, "servers": serversScreen, "clients": clientsScreen,
	"accounts": accountsScreen, "rules": rulesScreen, "case": caseScreen, "session": sessionScreen, "rule": ruleScreen, "help": helpScreen,
}

// Strokes returns the keys that do something, each behind the name of a screen
// where it does.
func Strokes() []string {
	var list []string
	for _, b := range keyTable(&Options{}) {
		for name, s := range Screens {
			for _, k := range b.strokes {
				key := tcell.KeyNames[k.key]
				if k.key == tcell.KeyRune {
					key = string(k.char)
				}
				if key == " " {
					key = "Space"
				}
				if b.on&s != 0 {
					list = append(list, name+" "+key)
				}
			}
		}
	}
	return list
}

// Help returns the lines of the help.
func Help(o Options) []string {
	a := &app{bindings: keyTable(&o)}
	return strings.Split(plainText(a.helpLines()), "\n")
}

// Shown returns how a text view shows a text of an error, and how it should: as
// it is, or where tview cannot do that, with its brackets by number.
func Shown(s string) (got, want string) {
	s = render.Problem(errors.New(s), 1<<20)[0][0].Text
	t := tview.NewTextView().SetDynamicColors(true)
	t.SetText(escape(s))
	got = t.GetText(true)
	if strings.Contains(got, `\x5b`) {
		return got, strings.ReplaceAll(s, "[", `\x5b`)
	}
	return got, s
}

// Fallback tells whether a terminal without a character shows something like it.
func Fallback(r rune) bool {
	_, ours := fallbacks[r]
	_, theirs := tcell.RuneFallbacks[r]
	return ours || theirs
}

// ShownLine returns how a text view shows a line of clean texts in these styles,
// and how it should: brackets by number where they would be tags.
func ShownLine(texts []string, styles []render.Style) (got, want string) {
	th := newTheme(false, manyColors)
	var line render.Line
	for i, s := range texts {
		s = render.Clean(s)
		line = append(line, render.Span{Text: s, Style: styles[i%len(styles)]})
		want += s
	}
	t := tview.NewTextView().SetDynamicColors(true)
	t.SetText(th.tagged([]render.Line{line}))
	number := strings.NewReplacer("[", `\x5b`)
	return number.Replace(t.GetText(true)), number.Replace(want)
}
