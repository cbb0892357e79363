package main

import (
	"context"
	"os"
	"sync"
	"time"
)

// withConsole returns the environment of a capture, whose messages and status
// line share stderr.
func withConsole(env *environment) (*environment, *console) {
	c := &console{out: env.stderr}
	shown := *env
	shown.stderr = c
	if f, ok := env.stderr.(*os.File); ok && isTerminal(f) {
		c.terminal = f
	}
	return &shown, c
}

// run captures until ctx ends, beside the status line or the terminal UI.
func (s *sensor) run(ctx context.Context, screen *console, hup <-chan os.Signal, ui bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.hungUp = func() bool {
		gone := screen.terminal != nil && !isTerminal(screen.terminal)
		if gone {
			cancel()
		}
		return gone
	}
	if ui {
		return s.runBehindUI(ctx, cancel, screen, hup)
	}
	var status sync.WaitGroup
	over, stop := context.WithCancel(context.Background())
	status.Go(func() { s.showStatus(over, screen) })
	err := s.read(ctx, hup)
	stop()
	status.Wait()
	return err
}

// runBehindUI captures while a person looks at the terminal UI, until either
// ends.
func (s *sensor) runBehindUI(ctx context.Context, cancel func(), screen *console, hup <-chan os.Signal) error {
	screen.keep()
	defer screen.release()
	read := make(chan error, 1)
	go func() {
		err := s.read(ctx, hup)
		cancel()
		read <- err
	}()
	shown := tui(ctx, s.runner.env, s.runner.database, s.liveCounts)
	cancel()
	if err := <-read; err != nil {
		return err
	}
	return shown
}

// showStatus draws the status line each second on a terminal, else says it once
// a minute if there was anything, until ctx ends.
func (s *sensor) showStatus(ctx context.Context, screen *console) {
	if s.runner.options.quiet {
		return
	}
	drawn := screen.terminal != nil && (s.runner.options.format == formatTable || !isTerminal(s.runner.env.stdout))
	every := remarkEvery
	if drawn {
		every = statusEvery
		defer screen.status("")
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	before := s.progress()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := s.progress()
		switch {
		case drawn:
			screen.status(shorten(now.text(&before), columns(screen.terminal)-1))
		case now.packets > before.packets:
			s.runner.env.say("%s", now.text(&before))
		}
		before = now
	}
}

// shorten cuts text to a width.
func shorten(text string, width int) string {
	if len(text) > width {
		return text[:width]
	}
	return text
}
