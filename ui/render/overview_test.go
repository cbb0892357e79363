package render_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

func TestOverview(t *testing.T) {
	hours := []store.Hour{hour(0, 8), hour(1, 1), hour(3, 4)}
	tally := &model.Tally{
		Hours:    hours,
		Timeline: model.Hourly(hours),
		Survey:   &model.Survey{Sessions: 8, Gapped: 2, OneSided: 1, First: day.UnixNano(), Last: day.Add(time.Hour).UnixNano()},
		Servers:  []model.Subject{{Name: "10.0.0.9:25", Findings: [5]int64{0, 0, 0, 0, 7}}, {Name: "a\x1b[2J", Findings: [5]int64{1}}},
		Clients:  []model.Subject{{Name: "10.0.0.5", Findings: [5]int64{0, 0, 3}}},
		Accounts: []model.Subject{{Name: "joe"}},
	}
	tally.Counts.Sessions = [5]int64{alerts.Exposed: 4, alerts.Protected: 3, alerts.UnknownVerdict: 1}
	tally.Counts.Cases[alerts.New] = 2
	want := `
8 sessions, 2023-11-14 22:13 to 23:13 UTC
exposed        4  50% █████████████████████████████
weak           0   0%
clear          0   0%
protected      3  38% █████████████████████▊
unknown        1  12% ███████▎

Findings by hour (UTC), the highest 8
██████████▁▁▁▁▁▁▁▁▁▁          ▄▄▄▄▄▄▄▄▄▄
2023-11-14 22:00        2023-11-15 01:59

Cases     2 new, 0 acknowledged, 0 resolved, 0 accepted-risk, 0 false-positive
Not seen  sessions 1 in one direction only, 2 with lost bytes

Top servers      findings  Top clients      findings  Top accounts     findings
10.0.0.9:25           C 7  10.0.0.5              M 3
a\x1b[2J              I 1
`
	if diff := cmp.Diff(want[1:], text(render.Overview(tally, nil, 80, 20))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := text(render.Overview(nil, nil, 80, 20)); !strings.Contains(got, "counting") {
		t.Errorf("before it was counted: %q", got)
	}
	empty := text(render.Overview(&model.Tally{}, nil, 80, 20))
	if !strings.Contains(empty, "no session yet") || !strings.Contains(empty, "no findings") {
		t.Errorf("of nothing:\n%s", empty)
	}
}

// hour is the n-th hour of the day, with so many findings.
func hour(n int, findings int64) store.Hour {
	return store.Hour{Begin: day.Truncate(time.Hour).Add(time.Duration(n) * time.Hour).UnixNano(), Findings: [5]int64{alerts.High: findings}}
}

// Hours that do not fit share columns, and clocks may say anything.
func TestTimeline(t *testing.T) {
	const last = 1<<63 - 1 - (1<<63-1)%int64(time.Hour)
	tests := []struct {
		name  string
		hours []store.Hour
		want  string
	}{
		{"one", []store.Hour{hour(0, 3)}, "Findings by hour (UTC), the highest 3\n" + strings.Repeat("█", 40) + "\n2023-11-14 22:00\n"},
		{"many", []store.Hour{hour(0, 1), hour(1, 3), hour(80, 8), hour(159, 2)},
			"Findings by 2 hours (UTC), the highest 8\n▄" + strings.Repeat(" ", 39) + "█" + strings.Repeat(" ", 38) + "▂\n2023-11-14 22:00"},
		{"all-times", []store.Hour{{Begin: -last, Findings: [5]int64{1}}, {Findings: [5]int64{1}}, {Begin: last, Findings: [5]int64{1}}}, "the highest 1\n█"},
		{"no-findings", []store.Hour{hour(0, 0), hour(9, 0)}, "no findings\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := text(render.Overview(&model.Tally{Hours: tt.hours, Timeline: model.Hourly(tt.hours)}, nil, 80, 20)); !strings.Contains(got, tt.want) {
				t.Errorf("no\n%sin\n%s", tt.want, got)
			}
		})
	}
}

// No line of the overview is wider than its screen.
func TestOverviewFits(t *testing.T) {
	tally := &model.Tally{Partial: true, Survey: &model.Survey{Sessions: 1, Cut: true, Midstream: 1e9, OneSided: 1e9, Gapped: 1e9, Evicted: 1e9, Truncated: 1e9}}
	tally.Counts.Sessions[alerts.Exposed] = 1e12
	tally.Hours = []store.Hour{{Findings: [5]int64{1e15}}, {Begin: 1 << 62, Findings: [5]int64{1}}}
	tally.Timeline = model.Hourly(tally.Hours)
	for _, s := range hostile {
		tally.Servers = append(tally.Servers, model.Subject{Name: s, Findings: [5]int64{1e12}})
	}
	tally.Accounts, tally.Clients = tally.Servers, tally.Servers
	for width := 40; width < 300; width += 7 {
		for _, line := range render.Overview(tally, nil, width, 50) {
			one := strings.TrimSuffix(text([]render.Line{line}), "\n")
			checkHarmless(t, one)
			if render.Width(one) > width {
				t.Errorf("%d columns: %q", width, one)
			}
		}
	}
}

