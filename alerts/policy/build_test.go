package policy_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/dissect"
)

// ids are the rules that the policies of the tests may name.
var ids = []string{
	"policy-violation", "cleartext-password", "base64-password", "crackable-auth", "message-in-clear", "certificate-self-signed",
}

// parse reads a policy that has no mistakes.
func parse(t *testing.T, lines ...string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.toml", []byte(strings.Join(lines, "\n")), ids)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// change makes Facts differ from those of a session in which nothing was said.
type change func(*dissect.Facts)

// noon is when the sessions begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// facts returns a whole IMAP session.
func facts(changes ...change) *dissect.Facts {
	f := &dissect.Facts{
		Protocol: dissect.IMAP,
		Client:   netip.MustParseAddrPort("10.0.0.5:40122"),
		Server:   netip.MustParseAddrPort("10.0.0.9:143"),
		Start:    noon.UnixNano(),
		Banner:   "ready",
	}
	for _, c := range changes {
		c(f)
	}
	return f
}

func quote(side dissect.Side, time int64, text string) dissect.Quote {
	return dissect.Quote{Side: side, Stamp: dissect.Stamp{Time: time, Packet: uint64(time)}, Text: text}
}

// login is a readable attempt with an account and a password.
func login(time int64, mechanism string, outcome dissect.Outcome) change {
	return func(f *dissect.Facts) {
		f.Auth = append(f.Auth, &dissect.Attempt{
			Mechanism: mechanism, Account: "joe", HasAccount: true, SecretSize: 8, Outcome: outcome,
			Quotes: []dissect.Quote{quote(dissect.Client, time, mechanism)},
		})
	}
}

// empty is an attempt in which nothing was said.
func empty(time int64, mechanism string, outcome dissect.Outcome) change {
	return func(f *dissect.Facts) {
		f.Auth = append(f.Auth, &dissect.Attempt{
			Mechanism: mechanism, Outcome: outcome,
			Quotes: []dissect.Quote{quote(dissect.Client, time, mechanism)},
		})
	}
}

// message is a readable one.
func message(time int64) change {
	return func(f *dissect.Facts) {
		f.Messages = append(f.Messages, &dissect.Message{Quotes: []dissect.Quote{quote(dissect.Client, time, "message")}})
	}
}

// captured says in which packet the message begins.
func captured(packet uint64) change {
	return func(f *dissect.Facts) { f.Messages[0].Quotes[0].Stamp.Packet = packet }
}

// inFile says in which capture the login is.
func inFile(n int32) change { return func(f *dissect.Facts) { f.Auth[0].Quotes[0].Stamp.File = n } }

// command works on mail.
func command(time int64) change {
	return func(f *dissect.Facts) {
		q := quote(dissect.Client, time, "command")
		f.MailCommand = &q
	}
}

func flags(flags dissect.Flags) change { return func(f *dissect.Facts) { f.Flags |= flags } }

// overTLS is TLS behind STARTTLS, its ServerHello at time 6.
func overTLS(version string, changes ...func(*dissect.TLSFacts)) change {
	return func(f *dissect.Facts) {
		f.Transport = dissect.STARTTLS
		f.TLS = &dissect.TLSFacts{Version: version, Established: true}
		f.TLS.Seen.ServerHello = dissect.Stamp{Time: 6, Packet: 6}
		for _, c := range changes {
			c(f.TLS)
		}
	}
}

func banner(words string) change { return func(f *dissect.Facts) { f.Banner = words } }

func at(hour, minute int) change {
	return func(f *dissect.Facts) {
		f.Start = time.Date(2026, 3, 1, hour, minute, 59, 0, time.UTC).UnixNano()
	}
}

func between(client, server string) change {
	return func(f *dissect.Facts) {
		f.Client, f.Server = netip.MustParseAddrPort(client), netip.MustParseAddrPort(server)
	}
}

func speaks(p dissect.Protocol) change { return func(f *dissect.Facts) { f.Protocol = p } }
