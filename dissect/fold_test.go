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
