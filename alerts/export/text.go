// Package export writes sessions, findings, cases and the summary: for people
// as a table and as an HTML report, for programs as JSON lines, as CSV, and in
// the forms of Suricata (EVE), Zeek, ArcSight (CEF) and syslog.
//
// Everything that a peer chose is hostile. What goes to a terminal passes
// Clean, a CSV cell never starts a formula, and a record is one line whatever
// its words are. No format holds all records in memory.
package export

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Clean makes text from the network harmless for a terminal: control
// characters, escape sequences, controls of writing direction and other
// invisible characters, and bytes that are no UTF-8, become \x1b, \u202e or the
// like, which show what was there.
func Clean(s string) string {
	if clean(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x` + hex2(s[0]))
		case unicode.IsPrint(r):
			b.WriteString(s[:n])
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		s = s[n:]
	}
	return b.String()
}

func clean(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

const hexDigits = "0123456789abcdef"

func hex2(c byte) string { return string([]byte{hexDigits[c>>4], hexDigits[c&15]}) }

// timeLayout is RFC 3339 with all nine digits, so that times sort as text.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

func formatTime(ns int64) string { return time.Unix(0, ns).UTC().Format(timeLayout) }

// endpoint writes an address and port, IPv6 in brackets; "" for none.
func endpoint(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
