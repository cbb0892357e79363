package dissect

import (
	"bytes"
	"slices"
	"strings"
)

// Add folds one event, stamped by the caller, into the Facts. It copies what
// it keeps.
func (f *Facts) Add(e *Event) {
	switch e.Kind {
	case Greeting:
		f.Banner = clip(e.Text)
	case Preauth:
		f.Banner = clip(e.Text)
		f.Preauth = e.quote()
	case Hello:
		f.Hello, f.HasHello = clip(e.Text), true
	case MailCommand:
		if f.MailCommand == nil {
			f.MailCommand = e.quote()
		}
	case ListBegin:
		f.list, f.open = Offer{}, true
	case Capability:
		f.addCapability(e)
	case Mechanism:
		f.addMechanism(e)
	case ListEnd:
		f.endList()
	case StartTLS:
		f.STARTTLS.Requested = true
		f.STARTTLS.Accepted = Unknown
		f.STARTTLS.quote(e)
	case StartTLSReply:
		f.STARTTLS.Accepted = No
		if e.Outcome == Accepted {
			f.STARTTLS.Accepted = Yes
		}
		f.STARTTLS.quote(e)
	case TLSBegin:
		f.Transport = TLS
		if f.STARTTLS.Requested {
			f.Transport = STARTTLS
		}
	case TLSHello, TLSAlert:
		f.TLS = e.TLS
	case ClearAfterTLS:
		f.STARTTLS.Clear = true
		f.STARTTLS.quote(e)
	case Injected:
		if f.Injected == nil {
			f.Injected = e.quote()
		}
	case Proxied:
		f.Tunnel = append(f.Tunnel, string(e.Text))
	case Lost:
		f.Flags |= Gap
	case AuthBegin:
		if len(f.Auth) == MaxAttempts {
			f.Dropped++
			return
		}
		f.Auth = append(f.Auth, e.Attempt)
		e.Attempt.quote(e)
	case AuthStep, AuthEnd:
		e.Attempt.quote(e)
	case MessageBegin:
		e.Message.quote(e)
	case MessageEnd:
		f.addMessage(e.Message)
	}
}

func (f *Facts) addCapability(e *Event) {
	name, _, _ := bytes.Cut(e.Text, []byte(" "))
	switch {
	case bytes.EqualFold(name, []byte("STARTTLS")), bytes.EqualFold(name, []byte("STLS")):
		f.list.STARTTLS = true
		if f.STARTTLS.Offered != Yes {
			// Seen is seen, even if the rest of the list gets lost.
			f.STARTTLS.Offered = Yes
			f.STARTTLS.quote(e)
		}
	case bytes.EqualFold(name, []byte("LOGINDISABLED")):
		f.list.LoginDisabled = true
	case masked(name):
		f.list.Masked = true
	}
	if f.list.Quote.Text == "" {
		f.list.Quote = *e.quote()
	}
}

func (f *Facts) addMechanism(e *Event) {
	if len(f.list.Mechanisms) == 0 {
		f.list.Quote = *e.quote()
	}
	same := func(m string) bool { return strings.EqualFold(m, string(e.Text)) }
	if len(f.list.Mechanisms) < MaxMechanisms && !slices.ContainsFunc(f.list.Mechanisms, same) {
		f.list.Mechanisms = append(f.list.Mechanisms, clip(e.Text))
	}
}

func (f *Facts) endList() {
	if !f.open {
		return
	}
	f.open = false
	f.list.Complete = true
	f.Offer, f.list = f.list, Offer{}
	if f.STARTTLS.Offered == Unknown && !f.Offer.Masked {
		f.STARTTLS.Offered = No
	}
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

// addMessage keeps m. IMAP and POP3 clients fetch the same message piece by
// piece, and again with every new session, so there the same sender,
// recipients and subject count once.
func (f *Facts) addMessage(m *Message) {
	if f.Protocol == IMAP || f.Protocol == POP3 {
		for _, have := range f.Messages {
			if have.From == m.From && have.Subject == m.Subject && slices.Equal(have.To, m.To) {
				have.Size = max(have.Size, m.Size)
				have.Complete = have.Complete || m.Complete
				return
			}
		}
	}
	if len(f.Messages) == MaxMessages {
		f.Dropped++
		return
	}
	f.Messages = append(f.Messages, m)
}

// Finish closes the Facts when the session has ended.
func (f *Facts) Finish() {
	f.list, f.open = Offer{}, false
}

func (e *Event) quote() *Quote {
	line := e.Line[:min(len(e.Line), MaxQuote)]
	hide := Span{min(e.Hide.From, len(line)), min(e.Hide.To, len(line))}
	return &Quote{Side: e.Side, Stamp: e.Stamp, Text: string(line), Hide: hide}
}

func (s *StartTLSFacts) quote(e *Event) { s.Quotes = appendQuote(s.Quotes, e) }
func (a *Attempt) quote(e *Event)       { a.Quotes = appendQuote(a.Quotes, e) }
func (m *Message) quote(e *Event)       { m.Quotes = appendQuote(m.Quotes, e) }

func appendQuote(quotes []Quote, e *Event) []Quote {
	if len(e.Line) == 0 || len(quotes) == MaxQuotes {
		return quotes
	}
	return append(quotes, *e.quote())
}

func clip(b []byte) string { return string(b[:min(len(b), MaxText)]) }
