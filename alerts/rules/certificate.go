package rules

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// TLS 1.3 hides certificates: of them nothing is said.
var certificate = []Rule{
	{
		ID:       "certificate-expired",
		Group:    TLS,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByAttacker,
		Needs:    CertificateSeen,
		Title:    "certificate has expired",
		Why: "Mail programs warn or refuse, and users learn to click the warning away: then it tells them nothing when " +
			"somebody stands between. The time is that of the capture.",
		Fix:    "Renew the certificate, and let it be renewed by itself from now on.",
		Config: newCertificate,
		Refs:   []string{"RFC 5280, section 4.1.2.5"},
		Judge:  judgeExpired,
	},
	{
		ID:       "certificate-not-yet-valid",
		Group:    TLS,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByAttacker,
		Needs:    CertificateSeen,
		Title:    "certificate is not valid yet",
		Why: "Mail programs warn or refuse. Often the clock of the machine that made the certificate is wrong, or the " +
			"one of the machine that captured.",
		Fix:    "Set the clocks. Have the certificate issued again if its own date is wrong.",
		Config: newCertificate,
		Refs:   []string{"RFC 5280, section 4.1.2.5"},
		Judge:  judgeNotYet,
	},
	{
		ID:       "certificate-expiring",
		Group:    TLS,
		Severity: alerts.Low,
		Blame:    alerts.BlameServer,
		Who:      ByAttacker,
		Needs:    CertificateSeen,
		Title:    "certificate expires within 14 days",
		Why: "Renewal that works by itself is done by now. Of a certificate that is issued for a week at most the last " +
			"third counts.",
		Fix:    "Renew the certificate, and see why it was not renewed by itself.",
		Config: newCertificate,
		Refs:   []string{"RFC 5280, section 4.1.2.5"},
		Judge:  judgeExpiring,
	},
	{
		ID:       "certificate-self-signed",
		Group:    TLS,
		Severity: alerts.Medium,
		Blame:    alerts.BlameServer,
		Who:      ByAttacker,
		Needs:    CertificateSeen,
		Title:    "certificate is signed by itself",
		Why: "Nobody vouches for it, so a mail program cannot tell it from one that somebody on the way has made. " +
			"Between mail servers that is common, and with DANE it is enough.",
		Fix:    "Use a certificate of a public authority, or of your own that the clients know.",
		Config: newCertificate,
		Refs:   []string{"RFC 8314, section 5.3", "RFC 7672, section 3.1"},
		Judge:  judgeSelfSigned,
	},
	{
		ID:       "certificate-name-mismatch",
		Group:    TLS,
		Severity: alerts.Medium,
		Blame:    alerts.BlameServer,
		Who:      ByAttacker,
		Needs:    CertificateSeen,
		Title:    "certificate is for another name",
		Why: "The name that the client asked for does not stand in the certificate. Mail programs warn or refuse, and " +
			"one that does neither would also take a stranger's.",
		Fix:    "Put the name that clients are set to into the certificate, or set the clients to one that stands there.",
		Config: newCertificate,
		Refs:   []string{"RFC 9525, section 6.3", "RFC 7817, section 3"},
		Judge:  judgeName,
	},
	{
		ID:       "certificate-weak-key",
		Group:    TLS,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByAttacker,
		Needs:    CertificateSeen,
		Title:    "certificate with a weak key",
		Why: "RSA keys under 2048 bits, DSA keys and curves under 224 bits are within reach of who has the means. Whoever " +
			"finds the key is the server to every client.",
		Fix:    "Make a new key, RSA of 2048 bits or more or ECDSA with P-256, and have the certificate issued for it.",
		Config: newCertificate,
		Refs:   []string{"RFC 9325, section 4.5"},
		Judge:  judgeKey,
	},
	{
		ID:       "certificate-weak-signature",
		Group:    TLS,
		Severity: alerts.Medium,
		Blame:    alerts.BlameServer,
		Who:      ByAttacker,
		Needs:    CertificateSeen,
		Title:    "certificate signed with MD5 or SHA-1",
		Why: "Two certificates with the same hash can be made: one that an authority signs, and one for any name. Most " +
			"clients refuse such a signature by now.",
		Fix:    "Have the certificate issued again with SHA-256, and send the authority's new intermediate one.",
		Config: newCertificate,
		Refs:   []string{"RFC 6151, section 2.1", "RFC 6194", "RFC 9155, section 2"},
		Judge:  judgeSignature,
	},
}

// certificateLine shows a certificate of the server.
func certificateLine(t *dissect.TLSFacts, c *dissect.Certificate) *dissect.Quote {
	parts := []string{c.Subject, c.Key, c.Signature}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return shown(dissect.Server, t.Seen.Certificate, "Certificate: "+strings.Join(parts, ", "))
}

// own returns the server's own certificate and when it crossed, in seconds
// since 1970 UTC; nil where it was not seen.
func own(f *dissect.Facts) (*dissect.Certificate, int64) {
	if f.TLS == nil || f.TLS.Certificate == nil || f.TLS.Seen.Certificate == (dissect.Stamp{}) {
		return nil, 0
	}
	return f.TLS.Certificate, f.TLS.Seen.Certificate.Time / int64(time.Second)
}

