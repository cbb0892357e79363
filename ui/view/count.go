package view

import (
	"context"
	"slices"
	"time"

	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

// Counting all of a large database takes some seconds. It may take one part in
// restFactor of the time, and not begin again at once. What is counted so far
// is shown each showEvery.
const (
	restFactor = 10
	restLeast  = time.Second
	showEvery  = 300 * time.Millisecond
)

// fewToCount is how many sessions and findings are counted together with what
// is read of a place: so few that nobody waits for them.
const fewToCount = 20_000

// small tells a database that is counted at once.
func small(c *store.Counts) bool {
	n := int64(0)
	for _, k := range c.Sessions {
		n += k
	}
	for _, k := range c.Findings {
		n += k
	}
	return n <= fewToCount
}

// count adds up the database when it has changed, until ctx ends or the loop
// has stopped.
func (a *app) count(ctx context.Context, stopped <-chan struct{}) {
	ended := func() bool {
		select {
		case <-stopped:
			return true
		default:
			return ctx.Err() != nil
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-stopped:
			return
		case <-a.recount:
		}
		changed := false
		within(stopped, func() { a.loop.QueueUpdate(func() { changed = a.outdated() }) })
		if !changed {
			continue
		}
		began := time.Now()
		shown := began
		tally, err := model.NewTally(a.source, func(partial func() *model.Tally) bool {
			if time.Since(shown) > showEvery {
				shown = time.Now()
				so := partial()
				within(stopped, func() { a.loop.QueueUpdateDraw(func() { a.countedSoFar(so) }) })
			}
			return ended()
		})
		if tally != nil || err != nil {
			within(stopped, func() { a.loop.QueueUpdateDraw(func() { a.counted(tally, err) }) })
		}
		select {
		case <-ctx.Done():
			return
		case <-stopped:
			return
		case <-time.After(max(restLeast, restFactor*time.Since(began))):
		}
	}
}

// outdated tells whether what the tally says is no longer so, and somebody
// looks at what is made of it. The first one is made anyway: names are completed
// from it.
func (a *app) outdated() bool {
	if a.counts == nil || small(a.counts) {
		return false // it is counted when a place is read
	}
	return a.index == nil || a.tally.Counts != *a.counts && a.top().on&(talliedScreen|casesScreen) != 0
}

// countedSoFar shows a tally that is not ready, where there is none that is.
func (a *app) countedSoFar(tally *model.Tally) {
	if a.index == nil {
		a.show(tally)
	}
}

// counted shows a new tally, and folds the cases by its causes.
func (a *app) counted(tally *model.Tally, err error) {
	if err != nil {
		a.err = err
		return
	}
	a.index = tally.Index
	a.show(tally)
	if a.top().on == casesScreen {
		a.reread()
	}
	poke(a.recount) // for what has come meanwhile
}

// show shows a tally. The selection stays on its row's name.
func (a *app) show(tally *model.Tally) {
	name, any := "", false
	if old := a.subject(); old != nil {
		name, any = old.Name, true
	}
	a.tally = tally
	if a.top().on&subjectScreen == 0 {
		return
	}
	row := a.row()
	if any {
		if i := slices.IndexFunc(a.subjects(), func(s model.Subject) bool { return s.Name == name }); i >= 0 {
			row = i
		}
	}
	a.moveTo(max(0, min(row, a.length()-1)))
}
