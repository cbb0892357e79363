package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// mixed is a handful of different sessions: log-ins 0 to 9, of which 3 is an
// IMAP one on another server and 4 is protected and without findings.
func mixed() []alerts.Result {
	list := logins(10)
	imap := list[3].Session.Facts
	imap.Protocol = dissect.IMAP
	list[3].Findings = nil
	find(&list[3], "cleartext-password", alerts.Critical, alerts.BlameAccount, "Joe_%@example.org", "password sent without TLS",
		"IMAP with LOGIN", alerts.Evidence{Session: list[3].Session.ID, Time: imap.Start})
	find(&list[3], "starttls-not-used", alerts.High, alerts.BlameClient, "", "client ignores STARTTLS",
		"offered", alerts.Evidence{Session: list[3].Session.ID, Time: imap.Start + 1})
	list[4].Session.Verdict, list[4].Findings = alerts.Protected, nil
	return list
}

func TestFilterFindings(t *testing.T) {
	r := reader(t, filled(t, mixed()...))
	at := func(i int) int64 { return firstDay + int64(i)*second/10 }
	kase := mixed()[0].Findings[1].Case
	for _, tt := range []struct {
		name   string
		filter store.Filter
		want   []string // session.rule, in order
	}{
		{"newest-first", store.Filter{Limit: 4}, []string{
			"9.base64-password", "9.starttls-not-offered", "9.auth-offered-in-clear", "8.base64-password"}},
		{"offset", store.Filter{Limit: 1, Offset: 3}, []string{"8.base64-password"}},
		{"oldest-first", store.Filter{Limit: 2, OldestFirst: true}, []string{"0.auth-offered-in-clear", "0.starttls-not-offered"}},
		{"severity", store.Filter{MinSeverity: alerts.Critical, Limit: 2, OldestFirst: true}, []string{"0.base64-password", "1.base64-password"}},
		{"rule", store.Filter{Rule: "starttls-not-used"}, []string{"3.starttls-not-used"}},
		{"unknown-rule", store.Filter{Rule: "no-such-rule"}, nil},
		{"case", store.Filter{Case: &kase}, []string{"0.auth-offered-in-clear"}},
		{"protocol", store.Filter{Protocol: dissect.IMAP}, []string{"3.starttls-not-used", "3.cleartext-password"}},
		{"status", store.Filter{Statuses: []alerts.Status{alerts.Resolved, alerts.FalsePositive}}, nil},
		{"server-exactly", store.Filter{Server: "=10.0.0.7:25", Limit: 1}, []string{"7.base64-password"}},
		{"server-is-not-a-part", store.Filter{Server: "=10.0.0.7"}, nil},
		{"server-part", store.Filter{Server: ".0.6:", Limit: 1}, []string{"6.base64-password"}},
		{"client", store.Filter{Client: "=10.1.0.2", Limit: 1}, []string{"2.base64-password"}},
		{"account-in-either-case", store.Filter{Account: "joe_%@EXAMPLE"}, []string{"3.cleartext-password"}},
		{"account-has-no-wildcards", store.Filter{Account: "user_@"}, nil},
		{"since-until", store.Filter{Since: at(6), Until: at(7), MinSeverity: alerts.Critical}, []string{"5.base64-password"}},
		{"all-at-once", store.Filter{Since: at(3), Until: at(4), Protocol: dissect.IMAP, MinSeverity: alerts.High, Rule: "cleartext-password",
			Server: "10.0.0.3", Client: "10.1.0.3", Account: "Joe", Statuses: []alerts.Status{alerts.New}}, []string{"3.cleartext-password"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := r.Findings(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range list {
				got = append(got, fmt.Sprintf("%d.%s", number(f.Session), f.Rule))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// number tells which of the log-ins has that id.
func number(id alerts.SessionID) int {
	return slices.IndexFunc(mixed(), func(r alerts.Result) bool { return r.Session.ID == id })
}

func TestFilterSessions(t *testing.T) {
	r := reader(t, filled(t, mixed()...))
	at := func(i int) int64 { return firstDay + int64(i)*second/10 }
	for _, tt := range []struct {
		name   string
		filter store.Filter
		want   []int
	}{
		{"newest-first", store.Filter{Limit: 3}, []int{9, 8, 7}},
		{"oldest-first", store.Filter{Limit: 3, OldestFirst: true}, []int{0, 1, 2}},
		{"offset", store.Filter{Limit: 2, Offset: 3}, []int{6, 5}},
		{"verdict", store.Filter{Verdicts: []alerts.Verdict{alerts.Protected, alerts.UnknownVerdict}}, []int{4}},
		{"protocol", store.Filter{Protocol: dissect.IMAP}, []int{3}},
		{"server", store.Filter{Server: "=10.0.0.8:25"}, []int{8}},
		{"client", store.Filter{Client: "1.0.9"}, []int{9}},
		{"account", store.Filter{Account: "joe"}, []int{3}},
		{"since-until", store.Filter{Since: at(4), Until: at(6)}, []int{5, 4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := r.Sessions(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, s := range list {
				got = append(got, number(s.ID))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilterCases(t *testing.T) {
	r := reader(t, filled(t, mixed()...))
	for _, tt := range []struct {
		name   string
		filter store.Filter
		want   []string
	}{
		{"worst-and-latest-first", store.Filter{Limit: 2}, []string{"base64-password 10.0.0.9:25", "base64-password 10.0.0.8:25"}},
		{"rule", store.Filter{Rule: "starttls-not-used"}, []string{"starttls-not-used 10.0.0.3:25"}},
		{"server", store.Filter{Server: "0.0.3"}, []string{"cleartext-password 10.0.0.3:25", "starttls-not-used 10.0.0.3:25"}},
		{"client-of-the-key", store.Filter{Client: "10.1"}, []string{"starttls-not-used 10.0.0.3:25"}},
		{"account-of-the-key", store.Filter{Account: "joe"}, []string{"cleartext-password 10.0.0.3:25"}},
		{"severity-and-status", store.Filter{MinSeverity: alerts.High, Server: "10.0.0.0", Statuses: []alerts.Status{alerts.New}},
			[]string{"base64-password 10.0.0.0:25", "starttls-not-offered 10.0.0.0:25"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := r.Cases(tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range list {
				got = append(got, c.Rule+" "+c.Server)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Pages put together are the whole, however they are asked for and in whatever
// order sessions came: in turns, blocks hold sessions of all times.
func TestPages(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const n = 7000
	list := logins(n)
	for i := range list {
		list[i].Findings = list[i].Findings[:0]
		for k := range 3 {
			find(&list[i], "starttls-not-offered", alerts.High, alerts.BlameServer, fmt.Sprint(k), "title", "why",
				alerts.Evidence{Session: list[i].Session.ID, Time: list[i].Session.Facts.Start})
		}
	}
	mixed := make([]alerts.Result, n)
	for i := range list {
		mixed[i*2003%n] = list[i]
	}
	at := func(i int) int64 { return firstDay + int64(i)*second/10 }
	for name, r := range map[string]*store.Reader{"in-order": reader(t, filled(t, list...)), "mixed": reader(t, filled(t, mixed...))} {
		for _, tt := range []struct {
			name   string
			filter store.Filter
			want   int
		}{
			{"newest", store.Filter{}, 3 * n},
			{"oldest", store.Filter{OldestFirst: true}, 3 * n},
			{"rule", store.Filter{Rule: "starttls-not-offered"}, 3 * n},
			{"rule-oldest", store.Filter{Rule: "starttls-not-offered", OldestFirst: true}, 3 * n},
			{"server", store.Filter{Rule: "starttls-not-offered", Server: "=10.0.0.3:25"}, 3 * n / 20},
			{"times", store.Filter{Since: at(500), Until: at(6500)}, 3 * 6000},
			{"times-oldest", store.Filter{Since: at(500), Until: at(6500), OldestFirst: true}, 3 * 6000},
		} {
			t.Run(name+"/"+tt.name, func(t *testing.T) { comparePages(t, r, tt.filter, tt.want) })
		}
	}
}

// comparePages compares pages of findings by their offset with all findings.
func comparePages(t *testing.T, r *store.Reader, f store.Filter, want int) {
	t.Helper()
	var whole []alerts.FindingID
	for found, err := range r.AllFindings(f) {
		if err != nil {
			t.Fatal(err)
		}
		whole = append(whole, found.ID)
	}
	if len(whole) != want {
		t.Errorf("%d findings, want %d", len(whole), want)
	}
	var paged []alerts.FindingID
	for f.Limit = 999; ; f.Offset += f.Limit {
		page, err := r.Findings(f)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, found := range page {
			paged = append(paged, found.ID)
		}
	}
	if diff := cmp.Diff(whole, paged); diff != "" {
		t.Errorf("(-whole +paged):\n%s", diff)
	}
}

// A finding comes with the session that it is stored with.
func TestAllFound(t *testing.T) {
	r := reader(t, filled(t, mixed()...))
	var got, want []string
	for f, err := range r.AllFound(store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%v %v %v", f.ID, f.Rule, f.In.ID))
		if f.In.Facts.Client != f.Client {
			t.Errorf("%v: a session of %v, want %v", f.ID, f.In.Facts.Client, f.Client)
		}
	}
	for f, err := range r.AllFindings(store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%v %v %v", f.ID, f.Rule, f.Session))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
		t.Errorf("%d findings (-want +got):\n%s", len(got), diff)
	}
}

// A page of sessions far back is the same as on the way there.
func TestFarSessions(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const n = 20_000
	list := logins(n)
	for i := range list {
		list[i].Findings = nil
	}
	r := reader(t, filled(t, list...))
	for _, tt := range []struct {
		name   string
		filter store.Filter
		want   int // the first of the page
		length int
	}{
		{"back-half", store.Filter{Offset: 19_000, Limit: 100}, n - 1 - 19_000, 100},
		{"last", store.Filter{Offset: n - 3, Limit: 100}, 2, 3},
		{"behind", store.Filter{Offset: n, Limit: 100}, 0, 0},
		{"far-behind", store.Filter{Offset: 3 * n, OldestFirst: true}, 0, 0},
		{"front-half", store.Filter{Offset: 9_000, Limit: 10, OldestFirst: true}, 9_000, 10},
		{"verdict", store.Filter{Offset: 19_000, Limit: 10, Verdicts: []alerts.Verdict{alerts.Exposed}}, n - 1 - 19_000, 10},
		{"verdict-behind", store.Filter{Offset: n + 1, Verdicts: []alerts.Verdict{alerts.Exposed}, OldestFirst: true}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := r.Sessions(tt.filter)
			if err != nil || len(got) != tt.length {
				t.Fatalf("%d sessions, %v, want %d", len(got), err, tt.length)
			}
			if tt.length > 0 && got[0].ID != list[tt.want].Session.ID {
				t.Errorf("begins at %d, want %d", got[0].Facts.Start, list[tt.want].Session.Facts.Start)
			}
		})
	}
}

// Pages of cases put together are all cases, from the front and from the end.
func TestCasePages(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const n = 12_500
	list := logins(n)
	for i := range list {
		list[i].Findings = nil
		find(&list[i], "starttls-not-offered", alerts.Severity(i%5), alerts.BlameAccount, fmt.Sprint(i/2), "title", "why",
			alerts.Evidence{Session: list[i].Session.ID, Time: firstDay + int64(i%7)})
	}
	r := reader(t, filled(t, list...))
	var whole, paged []alerts.CaseID
	for c, err := range r.AllCases(store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		whole = append(whole, c.ID)
	}
	for offset := 0; ; offset += 999 {
		page, err := r.Cases(store.Filter{Limit: 999, Offset: offset})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			paged = append(paged, c.ID)
		}
	}
	if diff := cmp.Diff(whole, paged); diff != "" {
		t.Errorf("(-whole +paged):\n%s", diff)
	}
	if len(whole) != n {
		t.Errorf("%d cases, want %d", len(whole), n)
	}
}

func TestIDs(t *testing.T) {
	r := reader(t, filled(t, logins(300)...))
	for _, tt := range []struct{ prefix, want string }{
		{"s_", "s_: not the id of a session: it is s_ and up to 24 of 0-9 a-f"},
		{"s_xyz", "s_xyz: not the id of a session: it is s_ and up to 24 of 0-9 a-f"},
		{"s_" + strings.Repeat("0", 25), "s_" + strings.Repeat("0", 25) + ": not the id of a session: it is s_ and up to 24 of 0-9 a-f"},
		{"a", "a: more than one session begins so: give more of it"},
	} {
		_, _, err := r.Session(tt.prefix)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %q", tt.prefix, err, tt.want)
		}
	}
	if _, _, err := r.Session("s_" + strings.Repeat("0", 24)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if _, _, err := r.Case("c_0000000000"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
