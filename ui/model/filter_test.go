package model_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

// cases of the filter tests: 1 and 2 of clients, 3 of a server.
func filterable() *few {
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixNano() }
	return &few{
		cases: []alerts.Case{
			{ID: alerts.CaseID{1}, Rule: "cleartext-password", Severity: alerts.Critical, Protocol: dissect.IMAP, Server: "10.0.0.9:143", Client: "10.0.0.5", Findings: 12, First: ago(72 * time.Hour), Last: ago(time.Minute)},
			{ID: alerts.CaseID{2}, Rule: "crackable-auth", Severity: alerts.High, Protocol: dissect.POP3, Server: "[2001:db8::9]:110", Client: "2001:db8::7", Findings: 3, First: ago(30 * time.Hour), Last: ago(26 * time.Hour), Status: alerts.Acknowledged},
			{ID: alerts.CaseID{3}, Rule: "starttls-not-offered", Severity: alerts.Info, Protocol: dissect.SMTP, Server: "192.0.2.1:25", Findings: 1, First: ago(26 * time.Hour), Last: ago(26 * time.Hour), Status: alerts.FalsePositive},
		},
		findings: []alerts.Finding{
			{Case: alerts.CaseID{1}, Client: netip.MustParseAddrPort("10.0.0.5:1"), Account: "Joe Doe", HasAccount: true},
			{Case: alerts.CaseID{2}, Client: netip.MustParseAddrPort("[2001:db8::7]:1"), Account: "maria", HasAccount: true},
			{Case: alerts.CaseID{3}, Client: netip.MustParseAddrPort("10.1.0.5:1"), Account: "", HasAccount: true},
		},
	}
}

