package model_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

func goOn(func() *model.Tally) bool { return false }

func TestTally(t *testing.T) {
	client, server := netip.MustParseAddrPort("10.0.0.5:4000"), netip.MustParseAddrPort("10.0.0.9:25")
	joe := &dissect.Attempt{Account: "joe", HasAccount: true}
	source := &few{
		sessions: []alerts.Session{
			{ID: alerts.SessionID{1}, Verdict: alerts.Exposed, Facts: &dissect.Facts{Client: client, Server: server, Start: 20, Banner: "Postfix", Auth: []*dissect.Attempt{joe, joe, {}}}},
			{ID: alerts.SessionID{2}, Verdict: alerts.Protected, Facts: &dissect.Facts{Client: client, Server: server, Start: 10, Banner: "Exim", Flags: dissect.Gap | dissect.Midstream}},
		},
		findings: []alerts.Finding{
			{Session: alerts.SessionID{1}, Rule: "open-relay", Severity: alerts.High, Client: client, Server: server, Account: "joe", HasAccount: true, Time: 21},
			{Session: alerts.SessionID{2}, Rule: "open-relay", Severity: alerts.Low, Client: client, Server: server, Time: 11},
		},
	}
	var partial *model.Tally
	got, err := model.NewTally(source, func(soFar func() *model.Tally) bool { partial = soFar(); return false })
	if err != nil {
		t.Fatal(err)
	}
	if !partial.Partial || partial.Sessions != 0 || got.Index == nil {
		t.Errorf("before the first session: %+v; index %v", partial, got.Index)
	}
	both := [5]int64{alerts.Exposed: 1, alerts.Protected: 1}
	two := [5]int64{alerts.High: 1, alerts.Low: 1}
	want := &model.Tally{
		Sessions: 2, First: 10, Last: 20, Gapped: 1, Midstream: 1, Index: got.Index,
		Servers:  []model.Subject{{Name: "10.0.0.9:25", About: "Postfix", Sessions: both, Findings: two, Last: 21}}, // the newest banner
		Clients:  []model.Subject{{Name: "10.0.0.5", Sessions: both, Findings: two, Last: 21}},
		Accounts: []model.Subject{{Name: "joe", About: "10.0.0.9:25", Sessions: [5]int64{alerts.Exposed: 1}, Findings: [5]int64{alerts.High: 1}, Last: 20}},
		Rules:    []model.Subject{{Name: "open-relay", About: rules.Find("open-relay").Title, Findings: two, Last: 21}},
	}
	want.Timeline = model.Timeline{First: 11, Last: 21}
	want.Timeline.Counts[0], want.Timeline.Counts[model.Buckets*10/11] = 1, 1
	same := cmp.Comparer(func(a, b *model.Index) bool { return a == b })
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v, ok := got.Servers[0].Worst(); !ok || v != alerts.High || got.Servers[0].Total() != 2 || got.Servers[0].Seen() != 2 {
		t.Errorf("worst %v, %v; %d findings", v, ok, got.Servers[0].Total())
	}
}

// of is a source of one session with these findings.
func of(findings ...alerts.Finding) *few {
	return &few{sessions: []alerts.Session{{Facts: &dissect.Facts{}}}, findings: findings}
}

// The worst come first.
func TestTallyOrder(t *testing.T) {
	var findings []alerts.Finding
	for i, severity := range []alerts.Severity{alerts.Low, alerts.Critical, alerts.High, alerts.High, alerts.Low} {
		rule := []string{"low", "critical", "high", "high", "low"}[i]
		findings = append(findings, alerts.Finding{Rule: rule, Severity: severity})
	}
	got, err := model.NewTally(of(findings...), goOn)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, s := range got.Rules {
		order = append(order, s.Name)
	}
	if diff := cmp.Diff([]string{"critical", "high", "low"}, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTallyIsBounded(t *testing.T) {
	source := of()
	for i := range model.MaxSubjects + 1 {
		source.findings = append(source.findings, alerts.Finding{Rule: fmt.Sprint(i), Time: int64(i) << 40})
	}
	got, err := model.NewTally(source, goOn)
	if err != nil || len(got.Rules) != model.MaxSubjects {
		t.Errorf("%d subjects, %v", len(got.Rules), err)
	}
}

// Times may be anything: a capture says them.
func TestTimelineOfAllTimes(t *testing.T) {
	source := of(alerts.Finding{Time: -1 << 63}, alerts.Finding{Time: 1<<63 - 1}, alerts.Finding{Time: 0})
	got, err := model.NewTally(source, goOn)
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Timeline.Counts; c[0] != 1 || c[model.Buckets/2] != 1 || c[model.Buckets-1] != 1 {
		t.Errorf("got %v", c)
	}
}

func TestTallyEnds(t *testing.T) {
	source := &few{sessions: []alerts.Session{{Facts: &dissect.Facts{}}}}
	if got, err := model.NewTally(source, func(func() *model.Tally) bool { return true }); got != nil || err != nil {
		t.Errorf("ended early: %v, %v", got, err)
	}
	for _, broken := range []string{"Counts", "Begun"} {
		if _, err := model.NewTally(&few{broken: broken}, goOn); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", broken, err)
		}
	}
}

func TestSessions(t *testing.T) {
	source := &few{sessions: make([]alerts.Session, model.MaxSessions+1)}
	for i := range source.sessions {
		source.sessions[i] = alerts.Session{ID: alerts.SessionID{byte(i), byte(i >> 8)}, Facts: &dissect.Facts{}}
	}
	all, err := model.NewSessions(source, model.Of{}, nil)
	if err != nil || len(all.Rows) != model.MaxSessions || !all.Cut {
		t.Errorf("%d rows, cut: %v, %v", len(all.Rows), all.Cut, err)
	}
	one, err := model.OpenSession(source, all.Rows[7].ID)
	if err != nil || one.Session.ID != all.Rows[7].ID {
		t.Errorf("opened %v, %v", one, err)
	}
	source.broken, source.sessions = "AllSessions", nil
	if _, err := model.NewSessions(source, model.Of{}, nil); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

// The sessions of a case are those of its findings, and no others of its server.
func TestSessionsOfCase(t *testing.T) {
	source := written("9 1 joe: base64-password", "9 3 ann: base64-password", "9 1 joe: starttls-not-used", "9 1 joe: base64-password")
	got, err := model.NewSessions(source, model.Of{Case: &source.cases[0]}, nil)
	if err != nil || got.Cut || len(got.Rows) != 2 || got.Rows[0].ID[1] != 1 || got.Rows[1].ID[1] != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	source.broken = "AllFindings"
	if _, err := model.NewSessions(source, model.Of{Case: &source.cases[0]}, nil); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if got, err := model.NewSessions(&few{}, model.Of{Case: &source.cases[0]}, nil); err != nil || len(got.Rows) != 0 {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
}
