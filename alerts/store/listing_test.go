package store

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// listed reads all entries of contents. They lie in memory that is used again.
func listed(b []byte) (list []entry, bad bool) {
	var l listing
	var e entry
	for l.load(b); l.next(&e); {
		list = append(list, e)
		e.findings = nil
	}
	return list, l.bad
}

// listedWithout reads all entries and passes over their findings.
func listedWithout(b []byte) (list []entry) {
	var l listing
	var e entry
	for l.load(b); l.session(&e); {
		list = append(list, e)
	}
	return list
}

// sample makes contents of two sessions that share a client, a server and a
// case.
func sample() []byte {
	client, server := netip.MustParseAddrPort("10.0.0.5:40122"), netip.MustParseAddrPort("[2001:db8::9]:25")
	shared, own := alerts.CaseID{1}, alerts.CaseID{2}
	first := &alerts.Session{Verdict: alerts.Exposed, Facts: &dissect.Facts{Protocol: dissect.IMAP, Client: client, Server: server, Start: 5e18}}
	second := &alerts.Session{Facts: &dissect.Facts{Protocol: dissect.ManageSieve, Client: client, Server: server, Start: 5e18 - 3}}
	var c contents
	c.start()
	c.addCase(shared, 7)
	c.addCase(own, 300)
	c.session(first, 2)
	c.finding(first, &alerts.Finding{Case: shared, Severity: alerts.Critical, Time: 5e18 + 9, Client: client, Account: "joe", HasAccount: true})
	c.finding(first, &alerts.Finding{Case: own, Time: 5e18 - 1, Client: server, HasAccount: true})
	c.session(second, 1)
	c.finding(second, &alerts.Finding{Case: shared, Severity: alerts.Low, Time: 6, Client: client})
	return c.bytes()
}

func TestListing(t *testing.T) {
	at := int64(5e18)
	const client, server, joe, other, empty = 0, 1, 2, 4, 3 // in order of their coming
	want := []entry{{
		verdict: alerts.Exposed, protocol: dissect.IMAP, start: at, client: client, server: server,
		findings: []findingEntry{
			{severity: alerts.Critical, time: at + 9, kase: 0, client: client, account: joe},
			{time: at - 1, kase: 1, client: other, account: empty},
		},
	}, {
		place: 1, protocol: dissect.ManageSieve, start: at - 3, client: client, server: server,
		findings: []findingEntry{{severity: alerts.Low, time: 6, kase: 0, client: client, account: noText}},
	}}
	var l listing
	l.load(sample())
	var texts []string
	for n := range l.texts {
		texts = append(texts, string(l.text(n)))
	}
	if diff := cmp.Diff([]string{"10.0.0.5", "[2001:db8::9]:25", "joe", "", "2001:db8::9"}, texts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]caseRef{{alerts.CaseID{1}, 7}, {alerts.CaseID{2}, 300}}, l.cases, cmp.AllowUnexported(caseRef{})); diff != "" {
		t.Errorf("cases (-want +got):\n%s", diff)
	}
	got, bad := listed(sample())
	for i := range got {
		got[i].flagsAt = 0
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{}, findingEntry{})); diff != "" || bad {
		t.Errorf("bad %v (-want +got):\n%s", bad, diff)
	}
}

func TestListingNumbers(t *testing.T) {
	for bits := range 65 {
		v := uint64(1)<<bits - 1
		b := binary.AppendUvarint(nil, v)
		for _, behind := range []int{0, 1, 20} { // few bytes are read one by one
			l := listing{b: append(slices.Clone(b), make([]byte, behind)...)}
			if got := l.uint(); got != v || l.at != len(b) || l.bad {
				t.Errorf("%#x before %d bytes: %#x, %d of %d bytes, bad %v", v, behind, got, l.at, len(b), l.bad)
			}
		}
		l := listing{b: b[:len(b)-1]}
		if l.uint(); !l.bad {
			t.Errorf("%#x without its last byte is good", v)
		}
	}
}

// FuzzListing: whatever contents hold, reading them ends, and what they give
// can be printed.
func FuzzListing(f *testing.F) {
	f.Add(sample())
	f.Add([]byte{0, 0, 0})
	f.Add([]byte{1, 1, 1, 'x', 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0x0c, 2, 0, 0, 1, 4, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		list, bad := listed(b)
		if len(list) > len(b) {
			t.Errorf("%d entries in %d bytes", len(list), len(b))
		}
		if without := listedWithout(b); !bad && !cmp.Equal(list, without, cmp.AllowUnexported(entry{}), cmpopts.IgnoreFields(entry{}, "findings")) {
			t.Errorf("without their findings, %d sessions are %d others", len(list), len(without))
		}
		for i := range list {
			e := &list[i]
			_ = e.verdict.String() + e.protocol.String()
			for k := range e.findings {
				_ = e.findings[k].severity.String()
			}
			if b[e.flagsAt]&entryGone != 0 != e.gone {
				t.Errorf("entry %d: gone is not at byte %d", i, e.flagsAt)
			}
		}
	})
}
