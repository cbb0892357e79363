package rules

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// judgeSentinel wants proof that the client offered better: without it the mark
// only says that the server is newer than the client (RFC 8446, section 4.1.3).
func judgeSentinel(f *dissect.Facts, hits []Hit) []Hit {
	t := f.TLS
	if t == nil || rank(t.Sentinel) < 0 || rank(t.Version) < 0 ||
		rank(t.Offered) <= rank(t.Sentinel) || rank(t.Offered) <= rank(t.Version) {
		return hits
	}
	h := Hit{
		Severity: alerts.High,
		Why:      "client offered " + t.Offered + ", and the server was asked for " + t.Version,
		Detail:   []dissect.Pair{{Key: "offered", Value: t.Offered}, {Key: "version", Value: t.Version}},
		Quotes:   inOrder(telling(offerLine(t), helloLine(t), alertLine(t))),
	}
	if t.Alert == "illegal_parameter" && t.AlertSide == dissect.Client {
		h.Why += "; the client noticed and broke off"
	}
	return append(hits, h)
}

// judgeFallback leaves out a client that sends the signal with the best there is
// on offer: it has not stepped back.
func judgeFallback(f *dissect.Facts, hits []Hit) []Hit {
	t := f.TLS
	if t == nil || !t.Fallback || t.Offered == versions[len(versions)-1] {
		return hits
	}
	h := Hit{
		Severity: alerts.Medium,
		Why:      "client tries again",
		Quotes:   inOrder(telling(offerLine(t), alertLine(t))),
	}
	if t.Offered != "" {
		h.Why += " with " + t.Offered
		h.Detail = []dissect.Pair{{Key: "offered", Value: t.Offered}}
	}
	if t.Alert == "inappropriate_fallback" && t.AlertSide == dissect.Server {
		h.Why += "; the server can do better and broke off"
	}
	return append(hits, h)
}

// judgeFailed names who broke off, and by which alert.
func judgeFailed(f *dissect.Facts, hits []Hit) []Hit {
	t := f.TLS
	if t == nil || t.Established || t.Alert == "" {
		return hits
	}
	h := Hit{
		Severity: alerts.Medium,
		Why:      t.AlertSide.String() + " broke off: " + t.Alert,
		Detail:   []dissect.Pair{{Key: "alert", Value: t.Alert}, {Key: "from", Value: t.AlertSide.String()}},
	}
	switch {
	case t.Forsaken:
		h.Why = "server closed without a word, the client said " + t.Alert
		h.Detail = append(h.Detail, dissect.Pair{Key: "closed", Value: "server"})
	case t.AlertSide == dissect.Client && distrust(t.Alert):
		h.Why += ", it does not trust the certificate"
	}
	h.Quotes = inOrder(telling(offerLine(t), alertLine(t)))
	return append(hits, h)
}

// distrust tells an alert about the other side's certificate (RFC 8446, section
// 6.2).
func distrust(alert string) bool {
	switch alert {
	case "bad_certificate", "unsupported_certificate", "certificate_revoked", "certificate_expired",
		"certificate_unknown", "unknown_ca":
		return true
	}
	return false
}
