package judge_test

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/mailtap/mailtap/dissect"
)

func listed(at time.Duration, client string, starttls bool, changes ...change) *dissect.Facts {
	return session(at, client, dissect.SMTP, 587, append([]change{list(starttls)}, changes...)...)
}

func offered(n int, changes ...change) []*dissect.Facts {
	return times(n, func(i int) *dissect.Facts { return listed(time.Duration(i)*time.Minute, victim, true, changes...) })
}

// masked is a list in which a device has overwritten names.
func masked(names ...string) change {
	return func(f *dissect.Facts) {
		f.Offer.Masks = names
		f.STARTTLS.Offered = dissect.Unknown
	}
}

var offerTests = []historyTest{
	{"starttls-masked", "offered-before",
		append(offered(1), listed(time.Hour, victim, false, masked("XXXXXXXX"))),
		[]string{`1 high "" SMTP capabilities masked, and without STARTTLS, which the server offered before`}},
	{"starttls-masked", "offered-to-others",
		append(times(3, func(i int) *dissect.Facts {
			return listed(time.Duration(i)*time.Minute, fmt.Sprintf("10.0.2.%d", i+1), true)
		}), listed(time.Hour, victim, false, masked("XXXXXXXX"))),
		[]string{`3 high "" SMTP capabilities masked, and without STARTTLS, which the server offered before`}},
	{"starttls-masked", "told-by-itself-one-session",
		append(offered(1), listed(time.Hour, victim, false, masked("XXXXXXXS"))),
		[]string{`1 high "" SMTP list with STARTTLS overwritten`}},
	{"starttls-masked", "another-length-one-session",
		append(offered(1), listed(time.Hour, victim, false, masked("XXXA"))),
		[]string{`1 medium "" SMTP capabilities masked`}},
	{"starttls-masked", "not-offered-last-time-one-session",
		append(offered(1), listed(time.Minute, victim, false), listed(time.Hour, victim, false, masked("XXXXXXXX"))),
		[]string{`2 medium "" SMTP capabilities masked`}},
	{"starttls-masked", "offered-long-ago-one-session",
		append(offered(1), listed(10*24*time.Hour, victim, false, masked("XXXXXXXX"))),
		[]string{`1 medium "" SMTP capabilities masked`}},
	{"starttls-masked", "another-backend-one-session",
		append(offered(1), listed(time.Hour, victim, false, banner("mx2.example ESMTP"), masked("XXXXXXXX"))),
		[]string{`1 medium "" SMTP capabilities masked`}},
	{"starttls-masked", "came-to-tls",
		append(offered(1), listed(time.Hour, victim, false, masked("XXXXXXXX"), func(f *dissect.Facts) { f.Transport = dissect.STARTTLS })), nil},
	{"starttls-vanished", "masked-is-told-once", append(offered(3), listed(time.Hour, victim, false, masked("XXXXXXXX"))), nil},
	{"starttls-vanished", "for-this-client",
		append(offered(3), listed(time.Hour, other, true), listed(2*time.Hour, victim, false, accepted("joe", "abcdef"))),
		[]string{`4 high "" SMTP list without STARTTLS, which this client was offered 3 times before`}},
	{"starttls-vanished", "until-it-is-offered-again",
		append(offered(4), listed(2*time.Hour, victim, false), listed(3*time.Hour, victim, false), listed(4*time.Hour, victim, true),
			listed(5*time.Hour, victim, true)),
		[]string{
			`4 high "" SMTP list without STARTTLS, which this client was offered 4 times before`,
			`5 high "" SMTP list without STARTTLS, which this client was offered 4 times before`,
		}},
	{"starttls-vanished", "for-all",
		append(offered(3), listed(time.Hour, other, true), listed(2*time.Hour, other, false), listed(3*time.Hour, victim, false)),
		[]string{`5 medium "" SMTP list without STARTTLS, which this client was offered 3 times before; other clients have lost it, too`}},
	{"starttls-vanished", "lists-differ-within-the-hour",
		append(times(3, func(i int) *dissect.Facts {
			return listed(time.Duration(i)*time.Minute, fmt.Sprintf("10.0.2.%d", i+1), true)
		}), listed(time.Hour, victim, false)),
		[]string{`3 medium "" SMTP list without STARTTLS for this client, and with it for 3 others in the last hour`}},
	{"starttls-vanished", "a-client-that-never-was-offered-it",
		append(times(3, func(i int) *dissect.Facts {
			return listed(time.Duration(i+1)*time.Minute, fmt.Sprintf("10.0.2.%d", i+1), true)
		}), listed(0, victim, false), listed(time.Hour, victim, false))[3:], nil},
	{"starttls-vanished", "offered-twice", append(offered(2), listed(time.Hour, victim, false)), nil},
	{"starttls-vanished", "long-ago", append(offered(3), listed(10*24*time.Hour, victim, false)), nil},
	{"starttls-vanished", "another-backend",
		append(offered(5), listed(time.Hour, victim, false, banner("mx2.example ESMTP"))), nil},
	{"starttls-vanished", "another-port",
		append(offered(5), session(time.Hour, victim, dissect.SMTP, 25, list(false))), nil},
	{"starttls-vanished", "list-with-a-hole", append(offered(5), listed(time.Hour, victim, false, flags(dissect.Gap))), nil},
	{"starttls-vanished", "list-within-tls",
		append(offered(5), listed(time.Hour, victim, false, func(f *dissect.Facts) { f.STARTTLS.Clear = true })), nil},
	{"starttls-vanished", "no-list", append(offered(5), session(time.Hour, victim, dissect.SMTP, 587, accepted("joe", "abcdef"))), nil},
	{"starttls-vanished", "list-after-the-login",
		append(offered(5), listed(time.Hour, victim, false, accepted("joe", "abcdef"), func(f *dissect.Facts) {
			f.Offer.Quote, f.Offer.After = line(f, dissect.Server, 500, "250 SIZE"), 1
		})), nil},
	{"starttls-vanished", "unequal-backends",
		times(20, func(i int) *dissect.Facts { return listed(time.Duration(i)*time.Minute, victim, i%2 == 0) }), nil},
}

