package rules_test

import "github.com/mailtap/mailtap/dissect"

func injectedBy(side dissect.Side) change {
	return func(f *dissect.Facts) { f.Injected = line(side, 4, "NOOP") }
}

func contradicted(o dissect.Offer) change {
	o.Complete = true
	o.Quote = quote(dissect.Server, 1, "the list before")
	return sign(func(s *dissect.Signs) { s.Contradicted = &o })
}

func maskedCommand(text string) change {
	return sign(func(s *dissect.Signs) { s.MaskedCommand = line(dissect.Client, 3, text) })
}

func maskedBanner(s *dissect.Signs) { s.MaskedBanner = line(dissect.Server, 1, "220 ********") }

func alerted(s *dissect.Signs) { s.Alert = line(dissect.Server, 3, "* OK [ALERT] call us") }
func referred(s *dissect.Signs) {
	s.Referral = line(dissect.Server, 4, "* OK [REFERRAL imap://x.example/]")
}

func overlap(spoken bool, text string) change {
	return sign(func(s *dissect.Signs) {
		o := dissect.Overlap{
			Side: dissect.Server, Start: 40, End: 52, Spoken: spoken,
			First: quote(dissect.Server, 3, text), Again: quote(dissect.Server, 4, text),
		}
		s.Overlaps = append(s.Overlaps, o)
	})
}

func cutDown(offered, sentinel string, changes ...func(*dissect.TLSFacts)) func(*dissect.TLSFacts) {
	return func(t *dissect.TLSFacts) {
		t.Offered, t.Sentinel = offered, sentinel
		for _, c := range changes {
			c(t)
		}
	}
}

func fatal(side dissect.Side, alert string) func(*dissect.TLSFacts) {
	return func(t *dissect.TLSFacts) { t.Alert, t.AlertSide, t.Established = alert, side, false }
}

func retried(t *dissect.TLSFacts) { t.Fallback = true }

func oddEnd(s *dissect.Signs) {
	s.OddForm = "LF . LF"
	s.OddEnd = line(dissect.Client, 9, ".")
}

func smuggled(s *dissect.Signs) { s.Smuggled = line(dissect.Client, 10, "MAIL FROM:<root@b.example>") }

func smuggledLogin(s *dissect.Signs) { s.Smuggled = line(dissect.Client, 10, "log in joe") }

// secondMail is the message that the smuggled command began, its line cut.
func secondMail(f *dissect.Facts) {
	mail(dissect.Unprotected)(f)
	f.Messages[1].Quotes = []dissect.Quote{quote(dissect.Client, 10, "MAIL")}
}

func bareEnd(s *dissect.Signs) { s.BareEnd = line(dissect.Client, 9, "a line") }

const allOthers = dissect.Chunking | dissect.EightBit | dissect.SMTPUTF8

