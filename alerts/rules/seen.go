package rules

import (
	"cmp"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// partial are the flags of a session of which parts were not seen. It never
// tells that something was not offered or not used.
const partial = dissect.Midstream | dissect.OneSided | dissect.Gap

// betweenMTAs tells a session between mail servers, where TLS is opportunistic
// (RFC 7435): nobody logs in at port 25.
func betweenMTAs(f *dissect.Facts) bool {
	return f.Server.Port() == 25 && len(f.Auth) == 0
}

// onTLSPort tells a port on which TLS begins with the first byte (RFC 8314,
// section 3).
func onTLSPort(f *dissect.Facts) bool {
	switch f.Server.Port() {
	case 465, 993, 995:
		return true
	}
	return false
}

// secretSent tells whether any attempt of the session leaked something.
func secretSent(f *dissect.Facts) bool { return slices.ContainsFunc(f.Auth, alerts.SecretSent) }

// listBeforeLogin tells whether the session's capability list is what a client
// sees that has not logged in. A later list leaves out STARTTLS, LOGINDISABLED
// and the mechanisms, and rightly so: they belong to the time before (RFC 3501,
// section 6.2.1; RFC 2595, section 4).
func listBeforeLogin(f *dissect.Facts) bool {
	return f.Offer.Complete && f.Preauth == nil && !accepted(f.Auth[:min(f.Offer.After, len(f.Auth))])
}

// clearUse returns the lines that began to use mail in clear, in order: a
// login, a command on mail, a message.
func clearUse(f *dissect.Facts) []*dissect.Quote { return appendClearUse(nil, f) }

// appendClearUse appends these lines to others.
func appendClearUse(lines []*dissect.Quote, f *dissect.Facts) []*dissect.Quote {
	n := len(lines)
	lines = slices.Grow(lines, len(f.Auth)+1+len(f.Messages))
	for _, a := range f.Auth {
		lines = appendFirst(lines, a.Quotes)
	}
	if f.MailCommand != nil {
		lines = append(lines, f.MailCommand)
	}
	for _, m := range f.Messages {
		lines = appendFirst(lines, m.Quotes)
	}
	return lines[:n+len(inOrder(lines[n:]))]
}

// clearUseAfter does the same for what followed the last answer to STARTTLS,
// which came at that time. It goes by the order of the dialogue as far as that
// is known: a mirror port may deliver the answer behind what followed it.
func clearUseAfter(f *dissect.Facts, answer int64) []*dissect.Quote {
	var use []*dissect.Quote
	for _, a := range f.Auth[min(f.STARTTLS.After, len(f.Auth)):] {
		use = appendFirst(use, a.Quotes)
	}
	if f.MailCommand != nil && !f.STARTTLS.Mail {
		use = append(use, f.MailCommand)
	}
	for _, m := range f.Messages {
		if len(m.Quotes) > 0 && (!f.STARTTLS.Mail || m.Quotes[0].Stamp.Time >= answer) {
			use = append(use, &m.Quotes[0])
		}
	}
	return inOrder(use)
}

func appendFirst(use []*dissect.Quote, quotes []dissect.Quote) []*dissect.Quote {
	if len(quotes) > 0 {
		use = append(use, &quotes[0])
	}
	return use
}

// loggedIn tells whether the server has let anybody in.
func loggedIn(f *dissect.Facts) bool { return accepted(f.Auth) }

func accepted(attempts []*dissect.Attempt) bool {
	return slices.ContainsFunc(attempts, func(a *dissect.Attempt) bool { return a.Outcome == dissect.Accepted })
}

// inOrder sorts lines by time, drops a line that stands there twice, as MAIL
// does as a command and as a message's beginning, and keeps MaxEvidence.
func inOrder(lines []*dissect.Quote) []*dissect.Quote {
	slices.SortStableFunc(lines, func(a, b *dissect.Quote) int {
		return cmp.Compare(a.Stamp.Time, b.Stamp.Time)
	})
	lines = slices.CompactFunc(lines, func(a, b *dissect.Quote) bool { return *a == *b })
	return lines[:min(len(lines), MaxEvidence)]
}

// telling returns the quotes that show something.
func telling(quotes ...*dissect.Quote) []*dissect.Quote {
	return slices.DeleteFunc(quotes, func(q *dissect.Quote) bool { return q == nil || q.Text == "" })
}

// shown makes a line of what has no text of its own, from the packet that
// showed it. It is nil where that was not kept.
func shown(side dissect.Side, at dissect.Stamp, text string) *dissect.Quote {
	if at == (dissect.Stamp{}) {
		return nil
	}
	return &dissect.Quote{Side: side, Stamp: at, Text: text[:min(len(text), dissect.MaxQuote)]}
}

// pointers returns the quotes of a list.
func pointers(quotes []dissect.Quote) []*dissect.Quote {
	const room = 2 // lines that callers add, mostly
	return appendPointers(make([]*dissect.Quote, 0, len(quotes)+room), quotes)
}

// appendPointers appends the quotes of a list to lines.
func appendPointers(lines []*dissect.Quote, quotes []dissect.Quote) []*dissect.Quote {
	for i := range quotes {
		lines = append(lines, &quotes[i])
	}
	return lines
}

// addLine appends a quote that shows something.
func addLine(lines []*dissect.Quote, q *dissect.Quote) []*dissect.Quote {
	if q.Text == "" {
		return lines
	}
	return append(lines, q)
}

// name spells a protocol as people do.
func name(p dissect.Protocol) string {
	return [...]string{"", "SMTP", "LMTP", "IMAP", "POP3", "ManageSieve"}[p]
}
