package rules

import (
	"strconv"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var exposure = []Rule{
	{
		ID:       "mail-on-unusual-port",
		Group:    Exposure,
		Severity: alerts.Low,
		Blame:    alerts.BlameServer,
		Title:    "mail on a port that is not its own",
		Why: "Firewall rules and monitoring that go by ports overlook the server. With logins on it, it is a mail " +
			"service that nobody may know of.",
		Fix:  "If the service is wanted, accept the case; else find out who runs it.",
		Refs: []string{"RFC 8314, section 3", "RFC 6409, section 3.1"},
		Judge: func(f *dissect.Facts, hits []Hit) []Hit {
			if f.Flags&dissect.NonStandardPort == 0 || f.Protocol == dissect.NoProtocol {
				return hits
			}
			h := Hit{
				Severity: alerts.Info,
				Why:      name(f.Protocol) + " on port " + strconv.Itoa(int(f.Server.Port())),
				Quotes:   telling(&f.Offer.Quote),
			}
			if secretSent(f) {
				h.Severity = alerts.Low
				h.Why += ", with a login"
				h.Quotes = inOrder(append(h.Quotes, clearUse(f, 0)...))
			}
			return append(hits, h)
		},
	},
}
