package render_test

import (
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// counted is a source that has counts, and as many cases that fit a filter as
// it says.
type counted struct {
	store.Counts
	fit int
}

func (c counted) AllFindings(store.Filter) iter.Seq2[alerts.Finding, error] {
	return func(func(alerts.Finding, error) bool) {}
}
func (c counted) Cases(f store.Filter) (list []alerts.Case, err error) {
	for n := f.Offset; n < min(c.fit, f.Offset+f.Limit); n++ {
		list = append(list, alerts.Case{ID: alerts.CaseID{byte(n), byte(n >> 8)}, Account: "joe", HasAccount: true})
	}
	return list, nil
}

// source is a Source of that; nothing else of it is asked.
type source struct {
	model.Source
	counted counted
}

func (s source) Cases(f store.Filter) ([]alerts.Case, error) { return s.counted.Cases(f) }

func (s source) AllFindings(f store.Filter) iter.Seq2[alerts.Finding, error] {
	return s.counted.AllFindings(f)
}

func (s source) Counts() (store.Counts, error) { return s.counted.Counts, nil }

func TestBar(t *testing.T) {
	c := counted{fit: 7}
	c.Counts.Findings[alerts.Critical], c.Counts.Findings[alerts.Low] = 12, 1_500_000
	c.Counts.Sessions[alerts.Exposed], c.Counts.Sessions[alerts.UnknownVerdict] = 3, 4
	c.Counts.Cases[alerts.New], c.Counts.Cases[alerts.Resolved] = 5, 2
	many := c
	many.fit = model.MaxMatches + 1
	const findings = "findings  12 critical  0 high  0 medium  1.5M low  0 info\n"
	const sessions = "sessions  3 exposed  0 weak  0 clear  0 protected  4 unknown"
	tests := []struct {
		name, path, text string
		counted          counted
		selected         int
		want             string
	}{
		{"cases", "/var/lib/m.db", "", c, 2, title("row 3 of 7, 5 new") + findings + sessions + "  /var/lib/m.db\n"},
		{"long-path", "/var/lib/mailtap/m.db", "", c, 0, title("row 1 of 7, 5 new") + findings + sessions + "           m.db\n"},
		{"longer-name", "/var/lib/database-of-mailtap.db", "", c, 0, title("row 1 of 7, 5 new") + findings + sessions + "\n"},
		{"filtered", "m.db", "joe", c, 1, title("row 2 of 7 that fit") + findings + sessions + "           m.db\n"},
		{"cut", "m.db", "joe", many, 9, title("row 10 of the first 10000 that fit") + findings + sessions + "           m.db\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := list(t, tt.counted, tt.text)
			got := text(render.Bar(tt.path, false, []string{"cases", "a\x1bb"}, render.CasePlace(l, tt.selected, 0), &tt.counted.Counts, 75))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := text(render.Bar("m.db", true, nil, "", nil, 72)); !strings.Contains(got, "reading m.db") {
		t.Errorf("before the first reading: %q", got)
	}
}

func TestCapture(t *testing.T) {
	for _, tt := range []struct {
		live *model.Live
		want string
	}{
		{nil, "capture   running\n"},
		{&model.Live{Packets: 3_000_000, Dropped: 12, Open: 7}, "capture   3.0M packets  12 dropped  7 open connections\n"},
	} {
		if diff := cmp.Diff(tt.want, text([]render.Line{render.Capture(tt.live)})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// title is the first line of 75 columns.
func title(place string) string {
	const way = "mailtap  cases > a\\x1bb"
	return way + strings.Repeat(" ", 75-len(way)-len(place)) + place + "\n"
}

func list(t *testing.T, c counted, text string) *model.List {
	t.Helper()
	q, err := model.NewQuery(text, day)
	if err != nil {
		t.Fatal(err)
	}
	l, err := model.NewList(source{counted: c}, q, c.Counts, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNothing(t *testing.T) {
	for text, want := range map[string]string{"": "mailtap analyze FILE", "joe\x1b": `"joe\x1b"`} {
		if got := strings.Join(render.Nothing(list(t, counted{}, text), false), "\n"); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	crowd := counted{fit: 1_000_000} // of which none is called so, as far as it looks
	if got := strings.Join(render.Nothing(list(t, crowd, "account:ann"), false), "\n"); !strings.Contains(got, `no case that was looked at fits "account:ann"`) {
		t.Errorf("of many: %q", got)
	}
	fine := counted{Counts: store.Counts{Sessions: [5]int64{1, 0, 0, 3}}}
	if got := strings.Join(render.Nothing(list(t, fine, ""), false), "\n"); !strings.Contains(got, "no findings in 4 sessions\n") {
		t.Errorf("where all is well: %q", got)
	}
	if got := strings.Join(render.Nothing(list(t, counted{}, ""), true), "\n"); !strings.Contains(got, "capture is running") || strings.Contains(got, "run 'mailtap") {
		t.Errorf("beside a capture: %q", got)
	}
}

func TestChoices(t *testing.T) {
	got := text([]render.Line{render.Choices([]string{"severity>=", "status:", "a\x1b[2J"}, 40)})
	if want := "Tab: severity>=  status:  a\\x1b[2J\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := text([]render.Line{render.Choices([]string{"severity>=", "status:"}, 17)}); got != "Tab: severity>=\n" {
		t.Errorf("narrow: %q", got)
	}
}

// What went wrong has a few lines; a longer text keeps its end.
func TestProblem(t *testing.T) {
	for problem, want := range map[string]string{
		"mail\x1btap.db: locked": "error:\nmail\\x1btap.db:\nlocked\n",
		"locked":                 "error: locked\n",
		strings.Repeat("very ", 50) + "long, do this": "error: very very\nvery ver… very very\nlong, do this\n",
	} {
		lines := render.Problem(errors.New(problem), 20)
		if got := text(lines); got != want || lines[0][0].Style != render.Critical {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
