// Package metrics serves what a sensor counts, to Prometheus at /metrics, and
// whether it works, at /healthz. Labels are rules, protocols, devices and the
// like, of which there are few: never an address, an account or a name that a
// peer chose.
package metrics

import (
	"sync"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
	"github.com/mailtap/mailtap/dissect"
)

// Snapshot is what a run has counted up to now, and how it is. It shares
// nothing with the run: what is behind its slices and maps changes no more.
type Snapshot struct {
	Engine    engine.Stats
	OpenFlows int // connections that are followed
	Devices   []Device
	Results   Counts    // see Results.Counts
	Moved     time.Time // when the engine last took a packet or was told the time, with its monotonic reading; zero: it has not begun

	Judging  int    // ended sessions that wait to be judged
	Storing  int    // results that wait to be stored, also those that wait for a database that is away
	Stored   uint64 // results
	Failures uint64 // attempts to store that failed
	Lost     uint64 // results that were given up without being stored
	StoreErr string // why the database cannot be written now; "": it can

	Database string // file; "": none
	Sinks    []sinks.Stat
	Evidence *Evidence // nil: no packets are kept
}

// Evidence counts sessions with findings.
type Evidence struct {
	Kept int // their packets were written
	Lost int // they were given up: there was no room or no disk
}

// Device is one that is captured from.
type Device struct {
	Name             string
	Dropped          uint64 // packets, by the kernel: the program did not keep up
	InterfaceDropped uint64 // packets, by the device
	Err              string // why it is gone; "": it is there, though its link may be down
}

// Counts are sessions and findings by what they are.
type Counts struct {
	Sessions [dissect.ManageSieve + 1][alerts.Exposed + 1]uint64 // by Protocol and Verdict
	Findings map[RuleSeverity]uint64
}

// RuleSeverity is a kind of findings.
type RuleSeverity struct {
	Rule     string
	Severity alerts.Severity
}

// otherRule stands for all rules that are not in the catalogue, so that there
// are only so many labels.
const otherRule = "other"

// Results counts results. The zero value is ready; it is safe for concurrent
// use.
type Results struct {
	mu     sync.Mutex
	counts Counts
}

// Add counts a result.
func (r *Results) Add(result *alerts.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Sessions[result.Session.Facts.Protocol][result.Session.Verdict]++
	if r.counts.Findings == nil {
		r.counts.Findings = catalogued()
	}
	for i := range result.Findings {
		f := &result.Findings[i]
		kind := RuleSeverity{f.Rule, f.Severity}
		if rules.Find(f.Rule) == nil {
			kind.Rule = otherRule
		}
		r.counts.Findings[kind]++
	}
}

// Counts returns the counts so far.
func (r *Results) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := Counts{r.counts.Sessions, catalogued()}
	for kind, n := range r.counts.Findings {
		out.Findings[kind] = n
	}
	return out
}

// catalogued counts no finding of each rule, at the severity of the catalogue:
// Prometheus sees a counter rise only from a value that it has seen.
func catalogued() map[RuleSeverity]uint64 {
	m := make(map[RuleSeverity]uint64, len(rules.Rules))
	for i := range rules.Rules {
		m[RuleSeverity{rules.Rules[i].ID, rules.Rules[i].Severity}] = 0
	}
	return m
}
