package store_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

func triage(t testing.TB, path string) *store.Triage {
	t.Helper()
	w, err := store.OpenTriage(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// decide makes a decision of olga's.
func decide(s alerts.Status, at int64) store.Decision {
	return store.Decision{Status: &s, Who: "olga", At: at}
}

func caseOf(t testing.TB, path string, id alerts.CaseID, now int64) alerts.Case {
	t.Helper()
	list, err := reader(t, path).Cases(store.Filter{Case: &id, Now: now})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d cases, %v", len(list), err)
	}
	return list[0]
}

// kase is the case of rule "starttls-not-offered" on the server of log-ins 0,
// 20, 40 and so on, which come every two seconds.
func kase() alerts.CaseID { return login(0).Findings[2].Case }

// step is log-in 20*i with another severity of that case's finding.
func step(i int, severity alerts.Severity) alerts.Result {
	r := login(20 * i)
	r.Findings[2].Severity = severity
	return r
}

func TestTransitions(t *testing.T) {
	at := func(i int) int64 { return step(i, alerts.High).Findings[2].Time }
	accepted := decide(alerts.AcceptedRisk, at(0)+1)
	accepted.Until = at(2)
	for _, tt := range []struct {
		name     string
		decision store.Decision
		then     []alerts.Result
		status   alerts.Status
		reopened alerts.Reopening
	}{
		{"acknowledged-stays", decide(alerts.Acknowledged, at(0)+1), []alerts.Result{step(1, alerts.Critical)}, alerts.Acknowledged, alerts.NotReopened},
		{"resolved-without-findings", decide(alerts.Resolved, at(0)+1), nil, alerts.Resolved, alerts.NotReopened},
		{"resolved-and-a-later-finding", decide(alerts.Resolved, at(0)+1), []alerts.Result{step(1, alerts.High)}, alerts.New, alerts.Regressed},
		{"resolved-and-one-of-before", decide(alerts.Resolved, at(2)), []alerts.Result{step(1, alerts.High)}, alerts.Resolved, alerts.NotReopened},
		{"resolved-and-one-of-that-moment", decide(alerts.Resolved, at(1)), []alerts.Result{step(1, alerts.High)}, alerts.Resolved, alerts.NotReopened},
		{"resolved-and-the-same-again", decide(alerts.Resolved, at(0)-1), []alerts.Result{step(0, alerts.High)}, alerts.Resolved, alerts.NotReopened},
		{"resolved-and-the-same-with-more-packets", decide(alerts.Resolved, at(0)-1), []alerts.Result{longer(step(0, alerts.High))}, alerts.Resolved, alerts.NotReopened},
		{"accepted-for-ever", decide(alerts.AcceptedRisk, at(0)+1), []alerts.Result{step(1, alerts.High)}, alerts.AcceptedRisk, alerts.NotReopened},
		{"accepted-and-less-severe", decide(alerts.AcceptedRisk, at(0)+1), []alerts.Result{step(1, alerts.Low)}, alerts.AcceptedRisk, alerts.NotReopened},
		{"accepted-and-more-severe", decide(alerts.AcceptedRisk, at(0)+1), []alerts.Result{step(1, alerts.Critical)}, alerts.New, alerts.Worsened},
		{"accepted-until", accepted, []alerts.Result{step(1, alerts.High)}, alerts.AcceptedRisk, alerts.NotReopened},
		{"accepted-until-then", accepted, []alerts.Result{step(1, alerts.High), step(2, alerts.High)}, alerts.New, alerts.Expired},
		{"false-positive", decide(alerts.FalsePositive, at(0)+1), []alerts.Result{step(1, alerts.Critical)}, alerts.FalsePositive, alerts.NotReopened},
		{"new", decide(alerts.New, at(0)+1), []alerts.Result{step(1, alerts.Critical)}, alerts.New, alerts.NotReopened},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filled(t, step(0, alerts.High), login(1))
			if err := triage(t, path).Set([]alerts.CaseID{kase()}, tt.decision); err != nil {
				t.Fatal(err)
			}
			add(t, path, tt.then...)
			got := caseOf(t, path, kase(), 0)
			if got.Status != tt.status || got.Reopened != tt.reopened {
				t.Errorf("%v %v, want %v %v", got.Status, got.Reopened, tt.status, tt.reopened)
			}
			once := read(t, path)
			add(t, path, append([]alerts.Result{step(0, alerts.High), login(1)}, tt.then...)...)
			if diff := cmp.Diff(once, read(t, path), same); diff != "" {
				t.Errorf("analysed again (-once +again):\n%s", diff)
			}
		})
	}
}

