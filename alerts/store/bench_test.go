package store_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// BenchmarkAdd stores short log-ins: one session and three findings each, of
// few cases. The log-ins are made beforehand, so cpu-µs/session is the writer's
// own.
func BenchmarkAdd(b *testing.B) { benchmarkAdd(b, logins(b.N)) }

// BenchmarkAddCases stores log-ins of as many clients and accounts that every
// second one makes a case of its own.
func BenchmarkAddCases(b *testing.B) {
	results := logins(b.N)
	for i := range results {
		scatter(&results[i], uint32(i)*2654435761>>8)
	}
	benchmarkAdd(b, results)
}

// scatter gives a log-in to one of 1700 clients and an account of its own.
func scatter(r *alerts.Result, seed uint32) {
	client := seed % 1700
	facts := r.Session.Facts
	facts.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 16, byte(client >> 8), byte(client)}), uint16(seed))
	r.Session.ID = alerts.NewSessionID(facts)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Client, f.Session, f.Blame = facts.Client, r.Session.ID, alerts.BlameServer
		if i != int(seed%3) {
			f.Blame, f.Account, f.HasAccount = alerts.BlameClient, fmt.Sprint("joe", seed), true
		}
		f.Case = alerts.NewCaseID(f.Rule, f.Blame, f.Client, f.Server, f.Account)
		f.ID = alerts.NewFindingID(f.Session, f.Rule, f.Account)
		for k := range f.Evidence {
			f.Evidence[k].Session = f.Session
		}
	}
}

func benchmarkAdd(b *testing.B, results []alerts.Result) {
	path := filepath.Join(b.TempDir(), "mailtap.db")
	s := open(b, path, store.Options{})
	b.ReportAllocs()
	runtime.GC() // of what the log-ins left behind
	before := cpu(b)
	b.ResetTimer()
	for _, r := range results {
		s.Add(r)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	n := float64(b.N)
	b.ReportMetric((cpu(b)-before)*1e6/n, "cpu-µs/session")
	b.ReportMetric(n/b.Elapsed().Seconds(), "sessions/s")
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/n, "disk-B/session")
}

// cpu returns the seconds of processor time that the process has used.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// fill stores n log-ins, each changed by change. They are made some at a time, of which the clock knows
// nothing.
func fill(b *testing.B, path string, n int, change func(i int, r *alerts.Result)) {
	b.Helper()
	const atOnce = 10_000
	s := open(b, path, store.Options{})
	var wall time.Duration
	var used float64
	for from := 0; from < n; from += atOnce {
		var results []alerts.Result
		for i := from; i < min(from+atOnce, n); i++ {
			results = append(results, login(i))
			change(i, &results[len(results)-1])
		}
		begun, before := time.Now(), cpu(b)
		for _, r := range results {
			s.Add(r)
		}
		wall, used = wall+time.Since(begun), used+cpu(b)-before
	}
	begun, before := time.Now(), cpu(b)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	wall, used = wall+time.Since(begun), used+cpu(b)-before
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d findings: %.0f stored a second, %.0f a second of processor time, %d bytes",
		3*n, float64(3*n)/wall.Seconds(), float64(3*n)/used, info.Size())
}

