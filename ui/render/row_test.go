package render_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

var day = time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)

func row(k *model.Row, screen int, now time.Time) string {
	var cells []string
	for _, c := range render.CaseColumns(screen, model.Query{}) {
		cells = append(cells, render.Fit(c.Case(k, func(*alerts.Case) string { return "SMTP with LOGIN" }, now).Text, c.Width))
	}
	return strings.TrimRight(strings.Join(cells, " "), " ")
}

func TestRow(t *testing.T) {
	k := alerts.Case{
		Rule: "base64-password", Severity: alerts.Critical, Protocol: dissect.SMTP, Server: "198.51.100.25:587", Client: "10.0.0.5",
		First: day.Add(-time.Hour).UnixNano(), Last: day.UnixNano(), Findings: 12, Status: alerts.Acknowledged,
	}
	account := k
	account.Client, account.Account, account.HasAccount = "", "maria.magdalena@example.org", true
	empty := account
	empty.Account = ""
	nobody := k
	nobody.Client, nobody.Findings = "", 1_234_567
	tests := []struct {
		name   string
		k      alerts.Case
		screen int
		now    time.Time
		want   string

		folded        int
		open, beneath bool
	}{
		{"folded", k, 80, day, "critical a base64-password +2 198.51.100.25:587 10.0.0.5           12 22:13:20", 2, false, false},
		{"open", k, 80, day, "critical a base64-password -2 198.51.100.25:587 10.0.0.5           12 22:13:20", 2, true, false},
		{"beneath", k, 80, day, "critical a   base64-password  198.51.100.25:587 10.0.0.5           12 22:13:20", 0, false, true},
		{"narrow", k, 80, day.Add(time.Hour), "critical a base64-password    198.51.100.25:587 10.0.0.5           12 22:13:20", 0, false, false},
		{"narrow-a-day-later", k, 80, day.Add(24 * time.Hour), "critical a base64-password    198.51.100.25:587 10.0.0.5           12 2023-11-14", 0, false, false},
		{"clock-behind", k, 80, day.Add(-time.Hour), "critical a base64-password    198.51.100.25:587 10.0.0.5           12 2023-11-14", 0, false, false},
		{"account", account, 80, day, "critical a base64-password    198.51.100.25:587 maria.m…le.org     12 22:13:20", 0, false, false},
		{"empty-account", empty, 80, day, `critical a base64-password    198.51.100.25:587 ""                 12 22:13:20`, 0, false, false},
		{"nobody", nobody, 80, day, "critical a base64-password    198.51.100.25:587 -                1.2M 22:13:20", 0, false, false},
		{"wide", k, 200, day, "critical acknowledged   base64-password                smtp        198.51.100.25:587     10.0.0.5                     12 2023-11-14 21:13:20 2023-11-14 22:13:20 SMTP with LOGIN", 0, false, false},
		{"tiny", k, 50, day, "critical a base64…ssword 198.…:587 10.0.0.5     12", 0, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, row(&model.Row{Case: tt.k, Folded: tt.folded, Open: tt.open, Beneath: tt.beneath}, tt.screen, tt.now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// From 54 columns on, a row fills the screen or less, and more room never
// takes a column away.
func TestColumnsFit(t *testing.T) {
	before := 0
	for screen := 54; screen <= 400; screen++ {
		columns := render.CaseColumns(screen, model.Query{})
		total := -1
		for _, c := range columns {
			total += c.Width + 1
			if head := c.Head(); render.Width(head.Text) != c.Width {
				t.Errorf("%d: head %q in a column of %d", screen, head.Text, c.Width)
			}
		}
		if total > screen || screen >= 80 && screen < 100 && total != screen {
			t.Errorf("%d: a row takes %d", screen, total)
		}
		if len(columns) < before {
			t.Errorf("%d: %d columns, before %d", screen, len(columns), before)
		}
		before = len(columns)
	}
	if before != 10 {
		t.Errorf("%d columns on the widest screen", before)
	}
}

// A status is a letter where there is no room, and what reopened a case tells
// more than "new".
func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		k            alerts.Case
		letter, name string
	}{
		{alerts.Case{}, "", "new"},
		{alerts.Case{Reopened: alerts.Regressed}, "!", "regressed"},
		{alerts.Case{Status: alerts.FalsePositive}, "f", "false-positive"},
		{alerts.Case{Status: alerts.AcceptedRisk}, "x", "accepted-risk"},
	} {
		row := model.Row{Case: tt.k}
		if got := render.CaseColumns(80, model.Query{})[1].Case(&row, nil, day).Text; got != tt.letter {
			t.Errorf("%v: %q on 80 columns", tt.k, got)
		}
		if got := render.CaseColumns(120, model.Query{})[1].Case(&row, nil, day).Text; got != tt.name {
			t.Errorf("%v: %q on 120 columns", tt.k, got)
		}
	}
}

func TestSeverityIsAWordAndAStyle(t *testing.T) {
	styles := map[render.Style]bool{}
	for s := alerts.Info; s <= alerts.Critical; s++ {
		cell := render.CaseColumns(80, model.Query{})[0].Case(&model.Row{Case: alerts.Case{Severity: s}}, nil, day)
		if cell.Text != s.String() {
			t.Errorf("%v: %q", s, cell.Text)
		}
		styles[cell.Style] = true
	}
	if len(styles) != 5 {
		t.Errorf("%d styles for 5 severities", len(styles))
	}
}

// The column that the list is sorted by has an arrow, and a click on a head
// sorts by what the column shows.
func TestSortedBy(t *testing.T) {
	tests := []struct {
		q    model.Query
		want string
	}{
		{model.Query{}, "SEVERITY S RULE               SERVER            CLIENT/ACCOUNT  COUNT LAST (UTC)"},
		{model.Query{Reverse: true}, "SEVERIT↑ S RULE               SERVER            CLIENT/ACCOUNT  COUNT LAST (UTC)"},
		{model.Query{By: model.ByServer}, "SEVERITY S RULE               SERVER↓           CLIENT/ACCOUNT  COUNT LAST (UTC)"},
		{model.Query{By: model.ByLast, Reverse: true}, "SEVERITY S RULE               SERVER            CLIENT/ACCOUNT  COUNT LAST (UTC↑"},
	}
	for _, tt := range tests {
		var heads []string
		for _, c := range render.CaseColumns(80, tt.q) {
			heads = append(heads, c.Head().Text)
		}
		if diff := cmp.Diff(tt.want, strings.TrimRight(strings.Join(heads, " "), " ")); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.q, diff)
		}
	}
	var fields []string
	for _, c := range render.CaseColumns(300, model.Query{}) {
		if f, ok := c.Field(); ok {
			fields = append(fields, f.String())
		}
	}
	if diff := cmp.Diff([]string{"severity", "status", "rule", "server", "client", "count", "first", "last"}, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever a peer calls itself, its cell fits its column and is harmless.
func TestHostileRow(t *testing.T) {
	for _, s := range hostile {
		k := alerts.Case{Rule: s, Server: s, Account: s, HasAccount: true}
		for _, screen := range []int{40, 80, 200} {
			for _, c := range render.CaseColumns(screen, model.Query{}) {
				cell := c.Case(&model.Row{Case: k}, func(*alerts.Case) string { return s }, day)
				checkHarmless(t, cell.Text)
				if w := render.Width(cell.Text); w > c.Width {
					t.Errorf("%.40q: %q takes %d columns of %d", s, cell.Text, w, c.Width)
				}
			}
		}
	}
}

// So it is in the other lists.
func TestHostileLists(t *testing.T) {
	for _, s := range hostile {
		subject := model.Subject{Name: s, About: s}
		session := alerts.Session{Facts: &dissect.Facts{Banner: s, Auth: []*dissect.Attempt{{Account: s, HasAccount: true}, {}}}}
		for screen := 1; screen < 300; screen += 13 {
			for _, columns := range [][]render.Column{render.ServerColumns(screen), render.ClientColumns(screen), render.AccountColumns(screen), render.RuleColumns(screen)} {
				for _, c := range columns {
					checkCell(t, c, c.Subject(&subject, day))
				}
			}
			for _, c := range render.SessionColumns(screen) {
				checkCell(t, c, c.Session(&session, day))
			}
		}
	}
}

func checkCell(t *testing.T, c render.Column, cell render.Span) {
	t.Helper()
	checkHarmless(t, cell.Text)
	if w := render.Width(cell.Text); w > c.Width {
		t.Errorf("%q takes %d columns of %d", cell.Text, w, c.Width)
	}
}

// Rows of 80 columns or more fit their screen.
func TestListsFit(t *testing.T) {
	for name, columns := range map[string]func(int) []render.Column{
		"servers": render.ServerColumns, "clients": render.ClientColumns, "accounts": render.AccountColumns, "rules": render.RuleColumns,
		"sessions": render.SessionColumns,
	} {
		for screen := 60; screen < 300; screen++ {
			total := -1
			for _, c := range columns(screen) {
				total += c.Width + 1
			}
			if total > screen {
				t.Errorf("%s: a row takes %d of %d", name, total, screen)
			}
		}
	}
}

func BenchmarkRow(b *testing.B) {
	k := alerts.Case{Rule: "base64-password", Server: "198.51.100.25:587", Account: "jörg@example.org", HasAccount: true}
	row := model.Row{Case: k}
	columns := render.CaseColumns(200, model.Query{})
	reason := func(*alerts.Case) string { return "SMTP with LOGIN" }
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range columns {
			c.Case(&row, reason, day)
		}
	}
}
