package dissect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

func add(f *dissect.Facts, kind dissect.Kind, words ...string) {
	if len(words) == 0 {
		words = []string{""}
	}
	for _, w := range words {
		f.Add(&dissect.Event{Kind: kind, Side: dissect.Server, Line: []byte("line " + w), Text: []byte(w)})
	}
}

// Mechanisms that are named outside a list are offered, but no list is
// complete by them.
func TestMechanismOutsideList(t *testing.T) {
	var f dissect.Facts
	add(&f, dissect.Mechanism, "PLAIN", "LOGIN", "plain")
	f.Finish()
	want := dissect.Offer{Mechanisms: []string{"PLAIN", "LOGIN"}, Quote: dissect.Quote{Side: dissect.Server, Text: "line PLAIN"}}
	if diff := cmp.Diff(want, f.Offer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f.STARTTLS.Offered != dissect.Unknown {
		t.Errorf("STARTTLS offered: %v, want unknown", f.STARTTLS.Offered)
	}
}

// What is offered behind a login is another list: clients ask again there.
func TestListBehindLogin(t *testing.T) {
	var f dissect.Facts
	add(&f, dissect.ListBegin)
	add(&f, dissect.Capability, "STLS")
	add(&f, dissect.Mechanism, "PLAIN")
	add(&f, dissect.ListEnd)
	before := f.Offer
	attempt := &dissect.Attempt{Mechanism: "PLAIN", Outcome: dissect.Accepted}
	f.Add(&dissect.Event{Kind: dissect.AuthBegin, Attempt: attempt})
	add(&f, dissect.ListBegin)
	add(&f, dissect.Capability, "TOP")
	add(&f, dissect.ListEnd)
	f.Finish()
	if diff := cmp.Diff(before, f.Offer); diff != "" {
		t.Errorf("(-before +behind):\n%s", diff)
	}

	f = dissect.Facts{Auth: []*dissect.Attempt{attempt}}
	add(&f, dissect.ListBegin)
	add(&f, dissect.ListEnd)
	if f.Finish(); f.Offer.Complete || f.STARTTLS.Offered != dissect.Unknown {
		t.Errorf("the list behind a login alone: %+v, STARTTLS offered: %v", f.Offer, f.STARTTLS.Offered)
	}
}

// A login that was sent ahead with the question for the list is accepted behind
// it: the list is one from before the login. IMAP may send the list of behind the
// login there as well.
func TestListAheadOfLogin(t *testing.T) {
	for _, tt := range []struct {
		protocol dissect.Protocol
		after    int
	}{{dissect.SMTP, 0}, {dissect.LMTP, 0}, {dissect.POP3, 0}, {dissect.ManageSieve, 0}, {dissect.IMAP, 1}} {
		f := dissect.Facts{Protocol: tt.protocol}
		attempt := &dissect.Attempt{Mechanism: "PLAIN"}
		f.Add(&dissect.Event{Kind: dissect.AuthBegin, Attempt: attempt})
		add(&f, dissect.ListBegin)
		add(&f, dissect.Mechanism, "PLAIN")
		add(&f, dissect.ListEnd)
		attempt.Outcome = dissect.Accepted
		f.Add(&dissect.Event{Kind: dissect.AuthEnd, Outcome: dissect.Accepted, Attempt: attempt})
		f.Finish()
		want := dissect.Offer{
			Complete: true, Mechanisms: []string{"PLAIN"}, After: tt.after,
			Quote: dissect.Quote{Side: dissect.Server, Text: "line PLAIN"},
		}
		if diff := cmp.Diff(want, f.Offer); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.protocol, diff)
		}
	}
}

