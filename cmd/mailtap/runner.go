package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
)

// The values of --format.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatJSONL = "jsonl"
	formatCSV   = "csv"
)

// runOptions are the flags that analyze and capture share.
type runOptions struct {
	database    string
	format      string
	filter      string
	minSeverity string
	failOn      string
	showSecrets bool
	noContent   bool
	policy      string
	quiet       bool
}

func (o *runOptions) addFlags(cmd *cobra.Command, env *environment) {
	flags := cmd.Flags()
	databaseFlag(cmd, env, &o.database)
	flags.StringVar(&o.format, "format", formatTable, "how findings are written: table or jsonl")
	flags.StringVar(&o.filter, "filter", "", "only packets that match this BPF expression (see pcap-filter(7))")
	flags.StringVar(&o.minSeverity, "min-severity", "info", "write findings of this severity or more: info, low, medium, high, critical")
	flags.StringVar(&o.failOn, "fail-on", "", "exit with 3 if a finding of this severity or more was found")
	flags.BoolVar(&o.showSecrets, "show-secrets", false, "write passwords and tokens in this run's output; they are never stored")
	flags.StringVar(&o.policy, "policy", "", "policy FILE: what sessions have to do here; see 'mailtap policy'")
	flags.BoolVar(&o.noContent, "no-content", false, "keep no subjects and addresses of messages")
	flags.BoolVar(&o.quiet, "quiet", false, "no progress and no remarks")
}

// severity reads a severity flag.
func severity(flag, value string) (alerts.Severity, error) {
	s, ok := alerts.ParseSeverity(value)
	if !ok {
		return 0, usageError{fmt.Errorf("--%s %s: say info, low, medium, high or critical", flag, value)}
	}
	return s, nil
}

// runner is one run of analyze or capture: the engine, the store and what is
// written.
type runner struct {
	env     *environment
	options *runOptions
	least   alerts.Severity  // written
	fatal   *alerts.Severity // of --fail-on

	store    *store.Store // nil: nothing is kept
	recorder *engine.Recorder
	engine   *engine.Engine
	beside   []*engine.Engine // of captures that are followed at the same time
	out      output
	summary  alerts.Summary
	findings atomic.Int64
	started  time.Time
	failed   bool // something could not be read
	writeErr error
}

// output writes results as they are stored.
type output interface {
	result(r *alerts.Result, least alerts.Severity) error
	end(s *alerts.Summary) error
}

func newRunner(env *environment, o *runOptions) (*runner, error) {
	r := &runner{env: env, options: o, started: time.Now()}
	var err error
	if r.least, err = severity("min-severity", o.minSeverity); err != nil {
		return nil, err
	}
	if o.failOn != "" {
		fatal, err := severity("fail-on", o.failOn)
		if err != nil {
			return nil, err
		}
		r.fatal = &fatal
	}
	switch o.format {
	case formatTable:
		r.out = &overview{env: env, rows: map[alerts.CaseID]*overviewRow{}}
	case formatJSONL:
		j := export.NewJSONL(env.stdout)
		j.ShowSecrets = o.showSecrets
		r.out = jsonlOutput{j}
	default:
		return nil, usageError{fmt.Errorf("--format %s: say table or jsonl", o.format)}
	}
	return r, r.open()
}

// open opens the database and the key of fingerprints beside it.
func (r *runner) open() error {
	path, named := r.env.databasePath(r.options.database)
	key := alerts.RandomKey()
	r.recorder = &engine.Recorder{Show: r.options.showSecrets, NoContent: r.options.noContent, Report: r.report}
	if r.options.policy != "" {
		p, err := readPolicy(r.options.policy)
		if err != nil {
			return err
		}
		r.recorder.Policy = p
	}
	if path != noDatabase {
		s, err := store.Open(path, store.Options{
			MakeFolder: !named,
			Committed:  r.recorder.Stored,
			Failed:     func(batch []alerts.Result, _ error) { r.recorder.Stored(batch) },
		})
		if err != nil {
			return err
		}
		r.store, r.recorder.Add = s, s.Add
		if key, err = alerts.LoadKey(keyPath(path)); err != nil {
			s.Close()
			return err
		}
		if err := r.recorder.Recall(path); err != nil {
			s.Close()
			return err
		}
	}
	r.recorder.Redactor = alerts.NewRedactor(key)
	return nil
}

// keyPath names the file of the fingerprints' key: beside the database.
func keyPath(database string) string { return database + ".key" }

