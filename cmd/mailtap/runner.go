package main

import (
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/metrics"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
)

// runner is one run of analyze or capture: the engine, the store and what is
// written.
type runner struct {
	env     *environment
	options *runOptions

	database string           // path; "": none
	least    alerts.Severity  // written
	fatal    *alerts.Severity // of --fail-on

	store    *store.Store // nil: nothing is kept
	passed   int64        // sessions that earlier stores did not store, as they were pruned
	spool    *spool       // of a live capture; nil: what cannot be stored is not tried again
	keep     func(alerts.Result)
	sinks    *sinks.Sinks     // nil: none
	keeper   *evidence.Keeper // nil: none
	recorder *engine.Recorder
	engine   *engine.Engine
	beside   []*engine.Engine // of captures that are followed at the same time
	out      output

	reporting sync.Mutex // several goroutines settle results, and one at a time reports
	summary   alerts.Summary
	results   *metrics.Results // nil: nobody asks while it runs
	notes     []string         // of the summary

	findings atomic.Int64
	started  time.Time
	failed   bool // something could not be read
	writeErr error
	unheard  atomic.Bool // nothing can be written, and what is found goes nowhere else
}

// newRunner makes a run that is over when its files are, of options that are
// checked.
func newRunner(env *environment, o *runOptions) (*runner, error) {
	r := prepareRunner(env, o)
	return r, r.open()
}

// garbage is how much memory may be garbage, in percent of what is used. With
// Go's own 100, 50,000 log-ins take 2.1 s of CPU and 91 MB at the peak; with 70
// 2.4 s and 85 MB, with 50 2.7 s and 80 MB. 500 MB of mail take 63 MB with 70, and
// 65 MB with 100.
const garbage = 70

// prepareRunner makes a run of options that are checked; open has to follow.
func prepareRunner(env *environment, o *runOptions) *runner {
	debug.SetGCPercent(garbage)
	r := &runner{env: env, options: o, started: time.Now()}
	r.least, _ = alerts.ParseSeverity(o.minSeverity)
	if fatal, ok := alerts.ParseSeverity(o.failOn); ok {
		r.fatal = &fatal
	}
	if o.format == formatJSONL {
		r.out = newJSONLOutput(env.stdout, o.showSecrets)
	} else {
		r.out = newOverview(env, o.database)
	}
	return r
}

// open opens the database and the key of fingerprints beside it.
func (r *runner) open() error {
	path, named := r.env.databasePath(r.options.database)
	key := alerts.RandomKey()
	r.recorder = &engine.Recorder{Show: r.options.showSecrets, NoContent: r.options.noContent, Report: r.report, Add: r.judged}
	r.keep = r.add
	if r.options.policy != "" {
		p, err := readPolicy(r.options.policy)
		if err != nil {
			return err
		}
		r.recorder.Policy = p
	}
	if path != noDatabase {
		options := store.Options{
			MakeFolder: !named,
			Committed:  r.settled,
			Failed:     func(batch []alerts.Result, _ error) { r.settled(batch) },
		}
		if r.spool != nil {
			options.Committed, options.Failed = r.spool.committed, r.spool.failed
		}
		s, err := store.Open(path, options)
		if err != nil {
			return err
		}
		r.store, r.keep, r.database = s, s.Add, path
		if key, err = alerts.LoadKey(keyPath(path)); err != nil {
			s.Close()
			return err
		}
		if r.spool != nil {
			r.keep = r.spool.add
			r.storeAgain(options, key)
			r.spool.begin(s)
		}
		if err := r.recorder.Recall(path); err != nil {
			s.Close()
			return err
		}
	}
	r.recorder.Redactor = alerts.NewRedactor(key)
	return nil
}

// judged takes a result that changes no more.
func (r *runner) judged(result alerts.Result) {
	if r.keeper != nil {
		if err := r.keeper.Judged(&result); err != nil {
			r.env.say("evidence is not kept until it can be written: %v", err)
		}
	}
	r.keep(result)
}

