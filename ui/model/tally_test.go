package model_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

func goOn() bool { return false }

func TestTally(t *testing.T) {
	client, server := netip.MustParseAddrPort("10.0.0.5:4000"), netip.MustParseAddrPort("10.0.0.9:25")
	joe := &dissect.Attempt{Account: "joe", HasAccount: true}
	both := [5]int64{alerts.Exposed: 1, alerts.Protected: 1}
	two := [5]int64{alerts.High: 1, alerts.Low: 1}
	ranking := func(name string) store.Ranking {
		return store.Ranking{Top: []store.Subject{{Name: name, Sessions: both, Findings: two, Last: 20}}, All: 1}
	}
	source := &few{
		sessions: []alerts.Session{
			{ID: alerts.SessionID{1}, Facts: &dissect.Facts{Client: client, Server: server, Start: 20, Banner: "Postfix", Hello: "pc7", Auth: []*dissect.Attempt{joe, joe, {}}}},
			{ID: alerts.SessionID{2}, Facts: &dissect.Facts{Client: client, Server: server, Start: 10, Banner: "Exim", Flags: dissect.Gap | dissect.Midstream}},
		},
		findings: []alerts.Finding{{Session: alerts.SessionID{1}, Rule: "open-relay", Severity: alerts.High, Client: client, Server: server, Time: 21}},
		overview: store.Overview{
			Hours: []store.Hour{{Begin: 0, Sessions: both, Findings: two}}, Partial: true,
			Servers: ranking("10.0.0.9:25"), Clients: ranking("10.0.0.5"), Accounts: ranking("joe"), Rules: ranking("open-relay"),
		},
	}
	survey, err := model.NewSurvey(source, goOn)
	if err != nil {
		t.Fatal(err)
	}
	if survey.Sessions != 2 || survey.Gapped != 1 || survey.Midstream != 1 || survey.OneSided != 0 || survey.Index == nil {
		t.Errorf("surveyed: %+v", survey)
	}
	list := func(name, about string) []model.Subject {
		return []model.Subject{{Name: name, About: about, Sessions: both, Findings: two, Last: 20}}
	}
	for _, tt := range []struct {
		survey                  *model.Survey
		server, client, account string
	}{{nil, "", "", ""}, {survey, "Postfix", "pc7", "10.0.0.9:25"}} { // the newest banner
		got, err := model.NewTally(source, store.Counts{}, tt.survey)
		if err != nil {
			t.Fatal(err)
		}
		want := &model.Tally{
			Partial: true, Hours: source.overview.Hours, Survey: tt.survey, Servers: list("10.0.0.9:25", tt.server), Clients: list("10.0.0.5", tt.client),
			Accounts: list("joe", tt.account), Rules: list("open-relay", rules.Find("open-relay").Title),
		}
		same := cmp.Comparer(func(a, b *model.Survey) bool { return a == b })
		if diff := cmp.Diff(want, got, same, cmpopts.IgnoreFields(model.Tally{}, "Timeline")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if v, ok := got.Servers[0].Worst(); !ok || v != alerts.High || got.Servers[0].Total() != 2 || got.Servers[0].Seen() != 2 {
			t.Errorf("worst %v, %v; %d findings", v, ok, got.Servers[0].Total())
		}
	}
}

func TestTallyIsBounded(t *testing.T) {
	source := &few{overview: store.Overview{Servers: store.Ranking{Top: make([]store.Subject, model.MaxSubjects+1)}}}
	got, err := model.NewTally(source, store.Counts{}, nil)
	if err != nil || len(got.Servers) != model.MaxSubjects {
		t.Errorf("%d subjects, %v", len(got.Servers), err)
	}
}

// Of more servers than MaxSubjects the others stay without a banner.
func TestSurveyIsBounded(t *testing.T) {
	source := &few{sessions: make([]alerts.Session, model.MaxSubjects+1)}
	for i := range source.sessions {
		server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 25)
		source.sessions[i].Facts = &dissect.Facts{Server: server, Start: int64(i), Banner: "Postfix"}
		source.overview.Servers.Top = append([]store.Subject{{Name: server.String()}}, source.overview.Servers.Top...)
	}
	survey, err := model.NewSurvey(source, goOn)
	if err != nil {
		t.Fatal(err)
	}
	got, err := model.NewTally(source, store.Counts{}, survey)
	if err != nil || got.Servers[0].About != "" || got.Servers[1].About != "Postfix" {
		t.Errorf("%q, %q, %v", got.Servers[0].About, got.Servers[1].About, err)
	}
}

func TestSurveyEnds(t *testing.T) {
	source := &few{sessions: []alerts.Session{{Facts: &dissect.Facts{}}}}
	if got, err := model.NewSurvey(source, func() bool { return true }); got != nil || err != nil {
		t.Errorf("ended early: %v, %v", got, err)
	}
	for _, broken := range []string{"Counts", "Begun"} {
		if _, err := model.NewSurvey(&few{broken: broken}, goOn); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", broken, err)
		}
	}
	if _, err := model.NewTally(&few{broken: "Overview"}, store.Counts{}, nil); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
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
