package model_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

var caseOne = alerts.CaseID{1}

func quote(side dissect.Side, packet uint64, text string) dissect.Quote {
	return dissect.Quote{Side: side, Text: text, Stamp: dissect.Stamp{Time: int64(packet) * 10, Packet: packet}}
}

func evidence(packet uint64, text string) alerts.Evidence {
	return alerts.Evidence{File: "a.pcap", Packet: packet, Time: int64(packet) * 10, Text: text}
}

func sessionOf(n int) alerts.Session {
	return alerts.Session{ID: alerts.SessionID{byte(n)}, Facts: &dissect.Facts{Files: []string{"a.pcap"}}}
}

// crowded is a case with n findings, each in a session of its own.
func crowded(n int) *few {
	s := &few{cases: []alerts.Case{{ID: caseOne, Rule: "base64-password", Findings: int64(n)}}}
	for i := range n {
		s.sessions = append(s.sessions, sessionOf(i))
		s.findings = append(s.findings, alerts.Finding{Case: caseOne, Session: alerts.SessionID{byte(i)}, Time: int64(i), Why: fmt.Sprint(i)})
	}
	return s
}

func TestOpen(t *testing.T) {
	d, err := model.Open(crowded(200), caseOne, now)
	if err != nil {
		t.Fatal(err)
	}
	if d.Case.ID != caseOne || d.Rule == nil || d.Rule.ID != "base64-password" {
		t.Errorf("case %v, rule %v", d.Case, d.Rule)
	}
	if len(d.Findings) != model.MaxFindings || d.Findings[0].Why != "199" {
		t.Errorf("%d findings, the first is %q", len(d.Findings), d.Findings[0].Why)
	}
	var got []byte
	for _, tr := range d.Transcripts {
		got = append(got, tr.Session.ID[0])
	}
	if diff := cmp.Diff([]byte{199, 198, 197}, got); diff != "" || len(got) != model.MaxTranscripts {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
}

func TestOpenWhatIsGone(t *testing.T) {
	if _, err := model.Open(&few{}, caseOne, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no case: %v", err)
	}
	source := crowded(2)
	source.sessions = source.sessions[:1]
	source.cases[0].Rule = "a-rule-of-tomorrow"
	d, err := model.Open(source, caseOne, now)
	if err != nil || len(d.Transcripts) != 1 || len(d.Findings) != 2 || d.Rule != nil {
		t.Errorf("no session, no rule: %+v, %v", d, err)
	}
	source = crowded(0)
	if d, err := model.Open(source, caseOne, now); err != nil || len(d.Findings) != 0 {
		t.Errorf("no finding: %+v, %v", d, err)
	}
	for _, broken := range []string{"Cases", "Findings", "Session", "Changes", "Aftermath"} {
		source := crowded(1)
		source.broken = broken
		if _, err := model.Open(source, caseOne, now); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", broken, err)
		}
	}
}

