package policy

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// value is what a key is set to. Its methods read it as one kind of thing or
// note what is wrong with it.
type value struct {
	*reader
	key  string
	at   Place // of the key
	node *unstable.Node
}

// wrong notes a mistake at the value, or at the key, where the syntax tree
// does not know where the value stands: an array.
func (v value) wrong(format string, args ...any) {
	at := v.at
	if v.node.Raw.Length > 0 {
		at = v.place(int(v.node.Raw.Offset))
	}
	v.reader.wrong(at, v.key+": "+format, args...)
}

// each reads a list, or one value alone, with a function that reports whether
// it could. Order means nothing in it.
func each[T any](v value, read func(value) (T, bool), compare func(a, b T) int) []T {
	if v.node.Kind != unstable.Array {
		if one, ok := read(v); ok {
			return []T{one}
		}
		return nil
	}
	var list []T
	n := 0
	children := v.node.Children()
	for children.Next() {
		if n++; n > MaxList {
			v.wrong("more than %d values", MaxList)
			return nil
		}
		e := v
		e.node = children.Node()
		one, ok := read(e)
		if !ok {
			continue
		}
		i, twice := slices.BinarySearchFunc(list, one, compare)
		if twice {
			e.wrong("%s stands there twice", e.source())
			continue
		}
		list = slices.Insert(list, i, one)
	}
	if n == 0 {
		v.wrong("the list is empty; leave the key out if that is meant")
	}
	return list
}

// source returns the value as it is written.
func (v value) source() string { return string(v.tree.Raw(v.node.Raw)) }

// str reads a text that is not empty.
func (v value) str() (string, bool) {
	if v.node.Kind != unstable.String {
		v.wrong("want a text in quotes")
		return "", false
	}
	s := string(v.node.Data)
	switch {
	case strings.TrimSpace(s) == "":
		v.wrong("the text is empty")
	case len(s) > MaxText:
		v.wrong("more than %d bytes", MaxText)
	case strings.ContainsFunc(s, unicode.IsControl):
		v.wrong("a control character")
	default:
		return s, true
	}
	return "", false
}

func (v value) text() string {
	s, _ := v.str()
	return s
}

// oneOf reads one of some words, and returns its index; 0 where it is none.
func (v value) oneOf(words []string) int {
	s, ok := v.str()
	if !ok {
		return 0
	}
	i := slices.Index(words, s)
	if i < 0 {
		v.wrong("want one of %s, not %q", strings.Join(words, ", "), s)
	}
	return max(i, 0)
}

func (v value) severity() alerts.Severity {
	var names []string
	for s := alerts.Info; s <= alerts.Critical; s++ {
		names = append(names, s.String())
	}
	return alerts.Severity(v.oneOf(names))
}

// version reads a minimum; "SSL 2.0" would be none.
func (v value) version() string {
	const first = 1
	return versions[first+v.oneOf(versions[first:])]
}

func (v value) protocols() []dissect.Protocol {
	return each(v, func(v value) (dissect.Protocol, bool) {
		s, ok := v.str()
		if !ok {
			return 0, false
		}
		for p := dissect.SMTP; p <= dissect.ManageSieve; p++ {
			if p.String() == s {
				return p, true
			}
		}
		v.wrong("want one of smtp, lmtp, imap, pop3, managesieve, not %q", s)
		return 0, false
	}, func(a, b dissect.Protocol) int { return int(a) - int(b) })
}

func (v value) ports() []uint16 {
	return each(v, func(v value) (uint16, bool) {
		port, err := strconv.ParseUint(v.source(), 0, 16) // TOML writes numbers as Go does
		if v.node.Kind != unstable.Integer || err != nil || port == 0 {
			v.wrong("want a number from 1 to 65535")
			return 0, false
		}
		return uint16(port), true
	}, func(a, b uint16) int { return int(a) - int(b) })
}

func (v value) networks() []netip.Prefix {
	return each(v, value.network, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
}

// network reads "10.0.0.0/8", or an address, which is a network of one.
func (v value) network() (n netip.Prefix, ok bool) {
	s, ok := v.str()
	if !ok {
		return n, false
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	n, err := netip.ParsePrefix(s)
	switch {
	case err != nil || n.Addr().Is4In6():
		v.wrong(`%q is no address and no network such as "10.0.0.0/8"`, s)
	case n != n.Masked():
		v.wrong("%q has bits behind its length: the network is %q", s, n.Masked())
	default:
		return n, true
	}
	return n, false
}

// names reads domains; "*.example.com" is all below one.
func (v value) names() []string {
	return each(v, func(v value) (string, bool) {
		s, ok := v.str()
		if !ok {
			return "", false
		}
		name := strings.ToLower(strings.TrimSuffix(s, "."))
		if !isDomain(strings.TrimPrefix(name, "*.")) {
			v.wrong(`%q is no name such as "mail.example.com" or "*.example.com"`, s)
			return "", false
		}
		return name, true
	}, strings.Compare)
}

// mechanisms reads names of SASL mechanisms (RFC 4422, section 3.1) and the
// words for logins without SASL.
func (v value) mechanisms() []string {
	return each(v, func(v value) (string, bool) {
		s, ok := v.str()
		if !ok {
			return "", false
		}
		const longest = 20
		if len(s) > longest || strings.ContainsFunc(s, func(r rune) bool { return notInLabel(r) || r >= 0x80 }) {
			v.wrong("%q is no mechanism", s)
			return "", false
		}
		return strings.ToUpper(s), true
	}, strings.Compare)
}

func (v value) ruleIDs() []string {
	return each(v, func(v value) (string, bool) {
		s, ok := v.str()
		if ok && !slices.Contains(v.rules, s) {
			v.wrong("there is no rule %q", s)
			return "", false
		}
		return s, ok
	}, strings.Compare)
}

// date reads a day as TOML writes it, without quotes.
func (v value) date() time.Time {
	if v.node.Kind != unstable.LocalDate {
		v.wrong("want a day without quotes, such as 2030-12-31")
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, v.source())
	if err != nil {
		v.wrong("there is no day %s", v.source())
	}
	return t
}

// hours reads "22:00-06:00". The end of the day may be written as 24:00.
func (v value) hours() Hours {
	s, ok := v.str()
	if !ok {
		return Hours{}
	}
	from, to, dash := strings.Cut(s, "-")
	first, ok1 := minute(from)
	last, ok2 := minute(to)
	switch {
	case !dash || !ok1 || !ok2 || first == day:
		v.wrong(`%q is no part of the day such as "22:00-06:00"`, s)
	case first == last:
		v.wrong("%q is no time at all", s)
	}
	return Hours{first, last}
}

// minute reads "06:30".
func minute(s string) (uint16, bool) {
	if s == "24:00" {
		return day, true
	}
	t, err := time.Parse("15:04", s)
	return uint16(t.Hour()*60 + t.Minute()), err == nil && len(s) == len("15:04")
}
