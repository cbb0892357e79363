package store_test

import (
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// What another program has written into a database is told, and nothing more.
func TestDamagedRows(t *testing.T) {
	for _, sql := range []string{
		"DELETE FROM marks WHERE name = 'folded'",
		"UPDATE marks SET value = 'x' WHERE name = 'folded'",
		"UPDATE sessions SET packets = 'x'",
		"CREATE TRIGGER x BEFORE INSERT ON sessions BEGIN SELECT RAISE(IGNORE); END",
		"PRAGMA user_version = -3",
	} {
		path := filled(t, logins(3)...)
		execute(t, path, sql)
		s, err := store.Open(path, store.Options{})
		if err == nil {
			s.Add(login(1))
			s.Add(login(7))
			err = s.Close()
		}
		if err == nil {
			t.Errorf("%s: no error", sql)
		}
	}
}

// So is the number of a decision that has no next one.
func TestDamagedChanges(t *testing.T) {
	path := filled(t, logins(3)...)
	execute(t, path, "INSERT INTO changes (bulk, kase, at, who, reason, status, reopened, floor, note) VALUES (9223372036854775807, x'00', 1, 'a', '', 0, 0, 0, '')")
	cases, err := reader(t, path).Cases(store.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	triage, err := store.OpenTriage(path)
	if err != nil {
		t.Fatal(err)
	}
	status := alerts.Acknowledged
	if err := triage.Set([]alerts.CaseID{cases[0].ID}, store.Decision{Status: &status, Who: "me", At: 5}); err == nil {
		t.Error("no error")
	}
}

// Sessions whose lines are shorter than what stands for them are thinned into no
// more blocks than they were in.
func TestThinShortLines(t *testing.T) {
	for _, n := range []int{769, 772, 775, 778} {
		var list []alerts.Result
		for i := range n {
			r := poll(i)
			f := r.Session.Facts
			f.Transcript, f.Auth, f.Offer.Quote.Text = nil, nil, "L"
			banner := make([]byte, 867)
			for k := range banner {
				banner[k] = 'a' + byte((i*31+k*(i%97+1)*7+k*k)%26)
			}
			f.Banner = string(banner)
			r.Session.Verdict = alerts.Clear
			r.Findings = r.Findings[1:2]
			r.Findings[0].Evidence[0].Text = "L"
			list = append(list, r)
		}
		if _, err := store.Prune(filled(t, list...), 1, false); err != nil {
			t.Errorf("%d sessions: %v", n, err)
		}
	}
}
