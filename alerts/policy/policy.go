// Package policy reads the admin's policy, a TOML file, and holds sessions
// against it: what a server or a client has to do (rows [[host]]), which
// findings are accepted for a time (rows [[exception]]), and what findings are
// worth here (rows [[severity]]). Example is a commented file with every key.
//
// Parse is strict and lists every mistake with its line and column. Shadowed
// and Expired tell what is no mistake and yet of no use.
//
// Judgement is pure, and goes by the Facts of one session:
//
//   - Decide finds the host row that applies, the first that matches, and what
//     of it the session breaks.
//   - Exception finds the exception that covers a finding. It hides nothing:
//     the caller marks the finding and counts it.
//   - Severity gives a finding the severity that the policy wants.
//   - Local, OwnServer, OwnClient and TLSPort answer for rules that ask what
//     is ours.
//
// What is not known is never broken: where a part of the session is missing,
// only what was seen counts. Time is the capture's, in UTC.
//
// For judgement a nil Policy is one that wants nothing. A Policy does not
// change once it is read, and may be used by many goroutines.
package policy

import (
	_ "embed" // for Example
	"net/netip"
	"slices"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of a policy.
const (
	MaxFile     = 256 << 10 // bytes
	MaxRows     = 1000      // of all kinds
	MaxList     = 256       // values of one key
	MaxText     = 256       // bytes of a reason, an owner, a name
	MaxMistakes = 100       // that Parse tells
)

// Example is a policy with every key and what it means.
//
//go:embed example.toml
var Example string

// Policy is a file that was read.
type Policy struct {
	Name            string         // of the file, for messages
	LocalDomains    []string       // in lower case; "*.example.com" is every name below it
	TrustedNetworks []netip.Prefix // where clients and servers are our own
	TLSPorts        []uint16       // beside those of RFC 8314
	Hosts           []Host
	Exceptions      []Exception
	Severities      []Change
}

// Place is where a row or a mistake stands, counted from 1, in characters.
type Place struct{ Line, Column int }

// Host is a row [[host]]: what a session that it matches has to do.
type Host struct {
	At Place
	Match
	Require    Require
	TLSMinimum string          // "TLS 1.2"; "" is any
	Mechanisms []string        // allowed in a readable login, in upper case; nil is any
	Severity   alerts.Severity // of breaking it
}

// Require is a set of what a session has to have.
type Require uint8

// The requirements; both together are auth-and-encrypt.
const (
	RequireAuthentication Require = 1 << iota // a login before anything is done with mail
	RequireEncryption                         // TLS before logins and messages
)

var requireNames = [...]string{"none", "authentication", "encryption", "auth-and-encrypt"}

func (r Require) String() string { return requireNames[r] }

// Exception is a row [[exception]]: findings that are accepted until a day.
type Exception struct {
	At Place
	Match
	Rules   []string // ids
	Account string   // "" is any
	Reason  string
	Owner   string    // "" where nobody is named
	Until   time.Time // the last day that it holds, at 00:00 UTC
}

// Change is a row [[severity]]: findings of a rule get another severity.
type Change struct {
	At Place
	Match
	Rules    []string // ids
	Severity alerts.Severity
}

// Local tells whether a domain is one of ours. None is where LocalDomains is
// empty.
func (p *Policy) Local(domain string) bool {
	return p != nil && anyName(p.LocalDomains, domain)
}

// Trusted tells whether an address is in one of our networks.
func (p *Policy) Trusted(addr netip.Addr) bool {
	return p != nil && inAny(p.TrustedNetworks, addr)
}

// TLSPort tells whether TLS has to begin with the first byte on a server's
// port: 465, 993, 995 (RFC 8314, section 3) and those that the policy names.
func (p *Policy) TLSPort(port uint16) bool {
	switch port {
	case 465, 993, 995:
		return true
	}
	return p != nil && slices.Contains(p.TLSPorts, port)
}

// Exception returns the first exception that certainly covers a finding of a
// rule in a session, or nil. account is "" where the finding has none. The
// session's first packet decides whether the day has passed.
func (p *Policy) Exception(f *dissect.Facts, rule, account string) *Exception {
	if p == nil {
		return nil
	}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		if slices.Contains(e.Rules, rule) && (e.Account == "" || e.Account == account) &&
			e.holds(time.Unix(0, f.Start)) && e.matches(f) == dissect.Yes {
			return e
		}
	}
	return nil
}

// holds tells whether the exception holds at a time: to the end of its day.
func (e *Exception) holds(t time.Time) bool { return t.Before(e.Until.AddDate(0, 0, 1)) }

// Severity returns what a finding of a rule in a session is worth: what the
// first change says that certainly covers it, else what the rule says itself.
func (p *Policy) Severity(f *dissect.Facts, rule string, own alerts.Severity) alerts.Severity {
	if p == nil {
		return own
	}
	for i := range p.Severities {
		c := &p.Severities[i]
		if slices.Contains(c.Rules, rule) && c.matches(f) == dissect.Yes {
			return c.Severity
		}
	}
	return own
}
