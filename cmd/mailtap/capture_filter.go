package main

import (
	"fmt"
	"strings"

	"github.com/mailtap/mailtap/capture"
)

// mailPorts are the TCP ports of --mail-ports: those registered for the
// protocols that are read, and those that are in use for them without.
var mailPorts = []uint16{
	24,            // LMTP (RFC 2033 leaves it to the site)
	25, 587, 2525, // SMTP, submission (RFC 6409), its usual stand-in
	465, 993, 995, // the same, IMAP and POP3 in TLS (RFC 8314, section 3)
	110, 143, // POP3, IMAP
	106, 109, 220, // poppassd, POP2, IMAP3: rarely seen, never encrypted
	2000, 4190, // ManageSieve before it had a port of its own, and since (RFC 5804)
}

// filterNote says in the summary what a filter hides; "" where there is none.
func filterNote(expr string, ports bool) string {
	switch {
	case ports && expr != "":
		return fmt.Sprintf("a filter was set: --mail-ports and %q: mail in other packets, and on other ports, was not looked at", expr)
	case ports:
		return "a filter was set: --mail-ports: mail on other ports, and through proxies, was not looked at"
	case expr != "":
		return fmt.Sprintf("a filter was set: %q: what does not match it was not looked at", expr)
	}
	return ""
}

// explainFilter tells in a line what a user may not expect of a filter on
// devices of these link types; "" where there is nothing to tell.
func explainFilter(expr string, links []capture.LinkType) string {
	switch {
	case strings.TrimSpace(expr) == "":
		return ""
	case capture.NamesVLAN(expr):
		return "--filter: what stands after 'vlan' looks behind a tag, also after 'or'; " +
			"what stands before it never matches a tagged frame"
	}
	for _, link := range links {
		if link == capture.LinkEthernet {
			return "--filter: frames with VLAN tags are looked at as if they had none; " +
				"fragments and tunnels match only where the expression says so"
		}
	}
	return "--filter: fragments and tunnels match only where the expression says so"
}
