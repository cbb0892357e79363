package judge_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/dissect"
)

// submission is a session that offered STARTTLS, and in which joe logged in and
// sent a message without it.
func submission() *dissect.Facts {
	line := func(side dissect.Side, packet uint64, text string) dissect.Quote {
		return dissect.Quote{Side: side, Stamp: dissect.Stamp{Time: int64(packet) * 1e9, Packet: packet}, Text: text}
	}
	secret := line(dissect.Client, 8, "AGpvZQBzZXNhbWU=")
	secret.Hide = dissect.Span{From: 0, To: len(secret.Text)}
	list := line(dissect.Server, 4, "250-AUTH PLAIN")
	return &dissect.Facts{
		Protocol: dissect.SMTP,
		Client:   netip.MustParseAddrPort("10.0.0.5:40122"),
		Server:   netip.MustParseAddrPort("10.0.0.9:587"),
		Start:    1e9,
		End:      99e9,
		Files:    []string{"a.pcap", "b.pcap"},
		Banner:   "mx1.example ESMTP",
		Offer:    dissect.Offer{Complete: true, STARTTLS: true, Mechanisms: []string{"PLAIN"}, Quote: list},
		STARTTLS: dissect.StartTLSFacts{Offered: dissect.Yes, Quotes: []dissect.Quote{line(dissect.Server, 4, "250 STARTTLS")}},
		Auth: []*dissect.Attempt{{
			Mechanism: "PLAIN", Account: "joe", HasAccount: true, Outcome: dissect.Accepted,
			Secret: dissect.NewSecret([]byte("sesame")),
			Quotes: []dissect.Quote{line(dissect.Client, 6, "AUTH PLAIN"), secret},
		}},
		Messages: []*dissect.Message{{Quotes: []dissect.Quote{line(dissect.Client, 10, "MAIL FROM:<a@x.example>")}}},
	}
}

