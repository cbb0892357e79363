package store_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// shape changes a session that visit has made.
type shape func(*alerts.Result)

// visit makes the i-th session, of a client "10.1.0.n" at a server, without
// findings.
func visit(i int, client, server string, v alerts.Verdict, shapes ...shape) alerts.Result {
	at := firstDay + int64(i)*second
	f := &dissect.Facts{
		Protocol: dissect.IMAP, Start: at, End: at + second, Files: []string{"a.pcap"}, Packets: 9,
		Client: netip.AddrPortFrom(netip.MustParseAddr(client), uint16(1024+i)), Server: netip.MustParseAddrPort(server),
	}
	r := alerts.Result{Session: alerts.Session{ID: alerts.NewSessionID(f), Facts: f, Verdict: v}}
	for _, s := range shapes {
		s(&r)
	}
	return r
}

// leaks is a readable log-in of an account.
func leaks(account, mechanism string) shape {
	return func(r *alerts.Result) {
		f := r.Session.Facts
		f.Auth = append(f.Auth, &dissect.Attempt{Mechanism: mechanism, Account: account, HasAccount: true})
		find(r, "cleartext-password", alerts.Critical, alerts.BlameClient, account, "password sent without TLS", "with "+mechanism,
			alerts.Evidence{Session: r.Session.ID, Time: f.Start})
	}
}

func lists(starttls bool) shape {
	return func(r *alerts.Result) {
		f := r.Session.Facts
		f.Banner = fmt.Sprintf("server of %d ready", (f.Start-firstDay)/second)
		f.STARTTLS.Offered = dissect.No
		if starttls {
			f.STARTTLS.Offered = dissect.Yes
			return
		}
		find(r, "starttls-not-offered", alerts.High, alerts.BlameServer, "", "server does not offer TLS", "whole list",
			alerts.Evidence{Session: r.Session.ID, Time: f.Start})
	}
}

func says(hello string, id ...dissect.Pair) shape {
	return func(r *alerts.Result) {
		f := r.Session.Facts
		f.Hello, f.HasHello = hello, true
		f.Signs = &dissect.Signs{ClientID: id}
	}
}

func inTLS(r *alerts.Result) {
	r.Session.Facts.Transport, r.Session.Facts.TLS = dissect.TLS, &dissect.TLSFacts{Established: true}
}

// office is a few clients: one that logs in readable, one that learned TLS, one
// that is always in TLS, and one behind which two accounts stand.
func office() []alerts.Result {
	const plain, secure = "10.0.0.9:143", "10.0.0.9:993"
	return []alerts.Result{
		visit(0, "10.1.0.1", plain, alerts.Exposed, lists(true), leaks("joe", "LOGIN-CMD"), says("", dissect.Pair{Key: "name", Value: "Mutt"}, dissect.Pair{Key: "version", Value: "2"})),
		visit(1, "10.1.0.1", plain, alerts.Exposed, lists(true), leaks("joe", "PLAIN"), says("pc1")),
		visit(2, "10.1.0.2", plain, alerts.Exposed, lists(false), leaks("ann", "LOGIN-CMD")),
		visit(3, "10.1.0.2", secure, alerts.Protected, inTLS),
		visit(4, "10.1.0.2", secure, alerts.Protected, inTLS),
		visit(5, "10.1.0.3", secure, alerts.Protected, inTLS),
		visit(6, "10.1.0.4", "10.0.0.8:110", alerts.Exposed, leaks("joe", "USER"), leaks("tim", "USER")),
		visit(7, "10.1.0.4", "10.0.0.8:995", alerts.Protected, inTLS),
		visit(8, "10.1.0.5", "10.0.0.8:110", alerts.UnknownVerdict),
	}
}

func counts(exposed, protected, unknown int64) (n [alerts.Exposed + 1]int64) {
	n[alerts.Exposed], n[alerts.Protected], n[alerts.UnknownVerdict] = exposed, protected, unknown
	return n
}

func found(critical, high int64) (n [alerts.Critical + 1]int64) {
	n[alerts.Critical], n[alerts.High] = critical, high
	return n
}

func names(list ...string) alerts.Names { return alerts.Names{List: list} }

func at(i int) int64 { return firstDay + int64(i)*second }