// A mechanism behind a list joins it; one within a list that was never
// finished does not.
func TestMechanismAndList(t *testing.T) {
	var f dissect.Facts
	add(&f, dissect.ListBegin)
	add(&f, dissect.Capability, "STLS")
	add(&f, dissect.Mechanism, "PLAIN")
	add(&f, dissect.ListEnd)
	add(&f, dissect.Mechanism, "LOGIN")
	add(&f, dissect.ListBegin)
	add(&f, dissect.Mechanism, "CRAM-MD5")
	f.Finish()
	want := dissect.Offer{
		Complete: true, STARTTLS: true, Mechanisms: []string{"PLAIN", "LOGIN"},
		Quote: dissect.Quote{Side: dissect.Server, Text: "line PLAIN"},
	}
	if diff := cmp.Diff(want, f.Offer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A list behind an accepted STARTTLS rightly leaves it out (RFC 3207, section 4.2):
// where the list before was lost, nothing is known.
func TestListBehindSTARTTLS(t *testing.T) {
	var f dissect.Facts
	f.Add(&dissect.Event{Kind: dissect.StartTLSReply, Side: dissect.Server, Outcome: dissect.Accepted})
	add(&f, dissect.ListBegin)
	add(&f, dissect.Capability, "SIZE")
	add(&f, dissect.ListEnd)
	f.Finish()
	if f.STARTTLS.Offered != dissect.Unknown || !f.Offer.Complete {
		t.Errorf("offered %v, list complete %t", f.STARTTLS.Offered, f.Offer.Complete)
	}
}

// TLS behind a refusal follows another request, whose answer was not seen.
func TestTLSBehindRefusal(t *testing.T) {
	var f dissect.Facts
	f.Add(&dissect.Event{Kind: dissect.StartTLS})
	f.Add(&dissect.Event{Kind: dissect.StartTLSReply, Side: dissect.Server, Outcome: dissect.Rejected})
	f.Add(&dissect.Event{Kind: dissect.TLSBegin, Text: []byte("after text")})
	f.Finish()
	if f.STARTTLS.Accepted != dissect.Unknown || f.Transport != dissect.STARTTLS {
		t.Errorf("accepted %v, transport %s", f.STARTTLS.Accepted, f.Transport)
	}
}

// Where bytes were lost, a message that lacks a part may be one that was told: it
// counts once. A whole one is another.
func TestTornMessages(t *testing.T) {
	one := func() *dissect.Message {
		return &dissect.Message{From: "ann@x", HasFrom: true, Subject: "one", HasSubject: true, Size: 100, Complete: true}
	}
	torn := func(m dissect.Message) *dissect.Message {
		m.Size = 120
		return &m
	}
	tests := []struct {
		name     string
		protocol dissect.Protocol
		gap      bool
		messages []*dissect.Message
		want     int
	}{
		{"no header", dissect.IMAP, true, []*dissect.Message{one(), torn(dissect.Message{})}, 1},
		{"a part of the header", dissect.POP3, true, []*dissect.Message{one(), torn(dissect.Message{From: "ann@x", HasFrom: true})}, 1},
		{"a part of the header first", dissect.POP3, true, []*dissect.Message{torn(dissect.Message{From: "ann@x", HasFrom: true}), one()}, 1},
		{"no header first", dissect.IMAP, true, []*dissect.Message{torn(dissect.Message{}), one()}, 2},
		{"another header", dissect.IMAP, true, []*dissect.Message{one(), torn(dissect.Message{From: "eve@x", HasFrom: true})}, 2},
		{"nothing but a piece of nothing", dissect.POP3, true, []*dissect.Message{{}}, 0},
		{"a whole message without a header", dissect.IMAP, true, []*dissect.Message{one(), {Size: 5, Complete: true}}, 2},
		{"nothing lost", dissect.IMAP, false, []*dissect.Message{one(), torn(dissect.Message{})}, 2},
		{"smtp", dissect.SMTP, true, []*dissect.Message{one(), torn(dissect.Message{})}, 2},
	}
	for _, tt := range tests {
		f := dissect.Facts{Protocol: tt.protocol}
		if tt.gap {
			add(&f, dissect.Lost)
		}
		for _, m := range tt.messages {
			f.Add(&dissect.Event{Kind: dissect.MessageEnd, Message: m})
		}
		if len(f.Messages) != tt.want {
			t.Errorf("%s: %d messages, want %d", tt.name, len(f.Messages), tt.want)
		}
		if tt.want == 1 && (f.Messages[0].Size != 100 || f.Messages[0].Subject != "one" || !f.Messages[0].Complete) {
			t.Errorf("%s: %+v", tt.name, f.Messages[0])
		}
	}
}

// A list that comes while a login waits for its answer may be that behind it: the
// list before stands.
func TestListWithinLogin(t *testing.T) {
	f := dissect.Facts{Protocol: dissect.IMAP}
	add(&f, dissect.ListBegin)
	add(&f, dissect.Mechanism, "PLAIN")
	add(&f, dissect.ListEnd)
	before := f.Offer
	f.Add(&dissect.Event{Kind: dissect.AuthBegin, Attempt: &dissect.Attempt{Mechanism: "PLAIN"}})
	add(&f, dissect.ListBegin)
	add(&f, dissect.Capability, "SORT")
	add(&f, dissect.ListEnd)
	f.Finish()
	if diff := cmp.Diff(before, f.Offer); diff != "" || f.Signs != nil {
		t.Errorf("signs %v (-before +behind):\n%s", f.Signs, diff)
	}
}

// A list without a capability is told by its end: a lone 250 that answers EHLO.
func TestEmptyList(t *testing.T) {
	var f dissect.Facts
	add(&f, dissect.ListBegin)
	add(&f, dissect.ListEnd, "250 mx")
	f.Finish()
	if got, want := f.Offer.Quote.Text, "line 250 mx"; got != want || !f.Offer.Complete {
		t.Errorf("the list is told by %q, want %q; complete %t", got, want, f.Offer.Complete)
	}
}
