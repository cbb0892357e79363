package model_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

// A time that no clock of the store reaches is before, or after, all that it
// holds.
func TestFarTimes(t *testing.T) {
	source := &few{cases: []alerts.Case{
		{ID: alerts.CaseID{1}, Last: math.MinInt64}, {ID: alerts.CaseID{2}, Last: now.UnixNano()}, {ID: alerts.CaseID{3}, Last: math.MaxInt64},
	}}
	for _, tt := range []struct {
		text string
		want []byte
	}{
		{"last<9999-12-31", []byte{3, 2, 1}}, {"last<2300-01-01", []byte{3, 2, 1}}, {"last>=20000w", []byte{3, 2, 1}}, {"last<=9999-12-31", []byte{3, 2, 1}}, {"last>9999-12-31", nil},
		{"last>=1500-01-01", []byte{3, 2, 1}}, {"last>0001-01-01", []byte{3, 2, 1}}, {"last<0001-01-01", nil},
		{"last<2262-04-11", []byte{2, 1}}, {"last:2262-04-11", []byte{3}}, {"last:1677-09-21", []byte{1}},
	} {
		if diff := cmp.Diff(tt.want, ids(list(t, source, tt.text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

// A risk is accepted until a day that the store can hold.
func TestParseUntil(t *testing.T) {
	for _, text := range []string{"9999-12-31", "2262-04-11", "2300-01-01", "2600-01-01", "2800-01-01", "3000-06-01"} {
		if until, err := model.ParseUntil(text, now); err == nil || !strings.Contains(err.Error(), "empty is no end") {
			t.Errorf("%s: %d, %v", text, until, err)
		}
	}
	for _, text := range []string{"2262-04-10", "4095w", "4095d", "1w"} {
		if until, err := model.ParseUntil(text, now); err != nil || until <= now.UnixNano() {
			t.Errorf("%s: %d, %v", text, until, err)
		}
	}
	for _, text := range []string{"0001-01-01", "1500-01-01", "0d"} {
		if until, err := model.ParseUntil(text, now); err == nil || !strings.Contains(err.Error(), "is over") {
			t.Errorf("%s: %d, %v", text, until, err)
		}
	}
}

// The sessions and the reason of a case are found where its clock stands at its
// end.
func TestEndOfTheClock(t *testing.T) {
	kase := alerts.Case{ID: alerts.CaseID{1}, Server: "10.0.0.9:25", Last: math.MaxInt64}
	finding := alerts.Finding{Case: kase.ID, Session: alerts.SessionID{7}, Time: math.MaxInt64, Why: "because"}
	source := &few{
		cases: []alerts.Case{kase}, findings: []alerts.Finding{finding},
		sessions: []alerts.Session{{ID: alerts.SessionID{7}, Facts: &dissect.Facts{Start: math.MaxInt64}}},
	}
	s, err := model.NewSessions(source, model.Of{Case: &kase}, nil)
	if err != nil || len(s.Rows) != 1 {
		t.Errorf("%d sessions, %v", len(s.Rows), err)
	}
	var r model.Reasons
	r.Of(&kase)
	r.Put(model.ReadReasons(source, r.Wanted()))
	if got := r.Of(&kase); got != "because" {
		t.Errorf("the reason is %q", got)
	}
}
