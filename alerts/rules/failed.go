package rules

import (
	"slices"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// How long after a failed handshake what the client does is told as its
// consequence.
const (
	clearWindow = 10 * time.Minute
	danceWindow = time.Minute
)

// failures returns the latest handshakes that failed at most so long before the
// session began, the last one first, up to one that did not fail: from then on
// TLS worked.
func failures(f *dissect.Facts, past *Past, window time.Duration) (list []*Handshake) {
	for i := len(past.Handshakes) - 1; i >= 0; i-- {
		h := &past.Handshakes[i]
		switch {
		case !samePurpose(h.Port, f.Server.Port()):
			continue
		case h.Established:
			return list
		case h.Ended <= f.Start && f.Start-h.Ended <= int64(window) && len(list) < shownEarlier:
			list = append(list, h)
		}
	}
	return list
}

// samePurpose tells whether a client that fails at one port may turn to the
// other. Mail servers have port 25 for themselves.
func samePurpose(a, b uint16) bool { return a == b || a != 25 && b != 25 }

// judgeFailedThenClear names all failures that led to a readable session.
func judgeFailedThenClear(f *dissect.Facts, past *Past, hits []Hit) []Hit {
	if len(past.Handshakes) == 0 || f.Transport != dissect.Plain || f.STARTTLS.Accepted == dissect.Yes {
		return hits
	}
	failed := failures(f, past, clearWindow)
	if len(failed) == 0 {
		return hits
	}
	use := clearUse(f)
	if len(use) == 0 {
		return hits
	}
	h := withFailures(failed, use)
	h.Severity = alerts.High
	h.Why = name(f.Protocol) + " in clear " + ago(f.Start-failed[0].Ended) + " after a TLS handshake failed"
	if alert := failed[0].Alert; alert != "" {
		h.Why += " (" + failed[0].AlertSide.String() + ": " + alert + ")"
	}
	return append(hits, h)
}

// judgeDance tells a client that offers less than it did when a handshake
// failed. One that says so itself is judged without history. A server that
// says the version was the fault is really old, and a client that does not
// trust the certificate did not fail for the version.
func judgeDance(f *dissect.Facts, past *Past, hits []Hit) []Hit {
	t := f.TLS
	if t == nil || t.Fallback || rank(t.Offered) < 0 || len(past.Handshakes) == 0 {
		return hits
	}
	failed := slices.DeleteFunc(failures(f, past, danceWindow), func(h *Handshake) bool {
		return h.Port != f.Server.Port() || rank(h.Offered) <= rank(t.Offered) || distrust(h.Alert) ||
			h.Alert == "protocol_version" && h.AlertSide == dissect.Server
	})
	if len(failed) == 0 {
		return hits
	}
	h := withFailures(failed, telling(offerLine(t), alertLine(t)))
	h.Severity = alerts.Medium
	before := failed[len(failed)-1].Offered
	h.Why = "client tries again with " + t.Offered + " after " + before + " failed"
	h.Detail = []dissect.Pair{{Key: "offered", Value: t.Offered}, {Key: "before", Value: before}}
	return append(hits, h)
}

// withFailures makes a hit of failed handshakes, the last one first, and what
// followed.
func withFailures(failed []*Handshake, lines []*dissect.Quote) (h Hit) {
	for _, one := range slices.Backward(failed) {
		side, text := dissect.Client, "TLS handshake failed"
		if one.Alert != "" {
			side, text = one.AlertSide, text+": "+one.Alert
		}
		h.Earlier = append(h.Earlier, one.evidence(side, text))
	}
	h.Quotes = inOrder(lines)
	h.Quotes = h.Quotes[:min(len(h.Quotes), MaxEvidence-len(h.Earlier))]
	return h
}

func ago(ns int64) string { return time.Duration(ns).Round(time.Second).String() }
