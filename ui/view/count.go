package view

import (
	"context"
	"slices"
	"time"

	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

// To look at all sessions of a large database takes some seconds. It may take one
// part in restFactor of the time, and not begin again at once.
const (
	restFactor = 10
	restLeast  = time.Second
)

// fewToCount is how many sessions and findings are looked at together with what
// is read of a place: so few that nobody waits for them.
const fewToCount = 20_000

// small tells a database whose survey is made at once.
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

// count surveys the database when it has changed, until ctx ends or the loop
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
		survey, err := model.NewSurvey(a.source, ended)
		if survey != nil || err != nil {
			within(stopped, func() { a.loop.QueueUpdateDraw(func() { a.counted(survey, err) }) })
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

// outdated tells whether what the survey says is no longer so, and somebody
// looks at what is made of it. The first one is made anyway: names are completed
// from it.
func (a *app) outdated() bool {
	if a.counts == nil || small(a.counts) {
		return false // it is made when a place is read
	}
	return a.survey == nil || a.survey.Counts != *a.counts && a.top().on&(talliedScreen|casesScreen) != 0
}

// counted shows a new survey: cases are folded by its causes.
func (a *app) counted(survey *model.Survey, err error) {
	if err != nil {
		a.err = err
		return
	}
	a.survey = survey
	a.reread()
	poke(a.recount) // for what has come meanwhile
}

// show shows a tally. The selection stays on its row's name, if somebody has
// made it.
func (a *app) show(tally *model.Tally) {
	name, any := a.chosenSubject()
	a.tally = tally
	if a.top().on&subjectScreen == 0 {
		return
	}
	row := 0
	if any {
		row = a.row()
		if i := slices.IndexFunc(a.subjects(), func(s model.Subject) bool { return s.Name == name }); i >= 0 {
			row = i
		}
	}
	a.moveTo(max(0, min(row, a.length()-1)))
}

// chosenSubject returns the name of the server, client, account or rule that
// somebody has selected.
func (a *app) chosenSubject() (name string, ok bool) {
	s := a.subject()
	if s == nil || !a.top().picked {
		return "", false
	}
	return s.Name, true
}
