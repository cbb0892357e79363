package rules

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// judgeMasked tells a STARTTLS that was overwritten from other capabilities
// that were. A session that came to TLS all the same has lost nothing.
func judgeMasked(f *dissect.Facts, hits []Hit) []Hit {
	if cameToTLS(f) {
		return hits
	}
	var command, banner *dissect.Quote
	if f.Signs != nil {
		command, banner = f.Signs.MaskedCommand, f.Signs.MaskedBanner
	}
	h := Hit{Severity: alerts.Medium, Why: name(f.Protocol)}
	masked := listMasked(f)
	switch {
	case masked && starttlsMasked(f):
		h.Severity = alerts.High
		h.Why += " list with STARTTLS overwritten"
	case askedInVain(f):
		h.Severity = alerts.High
		h.Why += " command STARTTLS overwritten"
	case masked:
		h.Why += " capabilities masked"
	case command != nil && !f.Offer.STARTTLS:
		h.Why += " command masked"
	case banner != nil && f.STARTTLS.Offered != dissect.Yes && !framed(banner):
		h.Why += " greeting masked"
	default:
		return hits
	}
	lines := []*dissect.Quote{banner, command}
	if masked {
		lines = append(lines, &f.Offer.Quote)
		h.Detail = []dissect.Pair{{Key: "masked", Value: join(f.Offer.Masks, " ")}}
	}
	h.Quotes = inOrder(telling(lines...))
	return append(hits, h)
}

func cameToTLS(f *dissect.Facts) bool {
	return f.Transport != dissect.Plain || f.STARTTLS.Accepted == dissect.Yes
}

// listMasked tells a list with capabilities overwritten, and without STARTTLS.
func listMasked(f *dissect.Facts) bool {
	return !cameToTLS(f) && len(f.Offer.Masks) > 0 && !f.Offer.STARTTLS
}

// framed tells asterisks that begin a greeting of several lines: the frame around
// a notice.
func framed(greeting *dissect.Quote) bool { return strings.HasPrefix(greeting.Text, "220-") }

// maskSize is the length of a mask that STARTTLS may hide behind. The letter at
// the end of a mask counts those of the list, as Cisco's ESMTP inspection does:
// XXXA for TURN, XXXXXXXB for CHUNKING, XXXC for VRFY.
const maskSize = len("STARTTLS")

// starttlsMasked tells whether one of the list's masks must be STARTTLS: there
// are more of its length than other extensions that they may stand for. The
// names of the other protocols' capabilities leave nothing certain: IMAP alone
// has CHILDREN, LITERAL+ and UNSELECT.
func starttlsMasked(f *dissect.Facts) bool {
	if slices.ContainsFunc(f.Offer.Masks, mangled) {
		return true
	}
	if f.Protocol != dissect.SMTP && f.Protocol != dissect.LMTP {
		return false
	}
	masks := 0
	for _, m := range f.Offer.Masks {
		if len(m) != maskSize {
			continue
		}
		// S is the nineteenth letter, and dissect.MaxMasks are fewer: it
		// counts nothing but is the last of the name, and of no other's.
		if m[maskSize-1] == 'S' {
			return true
		}
		masks++
	}
	const others = dissect.Chunking | dissect.EightBit | dissect.SMTPUTF8
	return masks > bits.OnesCount8(uint8(others&^f.Offer.Listed))
}

// mangled tells a name of which some letters are left: only STARTTLS and STLS
// are known by so few.
func mangled(mask string) bool { return len(mask) > 0 && strings.Trim(mask[:len(mask)-1], "X") != "" }

// starttlsCommand tells an overwritten line that is as long as STARTTLS, which
// no other command without an argument is.
func starttlsCommand(line string) bool {
	line = strings.TrimRight(line, " ")
	return len(line) == maskSize && !strings.Contains(line, " ")
}

// askedInVain tells whether the client did ask for TLS, and a device on the way
// overwrote that.
func askedInVain(f *dissect.Facts) bool {
	return f.Signs != nil && f.Signs.MaskedCommand != nil && starttlsCommand(f.Signs.MaskedCommand.Text)
}

// judgeContradiction leaves out a list that came after STARTTLS was accepted, or
// may have: within TLS, which a device on the way has decrypted, it differs by
// right (RFC 3207, section 4.2).
func judgeContradiction(f *dissect.Facts, hits []Hit) []Hit {
	if f.Signs == nil || f.Signs.Contradicted == nil || f.STARTTLS.Clear || f.Flags&partial != 0 || !listBeforeLogin(f) {
		return hits
	}
	before, last := f.Signs.Contradicted, &f.Offer
	var differs []string
	if before.STARTTLS != last.STARTTLS {
		differs = append(differs, command(f.Protocol))
	}
	if before.LoginDisabled != last.LoginDisabled {
		differs = append(differs, "LOGINDISABLED")
	}
	if !sameNames(before.Mechanisms, last.Mechanisms) {
		differs = append(differs, "AUTH")
	}
	if len(differs) == 0 {
		return hits
	}
	what := strings.Join(differs, ", ")
	return append(hits, Hit{
		Severity: alerts.High,
		Why:      name(f.Protocol) + " lists differ in " + what,
		Detail:   []dissect.Pair{{Key: "differs", Value: what}},
		Quotes:   inOrder(telling(&before.Quote, &last.Quote)),
	})
}

// sameNames tells whether two lists, each name once, hold the same in any
// order and case.
func sameNames(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(one string) bool {
		return !slices.ContainsFunc(b, func(other string) bool { return strings.EqualFold(one, other) })
	})
}
