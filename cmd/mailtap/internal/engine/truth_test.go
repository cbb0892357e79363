package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// TestTruth: every log-in of a generated capture is found as it crossed, and
// none beside.
func TestTruth(t *testing.T) {
	for _, o := range []traffic.Options{
		{Kind: traffic.Mail, Seed: 1, Bytes: 8e6},
		{Kind: traffic.Mail, Seed: 2, Bytes: 8e6},
		{Kind: traffic.Span, Seed: 1, Bytes: 60e6},
		{Kind: traffic.Logins, Seed: 1, Sessions: 2000},
		{Kind: traffic.Logins, Seed: 2, Sessions: 2000},
		{Kind: traffic.Dirty, Seed: 1, Bytes: 15e6},
		{Kind: traffic.Dirty, Seed: 2, Bytes: 15e6},
		{Kind: traffic.Dirty, Seed: 11, Bytes: 25e6},
	} {
		t.Run(fmt.Sprintf("%s-%d", o.Kind, o.Seed), func(t *testing.T) {
			file, truth := generate(t, o)
			found := map[login]dissect.Outcome{}
			e := analyse(t, file, func(f *dissect.Facts) { addLogins(found, f) })
			if len(truth) == 0 {
				t.Fatal("a capture without log-ins proves nothing")
			}
			holdAgainst(t, found, truth, o.Kind == traffic.Dirty)
			if n := e.HeldBack(); n != 0 {
				t.Errorf("%d bytes are still held back", n)
			}
		})
	}
}

// login is what a truth and a finding of a log-in share.
type login struct{ protocol, client, server, mechanism, account, secret string }

func addLogins(found map[login]dissect.Outcome, f *dissect.Facts) {
	for _, a := range f.Auth {
		found[login{f.Protocol.String(), f.Client.String(), f.Server.String(), a.Mechanism, a.Account, a.Secret.Reveal()}] = a.Outcome
	}
}

// holdAgainst tells what is missing and what is too much. In a dirty capture a
// log-in may be found in part, and its outcome may be lost.
func holdAgainst(t *testing.T, found map[login]dissect.Outcome, truth []traffic.Credential, dirty bool) {
	t.Helper()
	sessions := map[[2]string]bool{}
	for _, c := range truth {
		sessions[[2]string{c.Client, c.Server}] = true
		l := login{c.Protocol, c.Client, c.Server, c.Mechanism, c.Account, c.Secret}
		got, ok := found[l]
		want := dissect.Rejected
		if c.Accepted {
			want = dissect.Accepted
		}
		switch {
		case !ok && c.Complete:
			t.Errorf("not found: %+v", c)
		case ok && got != want && (got != dissect.OutcomeUnknown || !dirty):
			t.Errorf("%+v: outcome %v", c, got)
		}
		delete(found, l)
	}
	for l := range found {
		if !dirty || strings.HasPrefix(l.account, traffic.DecoyAccount) || !sessions[[2]string{l.client, l.server}] {
			t.Errorf("never happened: %+v", l)
		}
	}
}

// TestTruthOfSlowLinks: where packets are far apart, waiting for one that is lost
// takes the time of many.
func TestTruthOfSlowLinks(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for _, seed := range []uint64{39, 47} {
		file, truth := generate(t, traffic.Options{Kind: traffic.Dirty, Seed: seed, Bytes: 40e6})
		found := map[login]dissect.Outcome{}
		e := engine.New(func() []string { return []string{"test.pcap"} }, func(f *dissect.Facts) { addLogins(found, f) })
		packets := read(t, file)
		for i := range packets {
			packets[i].Time = packets[0].Time + slower*(packets[i].Time-packets[0].Time)
			e.Packet(&packets[i])
		}
		e.Flush()
		holdAgainst(t, found, truth, true)
	}
}

// slower is by how much.
const slower = 4
