package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

var encryptionTests = []ruleTest{
	{"starttls-not-offered", "probe", facts(dissect.SMTP, 25, list()),
		[]string{"info - SMTP list without STARTTLS"}},
	{"starttls-not-offered", "then-a-login", facts(dissect.POP3, 110, list(), login("USER", "joe")),
		[]string{"high - POP3 list without STLS, then used in clear"}},
	{"starttls-not-offered", "then-a-message", facts(dissect.SMTP, 587, list(), mailCommand, mail(dissect.SMIME)),
		[]string{"high - SMTP list without STARTTLS, then used in clear"}},
	{"starttls-not-offered", "between-mtas", facts(dissect.SMTP, 25, list(), mail(dissect.Unprotected)),
		[]string{"medium - SMTP list without STARTTLS, then used in clear, between mail servers"}},
	{"starttls-not-offered", "login-at-port-25", facts(dissect.SMTP, 25, list("PLAIN"), login("PLAIN", "joe")),
		[]string{"high - SMTP list without STARTTLS, then used in clear"}},
	{"starttls-not-offered", "asked-all-the-same", facts(dissect.POP3, 110, list(), asked(dissect.No)),
		[]string{"info - POP3 list without STLS"}},
	{"starttls-not-offered", "login-begun-only", facts(dissect.SMTP, 587, list("LOGIN"), login("LOGIN", "", noSecret)),
		[]string{"info - SMTP list without STARTTLS"}},
	{"starttls-not-offered", "accepted-without-a-secret",
		facts(dissect.SMTP, 587, list("EXTERNAL"), login("EXTERNAL", "", noSecret, outcome(dissect.Accepted))),
		[]string{"high - SMTP list without STARTTLS, then used in clear"}},
	{"starttls-not-offered", "offered", facts(dissect.SMTP, 587, offered, list(), login("PLAIN", "joe")), nil},
	{"starttls-not-offered", "helo-only", facts(dissect.SMTP, 25, mail(dissect.Unprotected)), nil},
	{"starttls-not-offered", "midstream", facts(dissect.SMTP, 587, list(), login("PLAIN", "joe"), flag(dissect.Midstream)), nil},
	{"starttls-not-offered", "one-sided", facts(dissect.SMTP, 587, list(), flag(dissect.OneSided)), nil},
	{"starttls-not-offered", "gap", facts(dissect.SMTP, 587, list(), flag(dissect.Gap)), nil},
	{"starttls-not-offered", "tls-port", facts(dissect.IMAP, 993, list(), login("LOGIN-CMD", "joe")), nil},
	{"starttls-not-offered", "began-all-the-same",
		facts(dissect.SMTP, 587, list(), asked(dissect.Yes), over(dissect.STARTTLS)), nil},
	{"starttls-not-offered", "masked", facts(dissect.SMTP, 25, list(), func(f *dissect.Facts) { f.Offer.Masks = []string{"XXXXXXXA"} }), nil},
	{"starttls-not-offered", "list-after-login",
		facts(dissect.IMAP, 143, list(), login("LOGIN-CMD", "joe", outcome(dissect.Accepted), at(1))), nil},
	{"starttls-not-offered", "list-after-preauth", facts(dissect.IMAP, 143, preauth, list()), nil},

	{"starttls-not-used", "login", facts(dissect.IMAP, 143, offered, list(), login("LOGIN-CMD", "joe")),
		[]string{"high - IMAP offered STARTTLS, and the client went on without"}},
	{"starttls-not-used", "mail-command", facts(dissect.SMTP, 25, offered, list(), mailCommand),
		[]string{"high - SMTP offered STARTTLS, and the client went on without"}},
	{"starttls-not-used", "message", facts(dissect.POP3, 110, offered, mail(dissect.Unprotected)),
		[]string{"high - POP3 offered STLS, and the client went on without"}},
	{"starttls-not-used", "probe-and-quit", facts(dissect.SMTP, 25, offered, list("PLAIN")), nil},
	{"starttls-not-used", "not-offered", facts(dissect.SMTP, 25, list(), mailCommand), nil},
	{"starttls-not-used", "never-saw-the-list", facts(dissect.SMTP, 25, mailCommand), nil},
	{"starttls-not-used", "used", facts(dissect.SMTP, 25, offered, list(), asked(dissect.Yes), over(dissect.STARTTLS)), nil},
	{"starttls-not-used", "refused", facts(dissect.SMTP, 25, offered, list(), asked(dissect.No), mailCommand), nil},
	{"starttls-not-used", "preauth", facts(dissect.IMAP, 143, preauth, offered, list(), mailCommand), nil},
	{"starttls-not-used", "gap", facts(dissect.SMTP, 25, offered, list(), mailCommand, flag(dissect.Gap)), nil},

	{"starttls-refused", "client-leaves", facts(dissect.POP3, 110, list(), asked(dissect.No)),
		[]string{"medium - POP3 refused STLS"}},
	{"starttls-refused", "client-goes-on", facts(dissect.SMTP, 587, offered, list(), asked(dissect.No), login("PLAIN", "joe")),
		[]string{"high - SMTP refused STARTTLS, and the client went on in clear"}},
	{"starttls-refused", "used-before-only", facts(dissect.SMTP, 587, offered, asked(dissect.No), login("PLAIN", "joe", at(1))),
		[]string{"medium - SMTP refused STARTTLS"}},
	{"starttls-refused", "accepted", facts(dissect.SMTP, 587, offered, asked(dissect.Yes), over(dissect.STARTTLS)), nil},
	{"starttls-refused", "no-answer-seen", facts(dissect.SMTP, 587, offered, asked(dissect.Unknown)), nil},
	{"starttls-refused", "not-asked", facts(dissect.SMTP, 587, offered, login("PLAIN", "joe")), nil},

	{"starttls-then-clear", "clear", facts(dissect.SMTP, 25, offered, asked(dissect.Yes), clearAfter),
		[]string{"high - SMTP went on readable after STARTTLS"}},
	{"starttls-then-clear", "connection-ends", facts(dissect.SMTP, 25, offered, asked(dissect.Yes)), nil},
	{"starttls-then-clear", "tls", facts(dissect.SMTP, 25, offered, asked(dissect.Yes), over(dissect.STARTTLS)), nil},
	{"starttls-then-clear", "refused", facts(dissect.SMTP, 25, offered, asked(dissect.No), mailCommand), nil},

	{"clear-on-tls-port", "smtp", facts(dissect.SMTP, 465, list("PLAIN")),
		[]string{"high - readable SMTP on port 465"}},
	{"clear-on-tls-port", "imap-login", facts(dissect.IMAP, 993, login("LOGIN-CMD", "joe")),
		[]string{"high - readable IMAP on port 993"}},
	{"clear-on-tls-port", "joined-late", facts(dissect.IMAP, 993, unheard, mailCommand, flag(dissect.Midstream)),
		[]string{"high - readable IMAP on port 993"}},
	{"clear-on-tls-port", "answered-without-a-greeting", facts(dissect.POP3, 995, unheard, login("USER", "joe", outcome(dissect.Rejected))),
		[]string{"high - readable POP3 on port 995"}},
	{"clear-on-tls-port", "login-that-a-tls-server-never-answered", facts(dissect.IMAP, 993, unheard, login("LOGIN-CMD", "joe")), nil},
	{"clear-on-tls-port", "hello-that-a-tls-server-never-answered", facts(dissect.SMTP, 465, unheard, helo, mailCommand), nil},
	{"clear-on-tls-port", "starttls-within", facts(dissect.IMAP, 993, offered, list(), asked(dissect.Yes), over(dissect.STARTTLS)), nil},
	{"clear-on-tls-port", "tls", facts(dissect.POP3, 995, over(dissect.TLS)), nil},
	{"clear-on-tls-port", "clear-port", facts(dissect.POP3, 110, list(), login("USER", "joe")), nil},

	{"message-in-clear", "one", facts(dissect.SMTP, 587, mail(dissect.Unprotected)),
		[]string{"high - 1 readable by SMTP [messages=1] [protected=0]"}},
	{"message-in-clear", "many-are-one", facts(dissect.IMAP, 143, mail(dissect.Unprotected), mail(dissect.PGP), mail(dissect.Unprotected)),
		[]string{"high - 3 readable by IMAP [messages=3] [protected=1]"}},
	{"message-in-clear", "between-mtas", facts(dissect.SMTP, 25, mail(dissect.Unprotected)),
		[]string{"medium - 1 readable by SMTP, between mail servers [messages=1] [protected=0]"}},
	{"message-in-clear", "submitted-at-port-25", facts(dissect.SMTP, 25, login("CRAM-MD5", "joe"), mail(dissect.Unprotected)),
		[]string{"high - 1 readable by SMTP [messages=1] [protected=0]"}},
	{"message-in-clear", "protected", facts(dissect.SMTP, 587, mail(dissect.SMIME), mail(dissect.PGP)),
		[]string{"info - 2 readable by SMTP, all with S/MIME or PGP [messages=2] [protected=2]"}},
	{"message-in-clear", "envelope-only", facts(dissect.SMTP, 587, mailCommand), nil},
}

func helo(f *dissect.Facts) { f.Hello, f.HasHello = "pc.example", true }

// A server that refuses service before TLS begins, as some do, has no line to
// show but its greeting, of which Facts keep the words alone.
func TestGreetingOnTLSPort(t *testing.T) {
	f := facts(dissect.IMAP, 993)
	f.Banner = "Too many connections"
	want := []rules.Hit{{Severity: alerts.Low, Why: "readable IMAP on port 993, no more than a greeting"}}
	if diff := cmp.Diff(want, rules.Find("clear-on-tls-port").Judge(f, nil), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