func mta(at time.Duration, changes ...change) *dissect.Facts {
	return session(at, victim, dissect.SMTP, 25, append([]change{list(true)}, changes...)...)
}

var failing = handshake("TLS 1.3", false, alert(dissect.Server, "protocol_version"))

var handshakeTests = []historyTest{
	{"tls-failed-then-clear", "twice",
		[]*dissect.Facts{mta(0, failing), mta(time.Second, failing), mta(2*time.Second, mail)},
		[]string{`2 high "" SMTP in clear 1s after a TLS handshake failed (server: protocol_version)`}},
	{"tls-failed-then-clear", "hung-up",
		[]*dissect.Facts{mta(0, handshake("TLS 1.3", false)), mta(9*time.Minute, mail)},
		[]string{`1 high "" SMTP in clear 8m59s after a TLS handshake failed`}},
	{"tls-failed-then-clear", "hung-up-before-its-hello",
		[]*dissect.Facts{mta(0, handshake("", false), func(f *dissect.Facts) { f.TLS = nil }), mta(9*time.Minute, mail)},
		[]string{`1 high "" SMTP in clear 8m59s after a TLS handshake failed`}},
	{"tls-failed-then-clear", "from-the-tls-port-to-the-other",
		[]*dissect.Facts{session(0, victim, dissect.IMAP, 993, handshake("TLS 1.2", false, alert(dissect.Client, "unknown_ca"))),
			session(10*time.Second, victim, dissect.IMAP, 143, login("LOGIN-CMD", "joe", "abcdef", dissect.Accepted))},
		[]string{`1 high "" IMAP in clear 10s after a TLS handshake failed (client: unknown_ca)`}},
	{"tls-failed-then-clear", "long-after", []*dissect.Facts{mta(0, failing), mta(11*time.Minute, mail)}, nil},
	{"tls-failed-then-clear", "another-client",
		[]*dissect.Facts{mta(0, failing), session(time.Minute, other, dissect.SMTP, 25, list(true), mail)}, nil},
	{"tls-failed-then-clear", "nothing-said", []*dissect.Facts{mta(0, failing), mta(time.Minute)}, nil},
	{"tls-failed-then-clear", "tls-worked-between",
		[]*dissect.Facts{mta(0, failing), mta(time.Second, handshake("TLS 1.2", true)), mta(time.Minute, mail)}, nil},
	{"tls-failed-then-clear", "began-before-the-failure",
		[]*dissect.Facts{mta(0, failing, func(f *dissect.Facts) { f.TLS.Seen.Alert = stamp(f, 700) }), mta(500*time.Millisecond, mail)}, nil},
	{"tls-failed-then-clear", "end-not-seen",
		[]*dissect.Facts{mta(0, handshake("TLS 1.3", false), flags(dissect.Gap)), mta(time.Minute, mail)}, nil},
	{"tls-failed-then-clear", "mail-server-and-mail-program",
		[]*dissect.Facts{session(0, victim, dissect.SMTP, 465, failing), mta(time.Minute, mail)}, nil},

	{"tls-fallback-retry", "dance",
		[]*dissect.Facts{mta(0, handshake("TLS 1.3", false)), mta(2*time.Second, handshake("TLS 1.2", false)),
			mta(4*time.Second, handshake("TLS 1.0", true))},
		[]string{
			`1 medium "" client tries again with TLS 1.2 after TLS 1.3 failed`,
			`2 medium "" client tries again with TLS 1.0 after TLS 1.3 failed`,
		}},
	{"tls-fallback-retry", "one-session-says-so-itself",
		[]*dissect.Facts{mta(0, handshake("TLS 1.3", false)),
			mta(time.Second, handshake("TLS 1.2", true, func(t *dissect.TLSFacts) { t.Fallback = true }))},
		[]string{`1 medium "" client tries again with TLS 1.2`}},
	{"tls-fallback-retry", "server-is-really-old", []*dissect.Facts{mta(0, failing), mta(time.Second, handshake("TLS 1.0", true))}, nil},
	{"tls-fallback-retry", "certificate-not-trusted",
		[]*dissect.Facts{mta(0, handshake("TLS 1.3", false, alert(dissect.Client, "unknown_ca"))), mta(time.Second, handshake("TLS 1.2", true))}, nil},
	{"tls-fallback-retry", "the-same-again",
		[]*dissect.Facts{mta(0, handshake("TLS 1.3", false)), mta(time.Second, handshake("TLS 1.3", true))}, nil},
	{"tls-fallback-retry", "two-minutes-later",
		[]*dissect.Facts{mta(0, handshake("TLS 1.3", false)), mta(2*time.Minute, handshake("TLS 1.2", true))}, nil},
	{"tls-fallback-retry", "an-older-program-behind-the-same-address",
		[]*dissect.Facts{mta(0, handshake("TLS 1.3", true)), mta(time.Second, handshake("TLS 1.2", true))}, nil},
}

