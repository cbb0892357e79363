package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
)

// end stores and writes what is left. err is what ended the reading.
func (r *runner) end(err error) error {
	st := r.flush()
	r.recorder.Close()
	r.closeStore()
	r.closeOutputs()
	if _, usage := errors.AsType[usageError](err); usage && st.Packets == 0 {
		return err // a filter that says nothing: there is nothing to sum up
	}
	s := &r.summary
	s.Packets, s.Bytes, s.First, s.Last = st.Packets, st.Bytes, st.First, st.Last
	s.GapBytes = st.GapBytes
	s.NotTCP, s.TruncatedPackets, s.UnknownLink, s.Encrypted = st.NotTCP, st.Truncated, st.UnknownLink, st.Encrypted
	s.EvictedFlows, s.DuplicatePackets, s.BadChecksums = st.Evicted, st.Duplicates, st.BadChecksums
	r.wrote(r.writeEnd(&st))
	r.remark("%s", speed(st, time.Since(r.started)))
	switch {
	case r.writeErr != nil:
		return fmt.Errorf("writing the findings: %w", r.writeErr)
	case err != nil:
		return err
	case r.failed, st.Packets > 0 && st.UnknownLink == st.Packets:
		return errTold
	case r.fatal != nil && r.reached(*r.fatal):
		return errFound
	}
	return nil
}

// abandon closes what is open before anything was read. err is why.
func (r *runner) abandon(err error) error {
	if r.store != nil {
		r.store.Close() // err says more
	}
	return err
}

// closeStore ends the storing, and tells what was not stored.
func (r *runner) closeStore() {
	if r.store == nil {
		return
	}
	finish := r.store.Close
	if r.spool != nil {
		finish = r.spool.finish
	}
	if err := finish(); err != nil {
		r.env.say("%v", err)
		r.failed = true
	}
	if r.spool != nil {
		if st := r.spool.state(); st.lost > 0 {
			r.env.say("%s given up, as the database could not be written", numbered(st.lost, "result was", "results were"))
			r.failed = true
		}
	}
	if n := r.passed + r.store.Passed(); n > 0 {
		r.env.say("%s not stored: 'mailtap db prune' has cut off that time", numbered(n, "session was", "sessions were"))
	}
}

// closeOutputs ends what findings are sent to, and tells what was not.
func (r *runner) closeOutputs() {
	if r.sinks != nil {
		if err := r.sinks.Close(); err != nil {
			for line := range strings.Lines(err.Error()) { // one for each sink
				r.env.say("%s", strings.TrimSuffix(line, "\n"))
			}
			r.failed = true
		}
	}
	if r.keeper != nil {
		if err := r.keeper.Close(); err != nil {
			r.env.say("evidence: %v", err)
			r.failed = true
		}
		sessions, lost := r.keeper.Kept()
		r.notes = append(r.notes, fmt.Sprintf("evidence: packets of %s kept, of %d given up", numbered(sessions, "session", "sessions"), lost))
	}
}

// writeEnd writes the summary.
func (r *runner) writeEnd(st *engine.Stats) error {
	if err := r.out.end(&r.summary); err != nil {
		return err
	}
	if r.options.format != formatTable {
		for _, note := range r.notes {
			r.remark("%s", note)
		}
		return nil
	}
	text := limitsText(st)
	for _, note := range r.notes {
		text += note + "\n"
	}
	_, err := io.WriteString(r.env.stdout, text)
	return err
}

func (r *runner) reached(least alerts.Severity) bool {
	for s, n := range r.summary.Findings {
		if alerts.Severity(s) >= least && n > 0 {
			return true
		}
	}
	return false
}
