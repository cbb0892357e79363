package model_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
)

func list(t testing.TB, source model.Source, text string) *model.List {
	t.Helper()
	l, err := model.NewList(source, text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A million cases are read where they are looked at, and each only once.
func TestListReadsPages(t *testing.T) {
	source := &many{cases: 1_000_000}
	l := list(t, source, "")
	if l.Len() != source.cases || len(source.asked) != 0 {
		t.Errorf("%d rows, %d pages read before one was asked for", l.Len(), len(source.asked))
	}
	for _, i := range []int{0, 1, model.PageSize - 1, model.PageSize, 0, 499_999, 999_999, 1} {
		got, ok := l.Row(i)
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
		if _, ok := l.Row(i); ok {
			t.Errorf("there is a row %d", i)
		}
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
	source := &few{cases: []alerts.Case{
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
	}
	for _, tt := range tests {
		l := list(t, source, tt.text)
		var got []byte
		for i := range l.Len() {
			c, _ := l.Row(i)
			got = append(got, c.ID[0])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || l.Cut() || l.Text() != tt.text {
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
		if last, ok := l.Row(model.MaxMatches - 1); !ok || last != source.at(model.MaxMatches-1) {
			t.Errorf("%d cases: the last row is %v, %v", n, last, ok)
		}
	}
}

func TestReason(t *testing.T) {
	source := &few{findings: []alerts.Finding{{Case: alerts.CaseID{1}, Time: 5, Why: "new"}, {Case: alerts.CaseID{1}, Time: 4, Why: "old"}}}
	l := list(t, source, "")
	c := alerts.Case{ID: alerts.CaseID{1}, Last: 5}
	if got := l.Reason(&c); got != "new" {
		t.Errorf("got %q", got)
	}
	source.findings = nil
	if got := l.Reason(&c); got != "new" {
		t.Errorf("asked again: got %q", got)
	}
	c.Last = 6
	if got := l.Reason(&c); got != "" || l.Err() != nil {
		t.Errorf("without a finding: got %q, %v", got, l.Err())
	}
}

func TestErrors(t *testing.T) {
	for _, broken := range []string{"Counts", "Cases"} {
		if _, err := model.NewList(&few{broken: broken}, "joe"); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", broken, err)
		}
	}
	source := &many{cases: 10}
	l := list(t, source, "")
	source.err = errBroken
	for range 3 {
		if _, ok := l.Row(4); ok || !errors.Is(l.Err(), errBroken) {
			t.Errorf("a row came: %v", l.Err())
		}
	}
	if len(source.asked) != 1 {
		t.Errorf("a page that fails is read %d times", len(source.asked))
	}
	if _, ok := l.Find(source.at(4).ID, 4); ok {
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
		if _, ok := l.Row(i % source.cases); !ok {
			b.Fatal("no row")
		}
		source.asked = source.asked[:0]
		i++
	}
}