func shown(at time.Duration, client string, c change) *dissect.Facts {
	return session(at, client, dissect.IMAP, 993, c)
}

var (
	real    = certificate("aa", "CN=Public CA", "RSA 2048", 30)
	renewed = certificate("ab", "CN=Public CA", "RSA 2048", 0)
	another = certificate("bb", "CN=Proxy CA", "RSA 2048", 30)
	aged    = certificate("aa", "CN=Public CA", "RSA 2048", 300)
)

const third, fourth = "10.0.1.7", "10.0.1.8"

// changedCert is what a client sees whose server's certificate becomes c,
// while others are given more.
func changedCert(before, c change, between ...*dissect.Facts) []*dissect.Facts {
	return slices.Concat(
		[]*dissect.Facts{shown(0, victim, before), shown(time.Minute, third, before), shown(2*time.Minute, victim, c)},
		between,
		[]*dissect.Facts{shown(10*time.Minute, victim, c)})
}

func witnesses(c change) []*dissect.Facts {
	return []*dissect.Facts{shown(3*time.Minute, third, c), shown(4*time.Minute, fourth, c)}
}

var certificateTests = []historyTest{
	{"certificate-changed", "for-one-client", changedCert(real, another, witnesses(real)...),
		[]string{`5 medium "" certificate of another issuer or kind for this client only; others are still given the one before`}},
	{"certificate-changed", "for-all", changedCert(real, another, witnesses(another)...), nil},
	{"certificate-changed", "several-servers",
		changedCert(real, another, append(witnesses(real), shown(5*time.Minute, "10.0.1.9", another))...), nil},
	{"certificate-changed", "several-servers-for-the-client",
		changedCert(real, another, append(witnesses(real), shown(5*time.Minute, victim, real))...), nil},
	{"certificate-changed", "renewed-server-by-server", changedCert(real, renewed, witnesses(real)...), nil},
	{"certificate-changed", "late-in-its-life", changedCert(aged, another, witnesses(aged)...), nil},
	{"certificate-changed", "one-witness", changedCert(real, another, shown(3*time.Minute, third, real)), nil},
	{"certificate-changed", "no-witness", changedCert(real, another), nil},
	{"certificate-changed", "another-name",
		changedCert(real, func(f *dissect.Facts) { another(f); f.TLS.SNI = "imap.example" }, witnesses(real)...), nil},
	{"certificate-changed", "hidden", changedCert(real, handshake("TLS 1.3", true), witnesses(real)...), nil},
}