// longer is the same session of which a capture has more.
func longer(r alerts.Result) alerts.Result {
	r.Session.Facts.Packets++
	return r
}

// What a batch holds does not matter to what is written of a reopening.
func TestReopeningInAnyBatch(t *testing.T) {
	const n = 3000
	changes := func(cut int) []alerts.Change {
		path := filled(t, login(0))
		if err := triage(t, path).Set([]alerts.CaseID{kase()}, decide(alerts.Resolved, login(20).Findings[2].Time)); err != nil {
			t.Fatal(err)
		}
		add(t, path, logins(n)[:cut]...)
		add(t, path, logins(n)[cut:]...)
		list, err := reader(t, path).Changes(kase())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	resolved := login(20).Findings[2].Time
	want := []alerts.Change{
		{At: resolved, Who: "olga", Status: alerts.Resolved, ResolvedAt: resolved},
		{At: login(40).Findings[2].Time, Reopened: alerts.Regressed, ResolvedAt: resolved},
	}
	for _, cut := range []int{0, 30, 50, n} {
		if diff := cmp.Diff(want, changes(cut)); diff != "" {
			t.Errorf("cut after %d (-want +got):\n%s", cut, diff)
		}
	}
}

// An accepted risk that has expired is new to who looks, and found as such.
func TestExpiryIsSeen(t *testing.T) {
	path := filled(t, login(0), login(1))
	d := decide(alerts.AcceptedRisk, 1000)
	d.Until = 2000
	if err := triage(t, path).Set([]alerts.CaseID{kase()}, d); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		now      int64
		status   alerts.Status
		reopened alerts.Reopening
		news     int
	}{
		{0, alerts.AcceptedRisk, alerts.NotReopened, 5},
		{1999, alerts.AcceptedRisk, alerts.NotReopened, 5},
		{2000, alerts.New, alerts.Expired, 6},
	} {
		c := caseOf(t, path, kase(), tt.now)
		if c.Status != tt.status || c.Reopened != tt.reopened {
			t.Errorf("at %d: %v %v, want %v %v", tt.now, c.Status, c.Reopened, tt.status, tt.reopened)
		}
		f := store.Filter{Statuses: []alerts.Status{alerts.New}, Now: tt.now}
		cases, err := reader(t, path).Cases(f)
		if err != nil || len(cases) != tt.news {
			t.Errorf("at %d: %d new cases, want %d; %v", tt.now, len(cases), tt.news, err)
		}
		findings, err := reader(t, path).Findings(f)
		if err != nil || len(findings) != tt.news {
			t.Errorf("at %d: %d findings of new cases, want %d; %v", tt.now, len(findings), tt.news, err)
		}
	}
}

// setAll applies d to the cases that fit f, in one change, and returns how many
// these are.
func setAll(t testing.TB, path string, w *store.Triage, f store.Filter, d store.Decision) int64 {
	t.Helper()
	list, err := reader(t, path).Cases(f)
	if err != nil {
		t.Fatal(err)
	}
	var ids []alerts.CaseID
	for i := range list {
		ids = append(ids, list[i].ID)
	}
	if err := w.Set(ids, d); err != nil {
		t.Fatal(err)
	}
	return int64(len(ids))
}

