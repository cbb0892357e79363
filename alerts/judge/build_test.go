package judge_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// monday is a time that no window of the rules is cut by for an hour.
var monday = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC).UnixNano()

// change makes Facts differ from those of a client that only greets.
type change func(*dissect.Facts)

// session returns the redacted Facts of a session of 800 ms of a client at the
// server 10.0.0.9, some time after monday.
func session(at time.Duration, client string, p dissect.Protocol, port uint16, changes ...change) *dissect.Facts {
	start := monday + int64(at)
	f := &dissect.Facts{
		Protocol: p,
		Client:   netip.AddrPortFrom(netip.MustParseAddr(client), uint16(40000+at/time.Millisecond%20000)),
		Server:   netip.AddrPortFrom(netip.MustParseAddr("10.0.0.9"), port),
		Start:    start, End: start + 800e6, Packets: 12, Files: []string{"a.pcap"},
		Banner: "mx1.example ESMTP",
	}
	for _, c := range changes {
		c(f)
	}
	return f
}

func line(f *dissect.Facts, side dissect.Side, ms int64, text string) dissect.Quote {
	return dissect.Quote{Side: side, Stamp: stamp(f, ms), Text: text}
}

// stamp is the packet that crossed so many ms after the session's begin.
func stamp(f *dissect.Facts, ms int64) dissect.Stamp {
	return dissect.Stamp{Time: f.Start + ms*1e6, Packet: uint64(ms)}
}

// list is a whole capability list.
func list(starttls bool) change {
	return func(f *dissect.Facts) {
		f.Offer = dissect.Offer{Complete: true, STARTTLS: starttls, Quote: line(f, dissect.Server, 20, "250 SIZE")}
		f.STARTTLS.Offered = dissect.No
		if starttls {
			f.STARTTLS.Offered = dissect.Yes
			f.STARTTLS.Quotes = []dissect.Quote{line(f, dissect.Server, 20, "250 STARTTLS")}
		}
	}
}

func banner(text string) change { return func(f *dissect.Facts) { f.Banner = text } }

func flags(set dissect.Flags) change { return func(f *dissect.Facts) { f.Flags |= set } }

// login is a readable attempt. secret stands for its fingerprint.
func login(mechanism, account, secret string, o dissect.Outcome) change {
	return func(f *dissect.Facts) {
		ms := int64(100 + 10*len(f.Auth))
		f.Auth = append(f.Auth, &dissect.Attempt{
			Mechanism: mechanism, Account: account, HasAccount: true, Outcome: o, Fingerprint: secret, SecretSize: 8,
			Quotes: []dissect.Quote{line(f, dissect.Client, ms, "AUTH "+mechanism), line(f, dissect.Client, ms+5, alerts.Mask)},
		})
	}
}

func rejected(account, secret string) change {
	return login("PLAIN", account, secret, dissect.Rejected)
}
func accepted(account, secret string) change {
	return login("PLAIN", account, secret, dissect.Accepted)
}

// mail is a readable message.
func mail(f *dissect.Facts) {
	f.Messages = append(f.Messages, &dissect.Message{Quotes: []dissect.Quote{line(f, dissect.Client, 300, "MAIL FROM:<a@a.example>")}})
}

// handshake is TLS with an offered version: from the first byte at TLS ports,
// else after STARTTLS.
func handshake(offered string, established bool, changes ...func(*dissect.TLSFacts)) change {
	return func(f *dissect.Facts) {
		f.Transport = dissect.STARTTLS
		f.STARTTLS.Requested, f.STARTTLS.Accepted = true, dissect.Yes
		if p := f.Server.Port(); p == 993 || p == 465 || p == 995 {
			f.Transport, f.STARTTLS = dissect.TLS, dissect.StartTLSFacts{}
		}
		f.TLS = &dissect.TLSFacts{Offered: offered, Version: offered, Established: established}
		f.TLS.Seen.ClientHello = stamp(f, 40)
		for _, c := range changes {
			c(f.TLS)
		}
		if f.TLS.Alert != "" {
			f.TLS.Seen.Alert = stamp(f, 60)
		}
	}
}

func alert(side dissect.Side, name string) func(*dissect.TLSFacts) {
	return func(t *dissect.TLSFacts) { t.Alert, t.AlertSide = name, side }
}

// certificate is one of a year that began so many days before monday.
func certificate(sha, issuer, key string, age int) change {
	return func(f *dissect.Facts) {
		handshake("TLS 1.2", true)(f)
		from := monday/1e9 - int64(age)*86400
		f.TLS.Certificate = &dissect.Certificate{
			Subject: "CN=mx1.example", Issuer: issuer, Key: key, Signature: "SHA256-RSA", SHA256: sha,
			NotBefore: from, NotAfter: from + 365*86400,
		}
		f.TLS.Seen.Certificate = stamp(f, 50)
	}
}

// times makes n sessions, a number of each.
func times(n int, make func(i int) *dissect.Facts) (list []*dissect.Facts) {
	for i := range n {
		list = append(list, make(i))
	}
	return list
}

func guess(i int) string { return fmt.Sprintf("%06x", i+1) }