func TestTranscript(t *testing.T) {
	s := sessionOf(0)
	f := s.Facts
	f.Offer.Quote = quote(dissect.Server, 2, "250 AUTH PLAIN")
	f.STARTTLS.Quotes = []dissect.Quote{quote(dissect.Server, 1, "220 ready")}
	mail := quote(dissect.Client, 7, "MAIL FROM:<a@x.example>")
	f.MailCommand = &mail
	f.Auth = []*dissect.Attempt{{Quotes: []dissect.Quote{quote(dissect.Client, 3, "AUTH PLAIN"), quote(dissect.Server, 3, "334"), quote(dissect.Client, 5, "••••••••")}}}
	f.Messages = []*dissect.Message{{Quotes: []dissect.Quote{mail}}}
	source := &few{
		cases:    []alerts.Case{{ID: caseOne}},
		sessions: []alerts.Session{s},
		findings: []alerts.Finding{
			{Case: caseOne, Session: s.ID, Time: 50, Evidence: []alerts.Evidence{evidence(3, "AUTH PLAIN"), evidence(5, "••••••••")}},
			{Case: caseOne, Session: s.ID, Evidence: []alerts.Evidence{evidence(6, "a line that the facts do not keep")}},
		},
	}
	d, err := model.Open(source, caseOne, now)
	if err != nil {
		t.Fatal(err)
	}
	line := func(side dissect.Side, packet uint64, text string, proof bool) model.Line {
		return model.Line{Side: side, Time: int64(packet) * 10, File: "a.pcap", Packet: packet, Text: text, Proof: proof}
	}
	want := []model.Line{
		line(dissect.Server, 1, "220 ready", false),
		line(dissect.Server, 2, "250 AUTH PLAIN", false),
		line(dissect.Client, 3, "AUTH PLAIN", true),
		line(dissect.Server, 3, "334", false),
		line(dissect.Client, 5, "••••••••", true),
		line(dissect.Client, 6, "a line that the facts do not keep", true),
		line(dissect.Client, 7, "MAIL FROM:<a@x.example>", false),
	}
	want[4].Tells = true
	if len(d.Transcripts) != 1 {
		t.Fatalf("%d transcripts of one session", len(d.Transcripts))
	}
	if diff := cmp.Diff(want, d.Transcripts[0].Lines); diff != "" || d.Transcripts[0].Left != 0 || len(d.Transcripts[0].Findings) != 2 {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The evidence stays, however long the session was.
func TestTranscriptIsBounded(t *testing.T) {
	for _, proofs := range []int{3, model.MaxLines + 5} {
		s := sessionOf(0)
		found := alerts.Finding{Case: caseOne, Session: s.ID}
		for i := range uint64(1000) {
			s.Facts.Auth = append(s.Facts.Auth, &dissect.Attempt{Quotes: []dissect.Quote{quote(dissect.Client, i, "USER joe")}})
		}
		for i := range uint64(proofs) {
			found.Evidence = append(found.Evidence, evidence(900+i, "USER joe"))
		}
		d, err := model.Open(&few{cases: []alerts.Case{{ID: caseOne}}, sessions: []alerts.Session{s}, findings: []alerts.Finding{found}}, caseOne, now)
		if err != nil {
			t.Fatal(err)
		}
		tr := d.Transcripts[0]
		got := 0
		for _, l := range tr.Lines {
			if l.Proof {
				got++
			}
		}
		if len(tr.Lines) != model.MaxLines || tr.Left != 1000-model.MaxLines || got != min(proofs, model.MaxLines) {
			t.Errorf("%d lines, %d left, %d of %d are evidence", len(tr.Lines), tr.Left, got, proofs)
		}
	}
}

// What a server offered over time, from its sessions where that was seen.
func TestPast(t *testing.T) {
	source := &few{cases: []alerts.Case{{ID: caseOne}}, after: alerts.Aftermath{Protected: 7}, changes: []alerts.Change{{Who: "ann"}}}
	add := func(offered dissect.Answer, transport dissect.Transport) {
		s := sessionOf(len(source.sessions))
		s.Facts.STARTTLS.Offered, s.Facts.Transport = offered, transport
		s.Facts.Start = -int64(len(source.sessions)) // the newest first
		source.sessions = append(source.sessions, s)
	}
	add(dissect.Yes, dissect.STARTTLS)
	add(dissect.Yes, dissect.STARTTLS)
	add(dissect.Unknown, dissect.Plain)
	add(dissect.Yes, dissect.Plain)
	add(dissect.No, dissect.Plain)
	add(dissect.Unknown, dissect.TLS)
	d, err := model.Open(source, caseOne, now)
	if err != nil || d.After.Protected != 7 || len(d.Changes) != 1 {
		t.Fatalf("%+v, %v", d, err)
	}
	want := model.Past{Stretches: []model.Stretch{
		{Way: model.Upgraded, From: -1, To: 0, Sessions: 2}, {Way: model.Offered, From: -3, To: -3, Sessions: 1},
		{Way: model.NotOffered, From: -4, To: -4, Sessions: 1}, {Way: model.Implicit, From: -5, To: -5, Sessions: 1},
	}}
	if diff := cmp.Diff(want, d.Past); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i := range 2 * model.MaxStretches {
		add([]dissect.Answer{dissect.Yes, dissect.No}[i%2], dissect.Plain)
	}
	if d, err := model.Open(source, caseOne, now); err != nil || len(d.Past.Stretches) != model.MaxStretches || !d.Past.Cut {
		t.Errorf("%d stretches, cut %v, %v", len(d.Past.Stretches), d.Past.Cut, err)
	}
	source.broken = "AllSessions"
	source.sessions = nil
	if _, err := model.Open(source, caseOne, now); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}