func TestBulkAndUndo(t *testing.T) {
	path := filled(t, logins(100)...)
	w := triage(t, path)
	before := read(t, path)
	set := func(f store.Filter, d store.Decision) int64 {
		t.Helper()
		return setAll(t, path, w, f, d)
	}
	undo := func(want int64, ids ...alerts.CaseID) {
		t.Helper()
		n, err := w.Undo("joe", 99, ids...)
		if err != nil || n != want {
			t.Errorf("%d undone, want %d; %v", n, want, err)
		}
	}
	note := "asked the hoster"
	noted := store.Decision{Note: &note, Reason: "ticket 7", Who: "olga", At: 5}
	if n := set(store.Filter{Rule: "base64-password"}, decide(alerts.Acknowledged, 4)); n != 100 {
		t.Errorf("%d acknowledged, want 100", n)
	}
	acknowledged := read(t, path)
	if n := acknowledged.Counts.Cases[alerts.Acknowledged]; n != 100 {
		t.Errorf("%d are acknowledged, want 100", n)
	}
	if err := w.Set([]alerts.CaseID{kase(), kase(), login(0).Findings[0].Case}, noted); err != nil {
		t.Fatal(err)
	}
	c := caseOf(t, path, login(0).Findings[0].Case, 0)
	if c.Note != note || c.Status != alerts.Acknowledged {
		t.Errorf("a note alone: %v %q", c.Status, c.Note)
	}
	undo(2)
	if diff := cmp.Diff(acknowledged, read(t, path), same); diff != "" {
		t.Errorf("the note undone (-before +after):\n%s", diff)
	}
	undo(1, login(5).Findings[0].Case)
	if c := caseOf(t, path, login(5).Findings[0].Case, 0); c.Status != alerts.New {
		t.Errorf("one of the bulk undone: %v", c.Status)
	}
	undo(99)
	if diff := cmp.Diff(before, read(t, path), same); diff != "" {
		t.Errorf("all undone (-before +after):\n%s", diff)
	}
	if _, err := w.Undo("joe", 99); !errors.Is(err, store.ErrNothingToUndo) {
		t.Errorf("nothing is left to undo: %v", err)
	}
	got, err := reader(t, path).Changes(kase())
	want := []alerts.Change{{At: 5, Who: "olga", Note: note, Reason: "ticket 7", UndoneBy: "joe", UndoneAt: 99}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("history (-want +got):\n%s%v", diff, err)
	}
}

// A case that findings have reopened since stays so when the change is undone.
func TestUndoAfterReopening(t *testing.T) {
	path := filled(t, login(0))
	w := triage(t, path)
	if n := setAll(t, path, w, store.Filter{}, decide(alerts.Resolved, login(0).Session.Facts.End)); n != 3 {
		t.Fatal(n)
	}
	add(t, path, login(20))
	if n, err := w.Undo("joe", 99); n != 1 || err != nil {
		t.Errorf("%d undone, want 1: two were reopened; %v", n, err)
	}
	if c := caseOf(t, path, kase(), 0); c.Status != alerts.New || c.Reopened != alerts.Regressed {
		t.Errorf("reopened, then undone: %v %v", c.Status, c.Reopened)
	}
}

