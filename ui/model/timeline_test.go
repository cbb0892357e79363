package model_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

// found is a source of one session with a finding at each of some times.
func found(times ...int64) *few {
	s := &few{sessions: []alerts.Session{{Facts: &dissect.Facts{}}}}
	for _, at := range times {
		s.findings = append(s.findings, alerts.Finding{Rule: "open-relay", Time: at})
	}
	return s
}

// The step follows the span that there is to show.
func TestTimeline(t *testing.T) {
	from := time.Date(2026, 11, 21, 7, 18, 43, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		lasts   time.Duration
		step    time.Duration
		columns int
	}{
		{"one", 0, time.Second, 1},
		{"a-minute", time.Minute, time.Second, 61},
		{"three-hours", 3*time.Hour + 27*time.Minute, 5 * time.Minute, 43},
		{"a-day", 24 * time.Hour, 30 * time.Minute, 49},
		{"a-week", 7 * 24 * time.Hour, 3 * time.Hour, 57},
		{"three-weeks", 21 * 24 * time.Hour, 12 * time.Hour, 43},
		{"a-year", 365 * 24 * time.Hour, 7 * 24 * time.Hour, 53},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source := found(from.UnixNano(), from.Add(tt.lasts).UnixNano(), from.UnixNano())
			survey, err := model.NewSurvey(source, goOn)
			if err != nil {
				t.Fatal(err)
			}
			tally, err := model.NewTally(source, store.Counts{}, survey)
			if err != nil {
				t.Fatal(err)
			}
			columns, step := tally.Timeline.Columns(76)
			if step != tt.step || len(columns) != tt.columns || columns[0] < 2 || columns[len(columns)-1] == 0 {
				t.Errorf("%d columns of %v: %v", len(columns), step, columns)
			}
			if first, last := tally.Timeline.Ends(); first != from.UnixNano() || last != from.Add(tt.lasts).UnixNano() {
				t.Errorf("from %d to %d", first, last)
			}
		})
	}
}

// However many there are, wherever the clock is, and however little room there
// is: none is lost.
func TestTimelineIsBounded(t *testing.T) {
	var seconds, wild []int64
	for i := range int64(20_000) {
		seconds = append(seconds, i*7*int64(time.Second))
		wild = append(wild, (i-10_000)*(math.MaxInt64/10_000))
	}
	wild = append(wild, math.MaxInt64, math.MinInt64)
	for _, times := range [][]int64{seconds, wild, nil} {
		survey, err := model.NewSurvey(found(times...), goOn)
		if err != nil {
			t.Fatal(err)
		}
		for _, room := range []int{0, 1, 2, 76, 240} {
			columns, _ := survey.Timeline.Columns(room)
			sum := int64(0)
			for _, n := range columns {
				sum += n
			}
			if len(columns) > room || room > 0 && sum != int64(len(times)) {
				t.Errorf("%d of %d in %d columns of %d", sum, len(times), len(columns), room)
			}
		}
	}
}

// Where not all sessions were surveyed, what the store counts by hour is shown.
func TestTimelineByHour(t *testing.T) {
	hours := []store.Hour{{Begin: 0}, {Begin: int64(time.Hour)}, {Begin: int64(3 * time.Hour)}}
	hours[1].Findings[alerts.High], hours[2].Findings[alerts.Low] = 3, 4
	source := &few{overview: store.Overview{Hours: hours}}
	for _, survey := range []*model.Survey{nil, {Cut: true}} {
		tally, err := model.NewTally(source, store.Counts{}, survey)
		if err != nil {
			t.Fatal(err)
		}
		columns, step := tally.Timeline.Columns(76)
		first, last := tally.Timeline.Ends()
		if !slices.Equal(columns, []int64{3, 0, 4}) || step != time.Hour || first != int64(time.Hour) || last != int64(4*time.Hour)-1 {
			t.Errorf("%v by %v from %d to %d", columns, step, first, last)
		}
	}
}
