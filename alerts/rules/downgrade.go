package rules

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var downgrade = []Rule{
	{
		ID:       "imap-preauth",
		Group:    Downgrade,
		Severity: alerts.High,
		Blame:    alerts.BlamePath,
		Title:    "IMAP session is logged in before TLS could begin",
		Why: "After a PREAUTH greeting STARTTLS is not allowed any more. Somebody on the way who forges it makes a " +
			"client that wants TLS go on in clear, and hand over the mail that it uploads.",
		Fix: "Find out who sent the greeting. If it was the server, turn PREAUTH off for the network; use port 993, " +
			"where nothing crosses before TLS.",
		Refs: []string{"RFC 3501, section 7.1.4", "RFC 9051, section 7.1.4"},
		Judge: func(f *dissect.Facts, hits []Hit) []Hit {
			if f.Preauth == nil {
				return hits
			}
			lines := telling(append([]*dissect.Quote{f.Preauth}, clearUse(f, f.Preauth.Stamp.Time)...)...)
			return append(hits, Hit{Severity: alerts.High, Why: "IMAP greeting PREAUTH", Quotes: inOrder(lines)})
		},
	},
}
