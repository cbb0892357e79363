package dissect

import (
	"bytes"
	"slices"
	"strings"
)

func (f *Facts) addCapability(e *Event) {
	o := f.list
	if o == nil {
		o = new(Offer) // it belongs to no list: only STARTTLS counts
	}
	name := e.Text
	if i := bytes.IndexByte(name, ' '); i >= 0 {
		name = name[:i]
	}
	switch {
	case isStartTLS(name):
		o.STARTTLS = true
		if f.STARTTLS.Offered != Yes {
			// Seen is seen, even if the rest of the list gets lost.
			f.STARTTLS.Offered = Yes
			f.STARTTLS.Quotes = appendQuote(f.STARTTLS.Quotes, e, o.Quote.Text)
		}
	case len(name) == len("LOGINDISABLED") && bytes.EqualFold(name, []byte("LOGINDISABLED")):
		o.LoginDisabled = true
	case len(o.Masks) < MaxMasks && (masked(name) || Mangled(f.Protocol, name)):
		o.Masks = append(o.Masks, string(name))
	default:
		o.Listed |= extension(name)
	}
	if o.Quote.Text == "" {
		o.Quote = e.quote("")
	}
}

// addMechanism adds to the list that is being read. POP3 also names mechanisms
// outside a list, in answer to AUTH alone: they are offered, too, but make
// nothing complete.
func (f *Facts) addMechanism(e *Event) {
	o := f.list
	if o == nil {
		o = &f.Offer
	}
	if len(o.Mechanisms) == 0 {
		o.Quote = e.quote(o.Quote.Text)
	}
	for _, m := range o.Mechanisms {
		if strings.EqualFold(m, string(e.Text)) {
			return
		}
	}
	if o.Mechanisms == nil {
		o.Mechanisms = make([]string, 0, fewMechanisms)
	}
	if len(o.Mechanisms) < MaxMechanisms {
		o.Mechanisms = append(o.Mechanisms, mechanism(e.Text))
	}
}

// nameListed names a mechanism that only this server knows, because its list
// has it: then it is no secret that was typed in its place.
func (f *Facts) nameListed(e *Event) {
	hide := Span{min(e.Hide.From, len(e.Line)), min(e.Hide.To, len(e.Line))}
	hidden := e.Line[hide.From:max(hide.From, hide.To)]
	n := bytes.IndexAny(hidden, " \t\"")
	if n < 0 {
		n = len(hidden)
	}
	listed := func(m string) bool { return strings.EqualFold(m, string(hidden[:n])) }
	if n == 0 || !slices.ContainsFunc(f.Offer.Mechanisms, listed) {
		return
	}
	e.Attempt.Mechanism = strings.ToUpper(string(hidden[:n]))
	if e.Hide.From += n; e.Hide.From >= hide.To {
		e.Hide = Span{}
	}
}

// fewMechanisms is how many most servers offer.
const fewMechanisms = 2

// mechanism returns a name, and the common ones without a copy.
func mechanism(b []byte) string {
	for _, m := range [...]string{"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "GSSAPI", "XOAUTH2", "SCRAM-SHA-256"} {
		if m == string(b) {
			return m
		}
	}
	return clip(b)
}

// endList takes the end of a list. One without a capability is told by its end.
func (f *Facts) endList(e *Event) {
	if f.list == nil || f.loggedIn() { // what is offered behind a login may differ with good reason (RFC 2449, section 5)
		f.list = nil
		return
	}
	if n := len(f.Auth); n > 0 && f.Offer.Complete && f.Auth[n-1].Outcome == OutcomeUnknown {
		f.list = nil // it may belong to the login that waits for its answer: the one before stands
		return
	}
	if f.Offer.Complete && !f.anew && f.STARTTLS.Accepted != Yes && f.Offer.contradicts(f.list) {
		before := f.Offer
		f.signs().Contradicted = &before
	}
	if f.list.Quote.Text == "" {
		f.list.Quote = e.quote("")
	}
	f.Offer, f.list, f.anew = *f.list, nil, false
	f.Offer.Complete = true
	if f.Protocol == IMAP {
		f.Offer.After = len(f.Auth)
	}
	if f.STARTTLS.Offered == Unknown && len(f.Offer.Masks) == 0 && f.STARTTLS.Accepted != Yes { // behind it no list has it
		f.STARTTLS.Offered = No
	}
}

// contradicts tells whether two lists of one session differ in what decides
// about encryption and logins.
func (o *Offer) contradicts(later *Offer) bool {
	return o.STARTTLS != later.STARTTLS || o.LoginDisabled != later.LoginDisabled ||
		!slices.EqualFunc(o.Mechanisms, later.Mechanisms, strings.EqualFold)
}

// isStartTLS tells the capability's name. Most names are told by their length.
func isStartTLS(name []byte) bool {
	switch len(name) {
	case len("STARTTLS"):
		return bytes.EqualFold(name, []byte("STARTTLS"))
	case len("STLS"):
		return bytes.EqualFold(name, []byte("STLS"))
	}
	return false
}

// extension returns the flag of an SMTP extension. All their names are as long.
func extension(name []byte) Extensions {
	if len(name) != len("STARTTLS") {
		return 0
	}
	for i, n := range [...]string{"CHUNKING", "8BITMIME", "SMTPUTF8"} {
		if strings.EqualFold(n, string(name)) {
			return 1 << i
		}
	}
	return 0
}

// masked tells a capability that a device on the path has overwritten: X's
// with at most one other letter at the end, as Cisco's ESMTP inspection does.
func masked(name []byte) bool {
	if len(name) < 4 {
		return false
	}
	for _, c := range name[:len(name)-1] {
		if c != 'X' {
			return false
		}
	}
	last := name[len(name)-1]
	return 'A' <= last && last <= 'Z'
}

// Mangled tells a word that was STARTTLS or STLS until some of its letters were
// overwritten: as many as before, and half of them or more in place. No other
// name of a capability or a command has so many.
func Mangled(p Protocol, name []byte) bool {
	want := "STARTTLS"
	if p == POP3 {
		want = "STLS"
	}
	if len(name) != len(want) {
		return false
	}
	same := 0
	for i, c := range name {
		if c&^0x20 == want[i] {
			same++
		}
	}
	return 2*same >= len(want)
}
