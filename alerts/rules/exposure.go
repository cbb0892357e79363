package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var exposure = []Rule{
	{
		ID:       "user-enumeration",
		Group:    Exposure,
		Severity: alerts.Medium,
		Blame:    alerts.BlameClient,
		Who:      ByAnybody,
		Needs:    SignSeen,
		Title:    "client asks which addresses exist",
		Why: "VRFY, EXPN and many refused recipients tell which accounts there are: the list that password guessing and " +
			"spam begin with. EXPN that is answered gives the members of a mailing list away.",
		Fix:    "Turn VRFY and EXPN off: 252 to every question is allowed. See who asked.",
		Config: noProbing,
		Refs:   []string{"RFC 5321, section 7.3", "RFC 2505, section 2.11"},
		Judge:  judgeEnumeration,
	},
	{
		ID:       "open-relay",
		Group:    Exposure,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByAnybody,
		Needs:    MessageSeen,
		Title:    "server took a message to be passed on for a stranger",
		Why: "Either the policy names the domains that are ours, and the server took a message from outside for one " +
			"that is not; or the recipient's address names another domain within, the way old relays were told where " +
			"to pass mail on. Both came without a login. If the server does deliver it, it sends anybody's spam. " +
			"Without a policy that names local domains only the second is seen, and told as information.",
		Fix: "Let the server pass mail on only for clients that have logged in or are its own. If it is the backup or " +
			"the gateway of the domain, name the domain in the policy.",
		Config: noRelay,
		Refs:   []string{"RFC 2505, section 2.1", "RFC 5321, section 7.9", "RFC 5321, appendix F.2"},
		Judge:  judgeRelay,
	},
	{
		ID:       "turn-without-auth",
		Group:    Exposure,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByAnybody,
		Needs:    SignSeen,
		Title:    "server hands waiting mail out without a login",
		Why: "TURN and ATRN swap the roles: the server sends the mail that waits for a domain to whoever asks. ETRN only makes " +
			"it send to where it would anyway, but anybody can keep it busy.",
		Fix:    "Turn TURN off; allow ATRN only after AUTH, and ETRN only from known clients.",
		Config: noTurn,
		Refs:   []string{"RFC 5321, appendix F.1", "RFC 2645, section 5.2.1", "RFC 2505, section 2.12"},
		Judge:  judgeTurn,
	},
	{
		ID:       "mail-on-unusual-port",
		Group:    Exposure,
		Severity: alerts.Low,
		Blame:    alerts.BlameServer,
		Who:      ByAnybody,
		Title:    "mail on a port that is not its own",
		Why: "Firewall rules and monitoring that go by ports overlook the server. With logins on it, it is a mail " +
			"service that nobody may know of.",
		Fix:  "If the service is wanted, accept the case; else find out who runs it.",
		Refs: []string{"RFC 8314, section 3", "RFC 6409, section 3.1"},
		Judge: func(f *dissect.Facts, hits []Hit) []Hit {
			if f.Flags&dissect.NonStandardPort == 0 || f.Protocol == dissect.NoProtocol || !proven(f) {
				return hits
			}
			h := Hit{
				Severity: alerts.Info,
				Why:      name(f.Protocol) + " on port " + strconv.Itoa(int(f.Server.Port())),
				Quotes:   telling(&f.Offer.Quote),
			}
			if secretSent(f) {
				h.Severity = alerts.Low
				h.Why += ", with a login"
				h.Quotes = inOrder(appendClearUse(h.Quotes, f))
			}
			return append(hits, h)
		},
	},
}

// proven tells whether what was read leaves no doubt about the protocol. Of a
// session that was not seen whole the words of one may be those of another.
func proven(f *dissect.Facts) bool {
	return f.Flags&partial == 0 || f.Banner != "" || f.HasHello || f.Offer.Complete || f.STARTTLS.Requested ||
		len(f.Auth) > 0
}

// manyRefused is how many refused recipients are no mistake any more.
const manyRefused = 20

