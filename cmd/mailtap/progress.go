package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progressEvery is how often the progress bar is drawn.
const progressEvery = 200 * time.Millisecond

// showProgress draws how far the analysis has come, and what it waits for,
// while a person waits for it. The function it returns ends the drawing.
func showProgress(env *environment, o *runOptions, read func() (done, total int64), found func() int, waiting func() string) (stop func()) {
	if o.quiet || o.format != formatTable || !isTerminal(env.stderr) {
		return func() {}
	}
	_, total := read()
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(env.stderr),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetDescription(progressText(0, "")),
		progressbar.OptionThrottle(progressEvery/2), // or Set64 and Describe draw it both
	)
	bar.StartWithoutRender()
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				bar.Finish()
				return
			case <-tick.C:
				done, _ := read()
				bar.Set64(done)
				bar.Describe(progressText(found(), waiting()))
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
	}
}

// progressText is what stands before the bar.
func progressText(found int, waiting string) string {
	text := numbered(found, "finding", "findings")
	if waiting != "" {
		text += ", " + waiting
	}
	return text
}

// notWaiting is for what is only read.
func notWaiting() string { return "" }
