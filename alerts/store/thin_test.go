package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/alerts/store/record"
	"github.com/mailtap/mailtap/dissect"
)

// The sessions of a case that stay whole.
const (
	first = 5
	last  = 20
)

// poll makes the i-th of the polls of one phone, one a minute, with a
// transcript.
func poll(i int) alerts.Result {
	r := login(i * 600)
	f := r.Session.Facts
	phone := login(0)
	f.Client, f.Server = phone.Session.Facts.Client, phone.Session.Facts.Server
	f.Auth[0].Account, f.Auth[0].Fingerprint = phone.Session.Facts.Auth[0].Account, phone.Session.Facts.Auth[0].Fingerprint
	f.Auth[0].Quotes[1].Text = f.Auth[0].Account
	f.Packets += uint64(i % 7)
	said := func(side dissect.Side, n int64, text string) {
		f.Transcript = append(f.Transcript, dissect.Quote{Side: side, Stamp: dissect.Stamp{Time: f.Start + n*20e6, Packet: uint64(i)*20 + uint64(n)}, Text: text})
	}
	said(dissect.Server, 3, fmt.Sprintf("220 mx1.example.org ESMTP Postfix, visit %d", i*7919))
	f.Transcript = append(f.Transcript, f.Offer.Quote)
	f.Transcript = append(f.Transcript, f.Auth[0].Quotes...)
	said(dissect.Server, 13, fmt.Sprintf("235 2.7.0 authenticated as session %08x", uint32(i)*2654435761))
	r.Session.ID = alerts.NewSessionID(f)
	for k := range r.Findings {
		found := &r.Findings[k]
		found.Client, found.Server, found.Session = f.Client, f.Server, r.Session.ID
		if found.HasAccount {
			found.Account = f.Auth[0].Account
		}
		found.ID = alerts.NewFindingID(found.Session, found.Rule, found.Account)
		found.Case = alerts.NewCaseID(found.Rule, found.Blame, found.Client, found.Server, found.Account)
		for n := range found.Evidence {
			found.Evidence[n].Session = found.Session
		}
	}
	return r
}

func polls(n int) (list []alerts.Result) {
	for i := range n {
		list = append(list, poll(i))
	}
	return list
}

// thin runs a prune that prunes nothing.
func thin(t *testing.T, path string) int64 {
	t.Helper()
	pruned, err := store.Prune(path, 1, false)
	if err != nil || pruned.Sessions != 0 {
		t.Fatalf("%+v, %v", pruned, err)
	}
	return pruned.Thinned
}

// A session between the first and the last of its cases loses the words of its
// lines, and nothing else.
func TestThin(t *testing.T) {
	const n = 300
	results := polls(n)
	path := filled(t, results...)
	before := read(t, path)
	if got := thin(t, path); got != n-first-last {
		t.Errorf("%d sessions are thinned, want %d", got, n-first-last)
	}
	after := read(t, path)
	words := cmp.Options{
		same,
		cmpopts.IgnoreFields(dissect.Quote{}, "Text", "Hide"), cmpopts.IgnoreFields(alerts.Evidence{}, "Text"),
		cmpopts.IgnoreFields(dissect.Facts{}, "Transcript"),
	}
	if diff := cmp.Diff(before, after, words); diff != "" {
		t.Errorf("more than words (-before +after):\n%s", diff)
	}
	for i, r := range results {
		s, findings, err := reader(t, path).Session(r.Session.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		if i < first || i >= n-last {
			if diff := cmp.Diff(r, alerts.Result{Session: s, Findings: findings}, same); diff != "" {
				t.Errorf("session %d (-stored +read):\n%s", i, diff)
			}
			continue
		}
		evidence := findings[0].Evidence[0]
		if s.Facts.Transcript != nil || s.Facts.Auth[0].Quotes[0].Text != record.Thinned || evidence.Text != record.Thinned ||
			evidence.Packet != r.Findings[0].Evidence[0].Packet || s.Facts.Auth[0].Account != r.Session.Facts.Auth[0].Account {
			t.Errorf("session %d: %+v", i, s.Facts)
		}
	}
	check(t, path)
	thinned(t, path, n-first-last)
	if got := thin(t, path); got != 0 {
		t.Errorf("%d sessions are thinned again", got)
	}
}

func thinned(t *testing.T, path string, want int64) {
	t.Helper()
	if info, err := reader(t, path).Info(); err != nil || info.ThinnedSessions != want {
		t.Errorf("%d sessions are thinned, want %d; %v", info.ThinnedSessions, want, err)
	}
}

// A session with a finding of a case that has few stays whole.
func TestThinKeepsRare(t *testing.T) {
	results := polls(100)
	rare := &results[50]
	find(rare, "heartbleed", alerts.Critical, alerts.BlameServer, "", "memory leaks", "an answer too long", rare.Findings[0].Evidence...)
	path := filled(t, results...)
	if got := thin(t, path); got != 100-first-last-1 {
		t.Errorf("%d sessions are thinned", got)
	}
	s, findings, err := reader(t, path).Session(rare.Session.ID.String())
	if diff := cmp.Diff(*rare, alerts.Result{Session: s, Findings: findings}, same); diff != "" || err != nil {
		t.Errorf("%v (-stored +read):\n%s", err, diff)
	}
}

// Thinned sessions are pruned and replaced as others are.
func TestThinnedGo(t *testing.T) {
	const n = 300
	results := polls(n)
	path := filled(t, results...)
	thin(t, path)
	more := results[50]
	facts := *more.Session.Facts
	facts.Packets += 100
	more.Session.Facts = &facts
	add(t, path, more)
	thinned(t, path, n-first-last-1)
	s, findings, err := reader(t, path).Session(more.Session.ID.String())
	if diff := cmp.Diff(more, alerts.Result{Session: s, Findings: findings}, same); diff != "" || err != nil {
		t.Errorf("more packets: %v (-stored +read):\n%s", err, diff)
	}
	add(t, path, results...)
	if diff := cmp.Diff(read(t, filled(t, results...)).Cases, read(t, path).Cases); diff != "" {
		t.Errorf("cases (-never thinned +thinned):\n%s", diff)
	}
	if _, err := store.Prune(path, results[100].Session.Facts.Start, false); err != nil {
		t.Fatal(err)
	}
	check(t, path)
	thinned(t, path, n-100-last)
}

// The writer thins a part at a time, as if all were done at once.
func TestWriterThins(t *testing.T) {
	results := polls(3000)
	path := filled(t, results...)
	want := read(t, path)
	steps, err := store.ThinAsWriter(path)
	if err != nil || steps < 4 {
		t.Errorf("%d steps, %v", steps, err)
	}
	thinned(t, path, 3000-first-last)
	if got := read(t, path); len(got.Findings) != len(want.Findings) {
		t.Errorf("%d findings, want %d", len(got.Findings), len(want.Findings))
	}
	check(t, path)
}

// A phone that polls every minute fills no disk, whether a capture file has its
// year or it comes live, each poll in a transaction of its own.
func TestPollsTakeLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const n = 6000
	live := filled(t)
	if err := store.AddApart(live, polls(n)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		part       int64 // of before that may be left, in hundredths
	}{{"file", filled(t, polls(n)...), 90}, {"live", live, 25}} {
		before := fileSize(t, tt.path)
		thin(t, tt.path)
		after := fileSize(t, tt.path)
		t.Logf("%s: %d bytes a session, %d when thinned", tt.name, before/n, after/n)
		if after*100 > before*tt.part {
			t.Errorf("%s: %d bytes a session are left of %d", tt.name, after/n, before/n)
		}
		check(t, tt.path)
	}
}
