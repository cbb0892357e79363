package policy

import (
	"slices"

	"github.com/mailtap/mailtap/dissect"
)

// Decision is what the host rows say of a session.
type Decision struct {
	Host   *Host   // the row that applies; nil: none does for certain
	Breaks []Break // of the row, in the order of the requirements
}

// Break is one requirement that a session breaks, by what was seen.
type Break struct {
	Requirement Requirement
	Why         string           // what was seen: "LOGIN-CMD without TLS"
	Quotes      []*dissect.Quote // of the Facts or made from them, in order, at most maxQuotes; none where TLS's packets are not known
}

// Requirement names what can be broken.
type Requirement string

// The requirements.
const (
	Authentication Requirement = "authentication" // mail is used without a login
	Encryption     Requirement = "encryption"     // a login or a message crosses without TLS
	TLSMinimum     Requirement = "tls-minimum"    // an older version of TLS is agreed on
	Mechanisms     Requirement = "mechanisms"     // a readable login goes another way than is allowed
)

// maxQuotes is how many lines tell of a Break.
const maxQuotes = 8

// Decide holds a session against the host rows. The first that matches
// applies, and no later one. Where it is not known whether an earlier row
// matches, only that is broken which this row wants as well.
func (p *Policy) Decide(f *dissect.Facts) Decision {
	if p == nil {
		return Decision{}
	}
	var perhaps []*Host
	for i := range p.Hosts {
		h := &p.Hosts[i]
		switch h.matches(f) {
		case dissect.Unknown:
			perhaps = append(perhaps, h)
		case dissect.Yes:
			return Decision{Host: h, Breaks: common(h.broken(f), perhaps, f)}
		}
	}
	return Decision{}
}

// common keeps of the breaks those that are breaks of every other row, too.
func common(breaks []Break, others []*Host, f *dissect.Facts) []Break {
	for _, h := range others {
		theirs := h.broken(f)
		breaks = slices.DeleteFunc(breaks, func(b Break) bool {
			return !slices.ContainsFunc(theirs, func(t Break) bool { return t.Requirement == b.Requirement })
		})
	}
	return breaks
}

// broken lists what a session breaks of h.
func (h *Host) broken(f *dissect.Facts) []Break {
	var breaks []Break
	if h.Require&RequireAuthentication != 0 {
		breaks = withoutLogin(breaks, f)
	}
	if h.Require&RequireEncryption != 0 {
		breaks = withoutTLS(breaks, f)
	}
	if h.TLSMinimum != "" {
		breaks = belowMinimum(breaks, f, h.TLSMinimum)
	}
	if len(h.Mechanisms) > 0 {
		breaks = otherMechanism(breaks, f, h.Mechanisms)
	}
	return breaks
}
