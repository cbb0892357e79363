package store_test

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

var same = cmp.Options{
	cmpopts.IgnoreUnexported(dissect.Facts{}),
	cmp.Comparer(func(a, b dissect.Secret) bool { return a == b }),
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
}

func reader(t testing.TB, path string) *store.Reader {
	t.Helper()
	r, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// contents is all that a reader can see of a database.
type contents struct {
	Sessions []alerts.Session
	Findings []alerts.Finding
	Cases    []alerts.Case
	Counts   store.Counts
}

func read(t testing.TB, path string) contents {
	t.Helper()
	r := reader(t, path)
	var c contents
	for s, err := range r.AllSessions(store.Filter{OldestFirst: true}) {
		if err != nil {
			t.Fatal(err)
		}
		c.Sessions = append(c.Sessions, s)
	}
	for f, err := range r.AllFindings(store.Filter{OldestFirst: true}) {
		if err != nil {
			t.Fatal(err)
		}
		c.Findings = append(c.Findings, f)
	}
	var err error
	if c.Cases, err = r.Cases(store.Filter{}); err != nil {
		t.Fatal(err)
	}
	if c.Counts, err = r.Counts(); err != nil {
		t.Fatal(err)
	}
	return c
}

func byTime(a, b alerts.Finding) int { return int(a.Time - b.Time) }

func TestWhatGoesInComesOut(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	results := logins(2500)
	got := read(t, filled(t, results...))
	var sessions []alerts.Session
	var findings []alerts.Finding
	for _, r := range results {
		sessions = append(sessions, r.Session)
		findings = append(findings, r.Findings...)
	}
	if diff := cmp.Diff(sessions, got.Sessions, same); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(findings, got.Findings, same, sortFindings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if !slices.IsSortedFunc(got.Findings, byTime) {
		t.Error("findings are not in order of time")
	}
	want := store.Counts{}
	want.Sessions[alerts.Exposed] = 2500
	want.Findings[alerts.Critical], want.Findings[alerts.High], want.Findings[alerts.Medium] = 2500, 2500, 2500
	want.Cases[alerts.New] = 2000 + 20 + 20
	if diff := cmp.Diff(want, got.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestCase(t *testing.T) {
	results := logins(2500)
	r := reader(t, filled(t, results...))
	first, last := results[5].Findings[0], results[2005].Findings[0]
	want := alerts.Case{
		ID: first.Case, Rule: "base64-password", Title: first.Title, Severity: alerts.Critical, Blame: alerts.BlameAccount,
		Protocol: dissect.SMTP, Server: "10.0.0.5:25", Account: "user5@example.org", HasAccount: true,
		First: first.Time, Last: last.Time, Findings: 2, Sessions: 2,
	}
	for _, prefix := range []string{want.ID.String(), want.ID.String()[:12], want.ID.String()[2:13]} {
		got, findings, err := r.Case(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", prefix, diff)
		}
		if diff := cmp.Diff([]alerts.Finding{last, first}, findings, same); diff != "" {
			t.Errorf("findings of %s (-want +got):\n%s", prefix, diff)
		}
	}
}

func TestSession(t *testing.T) {
	results := logins(300)
	r := reader(t, filled(t, results...))
	want := results[77]
	s, findings, err := r.Session(want.Session.ID.String()[:14])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, alerts.Result{Session: s, Findings: findings}, same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAddingAgainChangesNothing(t *testing.T) {
	results := logins(700)
	path := filled(t, results...)
	once := read(t, path)
	add(t, path, append(logins(700), results[:300]...)...)
	if diff := cmp.Diff(once, read(t, path), same); diff != "" {
		t.Errorf("(-once +again):\n%s", diff)
	}
	fewer := login(3)
	fewer.Session.Facts.Packets = 1
	fewer.Findings = nil
	add(t, path, fewer)
	if diff := cmp.Diff(once, read(t, path), same); diff != "" {
		t.Errorf("a session with fewer packets (-before +after):\n%s", diff)
	}
}

// A session that a capture cut in the middle gives way to the whole one, and
// the database is as if only that had been seen.
func TestMorePacketsReplace(t *testing.T) {
	cut := login(3)
	cut.Session.Facts.Packets = 5
	cut.Session.Verdict = alerts.Clear
	cut.Findings = cut.Findings[1:2]
	cut.Findings[0].Severity = alerts.Critical
	cut.Findings[0].Time -= 3 * second
	find(&cut, "mail-on-unusual-port", alerts.Info, alerts.BlameServer, "", "unusual port", "port 26",
		alerts.Evidence{Session: cut.Session.ID, Time: firstDay})
	all := logins(300)
	got := read(t, filled(t, append([]alerts.Result{cut}, all...)...))
	want := read(t, filled(t, all...))
	if diff := cmp.Diff(want, got, same, sortFindings); diff != "" {
		t.Errorf("(-only whole +cut, then whole):\n%s", diff)
	}
}

// The same holds where both are written in one transaction, and where the old
// one stands in the middle of a block of an earlier one.
func TestMorePacketsReplaceInBlocks(t *testing.T) {
	all := logins(100)
	want := read(t, filled(t, all...))
	cut := func(i int) alerts.Result {
		r := login(i)
		r.Session.Facts.Packets = 5
		r.Findings = r.Findings[2:]
		return r
	}
	together := filled(t, append([]alerts.Result{login(0), cut(40), cut(41), login(40)}, all...)...)
	if diff := cmp.Diff(want, read(t, together), same, sortFindings); diff != "" {
		t.Errorf("in one transaction (-only whole +cut, then whole):\n%s", diff)
	}
	var some []alerts.Result
	for i := range 100 {
		if i%7 == 3 {
			some = append(some, cut(i))
		} else {
			some = append(some, all[i])
		}
	}
	later := filled(t, some...)
	add(t, later, logins(100)...)
	if diff := cmp.Diff(want, read(t, later), same, sortFindings); diff != "" {
		t.Errorf("in another transaction (-only whole +cut, then whole):\n%s", diff)
	}
}

// A block is full at 64 KiB, too, and a record of any size fits in one.
func TestLargeRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	results := logins(40)
	for i := range results {
		f := results[i].Session.Facts
		for k := range 30 * i {
			f.Messages = append(f.Messages, &dissect.Message{Subject: strings.Repeat("x", 500) + string(rune(k))})
		}
	}
	got := read(t, filled(t, results...))
	var want []alerts.Session
	for _, r := range results {
		want = append(want, r.Session)
	}
	if diff := cmp.Diff(want, got.Sessions, same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A case that comes again after many transactions grows.
func TestCaseComesAgain(t *testing.T) {
	const many = 40_000
	client := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)}), 4000)
	}
	var results []alerts.Result
	for i := range many + 10 {
		one := login(i)
		one.Session.Facts.Client = client(i % many)
		one.Session.ID = alerts.NewSessionID(one.Session.Facts)
		one.Findings = nil
		find(&one, "cleartext-password", alerts.Critical, alerts.BlameClient, "", "title", "why",
			alerts.Evidence{Session: one.Session.ID, Time: one.Session.Facts.Start})
		results = append(results, one)
	}
	r := reader(t, filled(t, results...))
	filter := store.Filter{Client: "=" + client(3).Addr().String()}
	findings, err := r.Findings(filter)
	if err != nil || len(findings) != 2 || findings[1].ID != results[3].Findings[0].ID {
		t.Errorf("%d findings of the client that came twice, %v", len(findings), err)
	}
	sessions, err := r.Sessions(filter)
	if err != nil || len(sessions) != 2 {
		t.Errorf("%d sessions of the client that came twice, %v", len(sessions), err)
	}
	cases, err := r.Cases(filter)
	if err != nil || len(cases) != 1 || cases[0].Findings != 2 || cases[0].Sessions != 2 {
		t.Errorf("cases of the client that came twice: %+v, %v", cases, err)
	}
}

func TestCommittedAfterTheTransaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mailtap.db")
	var got []alerts.SessionID
	s := open(t, path, store.Options{Committed: func(batch []alerts.Result) {
		// What is told must be there for everybody.
		r := reader(t, path)
		for _, b := range batch {
			if _, _, err := r.Session(b.Session.ID.String()); err != nil {
				t.Error(err)
			}
			got = append(got, b.Session.ID)
		}
	}})
	var want []alerts.SessionID
	for _, r := range logins(600) {
		want = append(want, r.Session.ID)
		s.Add(r)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-added +told):\n%s", diff)
	}
}

