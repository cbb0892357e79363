package export_test

import (
	"flag"
	"net/netip"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares output with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// hostile is a name that means to act: an escape sequence, a C1 control, a
// reversed direction, a line break, a tview tag, HTML, and no UTF-8.
const hostile = "a\x1b[2J\u009b31m\u202etxt.exe\r\n[red]<b>&\u2028\xff\U000e0041"

// start is 2026-01-02 03:04:05 UTC.
const start = 1767323045_000000000

func ends(f *dissect.Facts, client, server string) *dissect.Facts {
	f.Client, f.Server = netip.MustParseAddrPort(client), netip.MustParseAddrPort(server)
	f.Start, f.End = start, start+1_500_000_001
	return f
}

// readable is the session of an insecure login, with a message.
func readable() *alerts.Session {
	f := ends(&dissect.Facts{
		Protocol: dissect.SMTP, VLAN: []uint16{12}, Files: []string{"a.pcap"}, Packets: 42, Bytes: [2]uint64{913, 1204},
		Banner: "mx1.example ESMTP", Hello: "pc7", HasHello: true, Flags: dissect.Midstream,
		STARTTLS: dissect.StartTLSFacts{Offered: dissect.Yes},
		Auth: []*dissect.Attempt{
			{
				Mechanism: "LOGIN", Account: "joe", HasAccount: true, Outcome: dissect.Accepted,
				Secret: dissect.NewSecret([]byte("se=same<")),
				Quotes: []dissect.Quote{{Stamp: dissect.Stamp{Packet: 17}}, {Stamp: dissect.Stamp{Packet: 19}}},
			},
			{Mechanism: "NTLM", Account: "", HasAccount: true, Secret: dissect.NewSecret([]byte("response")), Outcome: dissect.Rejected},
			{Mechanism: "PLAIN", Outcome: dissect.Cancelled},
		},
		Messages: []*dissect.Message{
			{From: "a@x.example", HasFrom: true, To: []string{"b@y.example"}, Subject: "Q3 <forecast>", HasSubject: true, Size: 1834},
			{From: "", HasFrom: true, Protection: dissect.PGP},
			{},
		},
	}, "10.0.0.5:40122", "10.0.0.9:25")
	return &alerts.Session{ID: alerts.NewSessionID(f), Facts: f, Verdict: alerts.Exposed}
}

// protected is a session in TLS over a tunnel, with IPv6.
func protected() *alerts.Session {
	f := ends(&dissect.Facts{
		Protocol: dissect.IMAP, Transport: dissect.TLS, Tunnel: []string{"gre", "vxlan"}, Files: []string{"a.pcap", "b.pcap"},
		TLS: &dissect.TLSFacts{
			Version: "TLS 1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", SNI: "mail.example", JA4: "t12d", Established: true,
			Certificate: &dissect.Certificate{
				Subject: "CN=mail.example", Issuer: "CN=CA", Names: []string{"mail.example"}, NotBefore: start / 1e9, NotAfter: start/1e9 + 86400,
				Key: "RSA 2048", Signature: "SHA256-RSA", SHA256: "00ff",
			},
		},
	}, "[2001:db8::5]:40122", "[2001:db8::9]:993")
	return &alerts.Session{ID: alerts.NewSessionID(f), Facts: f, Verdict: alerts.Protected}
}

// dark is a session of which hardly anything is known.
func dark() *alerts.Session {
	f := ends(&dissect.Facts{
		Transport: dissect.STARTTLS, Flags: dissect.OneSided | dissect.Gap,
		STARTTLS: dissect.StartTLSFacts{Offered: dissect.No, Requested: true, Accepted: dissect.Yes},
		TLS:      &dissect.TLSFacts{Certificate: &dissect.Certificate{}},
	}, "10.0.0.5:1", "10.0.0.9:2")
	return &alerts.Session{ID: alerts.NewSessionID(f), Facts: f}
}

// evil is a session whose peers chose hostile words wherever they could.
func evil() *alerts.Session {
	f := ends(&dissect.Facts{
		Protocol: dissect.POP3, Banner: hostile, Hello: hostile, HasHello: true,
		Auth:     []*dissect.Attempt{{Mechanism: "X" + hostile, Account: "=" + hostile, HasAccount: true}},
		Messages: []*dissect.Message{{From: hostile, HasFrom: true, To: []string{hostile}, Subject: hostile, HasSubject: true}},
		TLS:      &dissect.TLSFacts{SNI: hostile},
	}, "10.0.0.5:1", "10.0.0.9:2")
	return &alerts.Session{ID: alerts.NewSessionID(f), Facts: f}
}

func finding() *alerts.Finding {
	s := readable()
	return &alerts.Finding{
		ID: alerts.NewFindingID(s.ID, "base64-password", "joe"), Rule: "base64-password", Severity: alerts.Critical,
		Blame: alerts.BlameClient, Session: s.ID, Time: start + 1, Protocol: dissect.SMTP,
		Client: s.Facts.Client, Server: s.Facts.Server, Account: "joe", HasAccount: true,
		Title: "password sent in BASE64", Why: "SMTP with LOGIN", Detail: []dissect.Pair{{Key: "mechanism", Value: "LOGIN"}},
		Evidence: []alerts.Evidence{
			{Session: s.ID, File: "a.pcap", Packet: 17, Time: start, Text: "AUTH LOGIN am9l"},
			{Session: s.ID, File: "a.pcap", Packet: 19, Time: start + 1, Text: alerts.Mask},
		},
	}
}

// findings are a usual one, one without account or evidence, and a hostile one.
func findings() []*alerts.Finding {
	bare := &alerts.Finding{Rule: "imap-preauth", Severity: alerts.High, Protocol: dissect.IMAP, Time: start, Title: "title", Why: "why"}
	worst := finding()
	worst.Severity, worst.Account, worst.Title = alerts.Medium, "=cmd|' /C calc'!A0"+hostile, "t"
	worst.Client = netip.MustParseAddrPort("[2001:db8::5]:40122")
	worst.Detail = []dissect.Pair{{Key: "z", Value: hostile}, {Key: "a", Value: "<"}}
	worst.Evidence = []alerts.Evidence{{Session: worst.Session, Time: start, From: dissect.Server, Text: "\t=1+1 " + hostile}}
	return []*alerts.Finding{finding(), bare, worst}
}
