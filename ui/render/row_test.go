package render_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/render"
)

var day = time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)

func row(k *alerts.Case, screen int, now time.Time) string {
	var cells []string
	for _, c := range render.Columns(screen) {
		cells = append(cells, render.Fit(c.Cell(k, func() string { return "SMTP with LOGIN" }, now).Text, c.Width))
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
	}{
		{"narrow", k, 80, day.Add(time.Hour), "critical base64-password      198.51.100.25:587 10.0.0.5           12 22:13:20"},
		{"narrow-a-day-later", k, 80, day.Add(24 * time.Hour), "critical base64-password      198.51.100.25:587 10.0.0.5           12 2023-11-14"},
		{"clock-behind", k, 80, day.Add(-time.Hour), "critical base64-password      198.51.100.25:587 10.0.0.5           12 2023-11-14"},
		{"account", account, 80, day, "critical base64-password      198.51.100.25:587 maria.m…le.org     12 22:13:20"},
		{"empty-account", empty, 80, day, `critical base64-password      198.51.100.25:587 ""                 12 22:13:20`},
		{"nobody", nobody, 80, day, "critical base64-password      198.51.100.25:587 -                1.2M 22:13:20"},
		{"wide", k, 200, day, "critical acknowledged   base64-password            smtp        198.51.100.25:587     10.0.0.5                     12 2023-11-14 21:13:20 2023-11-14 22:13:20 SMTP with LOGIN"},
		{"tiny", k, 50, day, "critical base…ord 198.…:587 10.0.0.5     12 22:13:20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, row(&tt.k, tt.screen, tt.now)); diff != "" {
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
		columns := render.Columns(screen)
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

func TestSeverityIsAWordAndAStyle(t *testing.T) {
	styles := map[render.Style]bool{}
	for s := alerts.Info; s <= alerts.Critical; s++ {
		cell := render.Columns(80)[0].Cell(&alerts.Case{Severity: s}, nil, day)
		if cell.Text != s.String() {
			t.Errorf("%v: %q", s, cell.Text)
		}
		styles[cell.Style] = true
	}
	if len(styles) != 5 {
		t.Errorf("%d styles for 5 severities", len(styles))
	}
}

// Whatever a peer calls itself, its cell fits its column and is harmless.
func TestHostileRow(t *testing.T) {
	for _, s := range hostile {
		k := alerts.Case{Rule: s, Server: s, Account: s, HasAccount: true}
		for _, screen := range []int{40, 80, 200} {
			for _, c := range render.Columns(screen) {
				cell := c.Cell(&k, func() string { return s }, day)
				checkHarmless(t, cell.Text)
				if w := render.Width(cell.Text); w > c.Width {
					t.Errorf("%.40q: %q takes %d columns of %d", s, cell.Text, w, c.Width)
				}
			}
		}
	}
}

func BenchmarkRow(b *testing.B) {
	k := alerts.Case{Rule: "base64-password", Server: "198.51.100.25:587", Account: "jörg@example.org", HasAccount: true}
	columns := render.Columns(200)
	reason := func() string { return "SMTP with LOGIN" }
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range columns {
			c.Cell(&k, reason, day)
		}
	}
}
