package model_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

func TestPace(t *testing.T) {
	var p model.Pace
	if _, ok := p.Rates(); ok {
		t.Error("nothing was looked at")
	}
	for i := range 31 { // a minute, each two seconds
		counts := &store.Counts{}
		counts.Findings[alerts.High] = int64(10 * i)
		counts.Sessions[alerts.Weak] = int64(4 * i)
		p.Add(now.Add(time.Duration(i)*2*time.Second), counts, &model.Live{Packets: uint64(1000 * i), Bytes: uint64(i) * 250_000, Dropped: uint64(i) * 250, Open: i})
		if _, ok := p.Rates(); ok != (i >= 2) {
			t.Errorf("after %d seconds it tells something: %v", 2*i, ok)
		}
	}
	got, _ := p.Rates()
	want := model.Rates{
		Over: time.Minute, Findings: 300, Sessions: 120, Packets: 500, Bits: 1e6, Dropped: 0.2,
		Live: &model.Live{Packets: 30_000, Bytes: 7_500_000, Dropped: 7500, Open: 30},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What was long ago is forgotten, and looks that come fast are bounded.
func TestPaceForgets(t *testing.T) {
	var p model.Pace
	for i := range 1000 {
		counts := &store.Counts{}
		counts.Findings[alerts.High] = int64(min(i, 500)) // nothing new since
		p.Add(now.Add(time.Duration(i)*2*time.Second), counts, nil)
	}
	got, ok := p.Rates()
	if !ok || got.Findings != 0 || got.Live != nil || got.Over > 70*time.Second {
		t.Errorf("%+v, %v", got, ok)
	}
	for i := range 1000 {
		p.Add(now.Add(time.Hour+time.Duration(i)*time.Millisecond), nil, nil)
	}
	if got, _ := p.Rates(); got.Over > time.Second {
		t.Errorf("%v of looks are kept", got.Over)
	}
}

// What was removed from the database meanwhile was not found backwards.
func TestPaceOfLess(t *testing.T) {
	var p model.Pace
	for i := range 10 {
		counts := &store.Counts{}
		counts.Findings[alerts.High], counts.Sessions[alerts.Weak] = int64(1000-100*i), int64(500-50*i)
		p.Add(now.Add(time.Duration(i)*2*time.Second), counts, nil)
	}
	if got, ok := p.Rates(); !ok || got.Findings != 0 || got.Sessions != 0 {
		t.Errorf("%+v, %v", got, ok)
	}
}