func TestFilterLanguage(t *testing.T) {
	tests := []struct {
		text string
		want []byte
	}{
		{"severity>=high", []byte{1, 2}},
		{"SEVERITY>=HIGH", []byte{1, 2}},
		{"severity:high", []byte{2}},
		{"severity<high", []byte{3}},
		{"severity:crit,info", []byte{1, 3}},
		{"-severity:info", []byte{1, 2}},
		{"status:new", []byte{1}},
		{"status:new,ack", []byte{1, 2}},
		{"status:new status:ack", nil},
		{"-status:false-positive", []byte{1, 2}},
		{"rule:password", []byte{1}},
		{"rule=crackable-auth", []byte{2}},
		{"rule=crackable", nil},
		{"server:10.0.0.0/8", []byte{1}},
		{"server:2001:db8::/32", []byte{2}},
		{"server::25", []byte{3}},
		{"server:10.0.0.0/8,192.0.2.1", []byte{1, 3}},
		{"server=10.0.0.9:143", []byte{1}},
		{"server=10.0.0.9", nil},
		{"client:10.0.0.0/8", []byte{1, 3}}, // 3 by its finding
		{"client:10.1.", []byte{3}},
		{"client=2001:db8::7", []byte{2}},
		{"account:joe", []byte{1}},
		{`account:"joe doe"`, []byte{1}},
		{`account="Joe Doe"`, []byte{1}},
		{"account=joe", nil},
		{"-account:joe", []byte{2, 3}},
		{"protocol:imap,pop3", []byte{1, 2}},
		{"count>=3", []byte{1, 2}},
		{"count<3", []byte{3}},
		{"count:12", []byte{1}},
		{"last>=2h", []byte{1}},
		{"last<1d", []byte{2, 3}},
		{"last:2023-11-13", []byte{2, 3}},
		{"last>2023-11-13", []byte{1}},
		{"last<=2023-11-13T20:13", []byte{2, 3}},
		{"first<2d", []byte{1}},
		{"severity>=high maria", []byte{2}},
		{"10.0.0.9:143", []byte{1}},
		{"[2001:db8::9]:110", []byte{2}},
		{`"no:key"`, nil},
	}
	for _, tt := range tests {
		q, err := model.NewQuery(tt.text, now)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if diff := cmp.Diff(tt.want, ids(listOf(t, filterable(), q))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestMistakes(t *testing.T) {
	tests := []struct{ text, at, want string }{
		{"serverity:high", "serverity:high", "did you mean severity?"},
		{"joe xyz:1", "xyz:1", "there are severity status rule"},
		{"severity>=hgih", "severity>=hgih", `severity "hgih" is none of critical high medium low info`},
		{"joe severity:", "severity:", "needs a value: critical high"},
		{"status>=new", "status>=new", "status takes : =, not >="},
		{"status:a", "status:a", `"a" may be acknowledged or accepted-risk`},
		{"status:new,", "status:new,", `status "" is none of`},
		{"server:10.0.0.0/99", "server:10.0.0.0/99", `"10.0.0.0/99" is no network`},
		{"count:many", "count:many", `"many" is no number`},
		{"last>yesterday", "last>yesterday", `"yesterday" is no time: 2026-11-21`},
		{"last>h", "last>h", "is no time"},
	}
	for _, tt := range tests {
		_, err := model.ParseFilter(tt.text, now)
		var m *model.Mistake
		if !errors.As(err, &m) {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got := tt.text[m.From:m.To]; got != tt.at || !strings.Contains(m.Text, tt.want) {
			t.Errorf("%s: at %q: %s", tt.text, got, m.Text)
		}
	}
}

// What goes from a row to its cases fits the whole name, whatever it is.
func TestExactly(t *testing.T) {
	for _, name := range []string{"joe", "joe doe", `a"b`, "a,b", "=x", "-x", "a:b", "", "\x1b[2J", "日本"} {
		source := &few{cases: []alerts.Case{{ID: alerts.CaseID{1}}, {ID: alerts.CaseID{2}}}, findings: []alerts.Finding{
			{Case: alerts.CaseID{1}, Account: name, HasAccount: true}, {Case: alerts.CaseID{2}, Account: name + "x", HasAccount: true},
		}}
		if diff := cmp.Diff([]byte{1}, ids(listOf(t, source, model.Exactly("account", name, now)))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

func TestComplete(t *testing.T) {
	known := func(key string) []string {
		return map[string][]string{"server": {"10.0.0.9:25", "10.0.0.9:143", "192.0.2.1:25"}, "account": {"joe", "a b"}}[key]
	}
	tests := []struct {
		text string
		want []string
	}{
		{"sev", []string{"severity>="}},
		{"s", []string{"severity>=", "status:", "server:", "first>=", "last>="}},
		{"joe -st", []string{"joe -status:", "joe -first>=", "joe -last>="}},
		{"severity>=h", []string{"severity>=high "}},
		{"status:new,ac", []string{"status:new,acknowledged ", "status:new,accepted-risk "}},
		{"server:10.0.0.9:1", []string{"server:10.0.0.9:143 "}},
		{"server::25", []string{"server:10.0.0.9:25 ", "server:192.0.2.1:25 "}},
		{"account:", []string{"account:joe "}},
		{"rule:guess", []string{}},
		{"nokey:x", nil},
		{"zzz", nil},
	}
	for _, tt := range tests {
		got := model.Complete(tt.text, known)
		if tt.text == "rule:guess" {
			continue // which rules there are is theirs
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
	for _, text := range model.Complete("rule:", known) {
		if _, err := model.ParseFilter(text, now); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{"", "severity>=high", `account:"joe doe`, "-", "-:x", "last>1", "last:", "server:::/0,=", `count:"`, "first<99999w", "日:x", "a>=b<c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := model.ParseFilter(text, now)
		var m *model.Mistake
		switch {
		case err == nil && filter == nil && strings.Trim(text, " ") != "":
			t.Errorf("%q fits everything", text)
		case err != nil && (!errors.As(err, &m) || m.From < 0 || m.To > len(text) || m.From >= m.To):
			t.Errorf("%q: mistake %+v", text, m)
		case err == nil && filter != nil:
			if _, err := model.NewList(filterable(), model.Query{Text: text, Filter: filter}, store.Counts{}, nil, nil); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
		for _, c := range model.Complete(text, func(string) []string { return []string{"joe"} }) {
			if !strings.HasPrefix(c, text[:strings.LastIndexByte(text, ' ')+1]) {
				t.Errorf("%q is completed to %q", text, c)
			}
		}
	})
}

// A choice of none is one that was made.
func TestChooseNone(t *testing.T) {
	f, err := model.ParseSubjectFilter("nobody", now)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Choose([]model.Subject{{Name: "joe"}}); got == nil || len(got) > 0 {
		t.Errorf("%#v", got)
	}
}
