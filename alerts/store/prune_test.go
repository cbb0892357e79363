package store_test

import (
	"bufio"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// withKey puts a key beside a database.
func withKey(t *testing.T, path string) (key string) {
	t.Helper()
	key = path + ".key"
	if _, err := alerts.LoadKey(key); err != nil {
		t.Fatal(err)
	}
	return key
}

func check(t *testing.T, path string) {
	t.Helper()
	problems, err := store.Check(path, withKey(t, path))
	if err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// A pruned database holds what one holds that never saw the older sessions, but
// for when cases began; and they do not come back.
func TestPrune(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const n, cut = 4000, 2222
	path := filled(t, logins(n)...)
	before := login(cut).Session.Facts.Start
	dry, err := store.Prune(path, before, true)
	if want := (store.Pruned{Sessions: cut, Findings: 3 * cut}); err != nil || dry != want {
		t.Errorf("dry run: %+v, want %+v; %v", dry, want, err)
	}
	if got := len(read(t, path).Sessions); got != n {
		t.Errorf("a dry run left %d sessions", got)
	}
	size := fileSize(t, path)
	pruned, err := store.Prune(path, before, false)
	if want := (store.Pruned{Sessions: cut, Findings: 3 * cut, Cases: cut - 2000}); err != nil || pruned != want {
		t.Errorf("%+v, want %+v; %v", pruned, want, err)
	}
	if got := fileSize(t, path); got > size*7/10 {
		t.Errorf("%d bytes are left of %d", got, size)
	}
	check(t, path)
	late := cmp.Options{same, sortFindings, cmpopts.IgnoreFields(alerts.Case{}, "First")}
	want := read(t, filled(t, logins(n)[cut:]...))
	if diff := cmp.Diff(want, read(t, path), late); diff != "" {
		t.Errorf("(-only the later +pruned):\n%s", diff)
	}
	s := open(t, path, store.Options{})
	for _, r := range logins(n + 10) {
		s.Add(r)
	}
	if err := s.Close(); err != nil || s.Passed() != cut {
		t.Errorf("%d sessions were passed over, want %d; %v", s.Passed(), cut, err)
	}
	want = read(t, filled(t, logins(n + 10)[cut:]...))
	if diff := cmp.Diff(want, read(t, path), late); diff != "" {
		t.Errorf("analysed again (-only the later +pruned):\n%s", diff)
	}
	info, err := reader(t, path).Info()
	if err != nil || info.Watermark != before || info.PrunedSessions != cut || info.PrunedFindings != 3*cut ||
		info.First != before/1000*1000 || info.Counts.Sessions[alerts.Exposed] != n+10-cut {
		t.Errorf("%+v, %v", info, err)
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// A case that an admin has touched outlives its findings; others do not.
func TestPruneKeepsTouchedCases(t *testing.T) {
	path := filled(t, logins(3)...)
	touched := login(1).Findings[0].Case
	if err := triage(t, path).Set([]alerts.CaseID{touched}, decide(alerts.FalsePositive, 7)); err != nil {
		t.Fatal(err)
	}
	pruned, err := store.Prune(path, login(2).Session.Facts.Start, false)
	if want := (store.Pruned{Sessions: 2, Findings: 6, Cases: 5}); err != nil || pruned != want {
		t.Errorf("%+v, want %+v; %v", pruned, want, err)
	}
	if c := caseOf(t, path, touched, 0); c.Status != alerts.FalsePositive || c.Findings != 0 || c.First == 0 {
		t.Errorf("%+v", c)
	}
	check(t, path)
}

func TestPruneToSize(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	path := filled(t, logins(20000)...)
	r := reader(t, path)
	if before, err := r.BeforeForSize(1 << 30); before != 0 || err != nil {
		t.Errorf("enough room: before %d, %v", before, err)
	}
	size := fileSize(t, path)
	want := size / 3
	before, err := r.BeforeForSize(want)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := store.Prune(path, before, false); err != nil {
		t.Fatal(err)
	}
	// Cases stay whole: they are a tenth of it.
	if got := fileSize(t, path); got > want*14/10 || got < want/2 {
		t.Errorf("%d bytes are left of %d, want about %d", got, size, want)
	}
}

// Pruning while another process writes disturbs neither.
func TestPruneBesideAWriter(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	path := filled(t, logins(5000)...)
	writer := exec.Command(os.Args[0])
	writer.Env = append(os.Environ(), writerPath+"="+path)
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	for i := 500; i <= 4000; i += 500 {
		if _, err := store.Prune(path, login(i).Session.Facts.Start, false); err != nil {
			t.Error(err)
		}
	}
	writer.Process.Kill()
	writer.Wait()
	check(t, path)
	if first := read(t, path).Sessions[0].Facts.Start; first < login(4000).Session.Facts.Start {
		t.Errorf("a session that began at %d is there", first)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{"UPDATE cases SET count = count + 1", "another number of findings"},
		{"DELETE FROM cases WHERE count = 1", "another number of findings"},
		{"UPDATE tallies SET count = 4", "was counted 4 times, and is there 3 times"},
		{"DELETE FROM sessions WHERE start = (SELECT min(start) FROM sessions)", "2 sessions are listed, and 3 are there"},
		{"UPDATE blocks SET records = x'0102'", "holds what no mailtap wrote"},
		{"UPDATE subjects SET low = low + 1 WHERE kind = 1", "3 servers, clients, accounts, rules or hours were counted wrong"},
		{"DELETE FROM kinds", "cases without a rule"},
		{"DELETE FROM blocks", "3 sessions without a block"},
		{"INSERT INTO changes (bulk, kase, at, who, reason, status, reopened, floor, note) VALUES (1, x'00', 1, 'a', '', 0, 0, 0, '')", "1 changes without a case"},
	} {
		path := filled(t, logins(3)...)
		execute(t, path, tt.script)
		problems, err := store.Check(path, withKey(t, path))
		if got := strings.Join(problems, "\n"); err != nil || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q; %v", tt.script, got, tt.want, err)
		}
	}
}

// What SQLite finds comes in lines of its own, and behind them what to do.
func TestCheckSaysWhatToDo(t *testing.T) {
	const page = 8192
	path := filled(t, logins(300)...)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(make([]byte, page), page); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	problems, err := store.Check(path, withKey(t, path))
	if err != nil || len(problems) < 2 {
		t.Fatalf("%q, %v", problems, err)
	}
	for _, p := range problems {
		if strings.ContainsAny(p, "\n*") || !strings.HasPrefix(p, path+": ") {
			t.Errorf("%q is no line about the file", p)
		}
	}
	if last := problems[len(problems)-1]; last != path+": damaged: move it away, or put a copy in its place" {
		t.Errorf("ends with %q", last)
	}
}

func TestCheckLooksAtFiles(t *testing.T) {
	path := filled(t, logins(3)...)
	problems, err := store.Check(path, path+".key")
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0], "key of fingerprints is missing") {
		t.Errorf("%q, %v", problems, err)
	}
	key := withKey(t, path)
	for _, name := range []string{path, key} {
		if err := os.Chmod(name, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(key, 5); err != nil {
		t.Fatal(err)
	}
	problems, err = store.Check(path, key)
	if err != nil || len(problems) != 3 {
		t.Errorf("%q, %v", problems, err)
	}
}

// However often a writer is killed, the database is whole, and a run that is
// left alone makes it what one undisturbed run would have made.
func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const databases, kills = 10, 10
	for d := range databases {
		path := filepath.Join(t.TempDir(), "mailtap.db")
		stored := 0
		for round := range kills {
			wait := 15 * time.Millisecond
			if round == kills-1 && d > 0 {
				wait = 150 * time.Millisecond // it will have begun to fold
			}
			killWriter(t, path, round%2 == 0, rand.N(wait))
			if r, err := store.OpenReader(path); err == nil { // else it had not begun
				r.Close()
				check(t, path)
				stored++
			}
		}
		if stored < kills/2 {
			t.Errorf("of %d writers, there was a database after %d", kills, stored)
		}
		n := len(read(t, path).Sessions) + 100
		add(t, path, logins(n)...)
		check(t, path)
		want, got := read(t, filled(t, logins(n)...)), read(t, path)
		if d > 0 { // to hold every session against another takes longest
			want.Sessions, want.Findings, got.Sessions, got.Findings = nil, nil, nil, nil
		}
		if diff := cmp.Diff(want, got, same, sortFindings); diff != "" {
			t.Errorf("(-undisturbed +killed):\n%s", diff)
		}
	}
}

// killWriter kills a writer so long after it has begun, or after it has
// committed something.
func killWriter(t *testing.T, path string, writing bool, wait time.Duration) {
	t.Helper()
	writer, stdout := startWriter(t, path)
	told := bufio.NewReader(stdout)
	if writing {
		told.ReadString('\n')
	}
	go io.Copy(io.Discard, told) // it would wait for somebody to read
	time.Sleep(wait)
	writer.Process.Kill()
	writer.Wait()
}
