package view_test

import (
	"context"
	"errors"
	"strings"
	"testing"

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
	p.walk(steps{{"Down", "critical a base64"}, {"Enter", "Why it matters"}, {"r", "resolved, 1 case. Reason:"}, {"Esc", "q back"}, {"f", "false-positive, 1 case"}, {"Enter", "1 case: false-positive"}})
	p.walk(steps{{"x", "accepted-risk, 1 case"}, {"Enter", "accepted-risk; u"}, {"n", "Note:"}})
	p.press("ask [red]bob", "Enter")
	p.until("note: ask [red]bob")
	p.walk(steps{{"u", "1 case as before"}, {"r", "resolved, 1 case"}, {"Enter", "resolved; u"}, {"q", "row 2 of 4"}, {"Up", "row 1 of 4"}, {"u", "3 cases as before"}})
	counts, err := source.Counts()
	if want := [...]int64{alerts.New: 8, alerts.Acknowledged: 0, alerts.Resolved: 1, alerts.AcceptedRisk: 0, alerts.FalsePositive: 0}; err != nil || counts.Cases != want {
		t.Errorf("%v, %v", counts.Cases, err)
	}
	p.press("u")
	p.until("nothing to undo")
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

// Who may not change anything has no keys that do nothing.
func TestNoTriage(t *testing.T) {
	p := run(t, &generated{cases: 3}, 80, 24)
	p.until("user0")
	p.press("a", "r", "x", "f", "n", "u", "j")
	if text := p.until("row 2 of 3"); strings.Contains(text, "ack") || strings.Contains(text, "Reason") {
		t.Errorf("there are keys of triage:\n%s", text)
	}
	p.press("?")
	if text := p.until("Keys"); strings.Contains(text, "acknowledge") {
		t.Errorf("the help tells them:\n%s", text)
	}
}
