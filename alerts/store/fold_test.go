package store_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// stopAndWait stores log-ins until the first ones are committed, tells of it
// and does nothing any more.
func stopAndWait(path string) {
	s, err := store.Open(path, store.Options{Committed: func([]alerts.Result) {
		fmt.Println("committed")
		select {}
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := 0; ; i++ {
		s.Add(login(i))
	}
}

// killedBeforeFold makes a database of log-in 0 to which a writer added others,
// and was killed before cases counted them.
func killedBeforeFold(t *testing.T) (path string, sessions int) {
	t.Helper()
	path = filled(t, login(0))
	writer := exec.Command(os.Args[0])
	writer.Env = append(os.Environ(), stoppedPath+"="+path)
	stdout, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	writer.Process.Kill()
	writer.Wait()
	if lines.Text() != "committed" {
		t.Fatalf("the writer said %q", lines.Text())
	}
	sessions = ask(t, path, "SELECT count(*) FROM sessions")
	if cases := ask(t, path, "SELECT count(*) FROM cases"); cases != 3 || sessions < 2 {
		t.Fatalf("%d sessions and %d cases, want those of one session", sessions, cases)
	}
	return path, sessions
}

// ask asks the database for a number, as another program would.
func ask(t *testing.T, path, query string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Whoever opens the database after a writer was killed sees what an undisturbed
// one would have written.
func TestKilledBeforeFold(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	path, n := killedBeforeFold(t)
	check(t, path)
	if diff := cmp.Diff(read(t, filled(t, logins(n)...)), read(t, path), same, sortFindings); diff != "" {
		t.Errorf("read (-undisturbed +killed):\n%s", diff)
	}
	path, n = killedBeforeFold(t)
	replace(t, path, rejudged(0), rejudged(5))
	results := logins(n)
	results[0], results[5] = rejudged(0), rejudged(5)
	if cases := ask(t, path, "SELECT sum(count) FROM cases"); cases != 3*n {
		t.Errorf("judged again: cases count %d findings, want %d", cases, 3*n)
	}
	if diff := cmp.Diff(read(t, filled(t, results...)).Cases, read(t, path).Cases, same); diff != "" {
		t.Errorf("judged again (-undisturbed +killed):\n%s", diff)
	}
	path, n = killedBeforeFold(t)
	add(t, path, logins(n + 50)[n:]...)
	if cases := ask(t, path, "SELECT sum(count) FROM cases"); cases != 3*(n+50) {
		t.Errorf("written on: cases count %d findings, want %d", cases, 3*(n+50))
	}
}

// afterBatches adds results, each in a batch of its own, and calls f with its
// number once it is committed and before cases count it.
func afterBatches(t *testing.T, path string, f func(i int), results ...alerts.Result) {
	t.Helper()
	committed, seen := make(chan bool), make(chan bool)
	s := open(t, path, store.Options{Committed: func([]alerts.Result) {
		committed <- true
		<-seen
	}})
	for i, r := range results {
		s.Add(r)
		<-committed
		f(i) // while the writer waits
		seen <- true
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// An admin can decide on what cases do not count yet, and only a finding that
// comes after the decision reopens the case.
func TestDecisionBeforeFold(t *testing.T) {
	path := filled(t, login(1))
	w := triage(t, path)
	steps := []alerts.Result{step(0, alerts.High), step(3, alerts.High), step(2, alerts.High), step(4, alerts.Critical)}
	decided := steps[0].Findings[2].Time - 1 // by the capture's clock, the finding that is there is later
	afterBatches(t, path, func(i int) {
		switch i {
		case 0:
			if err := w.Set([]alerts.CaseID{kase()}, decide(alerts.Resolved, decided)); err != nil {
				t.Error(err)
			}
			if c := caseOf(t, path, kase(), 0); c.Status != alerts.Resolved || c.Findings != 1 {
				t.Errorf("decided: %+v", c)
			}
		case 1:
			if n, err := w.Undo("olga", 7, kase()); n != 0 || err != nil {
				t.Errorf("undoing a change of a case that was reopened: %d, %v", n, err)
			}
			if err := w.Set([]alerts.CaseID{kase()}, decide(alerts.AcceptedRisk, decided)); err != nil {
				t.Error(err)
			}
			if c := caseOf(t, path, kase(), 0); c.Findings != 2 || c.Severity != alerts.High {
				t.Errorf("accepted: %+v", c)
			}
		case 2:
			if c := caseOf(t, path, kase(), 0); c.Status != alerts.AcceptedRisk {
				t.Errorf("not more severe than what was accepted: %+v", c)
			}
		}
	}, steps...)
	c := caseOf(t, path, kase(), 0)
	if c.Status != alerts.New || c.Reopened != alerts.Worsened || c.Findings != 4 || c.Severity != alerts.Critical {
		t.Errorf("at the end %+v", c)
	}
	check(t, path)
}

// A prune between a batch and its fold counts as if there were none.
func TestPruneBeforeFold(t *testing.T) {
	results := logins(500)
	path := filled(t, results[1:250]...)
	afterBatches(t, path, func(int) {
		if _, err := store.Prune(path, login(200).Session.Facts.Start, false); err != nil {
			t.Error(err)
		}
		check(t, path)
	}, results[300], results[0])
	add(t, path, results...)
	check(t, path)
	if diff := cmp.Diff(read(t, filled(t, results[200:]...)).Counts, read(t, path).Counts); diff != "" {
		t.Errorf("(-only the later +pruned):\n%s", diff)
	}
}

// The number of a block that was pruned is not used again: what it has would
// pass for counted.
func TestAddAfterAllIsPruned(t *testing.T) {
	path := filled(t, logins(100)...)
	if _, err := store.Prune(path, login(100).Session.Facts.Start, false); err != nil {
		t.Fatal(err)
	}
	add(t, path, logins(200)...)
	check(t, path)
	if diff := cmp.Diff(read(t, filled(t, logins(200)[100:]...)), read(t, path), same, sortFindings); diff != "" {
		t.Errorf("(-only the later +pruned):\n%s", diff)
	}
}

// Lists show findings whose case is not there yet, as new ones.
func TestListsBeforeFold(t *testing.T) {
	path := filled(t, login(1))
	r := reader(t, path)
	want := login(0).Findings[2]
	afterBatches(t, path, func(int) {
		if cases, err := r.Cases(store.Filter{Case: &want.Case}); len(cases) != 0 || err != nil {
			t.Fatalf("%d cases, %v", len(cases), err)
		}
		for name, f := range map[string]store.Filter{
			"case": {Case: &want.Case}, "status": {Statuses: []alerts.Status{alerts.New}, Server: "=10.0.0.0:25", Rule: want.Rule},
		} {
			list, err := r.Findings(f)
			if diff := cmp.Diff([]alerts.Finding{want}, list, same); diff != "" || err != nil {
				t.Errorf("by %s: %v (-want +got):\n%s", name, err, diff)
			}
		}
		if list, err := r.Findings(store.Filter{Statuses: []alerts.Status{alerts.Resolved}}); len(list) != 0 || err != nil {
			t.Errorf("%d findings of resolved cases, %v", len(list), err)
		}
		// Somebody else writes, so the check can not fold first.
		lock, err := sql.Open("sqlite3", path+"?_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Close()
		tx, err := lock.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		check(t, path)
	}, login(0))
}

// Cases count a finding soon, though no other comes and nobody closes the
// database.
func TestLoneResultIsFolded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mailtap.db")
	s := open(t, path, store.Options{})
	r := reader(t, path)
	s.Add(login(0))
	for n := 0; n != 3; {
		cases, err := r.Cases(store.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		n = len(cases)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// A database of before blocks waited for cases is as if all were counted.
func TestSchemaBeforeFolding(t *testing.T) {
	results := logins(300)
	path := filled(t, results[:200]...)
	execute(t, path, "DELETE FROM marks WHERE name IN ('folded', 'tallied'); DROP TABLE subjects; PRAGMA user_version = 1")
	check(t, path)
	want := results[5].Findings[0]
	list, err := reader(t, path).Findings(store.Filter{Case: &want.Case})
	if diff := cmp.Diff([]alerts.Finding{want}, list, same); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	add(t, path, results...)
	check(t, path)
	if diff := cmp.Diff(read(t, filled(t, results...)), read(t, path), same, sortFindings); diff != "" {
		t.Errorf("(-new +old and added to):\n%s", diff)
	}
}
