package dissect_test

import (
	"fmt"
	"strings"
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

// A server that greets once more, as it does when a proxy has named the client
// (Postfix XCLIENT), may offer that client something else.
func TestNotContradictedBehindAnotherGreeting(t *testing.T) {
	for _, greets := range []bool{false, true} {
		var f dissect.Facts
		add(&f, dissect.Greeting, "mx1")
		list(&f, "STARTTLS", "PLAIN")
		if greets {
			add(&f, dissect.Greeting, "mx1")
		}
		list(&f, "8BITMIME")
		if contradicted := f.Signs != nil && f.Signs.Contradicted != nil; contradicted == greets {
			t.Errorf("greets again %v: contradicted %v", greets, contradicted)
		}
		list(&f, "STARTTLS")
		if f.Signs == nil || f.Signs.Contradicted == nil {
			t.Errorf("greets again %v: the third list contradicts the second, and nothing tells", greets)
		}
	}
}

func TestMasks(t *testing.T) {
	for _, tt := range []struct {
		protocol dissect.Protocol
		names    []string
		want     []string
	}{
		{dissect.SMTP, []string{"XXXXXXXA", "XXXX", "XCLIENT"}, []string{"XXXXXXXA", "XXXX"}},
		{dissect.SMTP, []string{"STARTTLX", "STAR****", "xxarttls"}, []string{"STARTTLX", "STAR****", "xxarttls"}},
		{dissect.SMTP, []string{"8BITMIME", "SMTPUTF8", "CHUNKING", "STARTTL", "STLX", "STOPABCD"}, nil},
		{dissect.IMAP, []string{"STARTTLZ", "CHILDREN", "LITERAL+", "UNSELECT", "METADATA"}, []string{"STARTTLZ"}},
		{dissect.POP3, []string{"STLX", "SASL", "USER", "UIDL", "UTF8", "LANG", "STARTTLX"}, []string{"STLX"}},
		{dissect.SMTP, []string{"STARTTLS", "starttls"}, nil},
	} {
		f := dissect.Facts{Protocol: tt.protocol}
		list(&f, tt.names...)
		if diff := cmp.Diff(tt.want, f.Offer.Masks); diff != "" {
			t.Errorf("%v %v (-want +got):\n%s", tt.protocol, tt.names, diff)
		}
		if offered := f.STARTTLS.Offered; tt.want != nil && offered != dissect.Unknown {
			t.Errorf("%v: offered %v, though something is masked", tt.names, offered)
		}
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

// TestAlertBeforeLogin: what a server tells one whom it lets in is no sign, and
// the order of the dialogue decides, not the times of packets.
func TestAlertBeforeLogin(t *testing.T) {
	in, out := dissect.Accepted, dissect.Rejected
	tests := []struct {
		name string
		did  []any // an Outcome is a login, a text an alert
		want string
	}{
		{"before", []any{"ALERT", in}, "ALERT"},
		{"after", []any{in, "ALERT"}, ""},
		{"after one that was refused", []any{out, "ALERT", in}, "ALERT"},
		{"after the second", []any{out, in, "ALERT", in}, ""},
		{"both", []any{"REFERRAL", in, "ALERT"}, "REFERRAL"},
		{"before and after", []any{"ALERT", "REFERRAL", in, "ALERT"}, "ALERT REFERRAL"},
		{"never", []any{"ALERT"}, "ALERT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f dissect.Facts
			for i, one := range tt.did {
				e := dissect.Event{Side: dissect.Server, Stamp: dissect.Stamp{Time: int64(-i)}}
				switch one := one.(type) {
				case dissect.Outcome:
					e.Kind, e.Attempt = dissect.AuthBegin, &dissect.Attempt{Outcome: one}
				case string:
					e.Kind, e.Text, e.Line = dissect.ServerAlert, []byte(one), []byte(one)
				}
				f.Add(&e)
			}
			f.Finish()
			var got []string
			if f.Signs != nil {
				for _, q := range []*dissect.Quote{f.Signs.Alert, f.Signs.Referral} {
					if q != nil {
						got = append(got, q.Text)
					}
				}
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestBareEndInWords: a line end is nothing that can be shown.
func TestBareEndInWords(t *testing.T) {
	var f dissect.Facts
	f.Add(&dissect.Event{Kind: dissect.BareEnd, Line: []byte("\n"), Text: []byte("LF")})
	f.Add(&dissect.Event{Kind: dissect.BareEnd, Line: []byte("\r"), Text: []byte("CR")})
	if got := f.Signs.BareEnd.Text; got != "<LF>" {
		t.Errorf("got %q", got)
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

// Of several requests to turn roles the first that was granted counts.
func TestTurned(t *testing.T) {
	const no, yes = dissect.Rejected, dissect.Accepted
	for _, tt := range []struct {
		answers []dissect.Outcome
		want    dissect.Outcome
		verb    string
	}{
		{[]dissect.Outcome{yes, no}, yes, "ETRN 0"},
		{[]dissect.Outcome{no, yes}, yes, "ETRN 1"},
		{[]dissect.Outcome{no, no}, no, "ETRN 1"},
	} {
		var f dissect.Facts
		for i, o := range tt.answers {
			verb := fmt.Appendf(nil, "ETRN %d", i)
			f.Add(&dissect.Event{Kind: dissect.Turned, Side: dissect.Client, Line: verb, Text: verb})
			f.Add(&dissect.Event{Kind: dissect.Turned, Side: dissect.Server, Outcome: o, Line: []byte("said"), Text: verb})
		}
		turn := f.Signs.Turn
		if turn.Outcome != tt.want || turn.Verb != tt.verb || len(turn.Quotes) != 2 {
			t.Errorf("%v: %v of %q with %d lines", tt.answers, turn.Outcome, turn.Verb, len(turn.Quotes))
		}
	}
}
