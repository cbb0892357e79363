package render_test

import (
	"errors"
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

func (c counted) Findings(store.Filter) ([]alerts.Finding, error) { return nil, nil }
func (c counted) Session(string) (alerts.Session, []alerts.Finding, error) {
	return alerts.Session{}, nil, nil
}
func (c counted) Cases(f store.Filter) (list []alerts.Case, err error) {
	if f.Account == "" {
		return nil, nil
	}
	for n := f.Offset; n < min(c.fit, f.Offset+f.Limit); n++ {
		list = append(list, alerts.Case{ID: alerts.CaseID{byte(n), byte(n >> 8)}})
	}
	return list, nil
}

type source struct{ counted }

func (s source) Counts() (store.Counts, error) { return s.counted.Counts, nil }

func TestBar(t *testing.T) {
	c := counted{fit: model.MaxMatches + 1}
	c.Counts.Findings[alerts.Critical], c.Counts.Findings[alerts.Low] = 12, 1_500_000
	c.Counts.Sessions[alerts.Exposed], c.Counts.Sessions[alerts.UnknownVerdict] = 3, 4
	c.Counts.Cases[alerts.New], c.Counts.Cases[alerts.Resolved] = 5, 2
	counts := "findings  12 critical  0 high  0 medium  1.5M low  0 info\n" +
		"sessions  3 exposed  0 weak  0 clear  0 protected  4 unknown\n"
	tests := []struct {
		name, path, text string
		counted          counted
		selected         int
		want             string
	}{
		{"cases", "/var/lib/mailtap.db", "", c, 2, "mailtap /var/lib/mailtap.db                           case 3 of 7, 5 new\n" + counts},
		{"long-path", "/home/a/directory/of/many/many/many/levels/mailtap.db", "", c, 0, "mailtap /home/a/directory/of/m…many/levels/mailtap.db case 1 of 7, 5 new\n" + counts},
		{"filtered", "m.db", "joe", c, 9, "mailtap m.db                                  case 10 of 10000+ that fit\n" + counts},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := model.NewList(source{tt.counted}, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, text(render.Bar(tt.path, l, tt.selected, 72))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := text(render.Bar("m.db", nil, 0, 72)); !strings.Contains(got, "reading") {
		t.Errorf("before the first reading: %q", got)
	}
}

func TestNothing(t *testing.T) {
	for text, want := range map[string]string{"": "mailtap analyze FILE", "joe\x1b": `"joe\x1b"`} {
		l, err := model.NewList(source{}, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(render.Nothing(l), "\n"); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestProblem(t *testing.T) {
	line := render.Problem(errors.New("mail\x1btap.db: locked"), 20)
	if got := text([]render.Line{line}); got != "error: mai…b: locked\n" || line[0].Style != render.Critical {
		t.Errorf("got %q", got)
	}
}