func imap(at time.Duration, changes ...change) *dissect.Facts {
	return session(at, victim, dissect.IMAP, 143, append([]change{list(false)}, changes...)...)
}

func imaps(at time.Duration, client string) *dissect.Facts {
	return session(at, client, dissect.IMAP, 993, handshake("TLS 1.3", true))
}

var bothWaysTests = []historyTest{
	{"account-both-ways", "tls-at-another-port",
		[]*dissect.Facts{imaps(0, victim), imap(time.Hour, accepted("joe", "abcdef"))},
		[]string{`1 medium "joe" IMAP login in clear from 10.0.0.5, which uses TLS at 10.0.0.9:993`}},
	{"account-both-ways", "offer-ignored",
		[]*dissect.Facts{listed(0, victim, true, handshake("TLS 1.3", true)), listed(time.Hour, victim, true, accepted("joe", "abcdef"))},
		[]string{`1 medium "joe" SMTP login in clear from 10.0.0.5, which uses TLS at 10.0.0.9:587`}},
	{"account-both-ways", "in-clear-first",
		[]*dissect.Facts{imap(0, accepted("joe", "abcdef")), imaps(time.Hour, victim)}, nil},
	{"account-both-ways", "several-accounts-at-the-client",
		[]*dissect.Facts{imap(0, accepted("amy", "fedcba")), imaps(time.Minute, victim), imap(time.Hour, accepted("joe", "abcdef"))}, nil},
	{"account-both-ways", "another-client", []*dissect.Facts{imaps(0, other), imap(time.Hour, accepted("joe", "abcdef"))}, nil},
	{"account-both-ways", "another-server-with-the-same-name",
		[]*dissect.Facts{imaps(0, victim), imap(time.Hour, accepted("joe", "abcdef"), func(f *dissect.Facts) {
			f.Server = netip.MustParseAddrPort("10.0.0.10:143")
		})}, nil},
	{"account-both-ways", "offer-taken-away",
		[]*dissect.Facts{listed(0, victim, true, handshake("TLS 1.3", true)), listed(time.Hour, victim, false, accepted("joe", "abcdef"))}, nil},
	{"account-both-ways", "asked-and-refused",
		[]*dissect.Facts{listed(0, victim, true, handshake("TLS 1.3", true)), listed(time.Hour, victim, true, accepted("joe", "abcdef"), func(f *dissect.Facts) {
			f.STARTTLS.Requested, f.STARTTLS.Accepted = true, dissect.No
		})}, nil},
	{"account-both-ways", "days-ago", []*dissect.Facts{imaps(0, victim), imap(50*time.Hour, accepted("joe", "abcdef"))}, nil},
	{"account-both-ways", "mail-server", []*dissect.Facts{mta(0, handshake("TLS 1.3", true)), imap(time.Hour, accepted("joe", "abcdef"))}, nil},
}
