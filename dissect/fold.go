package dissect

import "slices"

// Add folds one event, stamped by the caller, into the Facts. It copies what
// it keeps.
func (f *Facts) Add(e *Event) {
	switch e.Kind {
	case Greeting:
		f.anew = f.Offer.Complete
		f.Banner = clip(e.Text)
		if starred(e.Text) {
			f.signs().MaskedBanner = e.kept()
		}
	case Preauth:
		f.Banner = clip(e.Text)
		f.Preauth = e.kept()
	case Hello:
		f.Hello, f.HasHello = clip(e.Text), true
	case MailCommand:
		if f.MailCommand == nil {
			f.MailCommand = e.kept()
		}
	case ListBegin:
		f.list = new(Offer)
	case Capability:
		f.addCapability(e)
	case Mechanism:
		f.addMechanism(e)
	case ListEnd:
		f.endList(e)
	case StartTLS:
		f.STARTTLS.Requested = true
		f.STARTTLS.Accepted = Unknown
		f.STARTTLS.quote(e)
	case StartTLSReply:
		f.STARTTLS.Accepted = No
		if e.Outcome == Accepted {
			f.STARTTLS.Accepted = Yes
		}
		f.STARTTLS.After, f.STARTTLS.Mail = len(f.Auth), f.MailCommand != nil
		f.STARTTLS.quote(e)
	case TLSBegin:
		f.Transport = TLS
		if f.STARTTLS.Requested || len(e.Text) > 0 { // the request may be lost
			f.Transport = STARTTLS
		}
		if f.STARTTLS.Accepted == No {
			f.STARTTLS.Accepted = Unknown // another request, or its answer, was lost
		}
	case TLSHello, TLSAlert:
		f.TLS = e.TLS
		e.TLS.Seen.note(e)
	case ClearAfterTLS:
		f.STARTTLS.Clear = true
		f.STARTTLS.quote(e)
	case Injected:
		if f.Injected == nil {
			f.Injected = e.kept()
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
		if e.Attempt.Mechanism == UnknownMechanism {
			f.nameListed(e)
		}
		e.Attempt.quote(e)
	case AuthStep, AuthEnd:
		e.Attempt.quote(e)
	case MessageBegin:
		e.Message.quote(e)
	case MessageEnd:
		if len(e.Text) == 0 {
			f.addMessage(e.Message)
		}
	case Bye, Malformed, Unexpected:
	default:
		f.addSign(e)
	}
}

func (f *Facts) loggedIn() bool { return accepted(f.Auth) }

func accepted(attempts []*Attempt) bool {
	return slices.ContainsFunc(attempts, func(a *Attempt) bool { return a.Outcome == Accepted })
}

// addMessage keeps m. IMAP and POP3 clients fetch the same message piece by
// piece, and again with every new session, so there the same sender,
// recipients and subject count once. Where bytes were lost, so does a message that
// lacks some of them, or all, and may be another.
func (f *Facts) addMessage(m *Message) {
	if f.Protocol == IMAP || f.Protocol == POP3 {
		if f.Protocol == POP3 && m.Size == 0 && !m.Complete && f.Flags&Gap != 0 {
			return // all of it was lost
		}
		for i, have := range f.Messages {
			switch torn := f.Flags&Gap != 0; {
			case have.From == m.From && have.Subject == m.Subject && slices.Equal(have.To, m.To):
				have.Size = max(have.Size, m.Size)
				have.Complete = have.Complete || m.Complete
				return
			case torn && !m.Complete && m.within(have):
				return
			case torn && !have.Complete && have.named() && have.within(m):
				f.Messages[i] = m
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

func (m *Message) named() bool { return m.HasFrom || m.HasSubject || len(m.To) > 0 }

// within tells whether all that is known of a message's header is that of other.
func (m *Message) within(other *Message) bool {
	return (!m.HasFrom || m.From == other.From) && (!m.HasSubject || m.Subject == other.Subject) &&
		(len(m.To) == 0 || slices.Equal(m.To, other.To))
}

// Finish closes the Facts when the session has ended.
func (f *Facts) Finish() {
	f.list = nil
	f.dropLateAlerts()
}

// quote keeps the event's line. same is a text that it may share.
func (e *Event) quote(same string) Quote {
	line := e.Line[:min(len(e.Line), MaxQuote)]
	hide := Span{min(e.Hide.From, len(line)), min(e.Hide.To, len(line))}
	if same != string(line) {
		same = string(line)
	}
	return Quote{Side: e.Side, Stamp: e.Stamp, Text: same, Hide: hide}
}

func (e *Event) kept() *Quote {
	q := e.quote("")
	return &q
}

func (s *StartTLSFacts) quote(e *Event) { s.Quotes = appendQuote(s.Quotes, e, "") }
func (m *Message) quote(e *Event)       { m.Quotes = appendQuote(m.Quotes, e, "") }

// fewQuotes is how many lines most attempts have.
const fewQuotes = 4

func (a *Attempt) quote(e *Event) {
	if a.Quotes == nil && len(e.Line) > 0 {
		a.Quotes = make([]Quote, 0, fewQuotes)
	}
	a.Quotes = appendQuote(a.Quotes, e, "")
}

func appendQuote(quotes []Quote, e *Event, same string) []Quote {
	if len(e.Line) == 0 || len(quotes) == MaxQuotes {
		return quotes
	}
	return append(quotes, e.quote(same))
}

func clip(b []byte) string { return string(b[:min(len(b), MaxText)]) }
