package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Shadowed tells which rows never apply, because one earlier row is for all
// that they are for: "policy.toml:12:3: [[host]] never applies, line 5 is for
// all of it". Rows that several earlier ones hide together are not found.
func (p *Policy) Shadowed() []string {
	var told []string
	tell := func(at, by Place, row table) {
		told = append(told, fmt.Sprintf("%s:%d:%d: [[%s]] never applies, line %d is for all of it",
			p.Name, at.Line, at.Column, tableNames[row], by.Line))
	}
	for i := range p.Hosts {
		h := &p.Hosts[i]
		if by := slices.IndexFunc(p.Hosts[:i], func(first Host) bool { return first.covers(&h.Match) }); by >= 0 {
			tell(h.At, p.Hosts[by].At, hostRow)
		}
	}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		if by := slices.IndexFunc(p.Exceptions[:i], func(first Exception) bool { return first.hides(e) }); by >= 0 {
			tell(e.At, p.Exceptions[by].At, exceptionRow)
		}
	}
	for i := range p.Severities {
		c := &p.Severities[i]
		if by := slices.IndexFunc(p.Severities[:i], func(first Change) bool {
			return coversAll(first.Rules, c.Rules, equal) && first.covers(&c.Match)
		}); by >= 0 {
			tell(c.At, p.Severities[by].At, severityRow)
		}
	}
	return told
}

// hides tells whether a later exception covers nothing that e does not.
func (e *Exception) hides(later *Exception) bool {
	return !e.Until.Before(later.Until) && (e.Account == "" || e.Account == later.Account) &&
		coversAll(e.Rules, later.Rules, equal) && e.covers(&later.Match)
}

// Expired tells which exceptions do not hold any more at a time:
// "policy.toml:30:3: [[exception]] has expired on 2026-01-31".
func (p *Policy) Expired(at time.Time) []string {
	var told []string
	for i := range p.Exceptions {
		if e := &p.Exceptions[i]; !e.holds(at) {
			told = append(told, fmt.Sprintf("%s:%d:%d: [[exception]] has expired on %s",
				p.Name, e.At.Line, e.At.Column, e.Until.Format(time.DateOnly)))
		}
	}
	return told
}

// covers tells whether m is for all sessions that other is for.
func (m *Match) covers(other *Match) bool {
	return part(m.Servers, other.Servers, wider) && part(m.Clients, other.Clients, wider) &&
		part(m.Ports, other.Ports, equal) && part(m.Protocols, other.Protocols, equal) &&
		part(m.Names, other.Names, fits) && m.Hours.covers(other.Hours)
}

// part compares one part of two Matches, of which an empty one is for all.
func part[T any](all, some []T, covers func(a, b T) bool) bool {
	return len(all) == 0 || len(some) > 0 && coversAll(all, some, covers)
}

// coversAll tells whether each of some is covered by one of all.
func coversAll[T any](all, some []T, covers func(a, b T) bool) bool {
	return !slices.ContainsFunc(some, func(s T) bool {
		return !slices.ContainsFunc(all, func(a T) bool { return covers(a, s) })
	})
}

func equal[T comparable](a, b T) bool { return a == b }

func wider(a, b netip.Prefix) bool { return a.Bits() <= b.Bits() && a.Contains(b.Addr()) }

func (h Hours) covers(other Hours) bool {
	return h.length() == day || h.after(other.From)+other.length() <= h.length()
}
