package main

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/mailtap/mailtap/capture"
)

// asker reads a chain until it is interrupted. A pipe may be silent for hours,
// and neither opening nor reading one can be called off: so it is read by a
// goroutine, which is left behind where it waits.
type asker struct {
	chain *capture.Chain
	names []string // of the files opened so far
	state atomic.Uint32
}

// What a reading goroutine does.
const (
	working = iota // on packets
	waiting        // for the chain
	left           // for nobody: the chain is its own from now on
)

// run calls read, which asks for batches, in a goroutine, and returns its error,
// or errInterrupted where it waits when ctx is done.
func (a *asker) run(ctx context.Context, read func() error) error {
	done := make(chan error, 1)
	go func() { done <- read() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if a.state.CompareAndSwap(waiting, left) {
		return errInterrupted
	}
	return <-done // it looks at ctx before it waits again
}

// batch reads packets into ps as Chain.Batch does.
func (a *asker) batch(ctx context.Context, ps []capture.Packet) (n int, err error) {
	a.state.Store(waiting)
	if err = errInterrupted; ctx.Err() == nil {
		n, err = a.chain.Batch(ps)
	}
	if !a.state.CompareAndSwap(waiting, working) {
		runtime.Goexit()
	}
	a.names = a.chain.Files()
	return n, err
}

// files returns the names of the files opened so far.
func (a *asker) files() []string { return a.names }

func (a *asker) close() {
	if a.state.Load() != left {
		a.chain.Close()
	}
}
