package render_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// What was done about a case, whether it is fixed, and what its server offered
// over time.
func TestHistory(t *testing.T) {
	at := func(hours int) int64 { return day.Add(time.Duration(hours) * time.Hour).UnixNano() }
	d := &model.Detail{
		Case: alerts.Case{Rule: "none", Server: "10.0.0.9:25", Title: "t", Status: alerts.AcceptedRisk, Expires: at(48), Findings: 1, Last: at(0)},
		Changes: []alerts.Change{
			{At: at(1), Who: "ann", Status: alerts.Resolved, ResolvedAt: at(1), Reason: "\x1b[2Jfixed", UndoneBy: "bob", UndoneAt: at(2)},
			{At: at(3), Status: alerts.New, Reopened: alerts.Regressed},
			{At: at(4), Who: "ann", Status: alerts.AcceptedRisk, Expires: at(48), Note: "old printer"},
		},
		Past: model.Past{Cut: true, Stretches: []model.Stretch{
			{Way: model.Upgraded, From: at(1), To: at(5), Sessions: 12}, {Way: model.NotOffered, From: at(0), To: at(0), Sessions: 1},
		}},
		After: alerts.Aftermath{Protected: 3, Unknown: 1, Other: 2, Last: at(6)},
	}
	got := text(render.Detail(d, 80))
	for _, want := range []string{
		"accepted-risk until 2023-11-16 22:13:20\n",
		"Is it fixed? Since then 3 sessions protected, 1 unknown, 2 not protected; the",
		`
What was done about it (UTC)
  2023-11-14 23:13:20  resolved 2023-11-14 23:13:20, by ann: \x1b[2Jfixed,
                       undone by bob 2023-11-15 00:13:20
  2023-11-15 01:13:20  new: regressed, by a finding
  2023-11-15 02:13:20  accepted-risk until 2023-11-16 22:13:20, by ann (note:
                       old printer)

Encryption at 10.0.0.9:25 over time (UTC), by sessions
  2023-11-14 23:13:20 to 2023-11-15 03:13:20   12  STARTTLS used
  2023-11-14 22:13:20                           1  STARTTLS not offered
  and before that what is not shown here
`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	d.Changes = make([]alerts.Change, 1000)
	if got := text(render.Detail(d, 80)); !strings.Contains(got, "the last 20 of 1000 changes") || strings.Count(got, "\n") > 60 {
		t.Errorf("of 1000 changes:\n%s", got)
	}
}

func TestPace(t *testing.T) {
	tests := []struct {
		name string
		pace model.Rates
		want string
	}{
		{"stored", model.Rates{Over: time.Minute, Findings: 120.4, Sessions: 0.5}, "Pace      120 new findings and 0.5 sessions a minute, over the last 1m0s\n"},
		{"live", model.Rates{Over: time.Minute, Packets: 1500, Bits: 2.5e6, Live: &model.Live{Packets: 3_000_000, Open: 1}}, `
Capture   1500 packets/s, 2.5 Mbit/s, 1 open connection, 3.0M packets so far
Dropped   no packet
Pace      0 new findings and 0 sessions a minute, over the last 1m0s
`},
		{"drops", model.Rates{Over: 30 * time.Second, Dropped: 0.125, Live: &model.Live{Dropped: 77}},
			"Dropped   77 packets so far, 12.5% of the last 30s: what they held is not seen\n"},
	}
	for _, tt := range tests {
		if got := text(render.Overview(&model.Tally{}, &tt.pace, 80, 24)); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s", tt.name, cmp.Diff(tt.want, got))
		}
	}
	partial := text(render.Overview(&model.Tally{Partial: true}, nil, 80, 24))
	if !strings.Contains(partial, "still being added up") || !strings.Contains(partial, "Not seen  counting ...") {
		t.Errorf("while it is counted:\n%s", partial)
	}
}
