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
		Who:      ByListener,
		Needs:    PasswordSeen,
		Title:    "password sent without TLS",
		Why: "POP3 USER/PASS and IMAP LOGIN send the password as it is. Whoever can read the traffic on the way " +
			"can log in with it, also after a login that was rejected.",
		Fix: "Change the password, set the mail program to TLS (port 993 or 995), and let the server refuse a login " +
			"before TLS.",
		Config:  refuseClearLogins,
		Clients: tlsInClient,
		Refs:    []string{"RFC 8314, section 3", "RFC 1939, section 7", "RFC 3501, section 6.2.3", "RFC 9051, section 6.2.3"},
		Judge:   leaks(alerts.PasswordLeak, alerts.Critical),
	},
	{
		ID:       "base64-password",
		Group:    Credential,
		Severity: alerts.Critical,
		Blame:    alerts.BlameClient,
		Who:      ByListener,
		Needs:    EncodedSeen,
		Title:    "password sent in BASE64, which is not encryption",
		Why: "SASL PLAIN and LOGIN send the password in BASE64, which anybody can decode. Whoever can read the " +
			"traffic on the way can log in with it, also after a login that was rejected.",
		Fix: "Change the password, set the mail program to TLS (port 465, 993 or 995), and let the server refuse AUTH " +
			"before TLS.",
		Config:  refuseClearLogins,
		Clients: tlsInClient,
		Refs:    []string{"RFC 4616", "RFC 4954, section 9", "RFC 8314, section 3"},
		Judge:   leaks(alerts.EncodedLeak, alerts.Critical),
	},
	{
		ID:       "cleartext-token",
		Group:    Credential,
		Severity: alerts.Critical,
		Blame:    alerts.BlameClient,
		Who:      ByListener,
		Needs:    TokenSeen,
		Title:    "access token sent without TLS",
		Why: "XOAUTH2, OAUTHBEARER and URLs with URLAUTH hold a token: whoever has it is let in until it expires, here " +
			"or at another service that takes it, even where this server refused it.",
		Fix: "Revoke the token, set the mail program to TLS (port 465, 993 or 995), and let the server refuse AUTH " +
			"before TLS.",
		Config:  refuseClearLogins,
		Clients: tlsInClient,
		Refs:    []string{"RFC 7628, section 5", "RFC 6750, section 5.3", "RFC 4467, section 2.5"},
		Judge:   judgeToken,
	},
	{
		ID:       "crackable-auth",
		Group:    Credential,
		Severity: alerts.High,
		Blame:    alerts.BlameClient,
		Who:      ByListener,
		Needs:    ChallengeSeen,
		Title:    "login that can be guessed against offline, sent without TLS",
		Why: "APOP, CRAM-MD5, DIGEST-MD5 and NTLM hide the password behind a fast hash, Kerberos with DES or 40-bit " +
			"RC4 behind a key that can be tried out. Whoever records the exchange tries passwords at full speed " +
			"without asking the server. LM and NTLMv1 responses fall in any case. NTLM also tells anybody what the " +
			"server's computer and domain are called.",
		Fix:     "Use TLS for the session. Turn LM, NTLMv1 and DES off, and prefer SCRAM or PLAIN within TLS.",
		Config:  refuseClearLogins,
		Clients: tlsInClient,
		Refs:    []string{"RFC 1939, section 7", "CVE-2007-1558", "RFC 2195", "RFC 6331", "RFC 6649", "MS-NLMP"},
		Judge:   judgeCrackable,
	},
	{
		ID:       "auth-without-encryption",
		Group:    Credential,
		Severity: alerts.Low,
		Blame:    alerts.BlameClient,
		Who:      ByEither,
		Needs:    ChallengeSeen,
		Title:    "login without TLS",
		Why: "The mechanism sends no password, or is not known to. But the session that it opens stays readable, and " +
			"whoever stands on the way can take it over once the login is done.",
		Fix:     "Set the mail program to TLS (port 465, 993 or 995), and let the server refuse logins before TLS.",
		Config:  refuseClearLogins,
		Clients: tlsInClient,
		Refs:    []string{"RFC 8314, section 3", "RFC 4422, section 6"},
		Judge:   judgeOtherAuth,
	},
	{
		ID:       "auth-offered-in-clear",
		Group:    Credential,
		Severity: alerts.Medium,
		Blame:    alerts.BlameServer,
		Who:      ByAttacker,
		Needs:    ListSeen,
		Title:    "server lets clients log in before TLS",
		Why: "This is an offer: nothing has leaked by it. But a mail program that is set wrongly, or whose STARTTLS " +
			"somebody on the way takes out, takes it up, sends its password in clear, and nobody notices. A server " +
			"that offers logins only within TLS makes the mistake show.",
		Fix:     "Offer AUTH only after STARTTLS; in IMAP list LOGINDISABLED before.",
		Config:  refuseClearLogins,
		Clients: tlsInClient,
		Refs:    []string{"RFC 8314, section 4.1", "RFC 4954, section 4", "RFC 3501, section 6.2.3", "RFC 2595, section 3.2"},
		Judge:   judgeAuthOffered,
	},
	{
		ID:       "logindisabled-ignored",
		Group:    Credential,
		Severity: alerts.High,
		Blame:    alerts.BlameClient,
		Who:      ByListener,
		Needs:    PasswordSeen,
		Title:    "client sent its password although the server forbade it",
		Why: "The server listed LOGINDISABLED, which says that LOGIN will not work here. A client that sends it all " +
			"the same leaks the password for nothing.",
		Fix:     "Change the password, set the mail program to TLS (port 993), or replace it: a client must not do this.",
		Config:  refuseClearLogins,
		Clients: tlsInClient,
		Refs:    []string{"RFC 3501, section 6.2.3", "RFC 9051, section 6.2.3"},
		Judge: func(f *dissect.Facts, hits []Hit) []Hit {
			if !f.Offer.LoginDisabled {
				return hits
			}
			untold := f.Auth[:min(f.Offer.After, len(f.Auth))]
			return byAccount(f, hits, func(a *dissect.Attempt) (alerts.Severity, bool) {
				told := !slices.Contains(untold, a)
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
		weakTicket := slices.ContainsFunc(a.Detail, weakTicket)
		if weakTicket || slices.ContainsFunc(a.Detail, fastResponse) {
			s = alerts.High
		}
		crackable := weakTicket || alerts.LeakOf(a.Mechanism) == alerts.CrackableLeak
		return s, crackable && alerts.SecretSent(a)
	})
}

// weakTicket tells a Kerberos ticket whose key, that of the service, has 56 bits
// or fewer (RFC 6649): whoever finds it is anybody to that service.
func weakTicket(d dissect.Pair) bool {
	return d.Key == "encryption" && (strings.HasPrefix(d.Value, "des-cbc-") || d.Value == "rc4-hmac-exp")
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
	listed, command := len(f.Offer.Mechanisms) > 0, f.Protocol == dissect.IMAP && !f.Offer.LoginDisabled
	switch {
	case !listBeforeLogin(f), !listed && !command:
		return hits
	case !listed && f.Flags&partial != 0:
		return hits // a list that only lacks LOGINDISABLED may have come after a login that was lost
	}
	hits, h := more(hits)
	h.Severity, h.Quotes = alerts.Low, addLine(h.Quotes, &f.Offer.Quote)
	if command || slices.ContainsFunc(f.Offer.Mechanisms, sendsPassword) {
		h.Severity = alerts.Medium
	}
	between, names, lack := "", "", ""
	if listed {
		between, names = " ", join(f.Offer.Mechanisms, " ")
		h.Detail = append(h.Detail, dissect.Pair{Key: "mechanisms", Value: names})
	}
	if command {
		lack = " no LOGINDISABLED"
		h.Detail = append(h.Detail, dissect.Pair{Key: "logindisabled", Value: "no"})
	}
	h.Why = said(name(f.Protocol), " before TLS lists", between, names, lack)
	return hits
}

// sendsPassword tells a mechanism, in the server's spelling, that shows what
// it sends.
func sendsPassword(mechanism string) bool {
	return alerts.LeakOf(strings.ToUpper(mechanism)).Reusable()
}
