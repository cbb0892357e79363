package rules

import (
	"slices"
	"strconv"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var encryption = []Rule{
	{
		ID:       "starttls-not-offered",
		Group:    Encryption,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByEither,
		Needs:    ListSeen,
		Title:    "server does not offer TLS",
		Why: "Without STARTTLS or STLS in its list the server leaves this client no way to protect the session: " +
			"logins and messages on it are readable by anybody on the way. What did leak stands in findings of its " +
			"own.",
		Fix:     "Give the server a certificate and offer STARTTLS, or have clients use the TLS ports 465, 993 and 995.",
		Config:  offerTLS,
		Clients: tlsInClient,
		Refs:    []string{"RFC 3207, section 4", "RFC 2595, section 3", "RFC 8314, section 3"},
		Judge:   judgeNotOffered,
	},
	{
		ID:       "starttls-not-used",
		Group:    Encryption,
		Severity: alerts.High,
		Blame:    alerts.BlameClient,
		Who:      ByListener,
		Title:    "client ignored the server's offer of TLS",
		Why: "The server offered STARTTLS, and the client went on in clear all the same. Its setting is wrong, or it " +
			"cannot. What leaked by it stands in findings of its own.",
		Fix:     "Set the client to require TLS, and let the server insist on it.",
		Config:  requireTLS,
		Clients: tlsInClient,
		Refs:    []string{"RFC 8314, section 5.2", "RFC 3207, section 4"},
		Judge:   judgeNotUsed,
	},
	{
		ID:       "starttls-refused",
		Group:    Encryption,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByEither,
		Title:    "server refused to begin TLS",
		Why: "The client asked for TLS and was told no. A client that then goes on sends everything in clear; one " +
			"that insists on TLS gets no service.",
		Fix:     "See the server's log: most often its certificate or key cannot be read, or has just been replaced.",
		Config:  offerTLS,
		Clients: tlsInClient,
		Refs:    []string{"RFC 3207, section 4", "RFC 2595, section 4"},
		Judge:   judgeRefused,
	},
	{
		ID:       "starttls-then-clear",
		Group:    Encryption,
		Severity: alerts.High,
		Blame:    alerts.BlameClient,
		Who:      ByEither,
		Title:    "STARTTLS was accepted, and no TLS came",
		Why: "After the server's yes the next bytes had to be TLS, and they were readable text. One side is broken, " +
			"somebody stands between them, or the capture comes from a device that decrypts.",
		Fix:     "If the capture comes from a decrypting device, accept the case. Else replace the client that does this.",
		Config:  requireTLS,
		Clients: tlsInClient,
		Refs:    []string{"RFC 3207, section 4", "RFC 2595, section 3.1"},
		Judge: func(f *dissect.Facts, hits []Hit) []Hit {
			if f.STARTTLS.Accepted != dissect.Yes || !f.STARTTLS.Clear || f.Transport != dissect.Plain {
				return hits
			}
			quotes := inOrder(telling(pointers(f.STARTTLS.Quotes)...))
			return append(hits, Hit{Severity: alerts.High, Why: name(f.Protocol) + " went on readable after STARTTLS", Quotes: quotes})
		},
	},
	{
		ID:       "clear-on-tls-port",
		Group:    Encryption,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByEither,
		Title:    "readable session on a TLS port",
		Why: "On ports 465, 993 and 995 TLS begins with the first byte. Here it does not, so clients that are set " +
			"to \"SSL/TLS\" fail or, worse, go on in clear.",
		Fix:     "Turn TLS on for the port itself, not STARTTLS within it.",
		Config:  tlsPorts,
		Clients: tlsInClient,
		Refs:    []string{"RFC 8314, section 3"},
		Judge:   judgeClearOnTLSPort,
	},
	{
		ID:       "policy-violation",
		Group:    Encryption,
		Severity: alerts.High,
		Blame:    alerts.BlameClient,
		Who:      ByEither,
		Title:    "session breaks the policy of this network",
		Why: "The policy file says what sessions of this server or client need: a login, encryption, a TLS version, " +
			"certain mechanisms. This one did without.",
		Fix:  "Correct the setting of the client or the server; or, if it has to be so, write an exception with its reason.",
		Refs: []string{"'mailtap policy example'"},
		// The hits are made by judgement, which knows the policy.
	},
	{
		ID:       "message-in-clear",
		Group:    Encryption,
		Severity: alerts.High,
		Blame:    alerts.BlameClient,
		Who:      ByEither,
		Needs:    MessageSeen,
		Title:    "message sent without TLS",
		Why: "Sender, recipients, subject and text crossed readable, attachments too. With S/MIME or PGP the text is " +
			"protected, and the header still is not.",
		Fix:     "Use TLS for the session; between mail servers publish MTA-STS or DANE, so that senders insist on it.",
		Config:  deliverInTLS,
		Clients: tlsInClient,
		Refs:    []string{"RFC 8314, section 3", "RFC 8461, section 5", "RFC 7672, section 2.2"},
		Judge:   judgeMessage,
	},
}

func judgeNotOffered(f *dissect.Facts, hits []Hit) []Hit {
	switch {
	case f.STARTTLS.Offered != dissect.No, f.Offer.STARTTLS, len(f.Offer.Masks) > 0, !listBeforeLogin(f),
		f.Transport != dissect.Plain, f.Flags&partial != 0, onTLSPort(f):
		return hits
	}
	hits, h := more(hits)
	h.Severity, h.Quotes = alerts.Info, addLine(h.Quotes, &f.Offer.Quote)
	used, between := "", ""
	if secretSent(f) || loggedIn(f) || len(f.Messages) > 0 {
		h.Severity, used = alerts.High, ", then used in clear"
		h.Quotes = inOrder(appendClearUse(h.Quotes, f))
		if betweenMTAs(f) {
			h.Severity, between = alerts.Medium, ", between mail servers"
		}
	}
	h.Why = said(name(f.Protocol), " list without ", command(f.Protocol), used, between)
	return hits
}

func judgeNotUsed(f *dissect.Facts, hits []Hit) []Hit {
	switch {
	case f.STARTTLS.Offered != dissect.Yes, f.STARTTLS.Requested, f.Transport != dissect.Plain, f.Flags&partial != 0:
		return hits
	case f.Preauth != nil:
		return hits // STARTTLS was not allowed any more: RFC 3501, section 6.2.1
	case askedInVain(f):
		return hits // whose fault it is starttls-masked says
	}
	if len(f.Auth) == 0 && f.MailCommand == nil && len(f.Messages) == 0 {
		return hits
	}
	hits, h := more(hits)
	h.Severity = alerts.High
	h.Why = said(name(f.Protocol), " offered ", command(f.Protocol), ", and the client went on without")
	lines := appendClearUse(appendPointers(h.Quotes, f.STARTTLS.Quotes), f)
	h.Quotes = inOrder(telling(lines...))
	return hits
}

func judgeRefused(f *dissect.Facts, hits []Hit) []Hit {
	if !f.STARTTLS.Requested || f.STARTTLS.Accepted != dissect.No || f.Transport != dissect.Plain {
		return hits
	}
	var refusal int64
	for _, q := range f.STARTTLS.Quotes {
		if q.Side == dissect.Server {
			refusal = q.Stamp.Time // the last answer
		}
	}
	h := Hit{Severity: alerts.Medium, Why: name(f.Protocol) + " refused " + command(f.Protocol)}
	lines := pointers(f.STARTTLS.Quotes)
	if use := clearUseAfter(f, refusal); len(use) > 0 {
		h.Severity = alerts.High
		h.Why += ", and the client went on in clear"
		lines = append(lines, use...)
	}
	h.Quotes = inOrder(telling(lines...))
	return append(hits, h)
}

func judgeClearOnTLSPort(f *dissect.Facts, hits []Hit) []Hit {
	return clearFromStart(f, onTLSPort(f), hits)
}

// clearFromStart judges a session on a port where TLS had to begin at once. A
// client that speaks readable to a server that does not is left to the other
// rules. A server that says no more than a greeting may just refuse service, as
// some do before TLS begins.
func clearFromStart(f *dissect.Facts, tlsPort bool, hits []Hit) []Hit {
	answered := f.Offer.Complete || f.STARTTLS.Accepted != dissect.Unknown || len(f.Messages) > 0 ||
		slices.ContainsFunc(f.Auth, func(a *dissect.Attempt) bool { return a.Outcome != dissect.OutcomeUnknown })
	used := answered || f.HasHello || f.STARTTLS.Requested || len(f.Auth) > 0 || f.MailCommand != nil
	heard := answered || f.Banner != "" || f.Flags&partial != 0
	if !tlsPort || f.Transport != dissect.Plain || !heard || !used && f.Banner == "" {
		return hits
	}
	h := Hit{Severity: alerts.High, Why: "readable " + name(f.Protocol) + " on port " + strconv.Itoa(int(f.Server.Port()))}
	if !used {
		h.Severity = alerts.Low
		h.Why += ", no more than a greeting"
	}
	lines := appendClearUse([]*dissect.Quote{&f.Offer.Quote, f.Preauth}, f)
	h.Quotes = inOrder(telling(lines...))
	return append(hits, h)
}

// judgeMessage gives one hit a session: a mailbox that is read in clear has
// thousands of messages and one cause.
func judgeMessage(f *dissect.Facts, hits []Hit) []Hit {
	if len(f.Messages) == 0 {
		return hits
	}
	hits, h := more(hits)
	h.Severity = alerts.Info
	readable := 0
	for _, m := range f.Messages {
		if m.Protection == dissect.Unprotected {
			readable++
		}
		if len(m.Quotes) > 0 && len(h.Quotes) < MaxEvidence {
			h.Quotes = append(h.Quotes, &m.Quotes[0])
		}
	}
	but := ""
	switch {
	case readable == 0:
		but = ", all with S/MIME or PGP"
	case betweenMTAs(f):
		h.Severity, but = alerts.Medium, ", between mail servers"
	default:
		h.Severity = alerts.High
	}
	count, protected := strconv.Itoa(len(f.Messages)), strconv.Itoa(len(f.Messages)-readable)
	h.Detail = append(h.Detail, dissect.Pair{Key: "messages", Value: count}, dissect.Pair{Key: "protected", Value: protected})
	h.Why = said(count, " readable by ", name(f.Protocol), but)
	return hits
}

// command names what asks for TLS (RFC 2595, section 4).
func command(p dissect.Protocol) string {
	if p == dissect.POP3 {
		return "STLS"
	}
	return "STARTTLS"
}
