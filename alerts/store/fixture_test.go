package store_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

const (
	firstDay = int64(1_700_000_000_000_000_000)
	second   = int64(1_000_000_000)
)

// login makes the i-th of many short SMTP log-ins, one every 100 ms: 2000
// clients with an account each, 20 servers, three findings.
func login(i int) alerts.Result {
	at := firstDay + int64(i)*second/10
	client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i % 2000 / 250), byte(i % 250)}), uint16(1024+i%60000))
	server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 20)}), 25)
	account := fmt.Sprintf("user%d@example.org", i%2000)
	packet := uint64(i * 20)
	quote := func(side dissect.Side, n uint64, text string) dissect.Quote {
		return dissect.Quote{Side: side, Stamp: dissect.Stamp{Time: at + int64(n)*20e6, Packet: packet + n}, Text: text}
	}
	f := &dissect.Facts{
		Protocol: dissect.SMTP, Client: client, Server: server, Start: at, End: at + second, Files: []string{"monday.pcap"},
		Packets: 20, Bytes: [2]uint64{300, 500}, Banner: "mx1.example.org ESMTP Postfix", Hello: "pc7.example.org", HasHello: true,
		Offer: dissect.Offer{Complete: true, Mechanisms: []string{"PLAIN", "LOGIN"}, Quote: quote(dissect.Server, 6, "250-AUTH PLAIN LOGIN")},
		Auth: []*dissect.Attempt{{
			Mechanism: "LOGIN", Account: account, HasAccount: true, Outcome: dissect.Accepted,
			Fingerprint: fmt.Sprintf("%06x", i%2000), SecretSize: 12,
			Quotes: []dissect.Quote{quote(dissect.Client, 8, "AUTH LOGIN"), quote(dissect.Client, 10, account), quote(dissect.Client, 12, "••••••••")},
		}},
	}
	f.STARTTLS.Offered = dissect.No
	r := alerts.Result{Session: alerts.Session{ID: alerts.NewSessionID(f), Facts: f, Verdict: alerts.Exposed}}
	line := func(n uint64, text string) alerts.Evidence {
		return alerts.Evidence{Session: r.Session.ID, File: "monday.pcap", Packet: packet + n, Time: at + int64(n)*20e6, Text: text}
	}
	find(&r, "base64-password", alerts.Critical, alerts.BlameAccount, account, "password encoded, not encrypted", "SMTP with AUTH LOGIN",
		line(8, "AUTH LOGIN"), line(12, "••••••••"))
	find(&r, "auth-offered-in-clear", alerts.Medium, alerts.BlameServer, "", "log-in offered without TLS", "AUTH PLAIN LOGIN before TLS",
		line(6, "250-AUTH PLAIN LOGIN"))
	find(&r, "starttls-not-offered", alerts.High, alerts.BlameServer, "", "server offers no encryption", "whole list without STARTTLS",
		line(6, "250-AUTH PLAIN LOGIN"))
	return r
}

// find adds a finding to r as a rule would.
func find(r *alerts.Result, rule string, severity alerts.Severity, blame alerts.Blame, account, title, why string, evidence ...alerts.Evidence) {
	f := r.Session.Facts
	r.Findings = append(r.Findings, alerts.Finding{
		ID: alerts.NewFindingID(r.Session.ID, rule, account), Rule: rule, Severity: severity, Blame: blame,
		Case:    alerts.NewCaseID(rule, blame, f.Client, f.Server, account),
		Session: r.Session.ID, Time: evidence[0].Time, Protocol: f.Protocol, Client: f.Client, Server: f.Server,
		Account: account, HasAccount: account != "", Title: title, Why: why,
		Detail: []dissect.Pair{{Key: "mechanism", Value: "LOGIN"}}, Evidence: evidence,
	})
}

func open(t testing.TB, path string, options store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(path, options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// filled makes a database of results and returns its path.
func filled(t testing.TB, results ...alerts.Result) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mailtap.db")
	add(t, path, results...)
	return path
}

func add(t testing.TB, path string, results ...alerts.Result) {
	t.Helper()
	s := open(t, path, store.Options{})
	for _, r := range results {
		s.Add(r)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func logins(n int) []alerts.Result {
	var list []alerts.Result
	for i := range n {
		list = append(list, login(i))
	}
	return list
}
