package model_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

var now = time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)

func list(t testing.TB, source model.Source, text string) *model.List {
	t.Helper()
	q, err := model.NewQuery(text, now)
	if err != nil {
		t.Fatal(err)
	}
	return listOf(t, source, q)
}

func listOf(t testing.TB, source model.Source, q model.Query) *model.List {
	t.Helper()
	l, err := model.NewList(source, q, countsOf(t, source), indexOf(t, source), make(map[alerts.CaseID]bool))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func countsOf(t testing.TB, source model.Source) store.Counts {
	t.Helper()
	c, err := source.Counts()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// indexOf makes the index of a source's sessions.
func indexOf(t testing.TB, source model.Source) *model.Index {
	t.Helper()
	survey, err := model.NewSurvey(source, goOn)
	if err != nil {
		return nil
	}
	return survey.Index
}

// get returns a row, read if it must be.
func get(l *model.List, i int) (alerts.Case, bool) {
	row, ok := l.Row(i)
	if w, wanted := l.Wanted(); !ok && wanted {
		l.Put(w.Read())
		row, ok = l.Row(i)
	}
	return row.Case, ok
}

// The beginning of a list is read alone where all of it takes longer.
func TestBeginning(t *testing.T) {
	for _, tt := range []struct {
		cases int
		q     model.Query
		rows  int // 0: the list is read whole
	}{
		{1_000_000, model.Query{}, 100}, {100, model.Query{}, 100}, {99, model.Query{}, 0}, {0, model.Query{}, 0},
		{1_000_000, model.Query{By: model.ByRule}, 0}, {1_000_000, model.Query{Reverse: true}, 0},
	} {
		source := &many{cases: tt.cases}
		l, ok, err := model.NewBeginning(source, tt.q)
		if err != nil || ok != (tt.rows > 0) || len(source.asked) > 1 {
			t.Fatalf("%d cases: %v, %v, %d readings", tt.cases, ok, err, len(source.asked))
		}
		if !ok {
			continue
		}
		row, there := l.Row(tt.rows - 1)
		if l.Len() != tt.rows || !l.Cut() || !l.Paged() || !there || row.Case.ID != source.at(tt.rows-1).ID || l.Lacks() {
			t.Errorf("%d rows, cut %v, paged %v, the last %v", l.Len(), l.Cut(), l.Paged(), there)
		}
	}
	if _, ok, err := model.NewBeginning(&many{cases: 20_000, err: errBroken}, model.Query{}); ok || !errors.Is(err, errBroken) {
		t.Errorf("%v, %v", ok, err)
	}
}

// A million cases are read where they are looked at, and each only once.
func TestListReadsPages(t *testing.T) {
	source := &many{cases: 1_000_000}
	l := list(t, source, "")
	if l.Len() != source.cases || len(source.asked) != 1 {
		t.Errorf("%d rows, %d pages read before one was asked for", l.Len(), len(source.asked))
	}
	for _, i := range []int{0, 1, model.PageSize - 1, model.PageSize, 0, 499_999, 999_999, 1} {
		got, ok := get(l, i)
		if want := source.at(i); !ok || got != want {
			t.Errorf("row %d: %v, %v", i, got, ok)
		}
	}
	var offsets []int
	for _, f := range source.asked {
		if offsets = append(offsets, f.Offset); f.Limit != model.PageSize {
			t.Errorf("a page of %d", f.Limit)
		}
	}
	if diff := cmp.Diff([]int{0, 500, 499_500, 999_500}, offsets); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	for _, i := range []int{-1, 1_000_000} {
		if _, ok := get(l, i); ok {
			t.Errorf("there is a row %d", i)
		}
	}
}

// Looking at rows never reads: the list says what it lacks.
func TestRowsAreNotReadWhenShown(t *testing.T) {
	source := &many{cases: 1_000_000}
	l := list(t, source, "")
	source.asked = nil
	for _, i := range []int{700_000, 20_000, 999_999} {
		if _, ok := l.Row(i); ok {
			t.Errorf("row %d is there", i)
		}
	}
	if !l.Lacks() || len(source.asked) != 0 {
		t.Errorf("something is lacking: %v, %d were read", l.Lacks(), len(source.asked))
	}
	w, ok := l.Wanted()
	if l.Put(w.Read()); !ok || source.asked[0].Offset/model.PageSize != 999_999/model.PageSize {
		t.Errorf("%v was read, %v", source.asked, ok)
	}
	source.asked = nil
	if _, ok := l.Look(source.at(700_000).ID, 700_000); ok || len(source.asked) != 0 {
		t.Errorf("looking reads: %v", source.asked)
	}
}

func TestFind(t *testing.T) {
	source := &many{cases: 1_000_000}
	l := list(t, source, "")
	for _, want := range []int{0, 7, 200_000, 199_999, 654_321, 999_999} {
		for _, near := range []int{want, want + 3, 0, 999_999} {
			id := source.at(want).ID
			source.asked = nil
			if got, ok := l.Find(id, near); !ok || got != want {
				t.Errorf("%d near %d: found at %d, %v", want, near, got, ok)
			}
			if n := len(source.asked); n > 30 {
				t.Errorf("%d near %d: took %d questions", want, near, n)
			}
			if got, ok := l.Look(id, want); !ok || got != want {
				t.Errorf("%d: looked at %d, %v", want, got, ok)
			}
		}
	}
	if _, ok := l.Find(alerts.CaseID{0xff}, 5); ok {
		t.Error("found a case that is not there")
	}
}

// The selection stays on its case when others come before it.
func TestFindAfterRefresh(t *testing.T) {
	source := &few{cases: []alerts.Case{{ID: alerts.CaseID{1}, Severity: alerts.High, Last: 5}, {ID: alerts.CaseID{2}, Severity: alerts.High, Last: 4}}}
	before, ok := list(t, source, "").Find(alerts.CaseID{2}, 0)
	if !ok || before != 1 {
		t.Fatalf("at %d, %v", before, ok)
	}
	source.cases = append(source.cases, alerts.Case{ID: alerts.CaseID{3}, Severity: alerts.Critical, Last: 1}, alerts.Case{ID: alerts.CaseID{4}, Severity: alerts.High, Last: 9})
	if after, ok := list(t, source, "").Find(alerts.CaseID{2}, before); !ok || after != 3 {
		t.Errorf("at %d, %v, want 3", after, ok)
	}
}

func TestFilter(t *testing.T) {
	source := &few{findings: []alerts.Finding{{Case: alerts.CaseID{3}, Account: "maria", HasAccount: true}}, cases: []alerts.Case{
		{ID: alerts.CaseID{1}, Rule: "cleartext-password", Severity: alerts.Critical, Server: "10.0.0.9:143", Client: "10.0.0.5"},
		{ID: alerts.CaseID{2}, Rule: "base64-password", Severity: alerts.Critical, Last: 1, Server: "10.0.0.9:25", Account: "Joe@example.org", HasAccount: true},
		{ID: alerts.CaseID{3}, Rule: "starttls-not-offered", Severity: alerts.High, Server: "192.0.2.1:25"},
	}}
	tests := []struct {
		text string
		want []byte // of the ids
	}{
		{"", []byte{2, 1, 3}},
		{"password", []byte{2, 1}},
		{"PASSWORD", []byte{2, 1}},
		{"joe", []byte{2}},
		{"10.0.0.", []byte{2, 1}}, // case 1 fits twice
		{"10.0.0.5", []byte{1}},
		{":25", []byte{2, 3}},
		{"=10.0.0.9:25", []byte{2}},
		{"=10.0.0.9:2", nil},
		{"=base64-password", []byte{2}},
		{"=base64", nil},
		{"%", nil},
		{"maria", []byte{3}}, // of a finding
		{"-password", []byte{3}},
	}
	for _, tt := range tests {
		q, err := model.NewQuery(tt.text, now)
		if err != nil {
			t.Fatal(err)
		}
		q.Flat = true
		l := listOf(t, source, q)
		got := ids(l)
		if diff := cmp.Diff(tt.want, got); diff != "" || l.Cut() || l.Query().Text != tt.text {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestFilterIsBounded(t *testing.T) {
	for _, n := range []int{model.MaxMatches, model.MaxMatches + 1, 50_000} {
		source := &many{cases: n}
		l := list(t, source, "10.0.0.9")
		if l.Len() != model.MaxMatches || l.Cut() != (n > model.MaxMatches) {
			t.Errorf("%d cases: %d rows, cut: %v", n, l.Len(), l.Cut())
		}
		if last, ok := get(l, model.MaxMatches-1); !ok || last != source.at(model.MaxMatches-1) {
			t.Errorf("%d cases: the last row is %v, %v", n, last, ok)
		}
	}
	source := &many{cases: 1_000_000}
	if l := list(t, source, "count:7"); l.Len() != 0 || !l.Cut() || len(source.asked) != 50 {
		t.Errorf("none fits: %d rows, cut: %v, %d pages were read", l.Len(), l.Cut(), len(source.asked))
	}
}

func TestReasons(t *testing.T) {
	source := &few{findings: []alerts.Finding{{Case: alerts.CaseID{1}, Time: 5, Why: "new"}, {Case: alerts.CaseID{1}, Time: 4, Why: "old"}}}
	var r model.Reasons
	c := alerts.Case{ID: alerts.CaseID{1}, Last: 5}
	read := func() string {
		r.Of(&c)
		if r.Lacks() {
			r.Put(model.ReadReasons(source, r.Wanted()))
		}
		return r.Of(&c)
	}
	if got := r.Of(&c); got != "" || !r.Lacks() {
		t.Errorf("before it was read: %q", got)
	}
	if got := read(); got != "new" || r.Lacks() {
		t.Errorf("got %q", got)
	}
	source.findings = nil
	if got := read(); got != "new" {
		t.Errorf("asked again: got %q", got)
	}
	c.Last = 6
	if got := read(); got != "" || r.Lacks() {
		t.Errorf("without a finding: got %q", got)
	}
	for i := range int64(10_000) {
		c.Last = i
		r.Of(&c)
	}
	if n := len(r.Wanted()); n != 200 {
		t.Errorf("%d are asked for at once", n)
	}
}

func TestSort(t *testing.T) {
	source := &few{cases: []alerts.Case{
		{ID: alerts.CaseID{1}, Rule: "b", Severity: alerts.High, Server: "s3", Client: "c1", Account: "x", Findings: 2, First: 1, Last: 9},
		{ID: alerts.CaseID{2}, Rule: "c", Severity: alerts.Critical, Server: "s1", Client: "c3", Account: "y", Findings: 3, First: 2, Last: 7, Status: alerts.Resolved},
		{ID: alerts.CaseID{3}, Rule: "a", Severity: alerts.Low, Server: "s2", Client: "c2", Account: "w", Findings: 1, First: 3, Last: 8, Status: alerts.Acknowledged},
	}}
	want := map[model.Field][]byte{
		model.BySeverity: {2, 1, 3}, model.ByStatus: {1, 3, 2}, model.ByRule: {3, 1, 2}, model.ByServer: {2, 3, 1}, model.ByClient: {1, 3, 2},
		model.ByAccount: {3, 1, 2}, model.ByCount: {2, 1, 3}, model.ByFirst: {3, 2, 1}, model.ByLast: {1, 3, 2},
	}
	for f := range model.Fields {
		by := model.Field(f)
		forth, back := ids(listOf(t, source, model.Query{By: by})), ids(listOf(t, source, model.Query{By: by, Reverse: true}))
		if diff := cmp.Diff(want[by], forth); diff != "" {
			t.Errorf("%s (-want +got):\n%s", by, diff)
		}
		slices.Reverse(back)
		if diff := cmp.Diff(want[by], back); diff != "" {
			t.Errorf("%s, the other way round (-want +got):\n%s", by, diff)
		}
		if got, ok := model.ParseField(by.String()); !ok || got != by {
			t.Errorf("%s is read as %s, %v", by, got, ok)
		}
	}
}

func ids(l *model.List) (list []byte) {
	for i := range l.Len() {
		row, _ := l.Row(i)
		list = append(list, row.Case.ID[0])
	}
	return list
}

func TestErrors(t *testing.T) {
	for _, broken := range []string{"Cases", "AllFindings"} {
		q, _ := model.NewQuery("joe", now)
		if _, err := model.NewList(&few{broken: broken}, q, store.Counts{}, nil, nil); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", broken, err)
		}
	}
	source := &many{cases: 20_000}
	l := list(t, source, "")
	source.err, source.asked = errBroken, nil
	for range 3 {
		if _, ok := get(l, 4000); ok || !errors.Is(l.Err(), errBroken) && len(source.asked) > 0 {
			t.Errorf("a row came: %v", l.Err())
		}
	}
	if len(source.asked) != 1 {
		t.Errorf("a page that fails is read %d times", len(source.asked))
	}
	if _, ok := l.Find(source.at(14_000).ID, 14_000); ok {
		t.Error("found in a source that fails")
	}
}

// Scrolling down row by row, a page read every PageSize rows.
func BenchmarkScroll(b *testing.B) {
	source := &many{cases: 1_000_000}
	l := list(b, source, "")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, ok := get(l, i%source.cases); !ok {
			b.Fatal("no row")
		}
		source.asked = source.asked[:0]
		i++
	}
}
