package rules

import (
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var credential = []Rule{
	{
		ID:       "cleartext-password",
		Group:    Credential,
		Severity: alerts.Critical,
		Blame:    alerts.BlameClient,
		Title:    "password sent without TLS",
		Why: "POP3 USER/PASS and IMAP LOGIN send the password as it is. Whoever can read the traffic on the way " +
			"can log in with it, also after a login that was rejected.",
		Fix: "Change the password, set the mail program to TLS (port 993 or 995), and let the server refuse a login " +
			"before TLS.",
		Config: refuseClearLogins,
		Refs:   []string{"RFC 8314, section 3", "RFC 1939, section 7", "RFC 3501, section 6.2.3"},
		Judge:  leaks(alerts.PasswordLeak, alerts.Critical),
	},
	{
		ID:       "base64-password",
		Group:    Credential,
		Severity: alerts.Critical,
		Blame:    alerts.BlameClient,
		Title:    "password sent in BASE64, which is not encryption",
		Why: "SASL PLAIN and LOGIN send the password in BASE64, which anybody can decode. Whoever can read the " +
			"traffic on the way can log in with it, also after a login that was rejected.",
		Fix: "Change the password, set the mail program to TLS (port 465, 993 or 995), and let the server refuse AUTH " +
			"before TLS.",
		Config: refuseClearLogins,
		Refs:   []string{"RFC 4616", "RFC 4954, section 9", "RFC 8314, section 3"},
		Judge:  leaks(alerts.EncodedLeak, alerts.Critical),
	},
	{
		ID:       "cleartext-token",
		Group:    Credential,
		Severity: alerts.Critical,
		Blame:    alerts.BlameClient,
		Title:    "access token sent without TLS",
		Why: "XOAUTH2, OAUTHBEARER and URLs with URLAUTH hold a token: whoever has it is let in until it expires, here " +
			"or at another service that takes it, even where this server refused it.",
		Fix:    "Revoke the token, set the mail program to TLS, and let the server refuse AUTH before TLS.",
		Config: refuseClearLogins,
		Refs:   []string{"RFC 7628", "RFC 6750, section 5.3", "RFC 4467"},
		Judge:  judgeToken,
	},
	{
		ID:       "crackable-auth",
		Group:    Credential,
		Severity: alerts.High,
		Blame:    alerts.BlameClient,
		Title:    "login that can be guessed against offline, sent without TLS",
		Why: "APOP, CRAM-MD5, DIGEST-MD5 and NTLM hide the password behind a fast hash. Whoever records the exchange " +
			"tries passwords at full speed without asking the server. LM and NTLMv1 responses fall in any case.",
		Fix:    "Use TLS for the session. Turn NTLMv1 and LM off, and prefer SCRAM or PLAIN within TLS.",
		Config: refuseClearLogins,
		Refs:   []string{"RFC 1939, section 7", "RFC 2195", "RFC 6331", "MS-NLMP"},
		Judge:  judgeCrackable,
	},
	{
		ID:       "auth-without-encryption",
		Group:    Credential,
		Severity: alerts.Low,
		Blame:    alerts.BlameClient,
		Title:    "login without TLS",
		Why: "The mechanism shows no password, but the session that it opens stays readable, and whoever stands on " +
			"the way can take it over once the login is done.",
		Fix:    "Use TLS for the session.",
		Config: refuseClearLogins,
		Refs:   []string{"RFC 8314, section 3", "RFC 4422"},
		Judge:  judgeOtherAuth,
	},
	{
		ID:       "auth-offered-in-clear",
		Group:    Credential,
		Severity: alerts.Medium,
		Blame:    alerts.BlameServer,
		Title:    "server lets clients log in before TLS",
		Why: "A mail program that is set wrongly, or whose STARTTLS somebody on the way takes out, sends its password " +
			"in clear and nobody notices. Offering logins only within TLS makes the mistake impossible to overlook.",
		Fix:    "Offer AUTH only after STARTTLS; in IMAP list LOGINDISABLED before.",
		Config: refuseClearLogins,
		Refs:   []string{"RFC 8314, section 4.1", "RFC 4954, section 4", "RFC 3501, section 6.2.3"},
		Judge:  judgeAuthOffered,
	},
	{
		ID:       "logindisabled-ignored",
		Group:    Credential,
		Severity: alerts.High,
		Blame:    alerts.BlameClient,
		Title:    "client sent its password although the server forbade it",
		Why: "The server listed LOGINDISABLED, which says that LOGIN will not work here. A client that sends it all " +
			"the same leaks the password for nothing.",
		Fix:  "Change the password, set the mail program to TLS, or replace it: a client must not do this.",
		Refs: []string{"RFC 3501, section 6.2.3", "RFC 9051, section 6.2.3"},
		Judge: func(f *dissect.Facts, hits []Hit) []Hit {
			if !f.Offer.LoginDisabled {
				return hits
			}
			return byAccount(f, hits, func(a *dissect.Attempt) (alerts.Severity, bool) {
				told := len(a.Quotes) == 0 || a.Quotes[0].Stamp.Time >= f.Offer.Quote.Stamp.Time
				return alerts.High, told && a.Mechanism == "LOGIN-CMD" && alerts.SecretSent(a)
			})
		},
	},
}

// leaks judges the attempts of one kind that sent something.
func leaks(leak alerts.Leak, s alerts.Severity) func(*dissect.Facts, []Hit) []Hit {
	return func(f *dissect.Facts, hits []Hit) []Hit {
		return byAccount(f, hits, func(a *dissect.Attempt) (alerts.Severity, bool) {
			return s, alerts.LeakOf(a.Mechanism) == leak && alerts.SecretSent(a)
		})
	}
}

// judgeToken adds the URLs that authorize to the attempts with a token: one hit
// an account.
func judgeToken(f *dissect.Facts, hits []Hit) []Hit {
	first := len(hits)
	hits = leaks(alerts.TokenLeak, alerts.Critical)(f, hits)
	if f.Signs == nil {
		return hits
	}
	for i := range f.Signs.URLs {
		u := &f.Signs.URLs[i]
		at := slices.IndexFunc(hits[first:], func(h Hit) bool { return h.Account == u.User })
		if at < 0 {
			at = len(hits) - first
			hits = append(hits, Hit{
				Severity: alerts.Critical, Account: u.User, HasAccount: u.User != "",
				Why:    name(f.Protocol) + " with a URL that authorizes",
				Detail: []dissect.Pair{{Key: "mechanism", Value: "URLAUTH"}},
			})
		}
		if h := &hits[first+at]; len(h.Quotes) < MaxEvidence {
			h.Quotes = append(h.Quotes, telling(&u.Quote)...)
		}
	}
	return hits
}

func judgeCrackable(f *dissect.Facts, hits []Hit) []Hit {
	return byAccount(f, hits, func(a *dissect.Attempt) (alerts.Severity, bool) {
		s := alerts.Medium
		if slices.ContainsFunc(a.Detail, fastResponse) {
			s = alerts.High
		}
		return s, alerts.LeakOf(a.Mechanism) == alerts.CrackableLeak && alerts.SecretSent(a)
	})
}

// fastResponse tells an NTLM response that gives the hash itself away within
// hours.
func fastResponse(d dissect.Pair) bool {
	return d.Key == "response" && (d.Value == "LM" || d.Value == "NTLMv1")
}

// judgeOtherAuth wants a sign that more than the mechanism's name crossed:
// EXTERNAL and ANONYMOUS send no secret.
func judgeOtherAuth(f *dissect.Facts, hits []Hit) []Hit {
	return byAccount(f, hits, func(a *dissect.Attempt) (alerts.Severity, bool) {
		begun := alerts.SecretSent(a) || a.HasAccount || a.Outcome == dissect.Accepted
		return alerts.Low, alerts.LeakOf(a.Mechanism) == alerts.OtherLeak && begun
	})
}

func judgeAuthOffered(f *dissect.Facts, hits []Hit) []Hit {
	if !listBeforeLogin(f) {
		return hits
	}
	h := Hit{Severity: alerts.Low, Why: name(f.Protocol) + " before TLS lists", Quotes: telling(&f.Offer.Quote)}
	if len(f.Offer.Mechanisms) > 0 {
		names := join(f.Offer.Mechanisms, " ")
		h.Why += " " + names
		h.Detail = []dissect.Pair{{Key: "mechanisms", Value: names}}
	}
	if slices.ContainsFunc(f.Offer.Mechanisms, sendsPassword) {
		h.Severity = alerts.Medium
	}
	switch {
	case f.Protocol == dissect.IMAP && !f.Offer.LoginDisabled:
		h.Severity = alerts.Medium
		h.Why += " no LOGINDISABLED"
		h.Detail = append(h.Detail, dissect.Pair{Key: "logindisabled", Value: "no"})
	case len(f.Offer.Mechanisms) == 0:
		return hits
	}
	return append(hits, h)
}

// sendsPassword tells a mechanism, in the server's spelling, that shows what
// it sends.
func sendsPassword(mechanism string) bool {
	return alerts.LeakOf(strings.ToUpper(mechanism)).Reusable()
}

var refuseClearLogins = []dissect.Pair{
	{Key: "Postfix", Value: "smtpd_tls_auth_only = yes"},
	{Key: "Dovecot 2.3", Value: "ssl = required"},
	{Key: "Dovecot 2.3", Value: "disable_plaintext_auth = yes"},
	{Key: "Dovecot 2.4", Value: "ssl = required"},
	{Key: "Dovecot 2.4", Value: "auth_allow_cleartext = no"},
	{Key: "Exim", Value: "auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}"},
	{Key: "Exchange", Value: "Set-ReceiveConnector NAME -AuthMechanism Tls,BasicAuth,BasicAuthRequireTLS"},
	{Key: "Exchange", Value: "Set-ImapSettings -LoginType SecureLogin"},
	{Key: "Exchange", Value: "Set-PopSettings -LoginType SecureLogin"},
}
