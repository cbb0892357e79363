package view_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/view"
)

// Beside a capture that writes thousands of findings a second: nothing is
// locked, the selection stays on its case while others come before it, and
// every decision is kept.
func TestBesideWriter(t *testing.T) {
	path, source := database(t, results()...)
	triage, err := store.OpenTriage(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { triage.Close() })
	p := program{view.Start(t.Context(), source, view.Options{Triage: triage, Who: "ann"}, start, 120, 40), t}
	p.until("row 1 of 4")
	p.press("/", "rule:message-in-clear,crackable-auth,base64-password", "Enter")
	p.until("that fit")
	p.press("G")
	chosen := copied(p)
	stop, written := make(chan struct{}), make(chan int)
	go func() {
		s, err := store.Open(path, store.Options{})
		if err != nil {
			t.Error(err)
		}
		n := 0
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-stop:
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				written <- n
				return
			case <-tick.C:
				for range 4 { // 2400 findings a second
					s.Add(clearLogin(100+n, 2000, 5))
					n++
				}
			}
		}
	}()
	for i, key := range []string{"a", "r", "f", "a", "r"} {
		p.press(key)
		p.until("Reason:")
		p.press("Enter")
		text := p.until("u takes it back")
		p.press("R")
		p.wait("what was written meanwhile", func(now string) bool { return findings(now) != findings(text) })
		if got := copied(p); got != chosen {
			t.Errorf("after decision %d the selection is on %q, was on %q", i, got, chosen)
		}
		if text := p.Text(); strings.Contains(text, "error") || strings.Contains(text, "locked") {
			t.Fatalf("an error:\n%s", text)
		}
	}
	close(stop)
	n := <-written
	p.press("Ctrl-C")
	if err := <-p.Done; err != nil {
		t.Error(err)
	}
	counts, err := source.Counts()
	if got := counts.Findings[alerts.Critical] - 2; err != nil || got != int64(n) {
		t.Errorf("%d of %d log-ins are stored, %v", got, n, err)
	}
	if counts.Cases[alerts.Resolved] != 1 {
		t.Errorf("cases by status: %v", counts.Cases)
	}
	changes := 0
	for offset := 0; ; offset += store.MaxPage {
		list, err := source.Cases(store.Filter{Offset: offset, Statuses: []alerts.Status{alerts.Resolved}})
		if err != nil || len(list) == 0 {
			break
		}
		for _, c := range list {
			done, err := source.Changes(c.ID)
			if err != nil {
				t.Error(err)
			}
			changes += len(done)
		}
	}
	if changes != 5 {
		t.Errorf("%d of 5 decisions are kept", changes)
	}
}

// findings is the line that counts them.
func findings(text string) string {
	lines := strings.Split(text, "\n")
	return lines[1]
}

// copied returns the id of the selected case.
func copied(p program) string {
	p.press("c")
	p.until("copied")
	return p.Clipboard()
}
