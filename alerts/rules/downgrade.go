package rules

import (
	"strconv"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var downgrade = []Rule{
	{
		ID:       "starttls-masked",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByEither,
		Title:    "a device on the way overwrites the offer of TLS",
		Why: "Firewalls that inspect SMTP write X's over the capabilities and commands that they do not know, or over " +
			"a letter of STARTTLS, and asterisks over the greeting. With STARTTLS gone both servers believe that the " +
			"other has no TLS, and an attacker on the way can do the same.",
		Fix:    "Turn SMTP inspection off on the firewall, or allow TLS in it.",
		Config: inspection,
		Refs:   []string{"RFC 3207, section 6", "Cisco ASA Firewall CLI Configuration Guide, ESMTP inspection"},
		Judge:  judgeMasked,
	},
	{
		ID:       "capability-contradiction",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Needs:    SignSeen,
		Title:    "server's capability lists contradict each other",
		Why: "Two lists of one session, both before TLS and login, differ in STARTTLS, LOGINDISABLED or the " +
			"mechanisms. A server has no reason to do that; somebody on the way who changes one of them has.",
		Fix: "Compare both lists with what the server says on its own machine. If it says the same twice, look for " +
			"what stands between.",
		Refs:  []string{"RFC 3501, section 6.1.1", "RFC 3207, section 6"},
		Judge: judgeContradiction,
	},
	{
		ID:       "starttls-command-injection",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Title:    "readable commands behind STARTTLS",
		Why: "Commands that stand behind STARTTLS in clear are carried out by faulty servers as if they had come within " +
			"TLS. Somebody on the way sends his own there; a client that does it by mistake tempts others to.",
		Fix: "Bring the server up to date: it must forget what came before TLS. Find out which program sends this, " +
			"and have it use a port where TLS comes first.",
		Config:  commandsForgotten,
		Clients: tlsInClient,
		Refs:    []string{"RFC 3207, section 4.2", "CVE-2011-0411", "CVE-2021-33515"},
		Judge:   injected(dissect.Client, "sent more behind STARTTLS before TLS began"),
	},
	{
		ID:       "starttls-response-injection",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Title:    "readable replies behind the answer to STARTTLS",
		Why: "What stands in clear behind the server's yes is read by faulty mail programs as if it had come within " +
			"TLS: capabilities, mail, a mailbox that is somebody else's.",
		Fix: "Bring the mail programs up to date, or have them use ports 465, 993 and 995. If the server itself sends " +
			"this, bring it up to date, too.",
		Config:  repliesForgotten,
		Clients: mendedClients,
		Refs:    []string{"RFC 3207, section 4.2", "CVE-2020-14954", "CVE-2020-15685", "CVE-2021-38371"},
		Judge:   injected(dissect.Server, "said more behind its answer to STARTTLS before TLS began"),
	},
	{
		ID:       "imap-preauth",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Title:    "IMAP session is logged in before TLS could begin",
		Why: "After a PREAUTH greeting STARTTLS is not allowed any more. Somebody on the way who forges it makes a " +
			"client that wants TLS go on in clear, and hand over the mail that it uploads.",
		Fix: "Find out who sent the greeting. If it was the server, turn PREAUTH off for the network; use port 993, " +
			"where nothing crosses before TLS.",
		Clients: tlsInClient,
		Refs:    []string{"RFC 3501, section 7.1.4", "RFC 9051, section 7.1.4", "CVE-2020-12398", "CVE-2020-14093"},
		Judge: func(f *dissect.Facts, hits []Hit) []Hit {
			if f.Preauth == nil {
				return hits
			}
			lines := telling(appendClearUse([]*dissect.Quote{f.Preauth}, f)...)
			return append(hits, Hit{Severity: alerts.High, Why: "IMAP greeting PREAUTH", Quotes: inOrder(lines)})
		},
	},
	{
		ID:       "mailbox-data-before-login",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Needs:    SignSeen,
		Title:    "mailbox data before anybody has logged in",
		Why: "No server speaks of messages and folders before it knows whose they are. Somebody on the way who slips " +
			"them in fills the mailbox that a faulty mail program shows, also when the rest runs in TLS.",
		Fix:     "Find out who sent the lines. Bring the mail program up to date, or have it use port 993.",
		Clients: tlsInClient,
		Refs:    []string{"RFC 3501, section 3.1", "RFC 9051, section 3.1", "CVE-2021-29969"},
		Judge:   judgeEarlyData,
	},
	{
		ID:       "alert-before-tls",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Needs:    SignSeen,
		Title:    "message to the user or referral before TLS",
		Why: "Mail programs show an ALERT to the user and may follow a REFERRAL to another server. Before TLS anybody on " +
			"the way can write either, and be sent the password.",
		Fix:     "If the text is not the server's, look for what stands between. Have mail programs use port 993.",
		Clients: tlsInClient,
		Refs:    []string{"RFC 3501, section 7.1", "RFC 2193", "RFC 2221"},
		Judge:   judgeAlert,
	},
	{
		ID:       "conflicting-segments",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Needs:    SignSeen,
		Title:    "the same part of the session crossed with different bytes",
		Why: "TCP repeats what was lost as it was. Where the repetition differs, two machines sent for one: somebody " +
			"writes into the session, and the receiver took one of the two.",
		Fix:   "See which packet has another TTL or source hardware address, and find the device that sent it.",
		Refs:  []string{"RFC 9293, section 3.4"},
		Judge: judgeConflict,
	},
	{
		ID:       "tls-downgrade-sentinel",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Needs:    TLSSeen,
		Title:    "TLS version was cut down on the way",
		Why: "The server marks its hello when it could do better than it was asked for, and the client did ask for " +
			"better. Somebody between them changed the client's hello.",
		Fix: "Find the device between client and server that changes TLS, such as a proxy that inspects it. Allow TLS " +
			"1.2 and newer only, so that there is less to cut down to.",
		Config: newVersions,
		Refs:   []string{"RFC 8446, section 4.1.3"},
		Judge:  judgeSentinel,
	},
	{
		ID:       "tls-fallback-retry",
		Group:    Downgrade,
		Severity: alerts.Medium,
		Blame:    alerts.BlamePath,
		Who:      ByAttacker,
		Needs:    TLSSeen,
		Title:    "client tries again with an older TLS version",
		Why: "The client says with TLS_FALLBACK_SCSV that it can do better and tries less because a handshake failed. " +
			"Somebody on the way who makes handshakes fail gets the version that he can break.",
		Fix: "Find out why the first handshake fails: an old device between, or a server that breaks off at what it " +
			"does not know. Where both sides can do TLS 1.2, allow nothing older.",
		Config: newVersions,
		Refs:   []string{"RFC 7507, section 4", "CVE-2014-3566"},
		Judge:  judgeFallback,
	},
	{
		ID:       "smtp-smuggling",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlameClient,
		Who:      ByAnybody,
		Needs:    SignSeen,
		Title:    "message with line ends that servers read differently",
		Why: "Only CRLF dot CRLF ends a message. Where one server also takes another form for the end and the next does " +
			"not, the rest of the message becomes commands: a second mail under a forged sender that passes SPF and DMARC.",
		Fix:    "Bring both servers up to date, and let the receiving one refuse or mend bare line feeds.",
		Config: strictLineEnds,
		Refs:   []string{"CVE-2023-51764", "CVE-2023-51765", "CVE-2023-51766", "RFC 5321, section 2.3.8", "RFC 5321, section 4.1.1.4"},
		Judge:  judgeSmuggling,
	},
}

// injected judges readable bytes of a side where TLS had to begin.
func injected(side dissect.Side, did string) func(*dissect.Facts, []Hit) []Hit {
	return func(f *dissect.Facts, hits []Hit) []Hit {
		if f.Injected == nil || f.Injected.Side != side {
			return hits
		}
		lines := append(pointers(f.STARTTLS.Quotes), f.Injected)
		return append(hits, Hit{
			Severity: alerts.High,
			Why:      name(f.Protocol) + " " + side.String() + " " + did,
			Quotes:   inOrder(telling(lines...)),
		})
	}
}

// judgeEarlyData is silent where the login may just not have been seen.
func judgeEarlyData(f *dissect.Facts, hits []Hit) []Hit {
	if f.Signs == nil || f.Signs.EarlyData == nil || f.Preauth != nil || f.Flags&partial != 0 {
		return hits
	}
	return append(hits, Hit{
		Severity: alerts.High,
		Why:      name(f.Protocol) + " server sent mailbox data before a login",
		Quotes:   telling(f.Signs.EarlyData),
	})
}

// judgeAlert is silent where the server may have said it to one who had logged
// in: in a session that never comes to TLS that is its usual business.
func judgeAlert(f *dissect.Facts, hits []Hit) []Hit {
	if f.Signs == nil || f.Preauth != nil || f.Flags&partial != 0 {
		return hits
	}
	alert, referral := f.Signs.Alert, f.Signs.Referral
	h := Hit{Quotes: inOrder(telling(alert, referral))}
	switch {
	case referral != nil:
		h.Severity = alerts.High
		h.Why = name(f.Protocol) + " REFERRAL before TLS"
	case alert != nil:
		h.Severity = alerts.Medium
		h.Why = name(f.Protocol) + " ALERT before TLS"
	default:
		return hits
	}
	return append(hits, h)
}

func judgeConflict(f *dissect.Facts, hits []Hit) []Hit {
	if f.Signs == nil || len(f.Signs.Overlaps) == 0 {
		return hits
	}
	var spoken, other []*dissect.Quote
	for i := range f.Signs.Overlaps {
		if o := &f.Signs.Overlaps[i]; o.Spoken {
			spoken = append(spoken, bothTexts(o)...)
		} else {
			other = append(other, bothTexts(o)...)
		}
	}
	ranges := strconv.Itoa(len(f.Signs.Overlaps))
	h := Hit{Severity: alerts.Low, Detail: []dissect.Pair{{Key: "ranges", Value: ranges}}}
	h.Why = name(f.Protocol) + " bytes came twice and differ"
	lines := other
	if len(spoken) > 0 {
		h.Severity = alerts.High
		h.Why += ", in a command or a reply"
		lines = spoken
	}
	h.Quotes = inOrder(telling(lines...))
	return append(hits, h)
}

// bothTexts returns the two lines of an overlap. Of content there is no text
// to show, but the packets.
func bothTexts(o *dissect.Overlap) []*dissect.Quote {
	lines := []*dissect.Quote{&o.First, &o.Again}
	for i, q := range lines {
		if q.Text == "" {
			size := strconv.FormatUint(o.End-o.Start, 10)
			lines[i] = shown(o.Side, q.Stamp, size+" bytes at "+strconv.FormatUint(o.Start, 10))
		}
	}
	return lines
}
