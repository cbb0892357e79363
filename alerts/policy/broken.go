package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// versions are the versions of TLS by age, the oldest first, as Facts name
// them.
var versions = []string{"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"}

// withoutLogin: mail was used before anybody had been let in. A login may stand
// in any part of the session that was not seen, an attempt without an answer
// may have been accepted, and with PREAUTH the server says that it was done
// otherwise (RFC 3501, section 7.1.4).
func withoutLogin(breaks []Break, f *dissect.Facts) []Break {
	if f.Flags&partial != 0 || f.Dropped > 0 || f.Preauth != nil {
		return breaks
	}
	in := letIn(f)
	var lines []*dissect.Quote
	messages := 0
	for _, m := range f.Messages {
		if in == nil || precedes(m.Quotes, in.Quotes) {
			lines = appendFirst(lines, m.Quotes)
			messages++
		}
	}
	if messages > 0 {
		return append(breaks, Break{Authentication, count(messages, "message") + " without a login", inOrder(lines)})
	}
	// A command alone may have been refused, for want of a login that then came
	// (RFC 4954, section 6) or, inside TLS, is not seen.
	if q := f.MailCommand; q != nil && in == nil && f.Transport == dissect.Plain {
		breaks = append(breaks, Break{Authentication, "a command on mail without a login", []*dissect.Quote{q}})
	}
	return breaks
}

// letIn returns the first attempt, in the order of the dialogue, that was, or
// may have been, accepted.
func letIn(f *dissect.Facts) *dissect.Attempt {
	for _, a := range f.Auth {
		if a.Outcome == dissect.Accepted || a.Outcome == dissect.OutcomeUnknown {
			return a
		}
	}
	return nil
}

// precedes tells that what the lines of a began came before what those of b
// began without doubt: by the clock, which may have been set back in between, and
// by the order in which they were captured, where that is the same capture.
func precedes(a, b []dissect.Quote) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	p, q := a[0].Stamp, b[0].Stamp
	return p.Time < q.Time && (p.File != q.File || p.Packet < q.Packet)
}

// withoutTLS: all logins and messages of the Facts crossed readable, so seeing
// one is enough, whatever else was missed.
func withoutTLS(breaks []Break, f *dissect.Facts) []Break {
	var lines []*dissect.Quote
	var why []string
	for _, a := range f.Auth {
		if begun(a) {
			lines = appendFirst(lines, a.Quotes)
			why = appendNew(why, a.Mechanism)
		}
	}
	for i := range f.Messages {
		lines = appendFirst(lines, f.Messages[i].Quotes)
	}
	if n := len(f.Messages); n > 0 {
		why = append(why, count(n, "message"))
	}
	if len(why) == 0 {
		return breaks
	}
	return append(breaks, Break{Encryption, strings.Join(why, ", ") + " without TLS", inOrder(lines)})
}

// begun tells an attempt in which something was said. AUTH that is answered
// with no, or given up, before that is none: the server, or the client, did as
// the policy wants.
func begun(a *dissect.Attempt) bool {
	return a.HasAccount || a.Outcome == dissect.Accepted || alerts.SecretSent(a)
}

// belowMinimum goes by what the server chose. A handshake that an alert ended
// before anything crossed keeps to the policy.
func belowMinimum(breaks []Break, f *dissect.Facts, minimum string) []Break {
	t := f.TLS
	if t == nil || !t.Established && t.Alert != "" {
		return breaks
	}
	age := slices.Index(versions, t.Version)
	if age < 0 || age >= slices.Index(versions, minimum) {
		return breaks
	}
	b := Break{Requirement: TLSMinimum, Why: t.Version + " was agreed on, the minimum is " + minimum}
	if at := t.Seen.ServerHello; at != (dissect.Stamp{}) {
		b.Quotes = []*dissect.Quote{{Side: dissect.Server, Stamp: at, Text: "ServerHello: " + t.Version}}
	}
	return append(breaks, b)
}

// otherMechanism sees only logins that crossed readable.
func otherMechanism(breaks []Break, f *dissect.Facts, allowed []string) []Break {
	var lines []*dissect.Quote
	var why []string
	for _, a := range f.Auth {
		if begun(a) && !slices.Contains(allowed, a.Mechanism) {
			lines = appendFirst(lines, a.Quotes)
			why = appendNew(why, a.Mechanism)
		}
	}
	if len(why) == 0 {
		return breaks
	}
	return append(breaks, Break{Mechanisms, "not allowed: " + strings.Join(why, ", "), inOrder(lines)})
}

// maxWords is how many mechanisms a Break names.
const maxWords = 8

func appendNew(words []string, word string) []string {
	if len(words) == maxWords || slices.Contains(words, word) {
		return words
	}
	return append(words, word)
}

func appendFirst(lines []*dissect.Quote, quotes []dissect.Quote) []*dissect.Quote {
	if len(quotes) == 0 {
		return lines
	}
	return append(lines, &quotes[0])
}

// inOrder sorts lines by time and keeps maxQuotes of them.
func inOrder(lines []*dissect.Quote) []*dissect.Quote {
	slices.SortStableFunc(lines, func(a, b *dissect.Quote) int { return cmp.Compare(a.Stamp.Time, b.Stamp.Time) })
	return slices.Clip(lines[:min(len(lines), maxQuotes)])
}

// count writes a number of things.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