// ofCertificate makes a hit about the server's own certificate.
func ofCertificate(f *dissect.Facts, s alerts.Severity, why string, detail ...dissect.Pair) Hit {
	if betweenMTAs(f) {
		why += ", between mail servers"
	}
	return Hit{Severity: s, Why: why, Detail: detail, Quotes: telling(certificateLine(f.TLS, f.TLS.Certificate))}
}

// relaxed gives the lower severity between mail servers.
func relaxed(f *dissect.Facts, s, between alerts.Severity) alerts.Severity {
	if betweenMTAs(f) {
		return between
	}
	return s
}

func day(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.DateOnly) }

func judgeExpired(f *dissect.Facts, hits []Hit) []Hit {
	c, now := own(f)
	if c == nil || c.NotAfter == 0 || now <= c.NotAfter {
		return hits
	}
	end := day(c.NotAfter)
	s := relaxed(f, alerts.High, alerts.Low)
	return append(hits, ofCertificate(f, s, "expired on "+end, dissect.Pair{Key: "not_after", Value: end}))
}

func judgeNotYet(f *dissect.Facts, hits []Hit) []Hit {
	c, now := own(f)
	if c == nil || c.NotBefore == 0 || now >= c.NotBefore {
		return hits
	}
	begin := day(c.NotBefore)
	s := relaxed(f, alerts.High, alerts.Low)
	return append(hits, ofCertificate(f, s, "valid from "+begin, dissect.Pair{Key: "not_before", Value: begin}))
}

// When a certificate expires soon, in seconds. One that is issued for a week at
// most, as authorities do for those who renew it by themselves, has its last
// third left then.
const (
	soon      = 14 * 24 * 60 * 60
	shortLife = 7 * 24 * 60 * 60
)

func judgeExpiring(f *dissect.Facts, hits []Hit) []Hit {
	c, now := own(f)
	if c == nil || c.NotAfter == 0 || now > c.NotAfter || c.NotAfter-now > soon {
		return hits
	}
	if life := c.NotAfter - c.NotBefore; life <= shortLife && c.NotAfter-now > life/3 {
		return hits
	}
	end := day(c.NotAfter)
	return append(hits, ofCertificate(f, alerts.Low, "expires on "+end, dissect.Pair{Key: "not_after", Value: end}))
}

func judgeSelfSigned(f *dissect.Facts, hits []Hit) []Hit {
	c, _ := own(f)
	if c == nil || !c.SelfSigned {
		return hits
	}
	return append(hits, ofCertificate(f, relaxed(f, alerts.Medium, alerts.Info), "signed with its own key"))
}

func judgeKey(f *dissect.Facts, hits []Hit) []Hit {
	return inChain(f, hits, alerts.High, "key", weakKey, func(c *dissect.Certificate) string { return c.Key })
}

func judgeSignature(f *dissect.Facts, hits []Hit) []Hit {
	return inChain(f, hits, alerts.Medium, "signature", weakSignature, func(c *dissect.Certificate) string { return c.Signature })
}

// inChain judges a field of the server's certificate and of those that lead to
// a root. A root is trusted for being known: neither its signature nor the copy
// of it that the server sends counts.
func inChain(f *dissect.Facts, hits []Hit, s alerts.Severity, what string,
	weak func(string) bool, field func(*dissect.Certificate) string) []Hit {
	first, _ := own(f)
	if first == nil {
		return hits
	}
	var values []string
	var lines []*dissect.Quote
	add := func(c *dissect.Certificate) {
		if v := field(c); weak(v) {
			values = addOnce(values, v)
			lines = append(lines, certificateLine(f.TLS, c))
		}
	}
	add(first)
	for i := range f.TLS.Chain {
		if c := &f.TLS.Chain[i]; !c.SelfSigned {
			add(c)
		}
	}
	if len(values) == 0 {
		return hits
	}
	value := join(values, ", ")
	why := what + " " + value
	if !weak(field(first)) {
		why += " of an intermediate certificate"
	}
	return append(hits, Hit{
		Severity: s,
		Why:      why,
		Detail:   []dissect.Pair{{Key: what, Value: value}},
		Quotes:   inOrder(telling(lines...)),
	})
}

// weakKey judges a key by its name and size: "RSA 1024", "DSA 2048", "ECDSA
// P-192", "ECDSA secp160r1". One whose size is not known is not weak.
func weakKey(key string) bool {
	const weakRSA, weakCurve = 2048, 224
	kind, size, _ := strings.Cut(key, " ")
	switch kind {
	case "RSA":
		bits, err := strconv.Atoi(size)
		return err == nil && bits < weakRSA
	case "DSA":
		return true
	case "ECDSA":
		bits := curveSize(size)
		return bits > 0 && bits < weakCurve
	}
	return false
}

// curveSize reads the size in a curve's name, the first number behind letters;
// 0 where there is none, as in an object identifier.
func curveSize(name string) int {
	digits := strings.TrimLeftFunc(name, func(r rune) bool { return r < '0' || r > '9' })
	if digits == name {
		return 0
	}
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	bits, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return bits
}

func weakSignature(algorithm string) bool {
	return slices.ContainsFunc([]string{"MD2", "MD4", "MD5", "SHA1"}, func(hash string) bool {
		return strings.Contains(algorithm, hash)
	})
}
