package view

import (
	"errors"
	"fmt"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// screen is what fills the space between the bar and the foot.
type screen uint16

// The screens.
const (
	overviewScreen screen = 1 << iota
	casesScreen
	sessionsScreen
	serversScreen
	clientsScreen
	accountsScreen
	rulesScreen
	caseScreen
	sessionScreen
	ruleScreen
	helpScreen

	anyScreen     = 1<<iota - 1
	subjectScreen = serversScreen | clientsScreen | accountsScreen | rulesScreen // read with a Tally
	listScreen    = casesScreen | sessionsScreen | subjectScreen
	talliedScreen = subjectScreen | overviewScreen
	besideHelp    = anyScreen &^ helpScreen
	copied        = besideHelp &^ overviewScreen                              // what has a name
	packeted      = casesScreen | caseScreen | sessionsScreen | sessionScreen // what has packets
	besideViews   = caseScreen | sessionScreen | ruleScreen | helpScreen
)

// views is the screens that have a key of their own, in the order of the keys.
var views = []struct {
	on   screen
	name string
}{
	{overviewScreen, "overview"}, {casesScreen, "cases"}, {sessionsScreen, "sessions"}, {serversScreen, "servers"},
	{clientsScreen, "clients"}, {accountsScreen, "accounts"}, {rulesScreen, "rules"},
}

// place is one step of the way to what is shown.
type place struct {
	on    screen
	title string

	query model.Query // of cases
	open  map[alerts.CaseID]bool
	list  *model.List // nil until it was read
	marks map[alerts.CaseID]bool

	filter   string // as it was typed, of what are no cases
	sessions *model.SessionFilter
	subjects *model.SubjectFilter
	of       model.Of        // the sessions that are listed
	listed   *model.Sessions // nil until it was read
	fits     string          // the filter that it was read with
	chosen   []model.Subject // those of tally that fit
	tally    *model.Tally

	caseID    alerts.CaseID
	detail    *model.Detail // nil until it was read
	sessionID alerts.SessionID
	session   *model.Transcript // nil until it was read
	rule      *model.Subject

	row, offset int  // where it was left
	end         bool // the end is wanted of a list whose beginning is shown
	picked      bool // somebody has selected a row: it stays selected while others come before it
}

// maxWay is how many places one can go back.
const maxWay = 50

func (a *app) top() *place { return a.way[len(a.way)-1] }

// leave notes where the place in front is left.
func (a *app) leave() {
	p := a.top()
	if p.on&listScreen != 0 {
		p.row = a.row()
		p.offset, _ = a.table.GetOffset()
		return
	}
	p.offset, _ = a.text.GetScrollOffset()
}

// enter shows the place in front as it was left.
func (a *app) enter() {
	p := a.top()
	a.err = nil
	if p.on&listScreen != 0 {
		a.body.SwitchToPage(tablePage)
		a.table.SetOffset(p.offset, 0)
		a.table.Select(max(0, p.row)+headRows, 0)
	} else {
		a.body.SwitchToPage(textPage)
		a.text.ScrollTo(p.offset, 0)
	}
	if p.on&talliedScreen != 0 {
		poke(a.recount)
	}
	if p.stale() || p.on&talliedScreen != 0 {
		a.reread()
	}
}

// stale tells a place of which nothing has been read.
func (p *place) stale() bool {
	switch p.on {
	case casesScreen:
		return p.list == nil
	case sessionsScreen:
		return p.listed == nil
	case caseScreen:
		return p.detail == nil
	case sessionScreen:
		return p.session == nil
	}
	return false
}

// errBehind says why nothing is done to the rows that are shown.
var errBehind = errors.New("the list is still being read: wait until it is")

// behind tells a list whose rows are of what was asked for before.
func (p *place) behind() bool {
	switch {
	case p.list != nil:
		q := p.list.Query()
		return !q.Same(&p.query)
	case p.listed != nil:
		return p.fits != p.filter
	}
	return false
}

// push goes on to another place.
func (a *app) push(p *place) {
	a.leave()
	if len(a.way) == maxWay {
		a.way = append(a.way[:1:1], a.way[2:]...)
	}
	a.way = append(a.way, p)
	a.enter()
}

// start begins a new way at one of the views.
func (a *app) start(on screen) {
	if len(a.way) == 1 && a.top().on == on {
		return
	}
	a.leave()
	p := a.roots[on]
	if p == nil {
		p = newPlace(on)
		a.roots[on] = p
	}
	a.way = []*place{p}
	a.enter()
}

func newPlace(on screen) *place {
	p := &place{on: on, open: make(map[alerts.CaseID]bool)}
	for _, v := range views {
		if v.on == on {
			p.title = v.name
		}
	}
	return p
}

// goBack leaves a place. At the beginning of the way it takes the filter away.
func (a *app) goBack() {
	if len(a.way) == 1 {
		if a.top().text() != "" {
			a.wrong = a.setFilter("")
		}
		return
	}
	a.leave()
	a.way = a.way[:len(a.way)-1]
	a.enter()
}

// quitOrBack is what q does.
func (a *app) quitOrBack() {
	if len(a.way) == 1 {
		a.quit()
		return
	}
	a.goBack()
}

// crumbs names the steps of the way.
func (a *app) crumbs() (names []string) {
	for _, p := range a.way {
		name := p.title
		if text := p.text(); text != "" {
			name += " " + text
		}
		names = append(names, name)
	}
	return names
}

// worst says which servers, clients or accounts a filter has looked at, "" where
// that is all of them.
func (a *app) worst() string {
	if len(a.tallied()) < model.MaxSubjects {
		return ""
	}
	return fmt.Sprintf("of the worst %d", model.MaxSubjects)
}

// where says what is selected of how much.
func (a *app) where() string {
	p := a.top()
	switch {
	case p.behind():
		return "reading ..."
	case p.on == casesScreen:
		return render.CasePlace(p.list, a.row(), len(p.marks))
	case p.on == sessionsScreen && p.listed != nil:
		part := ""
		if p.listed.Cut {
			part = "the newest"
		}
		return render.Place(a.row(), len(p.listed.Rows), part, p.filter != "")
	case p.on&subjectScreen != 0 && a.tally != nil:
		switch worst := a.worst(); {
		case worst == "":
			return render.Place(a.row(), a.length(), "", p.filter != "")
		case p.filter != "":
			return render.Place(a.row(), a.length(), "", true) + ", " + worst
		}
		return render.Place(a.row(), a.length(), "the worst", false)
	case p.on&listScreen == 0:
		first, _ := a.text.GetScrollOffset()
		return render.PagePlace(first, a.room, len(a.page(a.width, a.room)))
	}
	return ""
}
