package rules_test

import "github.com/mailtap/mailtap/dissect"

func tests(t dissect.Tests) change {
	t.Quotes = []dissect.Quote{quote(dissect.Client, 3, "VRFY joe"), quote(dissect.Server, 4, "252 who knows")}
	return sign(func(s *dissect.Signs) { s.Tests = t })
}

// relay is a message to one recipient.
func relay(to string, o dissect.Outcome) change {
	return func(f *dissect.Facts) {
		mail(dissect.Unprotected)(f)
		m := f.Messages[len(f.Messages)-1]
		m.To, m.Outcome = []string{"ann@here.example", to}, o
	}
}

// to is a message to n recipients.
func to(n int) change {
	return func(f *dissect.Facts) {
		mail(dissect.Unprotected)(f)
		f.Messages[len(f.Messages)-1].To = make([]string, n)
	}
}

func relayed(name, to string, want ...string) ruleTest {
	return ruleTest{"open-relay", name, facts(dissect.SMTP, 25, relay(to, dissect.Accepted)), want}
}

func accepted(to string) string {
	return "info - SMTP without a login, message for another domain accepted [recipient=" + to + "]"
}

func turn(verb string, o dissect.Outcome) change {
	return sign(func(s *dissect.Signs) {
		s.Turn = &dissect.Turn{Verb: verb, Outcome: o, Quotes: []dissect.Quote{
			quote(dissect.Client, 9, verb), quote(dissect.Server, 10, "250 ok"),
		}}
	})
}

var exposureTests = []ruleTest{
	{"user-enumeration", "refused", facts(dissect.SMTP, 25, tests(dissect.Tests{VRFY: 2})),
		[]string{"low - SMTP: 2 VRFY [vrfy=2]"}},
	{"user-enumeration", "answered", facts(dissect.SMTP, 25, tests(dissect.Tests{VRFY: 2, EXPN: 1, EXPNAnswered: 1})),
		[]string{"medium - SMTP: 2 VRFY, 1 EXPN, 1 answered [vrfy=2] [expn=1] [answered=1]"}},
	{"user-enumeration", "recipients", facts(dissect.SMTP, 25, tests(dissect.Tests{RCPTRefused: 20})),
		[]string{"low - SMTP: 20 RCPT refused [refused=20]"}},
	{"user-enumeration", "recipients-and-one-message", facts(dissect.SMTP, 25, tests(dissect.Tests{RCPTRefused: 20}), to(19)),
		[]string{"low - SMTP: 20 RCPT refused [refused=20]"}},
	{"user-enumeration", "some-mistakes", facts(dissect.SMTP, 25, tests(dissect.Tests{RCPTRefused: 19})), nil},
	{"user-enumeration", "a-mailing-list", facts(dissect.SMTP, 25, tests(dissect.Tests{RCPTRefused: 30}), to(20), to(10)), nil},
	{"user-enumeration", "other-signs", facts(dissect.SMTP, 25, sign(bareEnd)), nil},

	relayed("percent", "joe%there.example@here.test", accepted("joe%there.example@here.test")),
	relayed("bang", "mx.there.example!joe@here.test", accepted("mx.there.example!joe@here.test")),
	relayed("quoted", `"joe@there.example"@here.test`, accepted(`"joe@there.example"@here.test`)),
	{"open-relay", "refused", facts(dissect.SMTP, 25, relay("joe%there.example@here.test", dissect.Rejected)), nil},
	{"open-relay", "no-answer", facts(dissect.SMTP, 25, relay("joe%there.example@here.test", dissect.OutcomeUnknown)), nil},
	{"open-relay", "logged-in", facts(dissect.SMTP, 25, login("PLAIN", "joe", outcome(dissect.Accepted)),
		relay("joe%there.example@here.test", dissect.Accepted)), nil},
	{"open-relay", "part-not-seen", facts(dissect.SMTP, 25, flag(dissect.Midstream),
		relay("joe%there.example@here.test", dissect.Accepted)), nil},
	{"open-relay", "lmtp", facts(dissect.LMTP, 24, relay("joe%there.example@here.test", dissect.Accepted)), nil},
	relayed("usual", "joe@there.example"),
	relayed("own-domain", "joe%mail.here.test@here.test"),
	relayed("own-parent", "joe%here.test@mail.here.test"),
	relayed("no-domain", "fifty%off@here.test"),
	relayed("a-number", "5%5.5@here.test"),
	relayed("an-exclamation", "hello!@here.test"),
	relayed("broken-domain", "joe%a..example@here.test"),
	relayed("no-at", "postmaster"),

	{"turn-without-auth", "turn", facts(dissect.SMTP, 25, turn("TURN", dissect.Accepted)),
		[]string{"high - SMTP TURN accepted without a login [command=TURN]"}},
	{"turn-without-auth", "atrn", facts(dissect.SMTP, 366, turn("ATRN", dissect.Accepted)),
		[]string{"high - SMTP ATRN accepted without a login [command=ATRN]"}},
	{"turn-without-auth", "etrn", facts(dissect.SMTP, 25, turn("ETRN", dissect.Accepted)),
		[]string{"low - SMTP ETRN accepted without a login [command=ETRN]"}},
	{"turn-without-auth", "login-rejected", facts(dissect.SMTP, 25, login("PLAIN", "joe", outcome(dissect.Rejected)), turn("TURN", dissect.Accepted)),
		[]string{"high - SMTP TURN accepted without a login [command=TURN]"}},
	{"turn-without-auth", "logged-in", facts(dissect.SMTP, 366, login("CRAM-MD5", "joe", outcome(dissect.Accepted)), turn("ATRN", dissect.Accepted)), nil},
	{"turn-without-auth", "login-without-an-answer", facts(dissect.SMTP, 366, login("CRAM-MD5", "joe"), turn("ATRN", dissect.Accepted)), nil},
	{"turn-without-auth", "refused", facts(dissect.SMTP, 25, turn("TURN", dissect.Rejected)), nil},
	{"turn-without-auth", "no-answer", facts(dissect.SMTP, 25, turn("TURN", dissect.OutcomeUnknown)), nil},
	{"turn-without-auth", "login-not-seen", facts(dissect.SMTP, 25, turn("TURN", dissect.Accepted), flag(dissect.Midstream)), nil},
}
