package rules_test

import "github.com/mailtap/mailtap/dissect"

var credentialTests = []ruleTest{
	{"cleartext-password", "imap-login", facts(dissect.IMAP, 143, login("LOGIN-CMD", "joe", outcome(dissect.Accepted))),
		[]string{"critical joe IMAP with LOGIN-CMD, accepted [mechanism=LOGIN-CMD]"}},
	{"cleartext-password", "rejected-leaks-as-much", facts(dissect.POP3, 110, login("USER", "joe", outcome(dissect.Rejected))),
		[]string{"critical joe POP3 with USER [mechanism=USER]"}},
	{"cleartext-password", "account-not-seen", facts(dissect.POP3, 110, login("USER", "", noAccount), flag(dissect.Midstream)),
		[]string{"critical - POP3 with USER [mechanism=USER]"}},
	{"cleartext-password", "one-for-each-account",
		facts(dissect.POP3, 110, login("USER", "joe"), login("USER", "amy"), login("USER", "joe")),
		[]string{
			"critical joe POP3 with USER, 2 attempts [mechanism=USER] [attempts=2]",
			"critical amy POP3 with USER [mechanism=USER]",
		}},
	{"cleartext-password", "user-without-pass", facts(dissect.POP3, 110, login("USER", "joe", noSecret)), nil},
	{"cleartext-password", "sasl", facts(dissect.IMAP, 143, login("PLAIN", "joe"), login("LOGIN", "joe")), nil},
	{"cleartext-password", "over-tls", facts(dissect.IMAP, 993, over(dissect.TLS)), nil},

	{"base64-password", "plain-and-login", facts(dissect.SMTP, 587, login("PLAIN", "joe"), login("LOGIN", "joe")),
		[]string{"critical joe SMTP with PLAIN, LOGIN, 2 attempts [mechanism=PLAIN, LOGIN] [attempts=2]"}},
	{"base64-password", "managesieve", facts(dissect.ManageSieve, 4190, login("PLAIN", "joe")),
		[]string{"critical joe ManageSieve with PLAIN [mechanism=PLAIN]"}},
	{"base64-password", "cancelled-after-the-secret", facts(dissect.SMTP, 25, login("LOGIN", "joe", outcome(dissect.Cancelled))),
		[]string{"critical joe SMTP with LOGIN [mechanism=LOGIN]"}},
	{"base64-password", "cancelled-before-the-secret",
		facts(dissect.SMTP, 25, login("LOGIN", "joe", noSecret, outcome(dissect.Cancelled))), nil},
	{"base64-password", "challenge-mechanism", facts(dissect.SMTP, 587, login("CRAM-MD5", "joe")), nil},

	{"cleartext-token", "xoauth2", facts(dissect.IMAP, 143, login("XOAUTH2", "joe", outcome(dissect.Rejected))),
		[]string{"critical joe IMAP with XOAUTH2 [mechanism=XOAUTH2]"}},
	{"cleartext-token", "oauthbearer", facts(dissect.SMTP, 587, login("OAUTHBEARER", "joe")),
		[]string{"critical joe SMTP with OAUTHBEARER [mechanism=OAUTHBEARER]"}},
	{"cleartext-token", "url", facts(dissect.SMTP, 587, url("ann"), url("joe"), url("ann")),
		[]string{
			"critical ann SMTP with a URL that authorizes [mechanism=URLAUTH]",
			"critical joe SMTP with a URL that authorizes [mechanism=URLAUTH]",
		}},
	{"cleartext-token", "url-without-user", facts(dissect.IMAP, 143, url("")),
		[]string{"critical - IMAP with a URL that authorizes [mechanism=URLAUTH]"}},
	{"cleartext-token", "url-of-the-same-account", facts(dissect.SMTP, 587, login("XOAUTH2", "joe"), url("joe")),
		[]string{"critical joe SMTP with XOAUTH2 [mechanism=XOAUTH2]"}},
	{"cleartext-token", "other-signs", facts(dissect.SMTP, 587, sign(bareEnd)), nil},
	{"cleartext-token", "no-token-sent", facts(dissect.SMTP, 587, login("XOAUTH2", "joe", noSecret)), nil},
	{"cleartext-token", "password", facts(dissect.SMTP, 587, login("PLAIN", "joe")), nil},

	{"crackable-auth", "apop", facts(dissect.POP3, 110, login("APOP", "joe")),
		[]string{"medium joe POP3 with APOP [mechanism=APOP]"}},
	{"crackable-auth", "ntlmv2", facts(dissect.SMTP, 25, login("NTLM", "joe", response("NTLMv2"))),
		[]string{"medium joe SMTP with NTLM [mechanism=NTLM] [response=NTLMv2]"}},
	{"crackable-auth", "ntlmv1", facts(dissect.SMTP, 25, login("NTLM", "joe", response("NTLMv1"))),
		[]string{"high joe SMTP with NTLM [mechanism=NTLM] [response=NTLMv1]"}},
	{"crackable-auth", "lm", facts(dissect.SMTP, 25, login("NTLM", "joe", response("LM"), response("NTLMv1"))),
		[]string{"high joe SMTP with NTLM [mechanism=NTLM] [response=LM, NTLMv1]"}},
	{"crackable-auth", "worst-of-two", facts(dissect.SMTP, 25, login("NTLM", "joe", response("NTLMv1")), login("CRAM-MD5", "joe")),
		[]string{"high joe SMTP with NTLM, CRAM-MD5, 2 attempts [mechanism=NTLM, CRAM-MD5] [response=NTLMv1] [attempts=2]"}},
	{"crackable-auth", "ntlm-names", facts(dissect.SMTP, 25, login("NTLM", "joe", detail("target-computer", "mx1"), detail("workstation", "PC7"), response("NTLMv2"))),
		[]string{"medium joe SMTP with NTLM [mechanism=NTLM] [workstation=PC7] [response=NTLMv2] [target-computer=mx1]"}},
	{"crackable-auth", "kerberos-with-des", facts(dissect.IMAP, 143, login("GSSAPI", "", noAccount, ticket("des-cbc-md5"))),
		[]string{"high - IMAP with GSSAPI [mechanism=GSSAPI] [realm=EXAMPLE] [service=imap/mx1] [encryption=des-cbc-md5]"}},
	{"crackable-auth", "kerberos-for-export", facts(dissect.IMAP, 143, login("GSSAPI", "", noAccount, ticket("rc4-hmac-exp"))),
		[]string{"high - IMAP with GSSAPI [mechanism=GSSAPI] [realm=EXAMPLE] [service=imap/mx1] [encryption=rc4-hmac-exp]"}},
	{"crackable-auth", "kerberos-with-3des", facts(dissect.IMAP, 143, login("GSSAPI", "", noAccount, ticket("des3-cbc-sha1-kd"))), nil},
	{"crackable-auth", "kerberos-with-aes", facts(dissect.IMAP, 143, login("GSSAPI", "", noAccount, ticket("aes256-cts-hmac-sha1-96"))), nil},
	{"crackable-auth", "cancelled-at-the-challenge",
		facts(dissect.IMAP, 143, login("DIGEST-MD5", "", noSecret, noAccount, outcome(dissect.Cancelled))), nil},
	{"crackable-auth", "scram", facts(dissect.IMAP, 143, login("SCRAM-SHA-256", "joe")), nil},

	{"auth-without-encryption", "scram", facts(dissect.IMAP, 143, login("SCRAM-SHA-256", "joe")),
		[]string{"low joe IMAP with SCRAM-SHA-256 [mechanism=SCRAM-SHA-256]"}},
	{"auth-without-encryption", "gssapi", facts(dissect.IMAP, 143, login("GSSAPI", "", noAccount)),
		[]string{"low - IMAP with GSSAPI [mechanism=GSSAPI]"}},
	{"auth-without-encryption", "kerberos", facts(dissect.IMAP, 143, login("GSSAPI", "", noAccount, ticket("aes256-cts-hmac-sha1-96"))),
		[]string{"low - IMAP with GSSAPI [mechanism=GSSAPI] [realm=EXAMPLE] [service=imap/mx1] [encryption=aes256-cts-hmac-sha1-96]"}},
	{"auth-without-encryption", "scram-rounds", facts(dissect.IMAP, 143, login("SCRAM-SHA-1", "joe", detail("channel-binding", "y"), detail("iterations", "1000"))),
		[]string{"low joe IMAP with SCRAM-SHA-1 [mechanism=SCRAM-SHA-1] [iterations=1000] [channel-binding=y]"}},
	{"auth-without-encryption", "external-accepted",
		facts(dissect.SMTP, 587, login("EXTERNAL", "", noAccount, noSecret, outcome(dissect.Accepted))),
		[]string{"low - SMTP with EXTERNAL, accepted [mechanism=EXTERNAL]"}},
	{"auth-without-encryption", "mechanism-refused",
		facts(dissect.SMTP, 587, login("GSSAPI", "", noAccount, noSecret, outcome(dissect.Rejected))), nil},
	{"auth-without-encryption", "password", facts(dissect.SMTP, 587, login("PLAIN", "joe"), login("NTLM", "joe")), nil},

	{"auth-offered-in-clear", "plain", facts(dissect.SMTP, 587, offered, list("PLAIN", "CRAM-MD5")),
		[]string{"medium - SMTP before TLS lists PLAIN CRAM-MD5 [mechanisms=PLAIN CRAM-MD5]"}},
	{"auth-offered-in-clear", "any-case", facts(dissect.SMTP, 587, list("Login")),
		[]string{"medium - SMTP before TLS lists Login [mechanisms=Login]"}},
	{"auth-offered-in-clear", "pop3-user", facts(dissect.POP3, 110, list("USER")),
		[]string{"medium - POP3 before TLS lists USER [mechanisms=USER]"}},
	{"auth-offered-in-clear", "challenges-only", facts(dissect.SMTP, 587, list("CRAM-MD5", "GSSAPI")),
		[]string{"low - SMTP before TLS lists CRAM-MD5 GSSAPI [mechanisms=CRAM-MD5 GSSAPI]"}},
	{"auth-offered-in-clear", "then-starttls",
		facts(dissect.SMTP, 587, offered, list("PLAIN"), asked(dissect.Yes), over(dissect.STARTTLS)),
		[]string{"medium - SMTP before TLS lists PLAIN [mechanisms=PLAIN]"}},
	{"auth-offered-in-clear", "imap-without-logindisabled", facts(dissect.IMAP, 143, list()),
		[]string{"medium - IMAP before TLS lists no LOGINDISABLED [logindisabled=no]"}},
	{"auth-offered-in-clear", "imap-challenges-but-no-logindisabled", facts(dissect.IMAP, 143, list("CRAM-MD5")),
		[]string{"medium - IMAP before TLS lists CRAM-MD5 no LOGINDISABLED [mechanisms=CRAM-MD5] [logindisabled=no]"}},
	{"auth-offered-in-clear", "imap-the-login-may-have-been-lost", facts(dissect.IMAP, 143, list(), flag(dissect.Gap)), nil},
	{"auth-offered-in-clear", "imap-plain-with-a-gap", facts(dissect.IMAP, 143, list("PLAIN"), flag(dissect.Gap)),
		[]string{"medium - IMAP before TLS lists PLAIN no LOGINDISABLED [mechanisms=PLAIN] [logindisabled=no]"}},
	{"auth-offered-in-clear", "imap-logindisabled-yet-plain", facts(dissect.IMAP, 143, list("PLAIN"), loginDisabled),
		[]string{"medium - IMAP before TLS lists PLAIN [mechanisms=PLAIN]"}},
	{"auth-offered-in-clear", "imap-logindisabled", facts(dissect.IMAP, 143, list(), loginDisabled), nil},
	{"auth-offered-in-clear", "list-not-complete", facts(dissect.IMAP, 143), nil},
	{"auth-offered-in-clear", "no-auth-listed", facts(dissect.SMTP, 25, list()), nil},
	{"auth-offered-in-clear", "imap-list-after-login",
		facts(dissect.IMAP, 143, list(), login("LOGIN-CMD", "joe", outcome(dissect.Accepted), at(1))), nil},
	{"auth-offered-in-clear", "smtp-login-sent-ahead", sentAhead(dissect.SMTP, 587),
		[]string{"medium - SMTP before TLS lists PLAIN [mechanisms=PLAIN]"}},
	{"auth-offered-in-clear", "pop3-login-sent-ahead", sentAhead(dissect.POP3, 110),
		[]string{"medium - POP3 before TLS lists PLAIN [mechanisms=PLAIN]"}},
	{"auth-offered-in-clear", "imap-list-that-may-belong-to-the-login", sentAhead(dissect.IMAP, 143), nil},
	{"auth-offered-in-clear", "imap-login-sent-ahead-and-rejected",
		facts(dissect.IMAP, 143, list("PLAIN"), login("PLAIN", "joe", outcome(dissect.Rejected), at(1))),
		[]string{"medium - IMAP before TLS lists PLAIN no LOGINDISABLED [mechanisms=PLAIN] [logindisabled=no]"}},
	{"auth-offered-in-clear", "imap-list-after-preauth", facts(dissect.IMAP, 143, preauth, list()), nil},

	{"logindisabled-ignored", "login", facts(dissect.IMAP, 143, list(), loginDisabled, login("LOGIN-CMD", "joe", outcome(dissect.Rejected))),
		[]string{"high joe IMAP with LOGIN-CMD [mechanism=LOGIN-CMD]"}},
	{"logindisabled-ignored", "not-disabled", facts(dissect.IMAP, 143, list(), login("LOGIN-CMD", "joe")), nil},
	{"logindisabled-ignored", "another-command", facts(dissect.IMAP, 143, list("PLAIN"), loginDisabled, login("PLAIN", "joe")), nil},
	{"logindisabled-ignored", "told-later", facts(dissect.IMAP, 143, list(), loginDisabled, login("LOGIN-CMD", "joe", at(1))), nil},
}