func TestParties(t *testing.T) {
	r := reader(t, filled(t, office()...))
	const nine143, nine993, eight110, eight995 = "10.0.0.9:143", "10.0.0.9:993", "10.0.0.8:110", "10.0.0.8:995"
	for _, tt := range []struct {
		name string
		list func(store.Filter, int) (store.Parties, error)
		want []alerts.Party
	}{
		{"accounts", r.Accounts, []alerts.Party{
			{Name: "joe", Sessions: counts(3, 0, 0), Findings: found(3, 0), ExposedLogins: 3, First: at(0), Last: at(6), OpenCases: 2, KnowsProtected: true,
				Servers: names(eight110, nine143), Clients: names("10.1.0.1", "10.1.0.4"), Mechanisms: []string{"LOGIN-CMD", "PLAIN", "USER"}},
			{Name: "tim", Sessions: counts(1, 0, 0), Findings: found(1, 0), ExposedLogins: 1, First: at(6), Last: at(6), OpenCases: 1,
				Servers: names(eight110), Clients: names("10.1.0.4"), Mechanisms: []string{"USER"}},
			{Name: "ann", Sessions: counts(1, 0, 0), Findings: found(1, 0), ExposedLogins: 1, First: at(2), Last: at(2), OpenCases: 1, KnowsProtected: true,
				ProtectedLogins: 2, Servers: names(nine143), Clients: names("10.1.0.2"), Mechanisms: []string{"LOGIN-CMD"}},
		}},
		{"clients", r.Clients, []alerts.Party{
			{Name: "10.1.0.1", Sessions: counts(2, 0, 0), Findings: found(2, 0), First: at(0), Last: at(1), OpenCases: 1,
				Servers: names(nine143), Accounts: names("joe"), Names: []string{"Mutt 2", "pc1"}, UsedTLS: dissect.No, Ignored: true},
			{Name: "10.1.0.4", Sessions: counts(1, 1, 0), Findings: found(2, 0), First: at(6), Last: at(7), OpenCases: 1,
				Servers: names(eight110, eight995), Accounts: names("joe", "tim"), UsedTLS: dissect.Yes},
			{Name: "10.1.0.2", Sessions: counts(1, 2, 0), Findings: found(1, 1), First: at(2), Last: at(4), OpenCases: 1,
				Servers: names(nine143, nine993), Accounts: names("ann"), UsedTLS: dissect.Yes},
			{Name: "10.1.0.5", Sessions: counts(0, 0, 1), First: at(8), Last: at(8), Servers: names(eight110), UsedTLS: dissect.No},
			{Name: "10.1.0.3", Sessions: counts(0, 1, 0), First: at(5), Last: at(5), Servers: names(nine993), UsedTLS: dissect.Yes},
		}},
		{"servers", r.Servers, []alerts.Party{
			{Name: nine143, Sessions: counts(3, 0, 0), Findings: found(3, 1), First: at(0), Last: at(2), OpenCases: 3,
				Clients: names("10.1.0.1", "10.1.0.2"), Accounts: names("ann", "joe"), Offers: dissect.No, Software: "server of 2 ready"},
			{Name: eight110, Sessions: counts(1, 0, 1), Findings: found(2, 0), First: at(6), Last: at(8), OpenCases: 1,
				Clients: names("10.1.0.4", "10.1.0.5"), Accounts: names("joe", "tim")},
			{Name: eight995, Sessions: counts(0, 1, 0), First: at(7), Last: at(7), Clients: names("10.1.0.4")},
			{Name: nine993, Sessions: counts(0, 3, 0), First: at(3), Last: at(5), Clients: names("10.1.0.2", "10.1.0.3")},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.list(store.Filter{}, 0)
			if err != nil || got.More != 0 || got.Forgotten != 0 {
				t.Errorf("error %v, %d more, %d forgotten", err, got.More, got.Forgotten)
			}
			if diff := cmp.Diff(tt.want, got.List); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			first, err := tt.list(store.Filter{}, 1)
			if err != nil || first.More != len(tt.want)-1 {
				t.Errorf("one: error %v, %d more", err, first.More)
			}
			if diff := cmp.Diff(tt.want[:1], first.List); diff != "" {
				t.Errorf("one (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPartiesFilter: a party counts by the sessions that fit, and by those with
// a finding that fits.
func TestPartiesFilter(t *testing.T) {
	path := filled(t, office()...)
	triage, err := store.OpenTriage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer triage.Close()
	r := reader(t, path)
	closed := office()[6].Findings[0].Case
	status := alerts.FalsePositive
	if err := triage.Set([]alerts.CaseID{closed}, store.Decision{Status: &status, At: at(9), Who: "ann"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		list   func(store.Filter, int) (store.Parties, error)
		filter store.Filter
		want   []string // name, sessions, findings, open cases, protected log-ins
	}{
		{"server", r.Accounts, store.Filter{Server: "=10.0.0.9:143"}, []string{"joe 2 2 1 0", "ann 1 1 1 0"}},
		{"client", r.Servers, store.Filter{Client: "10.1.0.2"}, []string{"10.0.0.9:143 1 2 3 0", "10.0.0.9:993 2 0 0 0"}},
		{"account", r.Accounts, store.Filter{Account: "ann"}, []string{"ann 1 1 1 2"}},
		{"account-of-clients", r.Clients, store.Filter{Account: "tim"}, []string{"10.1.0.4 1 1 0 0"}},
		{"severity", r.Servers, store.Filter{MinSeverity: alerts.Critical, Client: "10.1.0.2"}, []string{"10.0.0.9:143 1 1 3 0"}},
		{"rule", r.Clients, store.Filter{Rule: "starttls-not-offered"}, []string{"10.1.0.2 1 1 1 0"}},
		{"status", r.Accounts, store.Filter{Statuses: []alerts.Status{alerts.FalsePositive}}, []string{"joe 1 1 0 0", "tim 1 1 0 0"}},
		{"verdict", r.Clients, store.Filter{Verdicts: []alerts.Verdict{alerts.UnknownVerdict}}, []string{"10.1.0.5 1 0 0 0"}},
		{"time", r.Accounts, store.Filter{Since: at(1), Until: at(3)}, []string{"ann 1 1 1 0", "joe 1 1 1 0"}},
		{"protocol", r.Servers, store.Filter{Protocol: dissect.POP3}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := tt.list(tt.filter, 0)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range list.List {
				var sessions, findings int64
				for _, n := range p.Sessions {
					sessions += n
				}
				for _, n := range p.Findings {
					findings += n
				}
				got = append(got, fmt.Sprint(p.Name, " ", sessions, " ", findings, " ", p.OpenCases, " ", p.ProtectedLogins))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPartiesBounds: whoever floods the network with addresses hides nobody
// who is worse, and a party that was seen with many names, or in many cases, keeps
// some.
func TestPartiesBounds(t *testing.T) {
	const extra = 1000
	results := []alerts.Result{visit(0, "10.1.0.1", "10.0.0.9:143", alerts.Exposed, leaks("joe", "LOGIN-CMD"))}
	for i := range store.MaxParties + extra {
		client := netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}).String()
		r := visit(i%60_000, client, "10.0.0.9:143", alerts.Clear)
		results = append(results, r)
	}
	for i := range 150 {
		results = append(results, visit(i, "10.1.0.2", fmt.Sprintf("10.0.1.%d:143", i), alerts.Exposed, leaks("ann", "LOGIN-CMD")))
	}
	r := reader(t, filled(t, results...))
	clients, err := r.Clients(store.Filter{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if clients.List[0].Name != "10.1.0.2" || clients.List[1].Name != "10.1.0.1" || len(clients.List) != 10 {
		t.Errorf("%d clients, first %q and %q", len(clients.List), clients.List[0].Name, clients.List[1].Name)
	}
	if clients.Forgotten != store.MaxParties/2 || clients.More+clients.Forgotten+10 != store.MaxParties+extra+2 {
		t.Errorf("%d more, %d forgotten", clients.More, clients.Forgotten)
	}
	servers, err := r.Servers(store.Filter{Server: "=10.0.0.9:143"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := servers.List[0].Clients; len(servers.List) != 1 || len(n.List) != 100 || !n.More {
		t.Errorf("%d servers, the first with %d clients, more: %v", len(servers.List), len(n.List), n.More)
	}
	accounts, err := r.Accounts(store.Filter{Account: "ann"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if a := accounts.List[0]; a.OpenCases != 100 || a.ExposedLogins != 150 {
		t.Errorf("%d open cases, %d exposed log-ins", a.OpenCases, a.ExposedLogins)
	}
}

// BenchmarkParties counts 1,000,000 findings of 5000 accounts and clients.
func BenchmarkParties(b *testing.B) {
	path := filepath.Join(b.TempDir(), "mailtap.db")
	fill(b, path, 333_334, func(i int, r *alerts.Result) { of(r, i%5000) })
	r := reader(b, path)
	for _, bb := range []struct {
		name   string
		list   func(store.Filter, int) (store.Parties, error)
		filter store.Filter
	}{
		{"accounts", r.Accounts, store.Filter{}},
		{"accounts-severity", r.Accounts, store.Filter{MinSeverity: alerts.High}},
		{"clients", r.Clients, store.Filter{}},
		{"servers", r.Servers, store.Filter{}},
		{"servers-protocol", r.Servers, store.Filter{Protocol: dissect.IMAP}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				if _, err := bb.list(bb.filter, 100); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu(b)-before)*1e3/float64(b.N), "cpu-ms/op")
		})
	}
}

// of gives a log-in to the n-th client and account.
func of(r *alerts.Result, n int) {
	facts := r.Session.Facts
	facts.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 16, byte(n >> 8), byte(n)}), facts.Client.Port())
	r.Session.ID = alerts.NewSessionID(facts)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Client, f.Session = facts.Client, r.Session.ID
		if f.HasAccount {
			f.Account = fmt.Sprintf("user%d@example.org", n)
		}
		f.Case = alerts.NewCaseID(f.Rule, f.Blame, f.Client, f.Server, f.Account)
		f.ID = alerts.NewFindingID(f.Session, f.Rule, f.Account)
		for k := range f.Evidence {
			f.Evidence[k].Session = f.Session
		}
	}
}