func TestRefusedDecisions(t *testing.T) {
	path := filled(t, login(0))
	w := triage(t, path)
	long := strings.Repeat("x", store.MaxNote+1)
	until := func(s alerts.Status, until int64) store.Decision {
		d := decide(s, 1000)
		d.Until = until
		return d
	}
	before := read(t, path)
	for _, tt := range []struct {
		name     string
		ids      []alerts.CaseID
		decision store.Decision
		want     string
	}{
		{"no-case", nil, decide(alerts.Resolved, 1), "0 cases are named"},
		{"too-many", make([]alerts.CaseID, store.MaxCases+1), decide(alerts.Resolved, 1), "1001 cases are named"},
		{"unknown-case", []alerts.CaseID{kase(), {1}}, decide(alerts.Resolved, 1), "no case has the id c_01"},
		{"nothing", []alerts.CaseID{kase()}, store.Decision{Who: "olga", At: 1}, "neither a status nor a note"},
		{"nobody", []alerts.CaseID{kase()}, store.Decision{Note: &long, At: 1}, "who made it"},
		{"long-note", []alerts.CaseID{kase()}, store.Decision{Note: &long, Who: "olga", At: 1}, "more than 4096 bytes"},
		{"end-of-another-status", []alerts.CaseID{kase()}, until(alerts.Resolved, 2000), "only an accepted risk"},
		{"end-in-the-past", []alerts.CaseID{kase()}, until(alerts.AcceptedRisk, 1000), "a time that is over"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := w.Set(tt.ids, tt.decision); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if diff := cmp.Diff(before, read(t, path), same); diff != "" {
		t.Errorf("a refused decision changed (-before +after):\n%s", diff)
	}
	if _, err := store.OpenTriage(filepath.Join(t.TempDir(), "none.db")); err == nil || !strings.Contains(err.Error(), "no database at") {
		t.Errorf("a missing database: %v", err)
	}
}

// While another process writes as fast as it can, no change is lost.
func TestTriageBesideAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mailtap.db")
	add(t, path, login(0))
	writer := exec.Command(os.Args[0])
	writer.Env = append(os.Environ(), writerPath+"="+path)
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	w := triage(t, path)
	const n = 40
	ids := []alerts.CaseID{kase()}
	for i := range n {
		note := fmt.Sprint("note ", i)
		if err := w.Set(ids, store.Decision{Note: &note, Who: "olga", At: int64(i + 1)}); err != nil {
			t.Error(err)
		}
		if i%4 == 3 {
			if _, err := w.Undo("olga", 1); err != nil {
				t.Error(err)
			}
		}
	}
	writer.Process.Kill()
	writer.Wait()
	changes, err := reader(t, path).Changes(kase())
	if err != nil || len(changes) != n {
		t.Errorf("%d changes, want %d; %v", len(changes), n, err)
	}
	undone := 0
	for i, c := range changes {
		if c.Note != fmt.Sprint("note ", i) {
			t.Errorf("change %d is %q", i, c.Note)
		}
		if c.UndoneBy != "" {
			undone++
		}
	}
	if c := caseOf(t, path, kase(), 0); c.Note != fmt.Sprint("note ", n-2) || undone != n/4 {
		t.Errorf("at the end %q, %d undone", c.Note, undone)
	}
	if got := pragma[string](t, path, "integrity_check"); got != "ok" {
		t.Errorf("integrity check: %s", got)
	}
}

func TestAftermath(t *testing.T) {
	protect := func(i int) alerts.Result {
		r := login(i)
		r.Session.Verdict, r.Findings = alerts.Protected, nil
		return r
	}
	unknown := protect(4000)
	unknown.Session.Verdict = alerts.UnknownVerdict
	clear := protect(4040)
	clear.Session.Verdict = alerts.Clear
	start := func(i int) int64 { return login(i).Session.Facts.Start }
	for _, tt := range []struct {
		name string
		then []alerts.Result
		kase alerts.CaseID
		want alerts.Aftermath
	}{
		{"no-traffic", nil, kase(), alerts.Aftermath{}},
		{"another-server", []alerts.Result{protect(1)}, kase(), alerts.Aftermath{}},
		{"server", []alerts.Result{protect(20), protect(40), unknown, clear}, kase(),
			alerts.Aftermath{Protected: 2, Unknown: 1, Other: 1, Last: start(4040)}},
		{"account-counts-by-its-clients", []alerts.Result{protect(20), unknown}, login(0).Findings[0].Case,
			alerts.Aftermath{Unknown: 1, Last: start(4000)}},
		{"found-again", []alerts.Result{protect(20), login(40)}, kase(), alerts.Aftermath{}},
		{"found-again-then-protected", []alerts.Result{login(40), protect(60)}, kase(), alerts.Aftermath{Protected: 1, Last: start(60)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filled(t, append([]alerts.Result{login(0)}, tt.then...)...)
			c := caseOf(t, path, tt.kase, 0)
			got, err := reader(t, path).Aftermath(&c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
