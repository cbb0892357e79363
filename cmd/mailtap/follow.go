package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mailtap/mailtap/capture"
)

// lastReading is how long a run that was interrupted reads what has been
// written until then: with the rest it is to end within a second.
const lastReading = 300 * time.Millisecond

// followFiles is analyze --follow.
func followFiles(ctx context.Context, env *environment, o *runOptions, args []string) error {
	if slices.Contains(args, capture.Stdin) {
		return usageError{errors.New("--follow: standard input cannot be followed; 'mailtap analyze -' reads it as it comes")}
	}
	f, err := capture.NewFollower(args)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := newRunner(env, o)
	if err != nil {
		return err
	}
	r.begin(f.Files)
	if !o.quiet {
		env.say("following %s, stop with Ctrl-C", strings.Join(args, " "))
	}
	stop := showProgress(env, o, f.Progress, r.found, f.Waiting)
	err = readOn(ctx, r, f)
	stop()
	for _, d := range f.Unfinished() {
		if !o.quiet {
			env.say("%v; it may not have been written to its end yet", d)
		}
	}
	return r.end(err)
}

// checkEvery is how many packets pass between two looks at whether to stop.
const checkEvery = 4096

// readOn takes the packets of followed files to the engines, until ctx has
// ended and what had been written before was read.
func readOn(ctx context.Context, r *runner, f *capture.Follower) error {
	in := newIntake(r, f.Files)
	defer in.filters.tell(r)
	var p capture.Packet
	var end time.Time // of reading; zero: it goes on
	for n := 0; ; n++ {
		slot, err := f.Next(&p)
		switch err {
		case nil:
			if err := in.packet(r.of(slot, f.Files), &p); err != nil {
				return err
			}
		case io.EOF:
			return nil
		case capture.ErrNewCapture:
			r.of(slot, f.Files).Flush()
		case capture.ErrTimeout:
			r.advance(f)
		default:
			r.unread(err)
		}
		if err == nil && n%checkEvery != 0 || ctx.Err() == nil {
			continue
		}
		if end.IsZero() {
			f.Finish()
			end = time.Now().Add(lastReading)
		} else if time.Now().After(end) {
			r.env.say("interrupted: the files were not read to their ends")
			return nil
		}
	}
}

// advance tells the engines what time it is in their captures while nothing is
// written: what waits for a packet that is not coming, such as the end of a
// session that was reset, does not wait for the next one.
func (r *runner) advance(f *capture.Follower) {
	for slot := range 1 + len(r.beside) {
		if now, ok := f.Clock(slot); ok {
			r.of(slot, f.Files).Advance(now)
		}
	}
}
