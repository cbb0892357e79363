package engine_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// guess is a login of tina's some seconds after another time, with a password
// of its own.
func guess(second int, o dissect.Outcome) *dissect.Facts {
	start := time.Date(2026, 1, 5, 10, 0, second, 0, time.UTC).UnixNano()
	sent := dissect.Quote{Stamp: dissect.Stamp{Time: start + 1e8, Packet: 6}, Text: fmt.Sprint("PASS secret", second)}
	sent.Hide = dissect.Span{From: len("PASS "), To: len(sent.Text)}
	return &dissect.Facts{
		Protocol: dissect.POP3, Client: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.5"), uint16(40000+second)),
		Server: netip.MustParseAddrPort("10.0.0.9:110"), Start: start, End: start + 2e8, Packets: 10,
		Files: []string{"a.pcap"}, Banner: "ready",
		Auth: []*dissect.Attempt{{
			Mechanism: "USER", Account: "tina", HasAccount: true, Outcome: o,
			Secret: dissect.NewSecret(fmt.Append(nil, "secret", second)), Quotes: []dissect.Quote{sent},
		}},
	}
}

// record takes sessions through a Recorder that keeps them in a database, and
// returns the guessing that it reports.
func record(t *testing.T, db string, recall, show bool, sessions ...*dissect.Facts) (found []alerts.Finding) {
	t.Helper()
	r := &engine.Recorder{Redactor: alerts.NewRedactor([32]byte{1}), Show: show}
	r.Report = func(result alerts.Result) {
		for _, f := range result.Findings {
			if f.Rule == "password-guessing" {
				found = append(found, f)
			}
		}
	}
	s, err := store.Open(db, store.Options{Committed: r.Stored})
	if err != nil {
		t.Fatal(err)
	}
	r.Add = s.Add
	if recall {
		if err := r.Recall(db); err != nil {
			t.Fatal(err)
		}
	}
	r.Start()
	for _, f := range sessions {
		r.Session(f)
	}
	r.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return found
}

func guesses(from, to int) (list []*dissect.Facts) {
	for i := range to - from {
		list = append(list, guess(from+i, dissect.Rejected))
	}
	return list
}

// A run knows what runs before it have seen, if it is told to.
func TestRecorderRecalls(t *testing.T) {
	for _, recall := range []bool{false, true} {
		db := filepath.Join(t.TempDir(), "mailtap.db")
		if found := record(t, db, recall, false, guesses(0, 7)...); len(found) != 0 {
			t.Errorf("after 7: %+v", found)
		}
		found := record(t, db, recall, false, append(guesses(7, 12), guess(12, dissect.Accepted))...)
		if recall != (len(found) == 1 && found[0].Severity == alerts.High) {
			t.Errorf("recall %v: %+v", recall, found)
		}
	}
}

// What it reports of a finding that needs history shows secrets where that was
// asked for, and what it stores never does.
func TestRecorderShows(t *testing.T) {
	for _, show := range []bool{false, true} {
		db := filepath.Join(t.TempDir(), "mailtap.db")
		found := record(t, db, false, show, guesses(0, 12)...)
		if len(found) != 1 || len(found[0].Evidence) != 5 {
			t.Fatalf("%+v", found)
		}
		text := found[0].Evidence[4].Text
		if strings.Contains(text, "secret11") != show || strings.Contains(text, alerts.Mask) == show {
			t.Errorf("show %v: %q", show, text)
		}
		stored, err := store.OpenReader(db)
		if err != nil {
			t.Fatal(err)
		}
		list, err := stored.Findings(store.Filter{Rule: "password-guessing"})
		stored.Close()
		if err != nil || len(list) != 1 || strings.Contains(fmt.Sprint(list), "secret") {
			t.Errorf("stored: %v, %+v", err, list)
		}
	}
}

// What is held back for sessions that may still come is recorded when their
// time has come, though none does.
func TestRecorderAdvance(t *testing.T) {
	found := make(chan alerts.Finding, 16)
	r := &engine.Recorder{Redactor: alerts.NewRedactor([32]byte{1}), Report: func(result alerts.Result) {
		for _, f := range result.Findings {
			if f.Rule == "password-guessing" {
				found <- f
			}
		}
	}}
	r.Start()
	defer r.Close()
	tries := guesses(0, 12)
	for _, f := range tries {
		r.Session(f)
	}
	r.Advance(tries[11].End)
	select {
	case f := <-found:
		t.Fatalf("while it may go on: %+v", f)
	case <-time.After(100 * time.Millisecond):
	}
	r.Advance(tries[11].End + int64(24*time.Hour))
	select {
	case <-found:
	case <-time.After(10 * time.Second):
		t.Error("nothing a day later")
	}
}

// A policy holds for sessions that come after it.
func TestRecorderSetPolicy(t *testing.T) {
	var broken []int
	n := 0
	r := &engine.Recorder{Redactor: alerts.NewRedactor([32]byte{1}), Report: func(result alerts.Result) {
		n++
		for _, f := range result.Findings {
			if f.Rule == "policy-violation" {
				broken = append(broken, n)
			}
		}
	}}
	p, err := policy.Parse("p.toml", []byte("[[host]]\nrequire = \"encryption\"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Start()
	r.Session(guess(0, dissect.Accepted))
	r.SetPolicy(p)
	r.Session(guess(1, dissect.Accepted))
	r.Close()
	if n != 2 || len(broken) != 1 || broken[0] != 2 {
		t.Errorf("%d sessions, broken by %v", n, broken)
	}
}
