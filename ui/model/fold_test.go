package model_test

import (
	"fmt"
	"iter"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

// outline shows rows with what they stand for.
func outline(l *model.List) string {
	var b strings.Builder
	for i := range l.Len() {
		c, _ := get(l, i)
		row, _ := l.Row(i)
		if row.Beneath {
			b.WriteString("  ")
		}
		fmt.Fprintf(&b, "%s %s %s%s", c.Rule, c.Server, c.Client, c.Account)
		if row.Folded > 0 {
			fmt.Fprintf(&b, " +%d", row.Folded)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// journal is a source that is written session by session.
type journal struct {
	few
	number map[alerts.CaseID]int
}

// session adds one: "SERVER CLIENT ACCOUNT: RULE RULE ...".
func (j *journal) session(text string) {
	who, names, _ := strings.Cut(text, ": ")
	parts := strings.Fields(who)
	n := len(j.sessions) + 1
	client := "10.1." + parts[1]
	if !strings.Contains(parts[1], ".") {
		client = "10.1.0." + parts[1]
	}
	f := &dissect.Facts{
		Protocol: dissect.SMTP, Server: netip.MustParseAddrPort("10.0.0." + parts[0] + ":25"),
		Client: netip.MustParseAddrPort(client + ":4000"), Start: int64(n) * 1e9,
	}
	s := alerts.Session{ID: alerts.SessionID{byte(n >> 8), byte(n)}, Facts: f}
	j.sessions = append(j.sessions, s)
	for _, name := range strings.Fields(names) {
		j.finding(s, name, parts[2])
	}
}

func (j *journal) finding(s alerts.Session, rule, account string) {
	r := rules.Find(rule)
	if r == nil {
		r = &rules.Rule{ID: rule, Blame: alerts.BlameAccount}
	}
	f := alerts.Finding{
		Rule: rule, Severity: r.Severity, Blame: r.Blame, Session: s.ID, Time: s.Facts.Start, Protocol: s.Facts.Protocol,
		Client: s.Facts.Client, Server: s.Facts.Server, Account: account, HasAccount: true,
		Case: alerts.NewCaseID(rule, r.Blame, s.Facts.Client, s.Facts.Server, account),
	}
	j.findings = append(j.findings, f)
	if j.number == nil {
		j.number = make(map[alerts.CaseID]int)
	}
	n, known := j.number[f.Case]
	if !known {
		n = len(j.cases)
		j.number[f.Case] = n
		c := alerts.Case{ID: f.Case, Rule: rule, Severity: f.Severity, Protocol: f.Protocol, Server: f.Server.String(), First: f.Time}
		switch r.Blame {
		case alerts.BlameClient, alerts.BlamePath, alerts.BlameClientServer:
			c.Client = f.Client.Addr().String()
		case alerts.BlameAccount:
			c.Account, c.HasAccount = account, true
		}
		j.cases = append(j.cases, c)
	}
	c := &j.cases[n]
	c.Last = f.Time
	c.Findings++
	c.Sessions++
}

func written(sessions ...string) *journal {
	j := new(journal)
	for _, s := range sessions {
		j.session(s)
	}
	return j
}

// Cases fold where no session had one of them without the other.
func TestFold(t *testing.T) {
	tests := []struct {
		name     string
		sessions []string
		want     string
	}{
		{"one-log-in", []string{"9 1 joe: base64-password starttls-not-used"}, "base64-password 10.0.0.9:25 10.1.0.1 +1\n"},
		{"the-servers-fault", []string{
			"9 1 joe: base64-password starttls-not-offered auth-offered-in-clear",
			"9 2 ann: base64-password starttls-not-offered auth-offered-in-clear",
		}, "base64-password 10.0.0.9:25 10.1.0.2 +3\n"},
		{"what-the-server-allows-stands-for-nobody", []string{
			"9 1 joe: base64-password auth-offered-in-clear", "9 2 ann: base64-password auth-offered-in-clear",
		}, "base64-password 10.0.0.9:25 10.1.0.2\nbase64-password 10.0.0.9:25 10.1.0.1\nauth-offered-in-clear 10.0.0.9:25 \n"},
		{"also-without-the-server", []string{
			"9 1 joe: base64-password starttls-not-offered", "9 1 joe: base64-password", "9 2 ann: base64-password starttls-not-offered",
		}, "base64-password 10.0.0.9:25 10.1.0.2 +1\nbase64-password 10.0.0.9:25 10.1.0.1\n"},
		{"a-client-of-two-accounts", []string{
			"9 1 joe: starttls-not-used account-both-ways", "9 1 ann: starttls-not-used account-both-ways",
		}, "starttls-not-used 10.0.0.9:25 10.1.0.1 +2\n"},
		{"an-account-of-two-clients", []string{
			"9 1 joe: starttls-not-used account-both-ways", "9 2 joe: starttls-not-used account-both-ways",
		}, "starttls-not-used 10.0.0.9:25 10.1.0.2 +2\n"},
		{"another-log-in-of-the-client", []string{
			"9 1 joe: base64-password starttls-not-used", "9 1 joe: base64-password", "9 1 joe: starttls-not-used",
		}, "base64-password 10.0.0.9:25 10.1.0.1\nstarttls-not-used 10.0.0.9:25 10.1.0.1\n"},
		{"another-server", []string{"9 1 joe: base64-password", "8 1 joe: starttls-not-offered"},
			"base64-password 10.0.0.9:25 10.1.0.1\nstarttls-not-offered 10.0.0.8:25 \n"},
		{"old-tls", []string{"9 1 joe: tls-old-version tls-weak-cipher base64-password", "9 2 joe: tls-old-version tls-weak-cipher"},
			"base64-password 10.0.0.9:25 10.1.0.1\ntls-old-version 10.0.0.9:25  +1\n"},
		{"old-tls-now-and-then", []string{"9 1 joe: tls-old-version tls-weak-cipher", "9 2 joe: tls-old-version", "9 2 joe: tls-weak-cipher"},
			"tls-old-version 10.0.0.9:25 \ntls-weak-cipher 10.0.0.9:25 \n"},
		{"rules-of-tomorrow", []string{"9 1 joe: one two"}, "one 10.0.0.9:25 joe\ntwo 10.0.0.9:25 joe\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := written(tt.sessions...)
			var q model.Query
			want := tt.want
			if got := lines(outline(listOf(t, source, q))); !cmp.Equal(lines(want), got) {
				t.Errorf("(-want +got):\n%s", cmp.Diff(lines(want), got))
			}
			if flat := listOf(t, source, model.Query{Flat: true}); flat.Len() != len(source.cases) {
				t.Errorf("%d rows without folding", flat.Len())
			}
			slow := backwards{source}
			if got := lines(outline(listOf(t, slow, q))); !cmp.Equal(lines(want), got) {
				t.Errorf("told from its end (-want +got):\n%s", cmp.Diff(lines(want), got))
			}
		})
	}
}

// lines is a set of lines: which of two equal cases comes first is their ids'.
func lines(text string) map[string]bool {
	set := make(map[string]bool)
	for line := range strings.Lines(text) {
		set[line] = true
	}
	return set
}

// backwards gives sessions the other way round.
type backwards struct{ *journal }

func (b backwards) Begun(newest int) iter.Seq2[alerts.Result, error] {
	return func(yield func(alerts.Result, error) bool) {
		var list []alerts.Result
		for r := range b.journal.Begun(newest) {
			list = append(list, r)
		}
		for i := len(list) - 1; i >= 0 && yield(list[i], nil); i-- {
		}
	}
}

// Before anything is counted, each case is a row.
func TestFoldWithoutIndex(t *testing.T) {
	source := written("9 1 joe: base64-password starttls-not-used")
	l, err := model.NewList(source, model.Query{}, countsOf(t, source), nil, nil)
	if err != nil || l.Len() != 2 {
		t.Errorf("%d rows, %v", l.Len(), err)
	}
}

func TestUnfold(t *testing.T) {
	source := written("9 1 joe: base64-password starttls-not-used", "8 2 ann: mail-on-unusual-port")
	index := indexOf(t, source)
	open := make(map[alerts.CaseID]bool)
	l := listOf(t, source, model.Query{})
	l.Unfold(open)
	const folded = "base64-password 10.0.0.9:25 10.1.0.1 +1\nmail-on-unusual-port 10.0.0.8:25 \n"
	const unfolded = "base64-password 10.0.0.9:25 10.1.0.1 +1\n  starttls-not-used 10.0.0.9:25 10.1.0.1\nmail-on-unusual-port 10.0.0.8:25 \n"
	if at := l.Toggle(0); at != 0 || outline(l) != unfolded {
		t.Errorf("row %d:\n%s", at, outline(l))
	}
	beneath, _ := l.Row(1)
	if i, ok := l.Look(beneath.Case.ID, 0); !ok || i != 1 {
		t.Errorf("the case beneath is at %d, %v", i, ok)
	}
	again, err := model.NewList(source, model.Query{}, countsOf(t, source), index, open)
	if err != nil || outline(again) != unfolded {
		t.Errorf("read again: %v\n%s", err, outline(again))
	}
	if at := l.Toggle(1); at != 0 || outline(l) != folded || len(open) != 0 {
		t.Errorf("row %d:\n%s", at, outline(l))
	}
	if i, ok := l.Look(beneath.Case.ID, 0); !ok || i != 0 {
		t.Errorf("the folded case is at %d, %v", i, ok)
	}
	if ids := l.Stands(0); len(ids) != 2 || ids[1] != beneath.Case.ID {
		t.Errorf("the row stands for %v", ids)
	}
	for _, i := range []int{-1, 1, 99} {
		if at := l.Toggle(i); at != i || outline(l) != folded {
			t.Errorf("row %d stands for itself, and went to %d:\n%s", i, at, outline(l))
		}
	}
}

// large is more cases than are held: of clients that log in where there is no
// STARTTLS, and of one who need not.
func large() *journal {
	j := new(journal)
	for i := range model.MaxMatches {
		j.session(fmt.Sprintf("9 %d.%d u%d: account-both-ways starttls-not-offered", i/250, i%250, i))
	}
	j.session("8 7 careless: base64-password starttls-not-used")
	return j
}

// With an index, all cases of a large database fold, sort and filter, and only
// those that are looked at are read.
func TestIndexedList(t *testing.T) {
	source := large()
	index := indexOf(t, source)
	if !index.Whole {
		t.Fatal("the index is not whole")
	}
	make := func(q model.Query) *model.List {
		t.Helper()
		l, err := model.NewList(source, q, countsOf(t, source), index, make(map[alerts.CaseID]bool))
		if err != nil || l.Cut() || l.Paged() {
			t.Fatalf("cut %v, paged %v, %v", l.Cut(), l.Paged(), err)
		}
		return l
	}
	l := make(model.Query{})
	if _, ok := l.Row(0); ok || !l.Lacks() {
		t.Errorf("a row is there that was not read")
	}
	want := fmt.Sprintf("base64-password 10.0.0.8:25 10.1.0.7 +1\nstarttls-not-offered 10.0.0.9:25  +%d\n", model.MaxMatches)
	if diff := cmp.Diff(want, outline(l)); diff != "" || l.Cases() != model.MaxMatches+3 {
		t.Errorf("%d cases (-want +got):\n%s", l.Cases(), diff)
	}
	all := make(model.Query{Flat: true})
	held, _ := model.NewList(source, model.Query{}, countsOf(t, source), nil, nil)
	for _, i := range []int{0, 1, 5000, model.MaxMatches} {
		got, ok := get(all, i)
		want, _ := get(held, i)
		if !ok || got != want {
			t.Errorf("row %d is %v (%v), the store has %v", i, got, ok, want)
		}
		if at, ok := all.Find(want.ID, 0); !ok || at != i {
			t.Errorf("case of row %d found at %d, %v", i, at, ok)
		}
		if _, ok := all.Row(i); !ok {
			t.Errorf("row %d is still to be read after Find", i)
		}
	}
	q, _ := model.NewQuery("account:u77", now)
	q.By, q.Reverse = model.ByAccount, true
	if got, ok := get(make(q), 0); !ok || got.Account == "" || !strings.HasPrefix(got.Account, "u77") {
		t.Errorf("filtered: %v, %v", got, ok)
	}
	status := alerts.Resolved
	source.cases[0].Status = status // after the index was made
	q, _ = model.NewQuery("status:resolved", now)
	if got := make(q); got.Len() != 1 {
		t.Errorf("%d rows are resolved", got.Len())
	}
	source.cases = append(source.cases[:1:1], source.cases[2:]...)
	gone := make(model.Query{Flat: true, By: model.ByFirst, Reverse: true})
	if _, ok := get(gone, 1); ok || gone.Lacks() {
		t.Errorf("a case that is gone: %v, lacks %v", ok, gone.Lacks())
	}
}

// An index that lacks cases does not make lists: the store does.
func TestIndexIsNotWhole(t *testing.T) {
	source := large()
	source.cases = append(source.cases, alerts.Case{ID: alerts.CaseID{1}})
	if index := indexOf(t, source); index.Whole {
		t.Error("the store has a case more")
	}
	source.cases[len(source.cases)-1].Status = alerts.Resolved // which is read
	if index := indexOf(t, source); !index.Whole {
		t.Error("a case without findings that an admin has changed is missing")
	}
	source.session("8 7 careless: a-rule-of-tomorrow")
	if index := indexOf(t, source); index.Whole {
		t.Error("nobody knows the case of a rule of tomorrow")
	}
}

// Names that are longer than an index holds leave it without some cases: lists
// are the store's then.
func TestIndexIsBounded(t *testing.T) {
	j := new(journal)
	for i := range model.MaxMatches + 1 {
		j.session(fmt.Sprintf("9 %d.%d %d%s: account-both-ways", i/250, i%250, i, strings.Repeat("x", 4000)))
	}
	if index := indexOf(t, j); index.Whole {
		t.Error("40 MB of names are held")
	}
	if l := list(t, j, ""); l.Len() != model.MaxMatches+1 {
		t.Errorf("%d rows", l.Len())
	}
}
