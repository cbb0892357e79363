package view

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

// refreshEvery is how often the database is looked at.
const refreshEvery = 2 * time.Second

// reading reads the database, outside of the loop: it may take long. What it
// returns shows that; nil: nothing has changed.
type reading func() (show func())

// refresh reads what is asked for, and what has changed now and again, until
// ctx ends or the loop has stopped.
func (a *app) refresh(ctx context.Context, stopped <-chan struct{}) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	due := true
	for {
		var read reading
		within(stopped, func() { a.loop.QueueUpdate(func() { read = a.next(due) }) })
		due = false
		if read != nil {
			if show := read(); show != nil {
				within(stopped, func() { a.loop.QueueUpdateDraw(show) })
			}
		}
		if read != nil && ctx.Err() == nil {
			continue // until there is nothing more to read
		}
		select {
		case <-ctx.Done():
			return
		case <-stopped:
			return
		case <-a.wake:
		case <-tick.C:
			due = true
		}
	}
}

// within waits for an update. A loop that has stopped by itself, as the
// terminal went away, takes none.
func within(stopped <-chan struct{}, update func()) {
	done := make(chan struct{})
	go func() {
		update()
		close(done)
	}()
	select {
	case <-done:
	case <-stopped:
	}
}

// poke wakes a goroutine.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is woken already
	}
}

// ask asks for a reading, or a change. What was asked before and has not begun
// comes first.
func (a *app) ask(r reading) {
	a.asked = append(a.asked, r)
	poke(a.wake)
}

// reread asks for the place in front to be read again, also where nothing has
// changed.
func (a *app) reread() {
	a.force = true
	poke(a.wake)
}

// next says what to do now: what was asked for, what is in front, then what it lacks.
func (a *app) next(due bool) reading {
	p := a.top()
	if len(a.asked) > 0 {
		first := a.asked[0]
		a.asked = a.asked[1:]
		return first
	}
	if a.force || due {
		force := a.force || a.err != nil || a.counts == nil || p.stale() || p.list != nil && p.list.Err() != nil
		a.force = false
		return a.look(p, force)
	}
	if l := p.list; l != nil {
		if lacking, ok := l.Wanted(); ok {
			return func() func() {
				found := lacking.Read()
				return func() { l.Put(found) }
			}
		}
	}
	if wanted := a.reasons.Wanted(); len(wanted) > 0 {
		return func() func() {
			found := model.ReadReasons(a.source, wanted)
			return func() { a.reasons.Put(found) }
		}
	}
	if a.untallied && a.counts != nil {
		a.untallied = false // until the next look, also if it fails
		return a.addUp()
	}
	return nil
}

// addUp returns the reading of what all adds up to, for who looks at something
// else: names are completed from it.
func (a *app) addUp() reading {
	counts, survey := *a.counts, a.survey
	return func() func() {
		tally, err := model.NewTally(a.source, counts, survey)
		if err != nil {
			return nil // the screens that show it tell that
		}
		return func() { a.show(tally) }
	}
}

// look returns the reading of a place.
func (a *app) look(p *place, force bool) reading {
	w := wish{
		source: a.source, live: a.options.Live, place: p, query: p.query, filter: p.filter, sessions: p.sessions, now: a.now(),
		row: a.row(), survey: a.survey, force: force || a.tally != nil && a.tally.Partial,
		tallies: p.on&talliedScreen != 0, first: a.counts == nil && p.on == casesScreen && p.list == nil,
	}
	a.untallied = a.tally == nil || a.tally.Survey != a.survey
	w.query.Now = w.now
	if a.counts != nil {
		w.counts = *a.counts
	}
	if p.list != nil {
		if p.picked {
			w.selected, _ = a.selected()
		}
		w.open = maps.Clone(p.open)
	}
	return func() func() { return w.read(a) }
}