func url(user string) change {
	return sign(func(s *dissect.Signs) {
		s.URLs = append(s.URLs, dissect.Token{
			User: user, Secret: dissect.NewSecret([]byte("91354a473744909de610943775f92038")),
			Quote: quote(dissect.Client, 8, "BURL imap://x.example/;urlauth=submit+ann:internal:91354a473744909de610943775f92038"),
		})
	})
}

// sentAhead is a list that came behind the client's login, and ahead of the
// answer that let it in.
func sentAhead(p dissect.Protocol, port uint16) *dissect.Facts {
	f := facts(p, port)
	a := &dissect.Attempt{Mechanism: "PLAIN", Account: "joe", HasAccount: true}
	f.Add(&dissect.Event{Kind: dissect.AuthBegin, Attempt: a})
	f.Add(&dissect.Event{Kind: dissect.ListBegin})
	f.Add(&dissect.Event{Kind: dissect.Mechanism, Side: dissect.Server, Line: []byte("250 AUTH PLAIN"), Text: []byte("PLAIN")})
	f.Add(&dissect.Event{Kind: dissect.ListEnd})
	a.Outcome = dissect.Accepted
	f.Add(&dissect.Event{Kind: dissect.AuthEnd, Outcome: dissect.Accepted, Attempt: a})
	f.Finish()
	return f
}