func TestSession(t *testing.T) {
	f := &dissect.Facts{
		Protocol: dissect.IMAP, Transport: dissect.STARTTLS, Client: netip.MustParseAddrPort("10.0.0.5:40000"), Server: netip.MustParseAddrPort("10.0.0.9:143"),
		Start: day.UnixNano(), End: day.Add(3 * time.Second).UnixNano(), Packets: 9, Bytes: [2]uint64{100, 200}, Flags: dissect.Gap,
		Banner: "Dovecot \x1bready", STARTTLS: dissect.StartTLSFacts{Offered: dissect.Yes, Requested: true, Accepted: dissect.Yes},
		TLS: &dissect.TLSFacts{
			Version: "TLS 1.0", Cipher: "TLS_RSA_WITH_RC4_128_SHA", SNI: "mail.example", DHBits: 512, Alert: "close_notify", AlertSide: dissect.Server,
			Certificate: &dissect.Certificate{Subject: "CN=mail.example", Issuer: "CN=CA", Key: "RSA 1024", Signature: "SHA1-RSA", Names: []string{"mail.example"}},
		},
	}
	page := &model.Transcript{
		Session:  alerts.Session{Facts: f, Verdict: alerts.Weak},
		Findings: []alerts.Finding{{Rule: "tls-old-version", Severity: alerts.Medium, Why: "TLS 1.0"}},
		Lines:    []model.Line{{Side: dissect.Server, Time: f.Start, File: "a.pcap", Packet: 4, Text: "* OK Dovecot", Proof: true}},
	}
	want := `
weak                                                s_000000000000000000000000
IMAP from 10.0.0.5:40000 to 10.0.0.9:143.

2023-11-14 22:13:20 UTC, for 3.0 s; 9 packets, 100 bytes from the client, 200
from the server.
Not all of it was seen: gap.

What is known of the session
  STARTTLS    offered, asked for, agreed to
  TLS         TLS 1.0, TLS_RSA_WITH_RC4_128_SHA, DH of 512 bits, for
              mail.example, ended by the server with close_notify, not
              established
  certificate CN=mail.example, by CN=CA, 1970-01-01 to 1970-01-01, RSA 1024,
              SHA1-RSA; names mail.example
  banner      Dovecot \x1bready

Findings
  medium    tls-old-version: TLS 1.0

What was said (> marks evidence, >> what settled a finding; times are UTC)
>      S * OK Dovecot                          a.pcap:4           22:13:20.000
`
	if diff := cmp.Diff(want[1:], text(render.Session(page, 78))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A clock that goes from one end to the other leaves a duration.
func TestLongestSession(t *testing.T) {
	facts := &dissect.Facts{Start: math.MinInt64, End: math.MaxInt64}
	if got := text(render.Session(&model.Transcript{Session: alerts.Session{Facts: facts}}, 80)); !strings.Contains(got, "1677-09-21 00:12:43 UTC, for 106752 days;") {
		t.Error(got)
	}
}

// Settings are those of the server's own program, where its banner names it.
func TestSettingsOfSoftware(t *testing.T) {
	for banner, want := range map[string]string{"ESMTP Postfix": "Settings of the server, Postfix by", "ESMTP": "Settings of the server\n", "Dovecot ready": "Settings of the server, Dovecot by"} {
		d := detailOf("base64-password", &dissect.Facts{Banner: banner}, func(*alerts.Finding) {})
		got := text(render.Detail(d, 100))
		if !strings.Contains(got, want) || strings.Contains(got, "Exchange") != (banner == "ESMTP") {
			t.Errorf("%s: no %q, or settings of others:\n%s", banner, want, got)
		}
	}
}

func TestRulePage(t *testing.T) {
	got := text(render.Rule(&model.Subject{Name: "base64-password", About: "a title", Findings: [5]int64{0, 0, 0, 0, 3}, Last: day.UnixNano()}, 80))
	for _, want := range []string{"base64-password\na title\n", "3 findings, the last 2023-11-14 22:13:20 UTC.", "Why it matters", "Who can exploit it\n  Whoever can read", "What to do", "Settings of the server", "Settings of mail programs", "Thunderbird", "RFC 4616"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := text(render.Rule(&model.Subject{Name: "of-tomorrow"}, 80)); !strings.Contains(got, "does not have the rule") {
		t.Errorf("a rule that is not there:\n%s", got)
	}
}
