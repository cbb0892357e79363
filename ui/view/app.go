package view

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// Names of the two forms of the body, and of the foot.
const (
	tablePage  = "table"
	textPage   = "text"
	hintsFoot  = "hints"
	promptFoot = "prompt"
)

// Rows of the parts around the body.
const (
	barRows    = 3
	liveRows   = 1 // more, where a capture runs
	hintRows   = 1
	promptRows = 2
)

// app is the program. All of it belongs to tview's loop, but for what says
// otherwise.
type app struct {
	source  model.Source // any goroutine may use it
	options Options
	now     func() time.Time
	euid    func() int // who runs it
	theme   theme
	ctx     context.Context // ends when the program is quit
	quit    context.CancelFunc
	wake    chan struct{} // any goroutine may use it: there is something to read
	recount chan struct{} // likewise: the survey may be out of date

	job     *job           // that runs; nil: none
	jobs    sync.WaitGroup // it
	stopped chan struct{}  // closed when the loop has ended

	loop  *tview.Application
	root  *tview.Flex
	body  *tview.Pages
	table *table
	text  *tview.TextView
	foot  *tview.Pages
	input *tview.InputField

	screen    tcell.Screen // that was drawn last; nil before
	width     int          // of it
	room      int          // rows of the body
	bindings  []binding
	way       []*place // to what is shown, its last
	roots     map[screen]*place
	prompt    *prompt       // nil where nothing is asked
	counts    *store.Counts // nil until they were read
	tally     *model.Tally  // nil until it was read
	survey    *model.Survey // nil until there was one
	live      *model.Live   // of the last look; nil where no capture runs here
	pace      model.Pace
	reasons   model.Reasons
	decisions []decision    // made here, the last ones
	saved     []model.Saved // filters, when a command is typed
	asked     []reading
	said      string // what was done, until the next key
	wrong     error  // what was not, until then
	force     bool   // read also where it has not
	untallied bool   // tally is to be read when there is nothing else to do
	err       error  // of the last reading
}

func newApp(source model.Source, options Options, now func() time.Time) *app {
	a := &app{
		source: source, options: options, now: now, euid: os.Geteuid,
		quit: func() {}, stopped: make(chan struct{}), wake: make(chan struct{}, 1), recount: make(chan struct{}, 1),
		loop: tview.NewApplication(), bindings: keyTable(&options), roots: make(map[screen]*place),
	}
	a.theme = newTheme(a.noColor(), fewColors)
	first := newPlace(casesScreen)
	a.roots[casesScreen], a.way = first, []*place{first}
	a.table = a.newTable()
	a.text = a.newText(a.page)
	a.body = tview.NewPages().AddPage(tablePage, a.table, true, true).AddPage(textPage, a.text, true, false)
	a.body.SetBackgroundColor(tcell.ColorDefault)
	a.root = tview.NewFlex().SetDirection(tview.FlexRow).
		AddItem(a.newText(a.bar), a.barRows(), 0, false).
		AddItem(a.body, 0, 1, true).
		AddItem(a.newFoot(), hintRows, 0, false)
	a.loop.SetRoot(a.root, true).EnableMouse(true).EnablePaste(true).SetInputCapture(a.press).
		SetMouseCapture(a.click).SetBeforeDrawFunc(a.adapt)
	return a
}

// click keeps the mouse from what stands behind a question: it would take the
// keys away from that.
func (a *app) click(event *tcell.EventMouse, action tview.MouseAction) (*tcell.EventMouse, tview.MouseAction) {
	if a.prompt != nil {
		return nil, action
	}
	return event, action
}

// newText returns a text whose lines are made for the room that it has.
func (a *app) newText(lines func(width, height int) []render.Line) *tview.TextView {
	t := tview.NewTextView().SetDynamicColors(true).SetWrap(false).SetTextStyle(tcell.StyleDefault)
	t.SetBackgroundColor(tcell.ColorDefault)
	t.SetDrawFunc(func(_ tcell.Screen, x, y, width, height int) (int, int, int, int) {
		t.SetText(a.theme.tagged(lines(width, height)))
		return x, y, width, height
	})
	return t
}

func (a *app) bar(width, _ int) []render.Line {
	lines := render.Bar(a.options.Database, a.options.Triage == nil, a.crumbs(), a.where(), a.counts, width)
	if a.capturing() {
		lines = append(lines, render.Capture(a.live))
	}
	return lines
}

func (a *app) barRows() int {
	if a.capturing() {
		return barRows + liveRows
	}
	return barRows
}

// capturing tells that a capture runs in this process.
func (a *app) capturing() bool { return a.options.Live != nil }

// hints is the foot: the keys, or what went wrong.
func (a *app) hints(width, _ int) []render.Line {
	err := a.wrong
	if err == nil {
		err = a.err
	}
	if l := a.top().list; err == nil && l != nil {
		err = l.Err()
	}
	if err != nil {
		return render.Problem(err, width)
	}
	if a.said != "" {
		return render.Said(a.said, width)
	}
	if a.job != nil {
		return render.Said(a.job.String(), width)
	}
	return []render.Line{a.hintLine(a.top().on, width)}
}

// page is the lines of the text in front.
func (a *app) page(width, height int) []render.Line {
	p := a.top()
	switch {
	case p.stale():
		return []render.Line{{{Text: "reading ...", Style: render.Faint}}}
	case p.detail != nil:
		return render.Detail(p.detail, width)
	case p.session != nil:
		return render.Session(p.session, width)
	case p.rule != nil:
		return render.Rule(p.rule, width)
	case p.on == overviewScreen:
		return render.Overview(a.tally, a.rates(), width, height)
	}
	return a.helpLines()
}

func (a *app) noColor() bool { return a.options.NoColor || os.Getenv("NO_COLOR") != "" }

// rates returns how fast things come in, or nil.
func (a *app) rates() *model.Rates {
	if r, ok := a.pace.Rates(); ok {
		return &r
	}
	return nil
}

// row returns the selected row of the list.
func (a *app) row() int {
	row, _ := a.table.GetSelection()
	return row - headRows
}

// selectRow selects the row that is nearest to one, as somebody wants it.
func (a *app) selectRow(row int) {
	a.top().picked = true
	a.table.Select(max(0, min(row, a.length()-1))+headRows, 0)
}
