package dissect_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

func list(f *dissect.Facts, words ...string) {
	add(f, dissect.ListBegin)
	for _, w := range words {
		kind := dissect.Capability
		if w == "PLAIN" || w == "LOGIN" {
			kind = dissect.Mechanism
		}
		add(f, kind, w)
	}
	add(f, dissect.ListEnd)
}

func TestContradicted(t *testing.T) {
	login := &dissect.Attempt{Outcome: dissect.Accepted}
	tests := []struct {
		name   string
		first  []string
		login  bool
		second []string
		want   bool
	}{
		{"the same", []string{"STARTTLS", "PLAIN"}, false, []string{"STARTTLS", "PLAIN"}, false},
		{"in other letters", []string{"starttls", "PLAIN"}, false, []string{"STARTTLS", "PLAIN"}, false},
		{"STARTTLS is gone", []string{"STARTTLS", "PLAIN"}, false, []string{"PLAIN"}, true},
		{"LOGINDISABLED is gone", []string{"LOGINDISABLED"}, false, []string{"IDLE"}, true},
		{"other mechanisms", []string{"PLAIN"}, false, []string{"PLAIN", "LOGIN"}, true},
		{"only what does not matter", []string{"PLAIN", "IDLE"}, false, []string{"PLAIN", "SORT"}, false},
		{"after a login", []string{"STARTTLS", "PLAIN"}, true, []string{"IDLE"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f dissect.Facts
			list(&f, tt.first...)
			if tt.login {
				f.Add(&dissect.Event{Kind: dissect.AuthBegin, Attempt: login})
			}
			list(&f, tt.second...)
			if got := f.Signs != nil && f.Signs.Contradicted != nil; got != tt.want {
				t.Errorf("contradicted: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMaskedBanner(t *testing.T) {
	for text, want := range map[string]bool{
		"**************************************************": true,
		"*****************************************2******0*": true,
		"mx.example ESMTP":              false,
		"*** authorized users only ***": false,
		"":                              false,
	} {
		var f dissect.Facts
		add(&f, dissect.Greeting, text)
		if got := f.Signs != nil; got != want {
			t.Errorf("%q masked: %v, want %v", text, got, want)
		}
	}
}

func TestTests(t *testing.T) {
	var f dissect.Facts
	for _, e := range []dissect.Event{
		{Side: dissect.Client, Text: []byte("VRFY"), Line: []byte("VRFY root")},
		{Side: dissect.Server, Text: []byte("VRFY"), Line: []byte("250 root"), Outcome: dissect.Accepted},
		{Side: dissect.Client, Text: []byte("VRFY"), Line: []byte("VRFY joe")},
		{Side: dissect.Server, Text: []byte("VRFY"), Line: []byte("252 perhaps")},
		{Side: dissect.Client, Text: []byte("EXPN"), Line: []byte("EXPN all")},
		{Side: dissect.Server, Text: []byte("EXPN"), Line: []byte("550 no"), Outcome: dissect.Rejected},
		{Side: dissect.Server, Text: []byte("RCPT"), Line: []byte("550 unknown"), Outcome: dissect.Rejected},
	} {
		e.Kind = dissect.AddressTest
		f.Add(&e)
	}
	got := f.Signs.Tests
	quotes := len(got.Quotes)
	got.Quotes = nil
	if diff := cmp.Diff(dissect.Tests{VRFY: 2, VRFYAnswered: 1, EXPN: 1, RCPTRefused: 1}, got); diff != "" || quotes != 7 {
		t.Errorf("%d quotes (-want +got)\n%s", quotes, diff)
	}
}

// TestSignsBounds: whatever a peer sends, the Signs stay small.
func TestSignsBounds(t *testing.T) {
	var f dissect.Facts
	for i := range 1000 {
		text := fmt.Sprintf("key%d: value", i)
		line := []byte("line " + text)
		for k := dissect.MaskedCommand; k <= dissect.Conflicting; k++ {
			f.Add(&dissect.Event{Kind: k, Line: line, Text: []byte(text), Hide: dissect.Span{To: 4}, Overlap: &dissect.Overlap{}})
		}
	}
	s := f.Signs
	if len(s.ClientID) > dissect.MaxIdentity || len(s.ServerID) > dissect.MaxIdentity || len(s.URLs) > dissect.MaxURLs ||
		len(s.Overlaps) > dissect.MaxOverlaps || len(s.Tests.Quotes) > dissect.MaxQuotes || len(s.Turn.Quotes) > dissect.MaxQuotes {
		t.Errorf("too much is kept: %d, %d, %d, %d", len(s.ClientID), len(s.ServerID), len(s.URLs), len(s.Overlaps))
	}
	if s.URLs[0].Secret.Reveal() != "line" || s.MaskedCommand == nil || s.Smuggled == nil || s.EarlyData == nil {
		t.Errorf("lost: %+v", s)
	}
}