// BenchmarkList shows the first page of lists over 1,000,000 findings, with the
// filters that screens use, and tells how fast these were stored.
func BenchmarkList(b *testing.B) {
	path := filepath.Join(b.TempDir(), "mailtap.db")
	const n = 333_334
	fill(b, path, n, func(int, *alerts.Result) {})
	r := reader(b, path)
	for _, bb := range []struct {
		name   string
		filter store.Filter
	}{
		{"newest", store.Filter{Limit: 100}},
		{"severity", store.Filter{Limit: 100, MinSeverity: alerts.High}},
		{"common-rule", store.Filter{Limit: 100, Rule: "starttls-not-offered"}},
		{"unknown-rule", store.Filter{Limit: 100, Rule: "none"}},
		{"server", store.Filter{Limit: 100, Server: "10.0.0.7"}},
		{"client", store.Filter{Limit: 100, Client: "=10.1.0.7"}},
		{"account", store.Filter{Limit: 100, Account: "user77@"}},
		{"no-such-account", store.Filter{Limit: 100, Account: "nobody"}},
		{"protocol", store.Filter{Limit: 100, Protocol: dissect.IMAP}},
		{"status", store.Filter{Limit: 100, Statuses: []alerts.Status{alerts.Resolved}}},
		{"middle-page", store.Filter{Limit: 100, Offset: 3 * n / 2}},
		{"last-page", store.Filter{Limit: 100, Offset: 3*n - 100}},
		{"last-page-of-rule", store.Filter{Limit: 100, Offset: n - 100, Rule: "starttls-not-offered"}},
	} {
		b.Run("findings/"+bb.name, func(b *testing.B) {
			before := cpu(b)
			defer func() { b.ReportMetric((cpu(b)-before)*1e3/float64(b.N), "cpu-ms/op") }()
			for b.Loop() {
				if _, err := r.Findings(bb.filter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("sessions/newest", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Sessions(store.Filter{Limit: 100}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sessions/rare-verdict", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Sessions(store.Filter{Limit: 100, Verdicts: []alerts.Verdict{alerts.Weak}}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("session", func(b *testing.B) {
		id := login(n / 2).Session.ID.String()
		for b.Loop() {
			if _, _, err := r.Session(id); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cases", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Cases(store.Filter{Limit: 100}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("overview", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Overview(100); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Counts(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCases shows pages of cases, of which every second log-in of 1,000,000
// findings makes one.
func BenchmarkCases(b *testing.B) {
	path := filepath.Join(b.TempDir(), "mailtap.db")
	fill(b, path, 333_334, func(i int, r *alerts.Result) { scatter(r, uint32(i)*2654435761>>8) })
	r := reader(b, path)
	counts, err := r.Counts()
	if err != nil {
		b.Fatal(err)
	}
	n := int(counts.Cases[alerts.New])
	b.Logf("%d cases", n)
	for _, bb := range []struct {
		name   string
		filter store.Filter
	}{
		{"first", store.Filter{Limit: 100}},
		{"middle", store.Filter{Limit: 100, Offset: n / 2}},
		{"last", store.Filter{Limit: 100, Offset: n - 100}},
		{"severity", store.Filter{Limit: 100, MinSeverity: alerts.Critical}},
		{"rule", store.Filter{Limit: 100, Rule: "starttls-not-offered"}},
		{"unknown-rule", store.Filter{Limit: 100, Rule: "none"}},
		{"status", store.Filter{Limit: 100, Statuses: []alerts.Status{alerts.Resolved}, Now: firstDay}},
		{"new", store.Filter{Limit: 100, Statuses: []alerts.Status{alerts.New}, Now: firstDay}},
		{"server", store.Filter{Limit: 100, Server: "10.0.0.7"}},
		{"client", store.Filter{Limit: 100, Client: "=10.16.0.7"}},
		{"account", store.Filter{Limit: 100, Account: "joe77"}},
		{"no-such-account", store.Filter{Limit: 100, Account: "nobody"}},
		{"since", store.Filter{Limit: 100, Since: firstDay + 30_000*second}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				if _, err := r.Cases(bb.filter); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu(b)-before)*1e3/float64(b.N), "cpu-ms/op")
		})
	}
}

// BenchmarkOverview reads the overview of as many accounts as have rows.
func BenchmarkOverview(b *testing.B) {
	path := filepath.Join(b.TempDir(), "mailtap.db")
	s := open(b, path, store.Options{})
	for i := range store.MaxSubjects {
		s.Add(named(i))
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	r := reader(b, path)
	before := cpu(b)
	for b.Loop() {
		if _, err := r.Overview(100); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpu(b)-before)*1e3/float64(b.N), "cpu-ms/op")
}
