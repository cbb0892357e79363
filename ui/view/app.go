package view

import (
	"context"
	"os"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// screen is what fills the space between the bar and the foot.
type screen uint8

// The screens.
const (
	listScreen screen = 1 << iota
	detailScreen
	helpScreen
	anyScreen = listScreen | detailScreen | helpScreen
)

var screenNames = map[screen]string{listScreen: "list", detailScreen: "detail", helpScreen: "help"}

// Names of the two forms of the foot.
const (
	hintsFoot  = "hints"
	filterFoot = "filter"
)

// maxFilter is how many characters of a filter are taken.
const maxFilter = 100

// app is the program. All of it belongs to tview's loop, but for what says
// otherwise.
type app struct {
	source  model.Source // any goroutine may use it
	options Options
	now     func() time.Time
	theme   theme
	quit    context.CancelFunc
	wake    chan struct{} // any goroutine may use it: read the database now

	loop   *tview.Application
	body   *tview.Pages
	table  *tview.Table
	detail *tview.TextView
	help   *tview.TextView
	foot   *tview.Pages
	filter *tview.InputField

	front screen
	back  screen        // where help was called from
	list  *model.List   // nil until it was read
	open  *model.Detail // nil where no case is open
	text  string        // what the list is to be filtered by
	force bool          // read also where nothing has changed
	err   error         // of the last reading
}

func newApp(source model.Source, options Options, now func() time.Time) *app {
	a := &app{
		source: source, options: options, now: now, theme: newTheme(options.NoColor || os.Getenv("NO_COLOR") != ""),
		quit: func() {}, wake: make(chan struct{}, 1),
		loop: tview.NewApplication(), front: listScreen, back: listScreen,
	}
	a.table = a.newTable()
	a.detail = a.newText(func(width int) []render.Line { return render.Detail(a.open, width) })
	a.help = a.newText(func(int) []render.Line { return helpLines() })
	a.body = tview.NewPages()
	a.body.SetBackgroundColor(tcell.ColorDefault)
	a.body.AddPage(screenNames[listScreen], a.table, true, true)
	a.body.AddPage(screenNames[detailScreen], a.detail, true, false)
	a.body.AddPage(screenNames[helpScreen], a.help, true, false)
	root := tview.NewFlex().SetDirection(tview.FlexRow).
		AddItem(a.newText(a.bar), 3, 0, false).
		AddItem(a.body, 0, 1, true).
		AddItem(a.newFoot(), 1, 0, false)
	a.loop.SetRoot(root, true).EnableMouse(true).SetInputCapture(a.press)
	return a
}

// newText returns a text whose lines are made for the width that it has.
func (a *app) newText(lines func(width int) []render.Line) *tview.TextView {
	t := tview.NewTextView().SetDynamicColors(true).SetWrap(false).SetTextStyle(tcell.StyleDefault)
	t.SetBackgroundColor(tcell.ColorDefault)
	t.SetDrawFunc(func(_ tcell.Screen, x, y, width, height int) (int, int, int, int) {
		t.SetText(a.theme.tagged(lines(width)))
		return x, y, width, height
	})
	return t
}

func (a *app) newFoot() *tview.Pages {
	a.filter = tview.NewInputField().SetLabel("Filter: ").SetLabelStyle(tcell.StyleDefault.Bold(true)).
		SetFieldStyle(tcell.StyleDefault).SetAcceptanceFunc(tview.InputFieldMaxLength(maxFilter)).SetDoneFunc(a.filtered)
	a.filter.SetBackgroundColor(tcell.ColorDefault)
	a.foot = tview.NewPages().
		AddPage(hintsFoot, a.newText(a.hints), true, true).
		AddPage(filterFoot, a.filter, true, false)
	a.foot.SetBackgroundColor(tcell.ColorDefault)
	return a.foot
}

func (a *app) bar(width int) []render.Line {
	return render.Bar(a.options.Database, a.list, a.row(), width)
}

// hints is the foot: the keys, or what went wrong.
func (a *app) hints(width int) []render.Line {
	err := a.err
	if err == nil && a.list != nil {
		err = a.list.Err()
	}
	if err != nil {
		return []render.Line{render.Problem(err, width)}
	}
	return []render.Line{hintLine(a.front)}
}

func (a *app) show(s screen) {
	a.front = s
	a.body.SwitchToPage(screenNames[s])
}

// row returns the selected row of the list.
func (a *app) row() int {
	row, _ := a.table.GetSelection()
	return row - headRows
}

// selected returns the selected case, false where there is none.
func (a *app) selected() (alerts.CaseID, bool) {
	if a.list == nil {
		return alerts.CaseID{}, false
	}
	c, ok := a.list.Row(a.row())
	return c.ID, ok
}

// selectRow selects the row that is nearest to one.
func (a *app) selectRow(row int) {
	if a.list != nil {
		a.table.Select(max(0, min(row, a.list.Len()-1))+headRows, 0)
	}
}

// page returns the text in front, nil where that is the list.
func (a *app) page() *tview.TextView {
	switch a.front {
	case detailScreen:
		return a.detail
	case helpScreen:
		return a.help
	}
	return nil
}

// openCase shows the selected case.
func (a *app) openCase() {
	id, ok := a.selected()
	if !ok {
		return
	}
	d, err := model.Open(a.source, id)
	if a.err = err; err != nil {
		return
	}
	a.open = d
	a.detail.ScrollToBeginning()
	a.show(detailScreen)
}

// goBack leaves a screen. On the list it takes the filter away.
func (a *app) goBack() {
	switch a.front {
	case helpScreen:
		a.show(a.back)
	case detailScreen:
		a.open = nil
		a.show(listScreen)
	case listScreen:
		a.setFilter("")
	}
}

func (a *app) showHelp() {
	if a.front != helpScreen {
		a.back = a.front
		a.help.ScrollToBeginning()
		a.show(helpScreen)
	}
}

func (a *app) askFilter() {
	a.filter.SetText(a.text)
	a.foot.SwitchToPage(filterFoot)
	a.loop.SetFocus(a.filter)
}

// filtered ends the line of the filter.
func (a *app) filtered(key tcell.Key) {
	if key == tcell.KeyEnter {
		a.setFilter(a.filter.GetText())
	}
	a.foot.SwitchToPage(hintsFoot)
	a.loop.SetFocus(a.body)
}

func (a *app) setFilter(text string) {
	if text != a.text {
		a.text = text
		a.reread()
	}
}

// reread asks for a reading, also where nothing has changed.
func (a *app) reread() {
	a.force = true
	select {
	case a.wake <- struct{}{}:
	default: // one is asked for already
	}
}
