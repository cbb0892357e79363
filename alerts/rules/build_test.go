package rules_test

import (
	"net/netip"

	"github.com/mailtap/mailtap/dissect"
)

// change makes Facts differ from those of an empty session.
type change func(*dissect.Facts)

// facts returns a session with a server's port.
func facts(p dissect.Protocol, port uint16, changes ...change) *dissect.Facts {
	f := &dissect.Facts{
		Protocol: p,
		Client:   netip.MustParseAddrPort("10.0.0.5:40122"),
		Server:   netip.AddrPortFrom(netip.MustParseAddr("10.0.0.9"), port),
		Files:    []string{"a.pcap"},
		Banner:   "ready",
	}
	for _, c := range changes {
		c(f)
	}
	inOrder(f)
	return f
}

// inOrder sets what the order of a dialogue shows, here that of times.
func inOrder(f *dissect.Facts) {
	answer := int64(0)
	for _, q := range f.STARTTLS.Quotes {
		if q.Side == dissect.Server {
			answer = q.Stamp.Time
		}
	}
	for _, a := range f.Auth {
		if len(a.Quotes) > 0 && a.Quotes[0].Stamp.Time < f.Offer.Quote.Stamp.Time {
			f.Offer.After++
		}
		if len(a.Quotes) > 0 && a.Quotes[0].Stamp.Time < answer {
			f.STARTTLS.After++
		}
	}
	f.STARTTLS.Mail = f.MailCommand != nil && f.MailCommand.Stamp.Time < answer
}

func quote(side dissect.Side, time int64, text string) dissect.Quote {
	return dissect.Quote{Side: side, Stamp: dissect.Stamp{Time: time, Packet: uint64(time)}, Text: text}
}

// list is a whole capability list at time 2.
func list(mechanisms ...string) change {
	return func(f *dissect.Facts) {
		f.Offer.Complete = true
		f.Offer.Mechanisms = mechanisms
		f.Offer.Quote = quote(dissect.Server, 2, "the list")
		if f.STARTTLS.Offered == dissect.Unknown {
			f.STARTTLS.Offered = dissect.No
		}
	}
}

// unheard takes the greeting away.
func unheard(f *dissect.Facts) { f.Banner = "" }

func loginDisabled(f *dissect.Facts) { f.Offer.LoginDisabled = true }

func offered(f *dissect.Facts) {
	f.STARTTLS.Offered = dissect.Yes
	f.Offer.STARTTLS = true
	f.STARTTLS.Quotes = append(f.STARTTLS.Quotes, quote(dissect.Server, 2, "STARTTLS"))
}

// asked is a request at time 3 and its answer at time 4.
func asked(accepted dissect.Answer) change {
	return func(f *dissect.Facts) {
		f.STARTTLS.Requested = true
		f.STARTTLS.Accepted = accepted
		f.STARTTLS.Quotes = append(f.STARTTLS.Quotes,
			quote(dissect.Client, 3, "please"), quote(dissect.Server, 4, "the answer"))
	}
}

func clearAfter(f *dissect.Facts) { f.STARTTLS.Clear = true }

// login is an attempt at time 5 that sent a secret.
func login(mechanism, account string, changes ...func(*dissect.Attempt)) change {
	return func(f *dissect.Facts) {
		a := &dissect.Attempt{
			Mechanism: mechanism, Account: account, HasAccount: true,
			Secret: dissect.NewSecret([]byte("sesame")),
			Quotes: []dissect.Quote{
				quote(dissect.Client, 5, "log in "+account),
				quote(dissect.Server, 6, "challenge"),
				quote(dissect.Client, 7, "secret"),
			},
		}
		for _, c := range changes {
			c(a)
		}
		f.Auth = append(f.Auth, a)
	}
}

func noSecret(a *dissect.Attempt)  { a.Secret = dissect.Secret{} }
func noAccount(a *dissect.Attempt) { a.Account, a.HasAccount = "", false }

func outcome(o dissect.Outcome) func(*dissect.Attempt) {
	return func(a *dissect.Attempt) { a.Outcome = o }
}

func response(kind string) func(*dissect.Attempt) { return detail("response", kind) }

func detail(key, value string) func(*dissect.Attempt) {
	return func(a *dissect.Attempt) { a.Detail = append(a.Detail, dissect.Pair{Key: key, Value: value}) }
}

// ticket is a Kerberos ticket with a type of encryption.
func ticket(encryption string) func(*dissect.Attempt) {
	return func(a *dissect.Attempt) {
		a.Detail = append(a.Detail, dissect.Pair{Key: "realm", Value: "EXAMPLE"}, dissect.Pair{Key: "service", Value: "imap/mx1"},
			dissect.Pair{Key: "encryption", Value: encryption})
	}
}

func at(time int64) func(*dissect.Attempt) {
	return func(a *dissect.Attempt) {
		for i := range a.Quotes {
			a.Quotes[i].Stamp = dissect.Stamp{Time: time + int64(i), Packet: uint64(time) + uint64(i)}
		}
	}
}

// mail is a message at time 8.
func mail(p dissect.Protection) change {
	return func(f *dissect.Facts) {
		f.Messages = append(f.Messages, &dissect.Message{
			From: "a@x.example", HasFrom: true, Size: 10, Protection: p,
			Quotes: []dissect.Quote{quote(dissect.Client, 8, "MAIL"), quote(dissect.Client, 9, "DATA")},
		})
	}
}

func mailCommand(f *dissect.Facts) {
	q := quote(dissect.Client, 8, "MAIL")
	f.MailCommand = &q
}

func preauth(f *dissect.Facts) {
	q := quote(dissect.Server, 1, "* PREAUTH")
	f.Preauth = &q
}

func flag(flags dissect.Flags) change { return func(f *dissect.Facts) { f.Flags |= flags } }

func over(t dissect.Transport) change { return func(f *dissect.Facts) { f.Transport = t } }

// sign changes the Signs of a session.
func sign(set func(*dissect.Signs)) change {
	return func(f *dissect.Facts) {
		if f.Signs == nil {
			f.Signs = new(dissect.Signs)
		}
		set(f.Signs)
	}
}

func line(side dissect.Side, time int64, text string) *dissect.Quote {
	q := quote(side, time, text)
	return &q
}

func masks(names ...string) change {
	return func(f *dissect.Facts) {
		f.Offer.Masks = names
		f.STARTTLS.Offered = dissect.Unknown
	}
}

func listed(e dissect.Extensions) change { return func(f *dissect.Facts) { f.Offer.Listed = e } }

// hello is an answered hello at time 10 and a finished handshake.
func hello(version, cipher string, changes ...func(*dissect.TLSFacts)) change {
	return func(f *dissect.Facts) {
		if f.Transport == dissect.Plain {
			f.Transport = dissect.TLS
		}
		at := func(time int64) dissect.Stamp { return dissect.Stamp{Time: time, Packet: uint64(time)} }
		f.TLS = &dissect.TLSFacts{
			Version: version, Cipher: cipher, Offered: version, Established: true,
			Seen: dissect.TLSSeen{
				ClientHello: at(10), ServerHello: at(11), KeyExchange: at(12), Heartbeat: at(13), Alert: at(14),
			},
		}
		for _, c := range changes {
			c(f.TLS)
		}
	}
}
