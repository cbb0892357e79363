package policy

import (
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// inAny tells whether an address is in one of the networks.
func inAny(networks []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// anyName tells whether a name fits one of the patterns.
func anyName(patterns []string, name string) bool {
	name = strings.TrimSuffix(name, ".")
	return slices.ContainsFunc(patterns, func(p string) bool { return fits(p, name) })
}

// fits tells whether a name fits a pattern: is it, or, where the pattern begins
// with an asterisk, is below it by any number of labels. The wildcard name of
// a certificate fits only a pattern for all that it stands for.
func fits(pattern, name string) bool {
	if below, ok := strings.CutPrefix(pattern, "*"); ok {
		n := len(name) - len(below)
		return n > 0 && strings.EqualFold(name[n:], below)
	}
	return strings.EqualFold(pattern, name)
}

// serverNames gives the names of the server: the one that the client asked for
// (RFC 6066, section 3), those of its certificate and those of its greeting.
func serverNames(f *dissect.Facts) iter.Seq[string] {
	return func(yield func(string) bool) {
		_ = askedFor(f, yield) && certified(f, yield) && greeted(f, yield)
	}
}

func askedFor(f *dissect.Facts, yield func(string) bool) bool {
	return f.TLS == nil || f.TLS.SNI == "" || yield(f.TLS.SNI)
}

// certified gives the common name only where the certificate has no others
// (RFC 6125, section 6.4.4).
func certified(f *dissect.Facts, yield func(string) bool) bool {
	if f.TLS == nil || f.TLS.Certificate == nil {
		return true
	}
	c := f.TLS.Certificate
	for _, name := range c.Names {
		if !yield(name) {
			return false
		}
	}
	if len(c.Names) > 0 {
		return true
	}
	for part := range strings.FieldsFuncSeq(c.Subject, func(r rune) bool { return r == ',' || r == '+' }) {
		if name, ok := strings.CutPrefix(part, "CN="); ok && !yield(name) {
			return false
		}
	}
	return true
}

// greeted gives the first word of SMTP's greeting (RFC 5321, section 4.2), and
// of the others' every word that may be a name: POP3's stamp, too, which ends
// with one (RFC 1939, section 7).
func greeted(f *dissect.Facts, yield func(string) bool) bool {
	for word := range strings.FieldsSeq(f.Banner) {
		word = strings.Trim(word, `<>()[],;:"`)
		word = word[strings.LastIndexByte(word, '@')+1:]
		if isName(word) && !yield(word) {
			return false
		}
		if f.Protocol == dissect.SMTP || f.Protocol == dissect.LMTP {
			break
		}
	}
	return true
}

// isName tells a domain of two labels and more, the last not a number.
func isName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	last := s[strings.LastIndexByte(s, '.')+1:]
	return len(last) < len(s) && isDomain(s) && strings.Trim(last, "0123456789") != ""
}

// isDomain tells labels of letters, digits, hyphens and underscores.
func isDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		const longest = 63 // RFC 1035, section 2.3.4
		if label == "" || len(label) > longest || strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return true
}

// notInLabel lets what is not ASCII pass: an internationalized domain may be
// written as it is (RFC 6531, section 3.3).
func notInLabel(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') && r < 0x80
}
