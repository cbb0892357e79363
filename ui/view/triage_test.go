package view_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/view"
)

// decider starts a program that may change its database.
func decider(t *testing.T, source model.Source, triage view.Triage) program {
	t.Helper()
	p := program{view.Start(t.Context(), source, view.Options{Triage: triage, Who: "ann"}, start, 80, 24), t}
	t.Cleanup(func() {
		p.press("Ctrl-C")
		if err := <-p.Done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return p
}

func TestTriage(t *testing.T) {
	path, source := database(t, results()...)
	triage, err := store.OpenTriage(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { triage.Close() })
	p := decider(t, source, triage)
	p.walk(steps{{"R", "row 1 of 4"}, {"a", "acknowledged, 3 cases. Reason:"}})
	p.press("calling joe", "Enter")
	p.until("3 cases: acknowledged; u takes it back")
	p.walk(steps{{"Down", "critical a base64"}, {"Enter", "Why it matters"}, {"r", "resolved, this case. Reason:"}, {"Esc", "q back"}, {"f", "false-positive, this case"}, {"Enter", "1 case: false-positive"}})
	p.walk(steps{{"x", "accepted-risk, this case"}, {"Enter", "Reason"}, {"Enter", "accepted-risk; u"}, {"n", "Note:"}})
	p.press("ask [red]bob", "Enter")
	p.until("note: ask [red]bob")
	p.walk(steps{{"u", "1 case as before"}, {"r", "resolved, this case"}, {"Enter", "resolved; u"}, {"q", "row 2 of 4"}})
	for _, did := range []string{"resolved", "accepted-risk", "false-positive", "acknowledged"} { // the note was taken back
		p.walk(steps{{"u", did + " is taken back"}})
	}
	counts, err := source.Counts()
	if want := [...]int64{alerts.New: 9, alerts.Acknowledged: 0, alerts.Resolved: 0, alerts.AcceptedRisk: 0, alerts.FalsePositive: 0}; err != nil || counts.Cases != want {
		t.Errorf("%v, %v", counts.Cases, err)
	}
	p.press("u")
	p.until("nothing to undo")
}

// What is marked is decided on together, also what the filter hides then; the
// decision is taken back whole.
func TestMarks(t *testing.T) {
	path, source := database(t, results()...)
	triage, err := store.OpenTriage(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { triage.Close() })
	p := decider(t, source, triage)
	p.walk(steps{
		{"R", "row 1 of 4"}, {"/", "Filter:"}, {"status:new", "status:new"}, {"Enter", "that fit"},
		{"m", "row 2 of 4, 3 marked"}, {"m", "row 3 of 4, 6 marked"}, {"Up", "row 2 of 4"}, {"m", "row 3 of 4, 3 marked"}, {"m", "row 4 of 4, 4 marked"},
	})
	if text := p.Text(); strings.Count(text, "*") != 2 {
		t.Errorf("marks are not shown:\n%s", text)
	}
	p.walk(steps{{"r", "resolved, marked: 4 cases. Reason:"}, {"Enter", "4 cases: resolved; u takes it back"}, {"g", "row 1 of 2"}})
	p.walk(steps{{"u", "4 cases as before: resolved is taken back"}})
	p.until(" of 4, 9 cases") // all of them are there again
	p.walk(steps{{"g", "row 1 of 4"}})
	p.walk(steps{{"M", "row 1 of 4, 9 marked"}, {"a", "acknowledged, marked: 9 cases"}, {"Enter", "9 cases: acknowledged"}})
	p.press("Esc")
	p.wait("all cases", func(text string) bool {
		return strings.Contains(text, "row 1 of 4") && !strings.Contains(text, "that fit")
	})
	p.walk(steps{{"M", "9 marked"}, {"M", "row 1 of 4, 9 cases"}, {"m", "3 marked"}, {"/", "Filter:"}, {"joe", "joe"}, {"Enter", "no marks any more"}})
	counts, err := source.Counts()
	if err != nil || counts.Cases[alerts.Acknowledged] != 9 {
		t.Errorf("%v, %v", counts.Cases, err)
	}
}

// broken is a Triage that cannot write.
type broken struct{}

func (broken) Set([]alerts.CaseID, store.Decision) error { return errLocked }
func (broken) Undo(string, int64, ...alerts.CaseID) (int64, error) {
	return 0, errLocked
}

func TestTriageFails(t *testing.T) {
	p := decider(t, &generated{cases: 3}, broken{})
	p.walk(steps{{"R", "user0"}, {"a", "Reason"}, {"Enter", "not changed: mailtap.db: locked"}, {"j", "q quit"}, {"u", "not changed: mailtap.db: locked"}})
}

// An accepted risk may have an end, and expires then.
func TestAcceptRisk(t *testing.T) {
	path, source := database(t, results()...)
	triage, err := store.OpenTriage(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { triage.Close() })
	p := decider(t, source, triage)
	p.walk(steps{{"R", "row 1 of 4"}, {"Down", "row 2 of 4"}, {"Enter", "Why it matters"}, {"x", "2027-01-31, 90d or 12w"}})
	p.press("2023-01-01", "Enter")
	p.until("2023-01-01 is over")
	p.press("Ctrl-U", "never", "Enter")
	p.until(`"never" is no day`)
	p.press("Ctrl-U", "30d", "Enter")
	p.until("Reason")
	p.press("old printer", "Enter")
	p.until("1 case: accepted-risk")
	p.until("accepted-risk until 2023-12-14 22:13:20")
	p.Resize(100, 70)
	p.until("by ann: old printer")
	p.press("q", "/", "status:accepted-risk", "Enter")
	p.until("row 1 of 1 that fit")
	p.Advance(31 * 24 * time.Hour)
	p.press("R")
	p.until("no case fits")
}

// Who may not change anything is told so: above, by the keys, and by the help.
func TestReadOnly(t *testing.T) {
	p := program{view.Start(t.Context(), &generated{cases: 3}, view.Options{ReadOnly: "m.db belongs to daemon"}, start, 80, 24), t}
	t.Cleanup(func() { p.press("Ctrl-C"); <-p.Done })
	p.until("user0")
	for _, key := range []string{"a", "r", "x", "f", "n", "u"} {
		p.walk(steps{{key, "read-only: m.db belongs to daemon"}, {"g", "q quit"}})
	}
	p.press("j")
	if text := p.until("row 2 of 3"); !strings.Contains(text, "read-only") || strings.Contains(text, "a ack") {
		t.Errorf("it does not say so:\n%s", text)
	}
	p.Resize(120, 90)
	p.press("?")
	p.until("read-only: acknowledge")
}
