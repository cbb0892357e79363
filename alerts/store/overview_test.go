package store_test

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

func overview(t testing.TB, path string, top int) store.Overview {
	t.Helper()
	o, err := reader(t, path).Overview(top)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// countAll makes the overview of what a database lists.
func countAll(t *testing.T, path string) store.Overview {
	t.Helper()
	var o store.Overview
	hours := map[int64]*store.Hour{}
	hour := func(ns int64) *store.Hour {
		begin := time.Unix(0, ns).Truncate(time.Hour).UnixNano()
		if hours[begin] == nil {
			hours[begin] = &store.Hour{Begin: begin}
		}
		return hours[begin]
	}
	var servers, clients, accounts, rules = ranks{}, ranks{}, ranks{}, ranks{}
	for r, err := range reader(t, path).Begun(0) {
		if err != nil {
			t.Fatal(err)
		}
		f := r.Session.Facts
		servers.session(f.Server.String(), &r)
		clients.session(f.Client.Addr().String(), &r)
		hour(f.Start).Sessions[r.Session.Verdict]++
		seen := map[string]bool{}
		for _, found := range r.Findings {
			servers.of(found.Server.String()).Findings[found.Severity]++
			clients.of(found.Client.Addr().String()).Findings[found.Severity]++
			rules.of(found.Rule).Findings[found.Severity]++
			hour(found.Time).Findings[found.Severity]++
			if !seen["rule "+found.Rule] {
				rules.session(found.Rule, &r)
			}
			if found.HasAccount {
				accounts.of(found.Account).Findings[found.Severity]++
				if !seen["account "+found.Account] {
					accounts.session(found.Account, &r)
				}
				seen["account "+found.Account] = true
			}
			seen["rule "+found.Rule] = true
		}
	}
	for _, h := range hours {
		o.Hours = append(o.Hours, *h)
	}
	slices.SortFunc(o.Hours, func(a, b store.Hour) int { return cmp.Compare(a.Begin, b.Begin) })
	o.Servers, o.Clients, o.Accounts, o.Rules = servers.sort(), clients.sort(), accounts.sort(), rules.sort()
	return o
}

type ranks map[string]*store.Subject

func (r ranks) of(name string) *store.Subject {
	if r[name] == nil {
		r[name] = &store.Subject{Name: name}
	}
	return r[name]
}

func (r ranks) session(name string, result *alerts.Result) {
	s := r.of(name)
	s.Sessions[result.Session.Verdict]++
	s.Last = max(s.Last, result.Session.Facts.Start)
}

func (r ranks) sort() store.Ranking {
	var list []store.Subject
	for _, s := range r {
		list = append(list, *s)
	}
	sum := func(counts [5]int64) (n int64) {
		for _, c := range counts {
			n += c
		}
		return n
	}
	slices.SortFunc(list, func(a, b store.Subject) int {
		for v := alerts.Critical; v > alerts.Info; v-- {
			if order := cmp.Compare(b.Findings[v], a.Findings[v]); order != 0 {
				return order
			}
		}
		return cmp.Or(cmp.Compare(sum(b.Findings), sum(a.Findings)), cmp.Compare(sum(b.Sessions), sum(a.Sessions)), strings.Compare(a.Name, b.Name))
	})
	return store.Ranking{Top: list, All: int64(len(list))}
}

// apart makes log-in i one of two hours, in which the client, an account and
// severities differ from others.
func apart(i int) alerts.Result {
	r := login(i * 13 % 36000)
	r.Session.Verdict = alerts.Verdict(i % 5)
	for k := range r.Findings {
		f := &r.Findings[k]
		f.Severity = alerts.Severity((i + k) % 5)
		f.Time += int64(k) * 1000 * second
	}
	if i%7 == 0 {
		r.Findings = r.Findings[1:]
	}
	if i%9 == 0 {
		f := &r.Findings[0]
		f.Client = login(i + 1).Session.Facts.Client
		f.Account, f.HasAccount = "", true
	}
	return r
}

// Whatever was stored, replaced, judged again and pruned, an overview says what
// lists would.
func TestOverview(t *testing.T) {
	const n = 2000
	var results []alerts.Result
	for i := range n {
		results = append(results, apart(i))
	}
	path := filled(t, results...)
	same := func(when string) {
		t.Helper()
		if diff := gocmp.Diff(countAll(t, path), overview(t, path, 0)); diff != "" {
			t.Errorf("%s (-lists +overview):\n%s", when, diff)
		}
		check(t, path)
	}
	same("stored")
	add(t, path, results[:500]...)
	same("stored again")
	var more []alerts.Result
	for i := 0; i < n; i += 50 {
		r := apart(i)
		facts := *r.Session.Facts
		facts.Packets += 9
		r.Session.Facts, r.Session.Verdict = &facts, alerts.Weak
		r.Findings = r.Findings[1:]
		more = append(more, r)
	}
	add(t, path, more...)
	if diff := gocmp.Diff(untimed(countAll(t, path)), untimed(overview(t, path, 0))); diff != "" {
		t.Errorf("more packets (-lists +overview):\n%s", diff)
	}
	replace(t, path, results[1], results[3])
	if _, err := store.Prune(path, firstDay+second*3600, false); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(untimed(countAll(t, path)), untimed(overview(t, path, 0))); diff != "" {
		t.Errorf("pruned (-lists +overview):\n%s", diff)
	}
	check(t, path)
	if _, err := store.Prune(path, firstDay+second*36000, false); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(store.Overview{}, overview(t, path, 0)); diff != "" {
		t.Errorf("all is pruned (-want +got):\n%s", diff)
	}
}

// untimed leaves out when rules and accounts were last seen: a session that was
// replaced may have been one of theirs.
func untimed(o store.Overview) store.Overview {
	for _, list := range [][]store.Subject{o.Rules.Top, o.Accounts.Top} {
		for i := range list {
			list[i].Last = 0
		}
	}
	return o
}

func TestOverviewTop(t *testing.T) {
	path := filled(t, logins(300)...)
	all, some := overview(t, path, 0), overview(t, path, 3)
	if diff := gocmp.Diff(all.Clients.Top[:3], some.Clients.Top); diff != "" || some.Clients.All != 300 || len(all.Clients.Top) != 300 {
		t.Errorf("%d of %d (-first of all +top):\n%s", len(some.Clients.Top), some.Clients.All, diff)
	}
}

// A database of before is counted when it is opened.
func TestOverviewOfOlderSchema(t *testing.T) {
	path := filled(t, logins(300)...)
	want := overview(t, path, 0)
	execute(t, path, "DELETE FROM marks WHERE name = 'tallied'; DROP TABLE subjects; PRAGMA user_version = 2")
	lock, err := sql.Open("sqlite3", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	tx, err := lock.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader(t, path).Overview(0); !errors.Is(err, store.ErrNoOverview) {
		t.Errorf("while others write: %v", err)
	}
	tx.Rollback()
	if diff := gocmp.Diff(want, overview(t, path, 0)); diff != "" {
		t.Errorf("(-new +old):\n%s", diff)
	}
	check(t, path)
}

// named is a log-in with an account of its own. Accounts sort as they come: so
// the last ones are without a row, however the writer cuts its transactions.
func named(i int) alerts.Result {
	r := login(i)
	f := &r.Findings[0]
	f.Account = fmt.Sprintf("somebody%05d", i)
	f.ID = alerts.NewFindingID(f.Session, f.Rule, f.Account)
	f.Case = alerts.NewCaseID(f.Rule, f.Blame, f.Client, f.Server, f.Account)
	return r
}

// Names beyond the limit are counted together, and have rows of their own once
// there is room.
func TestOverviewBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const beyond = 500
	var results []alerts.Result
	for i := range store.MaxSubjects + beyond {
		results = append(results, named(i))
	}
	path := filled(t, results...)
	add(t, path, results...)
	accounts := overview(t, path, 10).Accounts
	if accounts.All != store.MaxSubjects || accounts.Others.Sessions[alerts.Exposed] != beyond || accounts.Others.Findings[alerts.Critical] != beyond {
		t.Errorf("%d accounts, others %+v", accounts.All, accounts.Others)
	}
	last := &results[len(results)-1]
	last.Session.Verdict, last.Findings = alerts.Weak, last.Findings[:1]
	replace(t, path, *last)
	if got := overview(t, path, 10).Accounts.Others.Sessions; got[alerts.Exposed] != beyond-1 || got[alerts.Weak] != 1 {
		t.Errorf("judged again: others %v", got)
	}
	check(t, path)
	if _, err := store.Prune(path, results[beyond+10].Session.Facts.Start, false); err != nil {
		t.Fatal(err)
	}
	accounts = overview(t, path, 10).Accounts
	if accounts.All != store.MaxSubjects-10 || accounts.Others != (store.Subject{}) {
		t.Errorf("pruned: %d accounts, others %+v", accounts.All, accounts.Others)
	}
	check(t, path)
}
