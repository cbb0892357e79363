package view

import (
	"context"
	"slices"
	"time"

	"github.com/mailtap/mailtap/ui/model"
)

// Counting all of a large database takes a second or two. It may take one part
// in restFactor of the time, and not begin again at once.
const (
	restFactor = 10
	restLeast  = time.Second
)

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
		tally, err := model.NewTally(a.source, ended)
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
// looks at it. The first one is made anyway: names are completed from it.
func (a *app) outdated() bool {
	return a.tally == nil || a.counts != nil && a.tally.Counts != *a.counts && a.top().on&talliedScreen != 0
}

// counted shows a new tally. The selection stays on its row's name.
func (a *app) counted(tally *model.Tally, err error) {
	if err != nil {
		a.err = err
		return
	}
	old := a.subject()
	a.tally = tally
	poke(a.recount) // for what has come meanwhile
	if a.top().on&subjectScreen == 0 {
		return
	}
	row := a.row()
	if old != nil {
		if i := slices.IndexFunc(a.subjects(), func(s model.Subject) bool { return s.Name == old.Name }); i >= 0 {
			row = i
		}
	}
	a.moveTo(max(0, min(row, a.length()-1)))
}