// judgeEnumeration takes 252, which tells nothing, for no answer (RFC 5321,
// section 3.5.3).
func judgeEnumeration(f *dissect.Facts, hits []Hit) []Hit {
	if f.Signs == nil {
		return hits
	}
	t := &f.Signs.Tests
	asked, answered := t.VRFY+t.EXPN, t.VRFYAnswered+t.EXPNAnswered
	if asked == 0 && (t.RCPTRefused < manyRefused || uint64(t.RCPTRefused) <= served(f)) {
		return hits
	}
	h := Hit{Severity: alerts.Low, Quotes: inOrder(telling(pointers(t.Quotes)...))}
	var told []string
	for _, one := range [...]struct {
		key, words string
		count      uint32
	}{
		{"vrfy", " VRFY", t.VRFY}, {"expn", " EXPN", t.EXPN},
		{"answered", " answered", answered}, {"refused", " RCPT refused", t.RCPTRefused},
	} {
		if one.count > 0 {
			count := strconv.FormatUint(uint64(one.count), 10)
			told = append(told, count+one.words)
			h.Detail = append(h.Detail, dissect.Pair{Key: one.key, Value: count})
		}
	}
	h.Why = name(f.Protocol) + ": " + strings.Join(told, ", ")
	if answered > 0 {
		h.Severity = alerts.Medium
	}
	return append(hits, h)
}

// served counts the recipients whom the messages of a session went to. A mailing
// list has more of them than of addresses that are gone.
func served(f *dissect.Facts) (n uint64) {
	for _, m := range f.Messages {
		n += uint64(len(m.To) + m.ToDropped)
	}
	return n
}

// judgeRelay goes by what one session proves: without a policy that names the
// server's own domains, only an address that asks to be passed on shows that
// it was passed on.
func judgeRelay(f *dissect.Facts, hits []Hit) []Hit {
	if f.Protocol != dissect.SMTP || f.Flags&partial != 0 || len(f.Auth) > 0 {
		return hits
	}
	return relayHit(f, asksToRelay, hits)
}

// relayHit tells of a message that was taken for an address that asks to be
// passed on.
func relayHit(f *dissect.Facts, asks func(address string) bool, hits []Hit) []Hit {
	m, to := acceptedFor(f, asks)
	if m == nil {
		return hits
	}
	return append(hits, Hit{
		Severity: alerts.Info,
		Why:      "SMTP without a login, message for another domain accepted",
		Detail:   []dissect.Pair{{Key: "recipient", Value: to}},
		Quotes:   inOrder(telling(pointers(m.Quotes)...)),
	})
}

// asksToRelay tells an address with another domain in its local part (RFC 2505,
// section 2.1): user%other@here, "user@other"@here, other!user@here.
func asksToRelay(address string) bool {
	other, here := relayDomain(address), address[strings.LastIndexByte(address, '@')+1:]
	return isDomain(other) && !within(other, here) && !within(here, other)
}

// relayDomain returns what stands in the place of another domain, or "".
func relayDomain(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return ""
	}
	local := strings.Trim(address[:at], `"`)
	if i := strings.LastIndexAny(local, "%@"); i > 0 {
		return local[i+1:]
	}
	if i := strings.IndexByte(local, '!'); i > 0 {
		return local[:i]
	}
	return ""
}

// isDomain tells a name of two labels and more, the last of letters.
func isDomain(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 || dot == len(s)-1 || strings.Contains(s, "..") || s[0] == '.' {
		return false
	}
	for i, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i > dot || c != '.' && c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

// within tells whether one domain is another or under it.
func within(one, other string) bool {
	n := len(one) - len(other)
	return n >= 0 && strings.EqualFold(one[n:], other) && (n == 0 || one[n-1] == '.')
}

// judgeTurn wants the server's yes: a refused TURN is as it should be.
func judgeTurn(f *dissect.Facts, hits []Hit) []Hit {
	if f.Signs == nil || f.Signs.Turn == nil || f.Flags&partial != 0 {
		return hits
	}
	t := f.Signs.Turn
	if t.Outcome != dissect.Accepted || slices.ContainsFunc(f.Auth, mayBeIn) {
		return hits
	}
	h := Hit{
		Severity: alerts.High,
		Why:      name(f.Protocol) + " " + t.Verb + " accepted without a login",
		Detail:   []dissect.Pair{{Key: "command", Value: t.Verb}},
		Quotes:   inOrder(telling(pointers(t.Quotes)...)),
	}
	if t.Verb == "ETRN" {
		h.Severity = alerts.Low
	}
	return append(hits, h)
}
