package store_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// begun returns the starts of the sessions that Begun gives.
func begun(t testing.TB, path string, newest int) (starts []int64) {
	t.Helper()
	for r, err := range reader(t, path).Begun(newest) {
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Findings) != 3 {
			t.Fatalf("%d findings", len(r.Findings))
		}
		starts = append(starts, r.Session.Facts.Start)
	}
	return starts
}

// Sessions come in the order of their begin, however they were stored, also
// over several pages.
func TestBegun(t *testing.T) {
	const n = 2500
	path := filepath.Join(t.TempDir(), "mailtap.db")
	results := logins(n)
	var want []int64
	for _, r := range results {
		want = append(want, r.Session.Facts.Start)
	}
	add(t, path, results[n/2:]...)
	slices.Reverse(results[:n/2])
	add(t, path, results[:n/2]...)
	if diff := cmp.Diff(want, begun(t, path, 0)); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	for _, newest := range []int{1, 7, 1500, n, n + 1} {
		if diff := cmp.Diff(want[max(0, n-newest):], begun(t, path, newest)); diff != "" {
			t.Errorf("the newest %d (-want +got):\n%s", newest, diff)
		}
	}
}

func replace(t testing.TB, path string, results ...alerts.Result) {
	t.Helper()
	w, err := store.OpenRewriter(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Replace(results); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// rejudged is login i as another judgement may see it: without a finding, and
// with a case that nobody else has.
func rejudged(i int) alerts.Result {
	r := login(i)
	r.Session.Verdict = alerts.Weak
	r.Findings = r.Findings[:2]
	find(&r, "password-guessing", alerts.High, alerts.BlameClientServer, "", "client guesses", "ten passwords", r.Findings[0].Evidence...)
	return r
}

// A database whose sessions were judged anew is like one that never had any
// other judgement.
func TestReplace(t *testing.T) {
	results := logins(500)
	path := filled(t, results...)
	var now []alerts.Result
	for i := range results {
		if i%7 == 0 || i%20 == 4 {
			results[i] = rejudged(i)
			now = append(now, results[i])
		}
	}
	slices.Reverse(now)
	replace(t, path, now[:50]...)
	replace(t, path, now[50:]...)
	want, got := read(t, filled(t, results...)), read(t, path)
	for _, c := range []*contents{&want, &got} {
		slices.SortStableFunc(c.Findings, byTime)
	}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("(-judged once +judged again):\n%s", diff)
	}
}

// What an admin has decided stays, also of a case that has no findings left.
func TestReplaceKeepsStatus(t *testing.T) {
	path := filled(t, login(0), login(20))
	acknowledged := decide(alerts.Acknowledged, firstDay)
	note := "known"
	acknowledged.Note = &note
	password := login(0).Findings[0].Case
	if err := triage(t, path).Set([]alerts.CaseID{kase()}, acknowledged); err != nil {
		t.Fatal(err)
	}
	if err := triage(t, path).Set([]alerts.CaseID{password}, decide(alerts.Resolved, login(20).Findings[0].Time)); err != nil {
		t.Fatal(err)
	}
	replace(t, path, rejudged(0), rejudged(20))
	if c := caseOf(t, path, kase(), firstDay); c.Status != alerts.Acknowledged || c.Note != note || c.Findings != 0 {
		t.Errorf("a case without findings is %+v", c)
	}
	if c := caseOf(t, path, password, firstDay); c.Status != alerts.Resolved || c.Findings != 1 {
		t.Errorf("a case whose findings were there before is %+v", c)
	}
}

// A session that somebody else has stored with more packets meanwhile, or
// taken away, is left alone.
func TestReplaceLeavesOut(t *testing.T) {
	path := filled(t, longer(login(0)), login(1))
	want := read(t, path)
	replace(t, path, rejudged(0), rejudged(2))
	if diff := cmp.Diff(want, read(t, path), same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOpenRewriterNeedsADatabase(t *testing.T) {
	if _, err := store.OpenRewriter(filepath.Join(t.TempDir(), "missing.db")); err == nil {
		t.Error("no error")
	}
}

// BenchmarkBegun reads the sessions that a run begins with.
func BenchmarkBegun(b *testing.B) {
	const n, newest = 100_000, 50_000
	path := filled(b, logins(n)...)
	b.ReportAllocs()
	for b.Loop() {
		if got := len(begun(b, path, newest)); got != newest {
			b.Fatalf("%d sessions", got)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*newest), "ns/session")
}
