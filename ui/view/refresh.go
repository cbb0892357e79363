package view

import (
	"context"
	"errors"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

// refreshEvery is how often the database is looked at.
const refreshEvery = 2 * time.Second

// wish is what the screen wants to know.
type wish struct {
	text     string
	counts   store.Counts // what it shows
	force    bool         // read also if the database has these still
	selected alerts.CaseID
	row      int            // of selected
	open     *alerts.CaseID // the case whose page is shown
}

// reading answers a wish. The zero value says that nothing has changed.
type reading struct {
	list *model.List
	open *model.Detail
	err  error
}

// refresh reads the database, now and again, until ctx ends or the loop has
// stopped.
func (a *app) refresh(ctx context.Context, stopped <-chan struct{}) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		var w wish
		within(stopped, func() { a.loop.QueueUpdate(func() { w = a.wish() }) })
		if r := w.read(a.source); r != (reading{}) {
			within(stopped, func() { a.loop.QueueUpdateDraw(func() { a.take(w, r) }) })
		}
		select {
		case <-ctx.Done():
			return
		case <-stopped:
			return
		case <-a.wake:
		case <-tick.C:
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

// wish says what to read.
func (a *app) wish() wish {
	w := wish{text: a.text, force: a.force || a.err != nil || a.list == nil, row: a.row()}
	a.force = false // asked for while this one is read, it is for the next one
	if a.list != nil {
		w.counts = a.list.Counts()
		w.force = w.force || a.list.Err() != nil
		w.selected, _ = a.selected()
	}
	if a.open != nil {
		w.open = &a.open.Case.ID
	}
	return w
}

// read runs outside of the loop: it may take long.
func (w *wish) read(source model.Source) reading {
	if !w.force {
		counts, err := source.Counts()
		if err != nil {
			return reading{err: err}
		}
		if counts == w.counts {
			return reading{}
		}
	}
	list, err := model.NewList(source, w.text)
	if err != nil {
		return reading{err: err}
	}
	list.Find(w.selected, w.row) // for the rows that it reads, which will be shown
	r := reading{list: list}
	if w.open != nil {
		// A case may be gone. Its page stays until it is left.
		if r.open, err = model.Open(source, *w.open); !errors.Is(err, store.ErrNotFound) {
			r.err = err
		}
	}
	return r
}

// take shows what was read.
func (a *app) take(w wish, r reading) {
	if w.text != a.text {
		return // another filter was asked for meanwhile
	}
	a.err = r.err
	if r.list != nil {
		a.replace(r.list)
	}
	if r.open != nil && a.open != nil && a.open.Case.ID == r.open.Case.ID {
		a.open = r.open
	}
}

// replace puts a list in the place of the old one. The selection stays on its
// case, and the case where it is on the screen. A filter that leaves the case
// out begins at the top.
func (a *app) replace(list *model.List) {
	old := a.row()
	id, selected := a.selected()
	same := a.list != nil && a.list.Text() == list.Text()
	a.list = list
	row, found := 0, false
	if selected {
		row, found = list.Find(id, old)
	}
	if !found && same {
		row = max(0, min(old, list.Len()-1))
	}
	offset, _ := a.table.GetOffset()
	a.table.SetOffset(max(0, offset+row-old), 0)
	a.table.Select(row+headRows, 0)
}