var downgradeTests = []ruleTest{
	{"starttls-masked", "all-others-listed", facts(dissect.SMTP, 25, list(), masks("XXXXXXXA"), listed(allOthers)),
		[]string{"high - SMTP list with STARTTLS overwritten [masked=XXXXXXXA]"}},
	{"starttls-masked", "more-masks-than-others",
		facts(dissect.SMTP, 25, list(), masks("XXXXXXXA", "XXXB", "XXXXXXXC"), listed(dissect.EightBit|dissect.Chunking)),
		[]string{"high - SMTP list with STARTTLS overwritten [masked=XXXXXXXA XXXB XXXXXXXC]"}},
	{"starttls-masked", "last-letter-kept", facts(dissect.SMTP, 25, list(), masks("XXXXXXXS")),
		[]string{"high - SMTP list with STARTTLS overwritten [masked=XXXXXXXS]"}},
	{"starttls-masked", "may-be-chunking", facts(dissect.SMTP, 25, list(), masks("XXXXXXXA"), listed(dissect.EightBit|dissect.SMTPUTF8)),
		[]string{"medium - SMTP capabilities masked [masked=XXXXXXXA]"}},
	{"starttls-masked", "exchange-2003-without-tls", facts(dissect.SMTP, 25, list("GSSAPI", "NTLM", "LOGIN"),
		masks("XXXA", "XXXXXXXB", "XXXC", "XXXXXXXXXXXE", "XXXXXXXXXF", "XXXXXXH"), listed(dissect.EightBit)),
		[]string{"medium - SMTP capabilities masked [masked=XXXA XXXXXXXB XXXC XXXXXXXXXXXE XXXXXXXXXF XXXXXXH]"}},
	{"starttls-masked", "may-be-any", facts(dissect.SMTP, 25, list(), masks("XXXXXXXX")),
		[]string{"medium - SMTP capabilities masked [masked=XXXXXXXX]"}},
	{"starttls-masked", "other-length", facts(dissect.SMTP, 25, list(), masks("XXXA"), listed(allOthers)),
		[]string{"medium - SMTP capabilities masked [masked=XXXA]"}},
	{"starttls-masked", "imap-has-other-names", facts(dissect.IMAP, 143, list(), masks("XXXXXXXX"), listed(allOthers)),
		[]string{"medium - IMAP capabilities masked [masked=XXXXXXXX]"}},
	{"starttls-masked", "command", facts(dissect.SMTP, 25, list(), maskedCommand("XXXXXXXX")),
		[]string{"high - SMTP command STARTTLS overwritten"}},
	{"starttls-masked", "mangled-command", facts(dissect.SMTP, 25, offered, list(), maskedCommand("STARTTLX")),
		[]string{"high - SMTP command STARTTLS overwritten"}},
	{"starttls-not-used", "masked-command", facts(dissect.SMTP, 25, offered, list(), maskedCommand("XXXXXXXX"), mailCommand), nil},
	{"starttls-not-used", "mangled-command", facts(dissect.SMTP, 25, offered, list(), maskedCommand("STARTTLX"), mailCommand), nil},
	{"starttls-not-used", "another-command-masked", facts(dissect.SMTP, 25, offered, list(), maskedCommand("XXXX PLA"), mailCommand),
		[]string{"high - SMTP offered STARTTLS, and the client went on without"}},
	{"starttls-masked", "another-command", facts(dissect.SMTP, 25, maskedCommand("XXXX")),
		[]string{"medium - SMTP command masked"}},
	{"starttls-masked", "greeting", facts(dissect.SMTP, 25, sign(maskedBanner)),
		[]string{"medium - SMTP greeting masked"}},
	{"starttls-masked", "greeting-and-list", facts(dissect.SMTP, 25, sign(maskedBanner), list(), masks("XXXXXXXA"), listed(allOthers)),
		[]string{"high - SMTP list with STARTTLS overwritten [masked=XXXXXXXA]"}},
	{"starttls-masked", "greeting-but-offered", facts(dissect.SMTP, 25, sign(maskedBanner), offered, list()), nil},
	{"starttls-masked", "frame-around-a-notice",
		facts(dissect.SMTP, 25, list(), sign(func(s *dissect.Signs) { s.MaskedBanner = line(dissect.Server, 1, "220-********") })), nil},
	{"starttls-masked", "mangled", facts(dissect.SMTP, 25, list(), masks("STARTTLX")),
		[]string{"high - SMTP list with STARTTLS overwritten [masked=STARTTLX]"}},
	{"starttls-masked", "mangled-in-imap", facts(dissect.IMAP, 143, list(), masks("XXXXTTLS")),
		[]string{"high - IMAP list with STARTTLS overwritten [masked=XXXXTTLS]"}},
	{"starttls-masked", "mangled-and-gone-on-in-tls", facts(dissect.SMTP, 25, list(), masks("STARTTLX"), over(dissect.STARTTLS)), nil},
	{"starttls-not-offered", "mangled", facts(dissect.SMTP, 25, list(), masks("STARTTLX"), mail(dissect.Unprotected)), nil},
	{"starttls-masked", "listed-beside-a-mask", facts(dissect.SMTP, 25, list(), masks("XXXXXXXA"), offered), nil},
	{"starttls-masked", "tls-all-the-same",
		facts(dissect.SMTP, 25, list(), masks("XXXXXXXA"), asked(dissect.Yes), over(dissect.STARTTLS)), nil},
	{"starttls-masked", "nothing-masked", facts(dissect.SMTP, 25, list()), nil},

	{"capability-contradiction", "starttls-vanishes", facts(dissect.IMAP, 143, list(), contradicted(dissect.Offer{STARTTLS: true})),
		[]string{"high - IMAP lists differ in STARTTLS [differs=STARTTLS]"}},
	{"capability-contradiction", "everything", facts(dissect.POP3, 110, list("PLAIN"), contradicted(dissect.Offer{
		STARTTLS: true, LoginDisabled: true,
	})), []string{"high - POP3 lists differ in STLS, LOGINDISABLED, AUTH [differs=STLS, LOGINDISABLED, AUTH]"}},
	{"capability-contradiction", "other-order-and-case",
		facts(dissect.SMTP, 25, list("PLAIN", "LOGIN"), contradicted(dissect.Offer{Mechanisms: []string{"login", "plain"}})), nil},
	{"capability-contradiction", "decrypted-in-place",
		facts(dissect.SMTP, 587, list("PLAIN"), asked(dissect.Yes), clearAfter, contradicted(dissect.Offer{STARTTLS: true})), nil},
	{"capability-contradiction", "answer-to-starttls-lost", facts(dissect.SMTP, 587, list("PLAIN"), asked(dissect.Unknown),
		contradicted(dissect.Offer{STARTTLS: true}), flag(dissect.Gap)), nil},
	{"capability-contradiction", "after-login", facts(dissect.IMAP, 143, list(), contradicted(dissect.Offer{STARTTLS: true}),
		login("LOGIN-CMD", "joe", outcome(dissect.Accepted), at(1))), nil},
	{"capability-contradiction", "after-preauth", facts(dissect.IMAP, 143, preauth, list(), contradicted(dissect.Offer{STARTTLS: true})), nil},

	{"starttls-command-injection", "client", facts(dissect.SMTP, 25, offered, asked(dissect.Yes), injectedBy(dissect.Client)),
		[]string{"high - SMTP client sent more behind STARTTLS before TLS began"}},
	{"starttls-command-injection", "then-tls",
		facts(dissect.IMAP, 143, offered, asked(dissect.Yes), injectedBy(dissect.Client), over(dissect.STARTTLS)),
		[]string{"high - IMAP client sent more behind STARTTLS before TLS began"}},
	{"starttls-command-injection", "server", facts(dissect.SMTP, 25, offered, asked(dissect.Yes), injectedBy(dissect.Server)), nil},
	{"starttls-response-injection", "server", facts(dissect.POP3, 110, offered, asked(dissect.Yes), injectedBy(dissect.Server)),
		[]string{"high - POP3 server said more behind its answer to STARTTLS before TLS began"}},
	{"starttls-response-injection", "client", facts(dissect.POP3, 110, offered, asked(dissect.Yes), injectedBy(dissect.Client)), nil},
	{"starttls-response-injection", "nothing", facts(dissect.POP3, 110, offered, asked(dissect.Yes), over(dissect.STARTTLS)), nil},

	{"mailbox-data-before-login", "exists", facts(dissect.IMAP, 143, early),
		[]string{"high - IMAP server sent mailbox data before a login"}},
	{"mailbox-data-before-login", "preauth", facts(dissect.IMAP, 143, preauth, early), nil},
	{"mailbox-data-before-login", "login-not-seen", facts(dissect.IMAP, 143, early, flag(dissect.OneSided)), nil},
	{"mailbox-data-before-login", "login-lost", facts(dissect.IMAP, 143, early, flag(dissect.Gap)), nil},

	{"alert-before-tls", "alert", facts(dissect.IMAP, 143, sign(alerted)), []string{"medium - IMAP ALERT before TLS"}},
	{"alert-before-tls", "referral", facts(dissect.IMAP, 143, sign(referred), sign(alerted)),
		[]string{"high - IMAP REFERRAL before TLS"}},
	{"alert-before-tls", "before-the-login",
		facts(dissect.IMAP, 143, sign(alerted), login("LOGIN-CMD", "joe", outcome(dissect.Accepted))),
		[]string{"medium - IMAP ALERT before TLS"}},
	{"alert-before-tls", "the-login-may-have-been-lost", facts(dissect.IMAP, 143, sign(alerted), flag(dissect.Gap)), nil},
	{"alert-before-tls", "after-preauth", facts(dissect.IMAP, 143, preauth, sign(alerted)), nil},

	{"conflicting-segments", "reply", facts(dissect.SMTP, 25, overlap(false, ""), overlap(true, "250 STARTTLS")),
		[]string{"high - SMTP bytes came twice and differ, in a command or a reply [ranges=2]"}},
	{"conflicting-segments", "content", facts(dissect.SMTP, 25, overlap(false, "")),
		[]string{"low - SMTP bytes came twice and differ [ranges=1]"}},
	{"conflicting-segments", "none", facts(dissect.SMTP, 25, sign(alerted)), nil},

	{"tls-downgrade-sentinel", "13-to-12", facts(dissect.IMAP, 993, hello("TLS 1.2", "", cutDown("TLS 1.3", "TLS 1.2"))),
		[]string{"high - client offered TLS 1.3, and the server was asked for TLS 1.2 [offered=TLS 1.3] [version=TLS 1.2]"}},
	{"tls-downgrade-sentinel", "12-to-10", facts(dissect.IMAP, 993, hello("TLS 1.0", "", cutDown("TLS 1.2", "TLS 1.1"))),
		[]string{"high - client offered TLS 1.2, and the server was asked for TLS 1.0 [offered=TLS 1.2] [version=TLS 1.0]"}},
	{"tls-downgrade-sentinel", "noticed", facts(dissect.IMAP, 993,
		hello("TLS 1.2", "", cutDown("TLS 1.3", "TLS 1.2", fatal(dissect.Client, "illegal_parameter")))),
		[]string{"high - client offered TLS 1.3, and the server was asked for TLS 1.2; the client noticed and broke off " +
			"[offered=TLS 1.3] [version=TLS 1.2]"}},
	{"tls-downgrade-sentinel", "client-offered-no-more", facts(dissect.IMAP, 993, hello("TLS 1.2", "", cutDown("TLS 1.2", "TLS 1.2"))), nil},
	{"tls-downgrade-sentinel", "offered-what-was-agreed", facts(dissect.IMAP, 993, hello("TLS 1.2", "", cutDown("TLS 1.2", "TLS 1.1"))), nil},
	{"tls-downgrade-sentinel", "offer-not-seen", facts(dissect.IMAP, 993, hello("TLS 1.2", "", cutDown("", "TLS 1.2"))), nil},
	{"tls-downgrade-sentinel", "no-mark", facts(dissect.IMAP, 993, hello("TLS 1.2", "", cutDown("TLS 1.3", ""))), nil},

	{"tls-fallback-retry", "retry", facts(dissect.SMTP, 465, hello("TLS 1.1", "", retried)),
		[]string{"medium - client tries again with TLS 1.1 [offered=TLS 1.1]"}},
	{"tls-fallback-retry", "stopped", facts(dissect.SMTP, 465, hello("TLS 1.1", "", retried, fatal(dissect.Server, "inappropriate_fallback"))),
		[]string{"medium - client tries again with TLS 1.1; the server can do better and broke off [offered=TLS 1.1]"}},
	{"tls-fallback-retry", "with-the-best-there-is", facts(dissect.SMTP, 465, hello("TLS 1.2", "", retried, upTo("TLS 1.3"))), nil},
	{"tls-fallback-retry", "first-try", facts(dissect.SMTP, 465, hello("TLS 1.1", "")), nil},

	{"smtp-smuggling", "second-message", facts(dissect.SMTP, 25, mail(dissect.Unprotected), sign(oddEnd), sign(smuggled), secondMail),
		[]string{"high - SMTP content with another end, and a command behind it that took effect [end=LF . LF]"}},
	{"smtp-smuggling", "login", facts(dissect.SMTP, 25, mail(dissect.Unprotected), sign(oddEnd), sign(smuggledLogin), login("PLAIN", "joe", at(10))),
		[]string{"high - SMTP content with another end, and a command behind it that took effect [end=LF . LF]"}},
	{"smtp-smuggling", "taken-for-content", facts(dissect.SMTP, 25, mail(dissect.Unprotected), sign(oddEnd), sign(smuggled)),
		[]string{"low - SMTP content with another end, and a command behind it that the server took for content [end=LF . LF]"}},
	{"smtp-smuggling", "odd-end", facts(dissect.SMTP, 25, sign(oddEnd), sign(bareEnd)),
		[]string{"low - SMTP content with another end than CRLF . CRLF [end=LF . LF]"}},
	{"smtp-smuggling", "bare-line-feeds", facts(dissect.SMTP, 25, sign(bareEnd)),
		[]string{"low - SMTP content with a bare LF or CR"}},
	{"smtp-smuggling", "other-signs", facts(dissect.SMTP, 25, sign(alerted), mail(dissect.Unprotected)), nil},
}

func early(f *dissect.Facts) {
	sign(func(s *dissect.Signs) { s.EarlyData = line(dissect.Server, 3, "* 3 EXISTS") })(f)
}