func TestSession(t *testing.T) {
	f := submission()
	f.Auth[0].Quotes[0].Stamp.File = 1
	got := judge.Session(f)
	id := alerts.NewSessionID(f)
	if got.Session.ID != id || got.Session.Facts != f || got.Session.Verdict != alerts.Exposed {
		t.Errorf("session %v, verdict %v", got.Session.ID, got.Session.Verdict)
	}
	var order []string
	for _, one := range got.Findings {
		order = append(order, one.Severity.String()+" "+one.Rule)
	}
	want := []string{"critical base64-password", "high starttls-not-used", "high message-in-clear", "medium auth-offered-in-clear"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	first := alerts.Finding{
		ID: alerts.NewFindingID(id, "base64-password", "joe"), Rule: "base64-password", Severity: alerts.Critical,
		Blame: alerts.BlameClient, Case: alerts.NewCaseID("base64-password", alerts.BlameClient, f.Client, f.Server, "joe"),
		Session: id, Time: 8e9, Protocol: dissect.SMTP, Client: f.Client, Server: f.Server, Account: "joe", HasAccount: true,
		Title: "password sent in BASE64, which is not encryption", Why: "SMTP with PLAIN, accepted",
		Detail: []dissect.Pair{{Key: "mechanism", Value: "PLAIN"}},
		Evidence: []alerts.Evidence{
			{Session: id, File: "b.pcap", Packet: 6, Time: 6e9, Text: "AUTH PLAIN"},
			{Session: id, File: "a.pcap", Packet: 8, Time: 8e9, Text: "AGpvZQBzZXNhbWU="},
		},
	}
	if diff := cmp.Diff(first, got.Findings[0], cmp.Comparer(same)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func same(a, b netip.AddrPort) bool { return a == b }

// Judging what was stored gives what judging the session itself gave.
func TestRedactedIsTheSame(t *testing.T) {
	f := submission()
	shown := judge.Session(alerts.Clone(f))
	alerts.NewRedactor(alerts.RandomKey()).Redact(f)
	stored := judge.Session(f)
	if got := stored.Findings[0].Evidence[1].Text; got != alerts.Mask {
		t.Errorf("evidence of redacted Facts shows %q", got)
	}
	for _, r := range []alerts.Result{shown, stored} {
		for i := range r.Findings {
			for j := range r.Findings[i].Evidence {
				r.Findings[i].Evidence[j].Text = ""
			}
		}
	}
	if diff := cmp.Diff(shown.Findings, stored.Findings, cmp.Comparer(same)); diff != "" {
		t.Errorf("(-shown +stored):\n%s", diff)
	}
	if shown.Session.Verdict != stored.Session.Verdict || shown.Session.ID != stored.Session.ID {
		t.Errorf("shown %+v, stored %+v", shown.Session, stored.Session)
	}
}

// Findings of one session differ in their ids, or the store would lose one.
func TestFindingIDs(t *testing.T) {
	f := submission()
	none := *f.Auth[0]
	none.Account, none.HasAccount = "", false
	empty := none
	empty.HasAccount = true
	amy := *f.Auth[0]
	amy.Account = "amy"
	f.Auth = append(f.Auth, &none, &empty, &amy)
	ids := map[alerts.FindingID]bool{}
	result := judge.Session(f)
	for _, one := range result.Findings {
		if ids[one.ID] {
			t.Errorf("%s twice, with account %q", one.ID, one.Account)
		}
		ids[one.ID] = true
	}
	if len(ids) != 6 {
		t.Errorf("%d findings, want 6", len(ids))
	}
}

// TestFindingsStand: what is made of one session does not lie in the memory that
// serves the next one.
func TestFindingsStand(t *testing.T) {
	var first alerts.Result
	j := judge.New(func(r alerts.Result) {
		if first.Session.Facts == nil {
			first = r
		}
	})
	j.Session(submission())
	for i := range 3 {
		f := submission()
		f.Auth[0].Mechanism, f.Auth[0].Account = "LOGIN", "amy"
		f.Auth[0].Quotes[0].Text = "AUTH LOGIN"
		f.Offer.Mechanisms = []string{"LOGIN", "XOAUTH2"}
		f.Messages = append(f.Messages, f.Messages[0])
		f.Server = netip.AddrPortFrom(f.Server.Addr(), uint16(25+i))
		j.Session(f)
		judge.Session(f)
	}
	var told []string
	for _, one := range first.Findings {
		told = append(told, fmt.Sprint(one.Why, one.Detail, len(one.Evidence), one.Evidence[0].Text))
	}
	want := []string{
		"SMTP with PLAIN, accepted[{mechanism PLAIN}] 2AUTH PLAIN",
		"SMTP offered STARTTLS, and the client went on without[] 3250 STARTTLS",
		"1 readable by SMTP[{messages 1} {protected 0}] 1MAIL FROM:<a@x.example>",
		"SMTP before TLS lists PLAIN[{mechanisms PLAIN}] 1250-AUTH PLAIN",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEvidenceWithoutQuote(t *testing.T) {
	f := &dissect.Facts{Protocol: dissect.IMAP, Server: netip.MustParseAddrPort("10.0.0.9:993"), End: 7, Banner: "ready"}
	got := judge.Session(f).Findings
	if len(got) != 1 || got[0].Rule != "clear-on-tls-port" || got[0].Time != 7 || len(got[0].Evidence) != 0 {
		t.Errorf("findings %+v", got)
	}
}

func BenchmarkSession(b *testing.B) {
	f := submission()
	b.ReportAllocs()
	for b.Loop() {
		judge.Session(f)
	}
}

// Findings name the client behind a proxy, whatever else they have to say.
func TestRealClient(t *testing.T) {
	f := submission()
	f.Signs = &dissect.Signs{RealClient: "192.0.2.7:51812"}
	for _, one := range judge.Session(f).Findings {
		if n := len(one.Detail); n == 0 || one.Detail[n-1] != (dissect.Pair{Key: "real_client", Value: "192.0.2.7:51812"}) {
			t.Errorf("%s: %v", one.Rule, one.Detail)
		}
		if !strings.HasSuffix(one.Why, "; the proxy speaks for 192.0.2.7:51812") {
			t.Errorf("%s: %q", one.Rule, one.Why)
		}
	}
}