// wish is what the place in front wants to know.
type wish struct {
	source   model.Source
	live     func() model.Live // nil: no capture runs here
	place    *place
	query    model.Query
	filter   string
	sessions *model.SessionFilter
	now      time.Time
	counts   store.Counts  // what it shows
	survey   *model.Survey // nil: there is none
	tallies  bool          // read what all adds up to, too
	first    bool          // nothing is shown yet
	force    bool          // read also if the database has these still
	open     map[alerts.CaseID]bool
	selected alerts.CaseID
	row      int // of selected
}

// found answers a wish.
type found struct {
	counts  store.Counts
	live    *model.Live
	survey  *model.Survey // a new one
	tally   *model.Tally
	list    *model.List
	listed  *model.Sessions
	detail  *model.Detail
	session *model.Transcript
	err     error
}

var errGone = errors.New("it is not in the database any more")

func (w *wish) read(a *app) func() {
	var f found
	if w.live != nil {
		live := w.live()
		f.live = &live
	}
	if w.first {
		if list, ok, _ := model.NewBeginning(w.source, w.query); ok {
			return func() { a.begin(w, list) }
		}
	}
	f.counts, f.err = w.source.Counts()
	if f.err == nil && f.counts == w.counts && !w.force {
		return func() { a.looked(w, &f) }
	}
	if f.err == nil && small(&f.counts) && (w.survey == nil || w.survey.Counts != f.counts) {
		f.survey, f.err = model.NewSurvey(w.source, func() bool { return false })
	}
	if f.survey != nil {
		w.survey, w.tallies = f.survey, true
	}
	if f.err == nil && w.tallies {
		f.tally, f.err = model.NewTally(w.source, f.counts, w.survey)
		// A database of an older schema has none: who looks at something else
		// need not know.
		if errors.Is(f.err, store.ErrNoOverview) && w.place.on&talliedScreen == 0 {
			f.err = nil
		}
	}
	if f.err == nil {
		w.readPlace(&f)
	}
	return func() { a.take(w, &f) }
}

// begin shows the first rows of a long list, and goes on to read what there is.
func (a *app) begin(w *wish, list *model.List) {
	if p := w.place; p.list == nil && w.query.Same(&p.query) {
		p.list = list
	}
	a.reread()
}

func (w *wish) readPlace(f *found) {
	var index *model.Index
	if w.survey != nil {
		index = w.survey.Index
	}
	switch p := w.place; {
	case p.on == casesScreen:
		if f.list, f.err = model.NewList(w.source, w.query, f.counts, index, w.open); f.err == nil {
			f.list.Find(w.selected, w.row) // for the rows that it reads, which will be shown
		}
	case p.on == sessionsScreen:
		f.listed, f.err = model.NewSessions(w.source, p.of, w.sessions)
	case p.on == caseScreen:
		f.detail, f.err = model.Open(w.source, p.caseID, w.now)
	case p.on == sessionScreen:
		f.session, f.err = model.OpenSession(w.source, p.sessionID)
	}
	if errors.Is(f.err, store.ErrNotFound) {
		f.err = errGone // what is shown of it stays until it is left
	}
}

// take shows what was read, unless another place is in front by now, or the
// same one asks for something else.
func (a *app) take(w *wish, f *found) {
	p := w.place
	if f.survey != nil {
		a.survey = f.survey
	}
	if a.err = f.err; f.err != nil {
		a.live = f.live
		return
	}
	a.looked(w, f)
	if f.tally != nil {
		a.show(f.tally)
	}
	if a.counts == nil || *a.counts != f.counts {
		a.counts = &f.counts
		poke(a.recount)
	}
	if p != a.top() || !w.query.Same(&p.query) || w.filter != p.filter {
		a.reread()
		return
	}
	switch {
	case f.list != nil:
		a.replace(p, w, f.list)
	case f.listed != nil:
		a.replaceSessions(p, f.listed)
		p.fits = w.filter
	case f.detail != nil:
		p.detail = f.detail
	case f.session != nil:
		p.session = f.session
	}
}

// looked notes what is there now.
func (a *app) looked(w *wish, f *found) {
	a.live = f.live
	a.pace.Add(w.now, &f.counts, f.live)
}
