// Package view is the terminal program: tview widgets around what ui/model
// holds and ui/render words. The screen belongs to tview's loop; reading the
// database again is a goroutine's, see refresh.go.
package view

import (
	"context"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/mailtap/mailtap/ui/model"
)

// Options of Run.
type Options struct {
	Database string // where the source reads, as it is shown
	NoColor  bool   // also on where the environment has NO_COLOR, see https://no-color.org
}

// Run shows the cases of source until the user quits or ctx ends.
func Run(ctx context.Context, source model.Source, options Options) error {
	return newApp(source, options, time.Now).run(ctx)
}

// run blocks until the program is quit. One goroutine first reads and then
// stops the loop, so that no update is queued after Stop, which would wait for
// ever.
func (a *app) run(ctx context.Context) error {
	ctx, a.quit = context.WithCancel(ctx)
	defer a.quit()
	started, stopped, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var first sync.Once
	a.loop.SetAfterDrawFunc(func(tcell.Screen) { first.Do(func() { close(started) }) })
	go func() {
		defer close(done)
		select {
		case <-started: // before that, Stop does nothing
			a.refresh(ctx, stopped)
		case <-stopped:
		}
		select {
		case <-stopped: // the terminal is gone
		default:
			a.loop.Stop()
		}
	}()
	err := a.loop.Run()
	close(stopped)
	a.quit()
	<-done
	return err
}
