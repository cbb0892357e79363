package rules

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// recalls are the judgements that need earlier sessions, by rule.
var recalls = map[string]func(*dissect.Facts, *Past, []Hit) []Hit{
	"password-guessing":     judgeGuessing,
	"password-spraying":     judgeSpraying,
	"account-both-ways":     judgeBothWays,
	"starttls-masked":       recallMasked,
	"starttls-vanished":     judgeVanished,
	"tls-failed-then-clear": judgeFailedThenClear,
	"tls-fallback-retry":    judgeDance,
	"certificate-changed":   judgeCertificateChanged,
}

// remembering gives the rules of a table what they recall.
func remembering(table []Rule) []Rule {
	for i := range table {
		table[i].Recall = recalls[table[i].ID]
	}
	return table
}

// abuse are the rules of logins that one session does not tell.
var abuse = []Rule{
	{
		ID:       "password-guessing",
		Group:    Credential,
		Severity: alerts.High,
		Blame:    alerts.BlameClientServer,
		Who:      ByAnybody,
		Needs:    LoginSeen,
		Title:    "client guesses passwords",
		Why: "Many different passwords were refused within minutes. Nobody mistypes like that: a program tries " +
			"them, and if one is let in, the account is lost.",
		Fix: "Block the client. If a login succeeded, change that password and see what was done with the account. Let the " +
			"server slow down or lock out after failures.",
		Config: slowDown,
		Refs:   []string{"RFC 4954, section 9", "RFC 5321, section 7.8"},
	},
	{
		ID:       "password-spraying",
		Group:    Credential,
		Severity: alerts.High,
		Blame:    alerts.BlameClientServer,
		Who:      ByAnybody,
		Needs:    LoginSeen,
		Title:    "client tries a few passwords on many accounts",
		Why: "Locking an account after failures does not help against somebody who tries each account only once or " +
			"twice with passwords that are common.",
		Fix: "Block the client, forbid common passwords, and count failures by client and not only by account. See " +
			"whether one of the accounts was let in.",
		Config: slowDown,
		Refs:   []string{"RFC 4954, section 9", "RFC 5321, section 7.8"},
	},
	{
		ID:       "account-both-ways",
		Group:    Credential,
		Severity: alerts.Medium,
		Blame:    alerts.BlameAccount,
		Who:      ByListener,
		Needs:    LoginSeen,
		Title:    "account is used with TLS and without",
		Why: "One device or program of the user is set to TLS, another is not: all that the first one protects, the " +
			"other gives away, the password too.",
		Fix:     "Set the device that the finding names to TLS and change the password. Let the server refuse logins before TLS.",
		Config:  refuseClearLogins,
		Clients: tlsInClient,
		Refs:    []string{"RFC 8314, section 3", "RFC 8314, section 5.2"},
	},
}

// changed are the rules of what a server or a client did before and does not
// do now.
var changed = []Rule{
	{
		ID:       "starttls-vanished",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByEither,
		Needs:    ListSeen,
		Title:    "server's offer of TLS has vanished",
		Why: "The server offered STARTTLS before and does not now, to this client. If other clients are still offered it, " +
			"somebody on the way takes it out of the list; if none is, the server was set up anew.",
		Fix: "Compare the list with what the server says on its own machine, and find the device between. Let clients " +
			"require TLS, so that they stop rather than go on in clear.",
		Config:  requireTLS,
		Clients: tlsInClient,
		Refs:    []string{"RFC 3207, section 6", "RFC 8314, section 5.2", "RFC 8461, section 5"},
	},
	{
		ID:       "tls-failed-then-clear",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByEither,
		Title:    "after TLS failed, the client went on in clear",
		Why: "A handshake failed, and minutes later the same client used the same server readable. Whoever can make " +
			"handshakes fail gets to read such a client.",
		Fix: "Find out why the handshake failed: the finding of that session says who broke off. Set the client to require " +
			"TLS; between mail servers publish MTA-STS or DANE.",
		Config:  deliverInTLS,
		Clients: tlsInClient,
		Refs:    []string{"RFC 3207, section 6", "RFC 7435, section 3", "RFC 8461, section 5", "RFC 7672, section 2.2"},
	},
	{
		ID:       "certificate-changed",
		Group:    Downgrade,
		Severity: alerts.Medium,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Needs:    CertificateSeen,
		Title:    "one client gets another certificate than all others",
		Why: "The server's certificate changed its issuer or kind of key long before its time, and only for this client: " +
			"others were still given the one before. So it is where somebody stands between with a certificate of his own.",
		Fix: "Compare the certificate with the server's. If it is not one of the server's, find the device on the client's way " +
			"that opens TLS.",
		Refs: []string{"RFC 5280, section 4.1", "RFC 8314, section 5.3"},
	},
}
