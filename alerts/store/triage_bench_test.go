package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// BenchmarkAftermath asks what came after an old case in a database of 300,000
// sessions.
func BenchmarkAftermath(b *testing.B) {
	path := filepath.Join(b.TempDir(), "mailtap.db")
	s := open(b, path, store.Options{})
	for i := range 300_000 {
		r := login(i)
		if i > 0 {
			r.Session.Verdict, r.Findings = alerts.Protected, nil
		}
		s.Add(r)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for name, n := range map[string]int{"account": 0, "server": 2} {
		c := caseOf(b, path, login(0).Findings[n].Case, 0)
		r := reader(b, path)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Aftermath(&c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPrune takes out half of the log-ins.
func BenchmarkPrune(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		path := filled(b, logins(100_000)...)
		b.StartTimer()
		begun := time.Now()
		p, err := store.Prune(path, login(50_000).Session.Facts.Start, false)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(p.Sessions)/time.Since(begun).Seconds(), "sessions/s")
	}
}

// BenchmarkSet resolves as many cases as one change takes, and undoes it.
func BenchmarkSet(b *testing.B) {
	var results []alerts.Result
	for i := range 10_000 {
		r := login(i)
		scatter(&r, uint32(i))
		results = append(results, r)
	}
	path := filled(b, results...)
	w := triage(b, path)
	for b.Loop() {
		setAll(b, path, w, store.Filter{Limit: store.MaxCases}, decide(alerts.Resolved, 1))
		if _, err := w.Undo("joe", 1); err != nil {
			b.Fatal(err)
		}
	}
}