// add takes a result where nothing is kept.
func (r *runner) add(result alerts.Result) { r.settled([]alerts.Result{result}) }

// settled takes results that are stored, or given up.
func (r *runner) settled(batch []alerts.Result) {
	r.reporting.Lock()
	defer r.reporting.Unlock()
	if r.sinks != nil {
		for _, result := range batch {
			r.sinks.Send(result)
		}
	}
	r.recorder.Stored(batch)
	r.wrote(r.out.told())
}

// keyPath names the file of the fingerprints' key: beside the database.
func keyPath(database string) string { return database + ".key" }

// begin makes the engine. files lists the captures by capture.Packet.File.
func (r *runner) begin(files func() []string) {
	r.recorder.Start()
	r.engine = engine.New(files, r.recorder.Session)
	if r.keeper != nil {
		r.engine.Keep(r.keeper)
	}
}

// of returns the engine of a capture that is followed: each has its own, as
// their clocks differ.
func (r *runner) of(slot int, files func() []string) *engine.Engine {
	for len(r.beside) < slot {
		r.beside = append(r.beside, engine.New(files, r.recorder.Session))
	}
	if slot == 0 {
		return r.engine
	}
	return r.beside[slot-1]
}

// flush ends all sessions and returns what was seen.
func (r *runner) flush() engine.Stats {
	r.engine.Flush()
	st := r.engine.Stats()
	for _, e := range r.beside {
		e.Flush()
		st = sum(st, e.Stats())
	}
	return st
}

// reload reads the policy again. One with mistakes is told, and the one before
// stays.
func (r *runner) reload() {
	if r.sinks != nil {
		r.sinks.Reopen()
	}
	if r.options.policy == "" {
		r.remark("SIGHUP: there is no --policy to read again")
		return
	}
	p, err := readPolicy(r.options.policy)
	if err != nil {
		r.env.say("SIGHUP: the policy stays as it was: %v", err)
		return
	}
	r.recorder.SetPolicy(p)
	r.remark("SIGHUP: %s was read again and holds for sessions that end from now on", r.options.policy)
}

// report writes one result. It is called by one goroutine at a time.
func (r *runner) report(result alerts.Result) {
	r.summary.Add(&result)
	if r.results != nil {
		r.results.Add(&result)
	}
	r.findings.Add(int64(len(result.Findings)))
	r.wrote(r.out.result(&result, r.least))
}

// wrote keeps the first error of writing.
func (r *runner) wrote(err error) {
	if r.writeErr != nil || err == nil {
		return
	}
	r.writeErr = err
	r.unheard.Store(r.store == nil && r.sinks == nil && r.keeper == nil && r.results == nil)
}

// remark says what --quiet leaves out.
func (r *runner) remark(format string, args ...any) {
	if !r.options.quiet {
		r.env.say(format, args...)
	}
}

// found returns how many findings there are so far.
func (r *runner) found() int { return int(r.findings.Load()) }

// damaged tells of a capture that was read up to its damage.
func (r *runner) damaged(d *capture.Damage) {
	r.summary.Damaged = append(r.summary.Damaged, d.Error())
	r.env.say("%v; read up to there", d)
}

// unread tells why a file was not read to its end.
func (r *runner) unread(err error) {
	var damage *capture.Damage
	if errors.As(err, &damage) && damage.Packet > 1 {
		r.damaged(damage)
		return
	}
	r.unreadable(err)
}

// unreadable tells of a file of which nothing could be read.
func (r *runner) unreadable(err error) {
	r.failed = true
	r.env.say("%v", err)
}

// checkLink tells of packets of a link type that is not decoded.
func (r *runner) checkLink(file string, link capture.LinkType) {
	if !decode.Known(link) {
		r.env.say("%s: packets of link type %d are skipped: only Ethernet, Wi-Fi, raw IP, loopback, PPP, Linux cooked and the like are read", file, link)
	}
}
