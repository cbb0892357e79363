package rules

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// judgeName knows nothing where the client named no server.
func judgeName(f *dissect.Facts, hits []Hit) []Hit {
	c, _ := own(f)
	if c == nil || f.TLS.SNI == "" {
		return hits
	}
	names := certificateNames(c)
	if len(names) == 0 || len(names) >= manyNames || slices.ContainsFunc(names, func(n string) bool { return matches(n, f.TLS.SNI) }) {
		return hits
	}
	return append(hits, ofCertificate(f, relaxed(f, alerts.Medium, alerts.Info), "not for the name that was asked for",
		dissect.Pair{Key: "sni", Value: f.TLS.SNI},
		dissect.Pair{Key: "names", Value: join(names[:min(len(names), maxNames)], ", ")}))
}

// manyNames is how many names of a certificate are read: one of so many may
// have others.
const manyNames = 256

// certificateNames returns the names that a certificate is for: the common name
// only where there are no others (RFC 6125, section 6.4.4).
func certificateNames(c *dissect.Certificate) []string {
	if len(c.Names) > 0 {
		return c.Names
	}
	for part := range strings.FieldsFuncSeq(c.Subject, func(r rune) bool { return r == ',' || r == '+' }) {
		if name, ok := strings.CutPrefix(part, "CN="); ok {
			return []string{name}
		}
	}
	return nil
}

// matches tells whether a certificate's name is that of the server. A wildcard
// stands for one whole label, the first (RFC 9525, section 6.3), and for no
// part of an address.
func matches(pattern, server string) bool {
	pattern, server = strings.TrimSuffix(pattern, "."), strings.TrimSuffix(server, ".")
	if ip, err := netip.ParseAddr(server); err == nil {
		other, err := netip.ParseAddr(pattern)
		return err == nil && other == ip
	}
	if rest, ok := strings.CutPrefix(pattern, "*."); ok {
		label, domain, _ := strings.Cut(server, ".")
		return label != "" && strings.EqualFold(rest, domain)
	}
	return strings.EqualFold(pattern, server)
}
