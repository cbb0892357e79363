package model_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
)

// outline shows rows with what they stand for.
func outline(l *model.List) string {
	var b strings.Builder
	for i := range l.Len() {
		row, _ := l.Row(i)
		if row.Beneath {
			b.WriteString("  ")
		}
		fmt.Fprintf(&b, "%s %s %s", row.Case.Rule, row.Case.Server, row.Case.Client)
		if row.Folded > 0 {
			fmt.Fprintf(&b, " +%d", row.Folded)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func kase(n int, severity alerts.Severity, rule, server, client string, at time.Duration) alerts.Case {
	t := now.Add(at).UnixNano()
	return alerts.Case{ID: alerts.CaseID{byte(n)}, Severity: severity, Rule: rule, Server: server, Client: client, First: t, Last: t}
}

func TestFold(t *testing.T) {
	const s1, s2, c1, c2 = "10.0.0.9:25", "10.0.0.8:25", "10.0.0.1", "10.0.0.2"
	password := kase(1, alerts.Critical, "base64-password", s1, c1, 0)
	tests := []struct {
		name  string
		cases []alerts.Case
		want  string
	}{
		{"one-log-in", []alerts.Case{password, kase(2, alerts.High, "starttls-not-used", s1, c1, 1)}, "base64-password 10.0.0.9:25 10.0.0.1 +1\n"},
		{"the-server's-fault", []alerts.Case{
			password, kase(2, alerts.Critical, "base64-password", s1, c2, -1), kase(3, alerts.High, "starttls-not-offered", s1, "", 0),
			kase(4, alerts.Medium, "auth-offered-in-clear", s1, "", 0),
		}, "base64-password 10.0.0.9:25 10.0.0.1 +3\n"},
		{"each-client's-fault", []alerts.Case{password, kase(2, alerts.Critical, "base64-password", s1, c2, -1)},
			"base64-password 10.0.0.9:25 10.0.0.1\nbase64-password 10.0.0.9:25 10.0.0.2\n"},
		{"another-server", []alerts.Case{password, kase(2, alerts.High, "starttls-not-offered", s2, "", 0)},
			"base64-password 10.0.0.9:25 10.0.0.1\nstarttls-not-offered 10.0.0.8:25 \n"},
		{"another-day", []alerts.Case{password, kase(2, alerts.High, "starttls-not-offered", s1, "", -24*time.Hour)},
			"base64-password 10.0.0.9:25 10.0.0.1\nstarttls-not-offered 10.0.0.9:25 \n"},
		{"somebody-on-the-path", []alerts.Case{password, kase(2, alerts.High, "starttls-masked", s1, c1, -1), kase(3, alerts.High, "starttls-not-offered", s1, "", -2)},
			"base64-password 10.0.0.9:25 10.0.0.1 +1\nstarttls-not-offered 10.0.0.9:25 \n"},
		{"old-tls", []alerts.Case{
			kase(1, alerts.High, "tls-old-version", s1, "", 0), kase(2, alerts.High, "tls-weak-cipher", s1, "", -1), kase(3, alerts.High, "starttls-not-offered", s1, "", -2),
		}, "tls-old-version 10.0.0.9:25  +1\nstarttls-not-offered 10.0.0.9:25 \n"},
		{"rules-of-tomorrow", []alerts.Case{kase(1, alerts.High, "one", s1, c1, 0), kase(2, alerts.High, "two", s1, c1, -1)}, "one 10.0.0.9:25 10.0.0.1\ntwo 10.0.0.9:25 10.0.0.1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := list(t, &few{cases: tt.cases}, "")
			if diff := cmp.Diff(tt.want, outline(l)); diff != "" || l.Cases() != len(tt.cases) {
				t.Errorf("%d cases (-want +got):\n%s", l.Cases(), diff)
			}
			if flat := listOf(t, &few{cases: tt.cases}, model.Query{Flat: true}); flat.Len() != len(tt.cases) {
				t.Errorf("%d rows without folding", flat.Len())
			}
		})
	}
}

func TestUnfold(t *testing.T) {
	source := &few{cases: []alerts.Case{
		kase(1, alerts.Critical, "base64-password", "s", "c", 0), kase(2, alerts.High, "starttls-not-used", "s", "c", 0), kase(3, alerts.Low, "other", "s", "c", 0),
	}}
	open := make(map[alerts.CaseID]bool)
	l := list(t, source, "")
	l.Unfold(open)
	const folded, unfolded = "base64-password s c +1\nother s c\n", "base64-password s c +1\n  starttls-not-used s c\nother s c\n"
	if at := l.Toggle(0); at != 0 || outline(l) != unfolded {
		t.Errorf("row %d:\n%s", at, outline(l))
	}
	if i, ok := l.Look(alerts.CaseID{2}, 0); !ok || i != 1 {
		t.Errorf("the case beneath is at %d, %v", i, ok)
	}
	again, err := model.NewList(source, model.Query{}, open)
	if err != nil || outline(again) != unfolded {
		t.Errorf("read again: %v\n%s", err, outline(again))
	}
	if at := l.Toggle(1); at != 0 || outline(l) != folded || len(open) != 0 {
		t.Errorf("row %d:\n%s", at, outline(l))
	}
	if i, ok := l.Look(alerts.CaseID{2}, 0); !ok || i != 0 {
		t.Errorf("the folded case is at %d, %v", i, ok)
	}
	for _, i := range []int{-1, 1, 2, 99} {
		if at := l.Toggle(i); at != i || outline(l) != folded {
			t.Errorf("row %d stands for itself, and went to %d:\n%s", i, at, outline(l))
		}
	}
}