// A result that waits alone is written without another one coming.
func TestLoneResultIsWritten(t *testing.T) {
	told := make(chan int)
	s := open(t, filepath.Join(t.TempDir(), "mailtap.db"), store.Options{Committed: func(batch []alerts.Result) { told <- len(batch) }})
	s.Add(login(1))
	if n := <-told; n != 1 {
		t.Errorf("%d results, want 1", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// A large result is stored before Add returns, so that the queue stays small.
func TestLargeResultIsWaitedFor(t *testing.T) {
	stored := 0
	s := open(t, filepath.Join(t.TempDir(), "mailtap.db"), store.Options{Committed: func(batch []alerts.Result) { stored += len(batch) }})
	large := login(2)
	for range dissect.MaxMessages {
		large.Session.Facts.Messages = append(large.Session.Facts.Messages, &dissect.Message{From: "a@x.example"})
	}
	s.Add(login(1))
	s.Add(large)
	if stored != 2 {
		t.Errorf("%d results are stored, want 2", stored)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNoSecretOnDisk(t *testing.T) {
	const secret = "correct horse battery staple"
	path := filepath.Join(t.TempDir(), "mailtap.db")
	var failed []alerts.Result
	s := open(t, path, store.Options{
		Failed: func(batch []alerts.Result, _ error) { failed = append(failed, batch...) },
		Committed: func([]alerts.Result) {
			if !onDisk(t, path, "user0@example.org") {
				t.Error("not even the account is found")
			}
			if onDisk(t, path, secret) {
				t.Error("the write-ahead log holds the secret")
			}
		},
	})
	leak := login(1)
	leak.Session.Facts.Auth[0].Secret = dissect.NewSecret([]byte(secret))
	for _, r := range []alerts.Result{login(0), leak, login(2)} {
		s.Add(r)
	}
	if err := s.Close(); err == nil {
		t.Error("a session that is not redacted was taken")
	}
	if len(failed) != 1 || failed[0].Session.ID != leak.Session.ID {
		t.Errorf("%d results failed, want the one with the secret", len(failed))
	}
	if n := len(read(t, path).Sessions); n != 2 {
		t.Errorf("%d sessions are stored, want 2", n)
	}
	if onDisk(t, path, secret) {
		t.Error("the database holds the secret")
	}
}

// onDisk tells if the database, or what SQLite keeps beside it, holds text.
func onDisk(t testing.TB, path, text string) bool {
	t.Helper()
	for _, name := range files(t, path) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// files lists the database and what SQLite keeps beside it.
func files(t testing.TB, path string) []string {
	t.Helper()
	names, err := filepath.Glob(path + "*")
	if err != nil || len(names) == 0 {
		t.Fatal("no database: ", err)
	}
	return names
}

// A peer chooses its account's name; it comes back as it was sent.
func TestHostileNames(t *testing.T) {
	accounts := []string{"\x00", "a\x00b", "\xff\xfe", "'; DROP TABLE cases; --", "%", "[red]x", "=joe", "ÄÖ", strings.Repeat("x", dissect.MaxText)}
	r := login(0)
	r.Findings = nil
	for i, a := range accounts {
		find(&r, "base64-password", alerts.Critical, alerts.BlameAccount, a, "title", "why",
			alerts.Evidence{Session: r.Session.ID, Time: firstDay + int64(i)})
	}
	path := filled(t, r)
	got := read(t, path)
	if diff := cmp.Diff(r.Findings, got.Findings, same); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	var names []string
	for _, c := range got.Cases {
		names = append(names, c.Account)
	}
	slices.Reverse(names) // the latest is first
	if diff := cmp.Diff(accounts, names); diff != "" {
		t.Errorf("accounts of the cases (-want +got):\n%s", diff)
	}
	for i, a := range accounts {
		list, err := reader(t, path).Findings(store.Filter{Account: "=" + a})
		if err != nil || len(list) != 1 || list[0].ID != r.Findings[i].ID {
			t.Errorf("%q: %d findings, %v", a, len(list), err)
		}
	}
}

// What no mailtap wrote is an error, never a panic.
func TestDamaged(t *testing.T) {
	for _, script := range []string{
		"UPDATE blocks SET records = x'0102'",
		"UPDATE blocks SET records = zeroblob(100)",
		"UPDATE blocks SET records = 'text'",
		"DELETE FROM blocks",
		"UPDATE blocks SET records = x'ffffffff0f00'", // 4 GiB, it says
		"UPDATE blocks SET records = x'0100ff'",       // no S2
		"UPDATE blocks SET records = x'02047f01'",     // a length beyond the end
		"UPDATE blocks SET id = id + 1",
		"UPDATE contents SET block = block + 1",
		"UPDATE contents SET entries = x''",
		"UPDATE contents SET entries = x'000000ff'",
		"UPDATE contents SET entries = x'00ffffffff0f00'",                     // 4 GiB of texts, it says
		"UPDATE contents SET entries = substr(entries, 1, length(entries)-1)", // cut short
		"UPDATE contents SET entries = entries || x'00'",
		"UPDATE contents SET entries = 'text'",
		"UPDATE kinds SET id = id + 9",
		"UPDATE kinds SET blame = 99",
		"UPDATE kinds SET rule = title",
		"UPDATE cases SET severity = 200",
		"UPDATE cases SET uid = x'01' || uid",
		"UPDATE cases SET kind = 4711",
		"UPDATE cases SET status = 'open'",
		"UPDATE tallies SET value = value + 200",
		"DROP TABLE tallies; DROP TABLE sessions; DROP TABLE cases",
	} {
		path := filled(t, logins(3)...)
		execute(t, path, script)
		r := reader(t, path)
		_, sessionErr := r.Sessions(store.Filter{})
		_, findingErr := r.Findings(store.Filter{})
		cases, caseErr := r.Cases(store.Filter{})
		_, countErr := r.Counts()
		missing := len(cases) != 9 // a case whose kind is gone is not listed
		if sessionErr == nil && findingErr == nil && caseErr == nil && countErr == nil && !missing {
			t.Errorf("%s: nothing was noticed", script)
		}
	}
}
