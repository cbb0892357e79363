// Package view is the terminal program: tview widgets around what ui/model
// holds and ui/render words. The screen belongs to tview's loop; reading the
// database again is a goroutine's, see refresh.go.
package view

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

// Options of Run.
type Options struct {
	Database string // where the source reads, as it is shown
	Triage   Triage // nil where the user may not change the database
	ReadOnly string // why, and what to do
	Who      string // triages
	NoColor  bool   // also on where the environment has NO_COLOR, see https://no-color.org
	Filters  string // file that keeps named filters; "" keeps none

	// Live tells what a capture of this process has seen; nil where none runs.
	// It is called by any goroutine.
	Live func() model.Live

	// Packets writes packets into a file and returns what it did, for people; nil
	// where nobody can. It is called by one goroutine at a time.
	Packets func(context.Context, PacketFile) (did string, err error)
}

// PacketFile is a file of the packets of some sessions.
type PacketFile struct {
	Path     string
	Replace  bool // the file that is there, when all is written
	Sessions []alerts.SessionID
	Written  func(bytes int) // called as it is written, by the same goroutine
}

// Triage writes what the user decides. A store.Triage is one. It is used by one
// goroutine at a time.
type Triage interface {
	Set([]alerts.CaseID, store.Decision) error
	Undo(who string, at int64, ids ...alerts.CaseID) (int64, error)
}

// memoryLimit is how many bytes Go should take: to count a large database makes
// much garbage.
const memoryLimit = 80 << 20

// Run shows the cases of source until the user quits or ctx ends.
func Run(ctx context.Context, source model.Source, options Options) error {
	if options.Live == nil { // a capture needs what it needs
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit))
	}
	a := newApp(source, options, time.Now)
	err := a.run(ctx)
	if err != nil && a.screen == nil {
		return fmt.Errorf("the terminal (TERM=%s) cannot be used: %w; 'mailtap cases' and 'mailtap findings' write lists", os.Getenv("TERM"), err)
	}
	return err
}

// run blocks until the program is quit. The goroutines that read end first and
// only then stop the loop, so that no update is queued after Stop, which would
// wait for ever.
func (a *app) run(ctx context.Context) error {
	ctx, a.quit = context.WithCancel(ctx)
	a.ctx = ctx
	defer a.quit()
	started, done := make(chan struct{}), make(chan struct{})
	var first sync.Once
	a.loop.SetAfterDrawFunc(func(tcell.Screen) {
		first.Do(func() { close(started) })
		if a.lacks() {
			poke(a.wake)
		}
	})
	go func() {
		defer close(done)
		select {
		case <-started: // before that, Stop does nothing
			var readers sync.WaitGroup
			readers.Go(func() { a.refresh(ctx, a.stopped) })
			readers.Go(func() { a.count(ctx, a.stopped) })
			readers.Wait()
			a.jobs.Wait()
		case <-a.stopped:
		}
		select {
		case <-a.stopped: // the terminal is gone
		default:
			a.loop.Stop()
		}
	}()
	err := a.loop.Run()
	close(a.stopped)
	a.quit()
	<-done
	return err
}

// lacks tells whether something was drawn that is still to be read.
func (a *app) lacks() bool {
	if l := a.top().list; l != nil && l.Lacks() {
		return true
	}
	return a.reasons.Lacks()
}
