package view

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// job writes a file while the program goes on.
type job struct {
	ctx   context.Context // of the program
	path  string
	kind  string // of what is counted
	count atomic.Int64
}

// row counts a row that is written, false when the program is quit.
func (j *job) row(rows int) bool {
	j.count.Store(int64(rows))
	return j.ctx.Err() == nil
}

// bytes counts what is written.
func (j *job) bytes(n int) { j.count.Add(int64(n)) }

// String says what it is at.
func (j *job) String() string {
	return fmt.Sprintf("writing %s: %d %s so far", j.path, j.count.Load(), j.kind)
}

var errBusy = errors.New("another file is being written: wait until it is")

// work runs a job outside of the loop; what do returns shows what came of it.
func (a *app) work(j *job, do func() (show func())) {
	a.job = j
	a.jobs.Go(func() {
		show := do()
		within(a.stopped, func() {
			a.loop.QueueUpdateDraw(func() {
				a.job, a.said = nil, ""
				show()
			})
		})
	})
}
