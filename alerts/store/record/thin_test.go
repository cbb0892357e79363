package record_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
	"github.com/mailtap/mailtap/dissect"
)

// spoken makes a session with an attempt, a transcript and a finding with two
// lines of evidence: one that is quoted, and one that a rule made.
func spoken() (alerts.Session, []alerts.Finding) {
	line := dissect.Quote{Stamp: dissect.Stamp{Time: 5, Packet: 3}, Text: "AUTH LOGIN am9l", Hide: dissect.Span{From: 11, To: 15}}
	f := &dissect.Facts{
		Protocol: dissect.SMTP, Start: 1, End: 9, Files: []string{"a.pcap"}, Banner: "mx1",
		Auth:       []*dissect.Attempt{{Mechanism: "LOGIN", Account: "joe", HasAccount: true, Quotes: []dissect.Quote{line}}},
		Transcript: []dissect.Quote{line},
	}
	s := alerts.Session{ID: alerts.NewSessionID(f), Facts: f}
	return s, []alerts.Finding{{
		Rule: "base64-password", Session: s.ID, Time: 6,
		Evidence: []alerts.Evidence{
			{Session: s.ID, File: "a.pcap", Packet: 3, Time: 5, Text: line.Text},
			{Session: s.ID, File: "a.pcap", Packet: 4, Time: 6, Text: "ClientHello"},
		},
	}}
}

func TestThin(t *testing.T) {
	s, findings := spoken()
	record.Thin(&s, findings)
	want, wantFindings := spoken()
	want.Facts.Transcript = nil
	want.Facts.Auth[0].Quotes[0].Text, want.Facts.Auth[0].Quotes[0].Hide = record.Thinned, dissect.Span{}
	wantFindings[0].Evidence[0].Text = record.Thinned
	if diff := cmp.Diff(want.Facts.Auth, s.Facts.Auth, same); diff != "" || s.Facts.Transcript != nil {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantFindings, findings, same); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// Where something is a sign of an attack, only the transcript goes.
func TestThinKeepsSigns(t *testing.T) {
	for name, sign := range map[string]func(*dissect.Facts){
		"signs":    func(f *dissect.Facts) { f.Signs = new(dissect.Signs) },
		"injected": func(f *dissect.Facts) { f.Injected = new(dissect.Quote) },
		"preauth":  func(f *dissect.Facts) { f.Preauth = new(dissect.Quote) },
	} {
		s, findings := spoken()
		sign(s.Facts)
		record.Thin(&s, findings)
		want, wantFindings := spoken()
		if diff := cmp.Diff(want.Facts.Auth, s.Facts.Auth, same); diff != "" || s.Facts.Transcript != nil {
			t.Errorf("%s: session (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(wantFindings, findings, same); diff != "" {
			t.Errorf("%s: findings (-want +got):\n%s", name, diff)
		}
	}
}
