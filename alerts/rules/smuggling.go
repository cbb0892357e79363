package rules

import (
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// judgeSmuggling takes a bare line feed alone for what it mostly is: an old
// device.
func judgeSmuggling(f *dissect.Facts, hits []Hit) []Hit {
	s := f.Signs
	if s == nil {
		return hits
	}
	h := Hit{Severity: alerts.Low, Why: name(f.Protocol)}
	switch {
	case s.Smuggled != nil && tookEffect(f, s.Smuggled):
		h.Severity = alerts.High
		h.Why += " content with another end, and a command behind it that took effect"
	case s.Smuggled != nil:
		h.Why += " content with another end, and a command behind it that the server took for content"
	case s.OddEnd != nil:
		h.Why += " content with another end than CRLF . CRLF"
	case s.BareEnd != nil:
		h.Why += " content with a bare LF or CR"
	default:
		return hits
	}
	if s.OddForm != "" {
		h.Detail = []dissect.Pair{{Key: "end", Value: s.OddForm}}
	}
	h.Quotes = inOrder(telling(s.OddEnd, s.Smuggled, s.BareEnd))
	return append(hits, h)
}

// tookEffect tells whether a smuggled command began a message or a login of the
// session. Lines may be cut to their first word, but one packet holds no two
// such beginnings: the client waits for the answer to DATA and AUTH.
func tookEffect(f *dissect.Facts, smuggled *dissect.Quote) bool {
	begins := func(quotes []dissect.Quote) bool {
		return len(quotes) > 0 && quotes[0].Stamp == smuggled.Stamp && firstWord(quotes[0].Text) == firstWord(smuggled.Text)
	}
	return slices.ContainsFunc(f.Messages, func(m *dissect.Message) bool { return begins(m.Quotes) }) ||
		slices.ContainsFunc(f.Auth, func(a *dissect.Attempt) bool { return begins(a.Quotes) })
}

func firstWord(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return word
}