// begin makes the engine. files lists the captures by capture.Packet.File.
func (r *runner) begin(files func() []string) {
	r.recorder.Start()
	r.engine = engine.New(files, r.recorder.Session)
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

// sum adds up what two engines have seen.
func sum(a, b engine.Stats) engine.Stats {
	switch {
	case a.Packets == 0:
		a.First, a.Last = b.First, b.Last
	case b.Packets > 0:
		a.First, a.Last = min(a.First, b.First), max(a.Last, b.Last)
	}
	a.Packets += b.Packets
	a.Bytes += b.Bytes
	a.NotTCP += b.NotTCP
	a.Truncated += b.Truncated
	a.UnknownLink += b.UnknownLink
	a.BadChecksums += b.BadChecksums
	a.GapBytes += b.GapBytes
	a.Evicted += b.Evicted
	a.Duplicates += b.Duplicates
	a.Forced += b.Forced
	a.Unsettled += b.Unsettled
	a.Fragments += b.Fragments
	a.Joined += b.Joined
	a.Unjoined += b.Unjoined
	return a
}

// report writes one result. It is called from one goroutine at a time: the
// store's, else the recorder's.
func (r *runner) report(result alerts.Result) {
	r.summary.Add(&result)
	r.findings.Add(int64(len(result.Findings)))
	if err := r.out.result(&result, r.least); err != nil && r.writeErr == nil {
		r.writeErr = err
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
		r.env.say("%s: packets of link type %d are skipped: only Ethernet, raw IP, loopback, PPP and Linux cooked captures are read", file, link)
	}
}

// end stores and writes what is left. err is what ended the reading.
func (r *runner) end(err error) error {
	st := r.flush()
	r.recorder.Close()
	if r.store != nil {
		if e := r.store.Close(); e != nil {
			r.env.say("%v", e)
			r.failed = true
		}
	}
	if r.store != nil && r.store.Passed() > 0 {
		r.env.say("%d sessions began before the time that 'mailtap db prune' has cut off, and were not stored", r.store.Passed())
	}
	s := &r.summary
	s.Packets, s.Bytes, s.First, s.Last = st.Packets, st.Bytes, st.First, st.Last
	s.GapBytes = st.GapBytes
	s.NotTCP, s.TruncatedPackets, s.UnknownLink = st.NotTCP, st.Truncated, st.UnknownLink
	s.EvictedFlows, s.DuplicatePackets, s.BadChecksums = st.Evicted, st.Duplicates, st.BadChecksums
	if e := r.writeEnd(&st); e != nil && r.writeErr == nil {
		r.writeErr = e
	}
	if !r.options.quiet {
		r.env.say("%s", speed(st, time.Since(r.started)))
	}
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

// writeEnd writes the summary.
func (r *runner) writeEnd(st *engine.Stats) error {
	if err := r.out.end(&r.summary); err != nil || r.options.format != formatTable {
		return err
	}
	_, err := io.WriteString(r.env.stdout, limitsText(st))
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

// speed says how long the run took, which is nobody's but the reader's: it is
// not part of the results.
func speed(st engine.Stats, took time.Duration) string {
	return fmt.Sprintf("%d packets, %.1f MB in %.2f s (%.0f MB/s)",
		st.Packets, float64(st.Bytes)/1e6, took.Seconds(), float64(st.Bytes)/1e6/max(took.Seconds(), 1e-9))
}

// jsonlOutput writes every session, its findings, and the summary last.
type jsonlOutput struct{ json *export.JSONL }

func (o jsonlOutput) result(r *alerts.Result, least alerts.Severity) error {
	if err := o.json.Session(&r.Session); err != nil {
		return err
	}
	for i := range r.Findings {
		if r.Findings[i].Severity >= least {
			if err := o.json.Finding(&r.Findings[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o jsonlOutput) end(s *alerts.Summary) error { return o.json.Summary(s) }

// summaryText says in words what was seen and what was not.
func summaryText(s *alerts.Summary) string {
	var b strings.Builder
	n := s.Sessions
	total := n[alerts.Exposed] + n[alerts.Weak] + n[alerts.Clear] + n[alerts.Protected] + n[alerts.UnknownVerdict]
	fmt.Fprintf(&b, "\n%d mail sessions: %d exposed, %d weak, %d clear, %d protected, %d unknown\n",
		total, n[alerts.Exposed], n[alerts.Weak], n[alerts.Clear], n[alerts.Protected], n[alerts.UnknownVerdict])
	c := s.Findings
	fmt.Fprintf(&b, "findings: %d critical, %d high, %d medium, %d low, %d info\n",
		c[alerts.Critical], c[alerts.High], c[alerts.Medium], c[alerts.Low], c[alerts.Info])
	writeCounts(&b, "not all was seen: ", []count{
		{s.Midstream, "sessions joined late"},
		{s.OneSided, "sessions seen from one side only"},
		{s.Gapped, "sessions with lost bytes"},
		{s.GapBytes, "bytes lost in them"},
		{s.Dropped, "packets dropped before they were seen"},
		{s.UnknownLink, "packets of an unknown link type"},
		{s.TruncatedPackets, "packets cut within their headers"},
		{uint64(len(s.Damaged)), "files read only up to their damage"},
	})
	writeCounts(&b, "passed over: ", []count{
		{s.DuplicatePackets, "packets that were captured twice"},
	})
	return b.String()
}

// limitsText says in words which bounds of memory were reached, and what that
// costs.
func limitsText(st *engine.Stats) string {
	var b strings.Builder
	writeCounts(&b, "limits that were reached: ", []count{
		{st.Evicted, "connections given up, as too many were open at a time"},
		{st.Forced, "times that missing packets were not waited for any longer, as too much was held back"},
		{st.Unsettled, "repeated ranges that were not compared, so a forged packet may have been missed"},
		{st.Unjoined, "datagrams whose fragments were not put together, by a limit or as some were missing"},
	})
	return b.String()
}

// count is a number of things.
type count struct {
	n    uint64
	what string
}

// writeCounts writes a line of the counts that are not 0, if there are any.
func writeCounts(b *strings.Builder, about string, counts []count) {
	var words []string
	for _, c := range counts {
		if c.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if len(words) > 0 {
		fmt.Fprintf(b, "%s%s\n", about, strings.Join(words, ", "))
	}
}
