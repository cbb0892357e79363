package judge_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/dissect"
)

// burst is a session of rejected guesses.
func burst(at time.Duration) *dissect.Facts {
	return session(at, victim, dissect.POP3, 110, many(10, func(i int) change { return rejected("tina", guess(int(at/time.Second)*10+i)) }))
}

// On a link where nothing more comes, time alone settles what waits.
func TestAdvance(t *testing.T) {
	var settled []alerts.Result
	j := judge.New(func(r alerts.Result) { settled = append(settled, r) })
	j.Advance(monday)
	j.Session(burst(0))
	for _, one := range []struct {
		at   time.Duration
		want int
	}{{0, 0}, {time.Minute, 0}, {5*time.Minute - 1, 0}, {-time.Hour, 0}, {5 * time.Minute, 1}, {time.Hour, 1}} {
		j.Advance(monday + int64(one.at))
		if len(settled) != one.want {
			t.Errorf("at %v: %d settled, want %d", one.at, len(settled), one.want)
		}
	}
	if rules := named(settled); !slices.Contains(rules, "password-guessing") {
		t.Errorf("settled with %v", rules)
	}
	j.Close()
	if len(settled) != 1 {
		t.Errorf("%d settled after the end", len(settled))
	}
}

// Advancing as the sessions go changes nothing of what they give.
func TestAdvanceOften(t *testing.T) {
	sessions := []*dissect.Facts{burst(0), burst(30 * time.Second), burst(4 * time.Minute), burst(6 * time.Minute), burst(11 * time.Minute)}
	want := inOrder(sessions)
	var got []alerts.Result
	j := judge.New(func(r alerts.Result) { got = append(got, r) })
	for _, f := range sessions {
		j.Session(f)
		j.Advance(f.End)
	}
	j.Close()
	if diff := cmp.Diff(written(want), written(got)); diff != "" {
		t.Errorf("(-without +with):\n%s", diff)
	}
}

// named lists the rules of findings.
func named(all []alerts.Result) (rules []string) {
	for _, r := range all {
		for _, f := range r.Findings {
			rules = append(rules, f.Rule)
		}
	}
	return rules
}
