package dissect

import "bytes"

// signs returns the Signs of f, made when first needed.
func (f *Facts) signs() *Signs {
	if f.Signs == nil {
		f.Signs = new(Signs)
	}
	return f.Signs
}

// addSign folds an event that few sessions have.
func (f *Facts) addSign(e *Event) {
	s := f.signs()
	switch e.Kind {
	case MaskedCommand:
		keep(&s.MaskedCommand, e)
	case AddressTest:
		s.Tests.add(e)
	case Turned:
		s.turned(e)
	case OddEnd:
		if s.OddEnd == nil {
			s.OddForm = clip(e.Text)
		}
		keep(&s.OddEnd, e)
	case Smuggled:
		keep(&s.Smuggled, e)
	case BareEnd:
		if s.BareEnd == nil {
			s.BareEnd = e.kept()
			s.BareEnd.Text = "<" + clip(e.Text) + ">"
		}
	case EarlyData:
		keep(&s.EarlyData, e)
	case ServerAlert:
		switch referral := string(e.Text) == "REFERRAL"; {
		case referral && s.Referral == nil:
			s.Referral, f.referred = e.kept(), len(f.Auth)
		case !referral && s.Alert == nil:
			s.Alert, f.alerted = e.kept(), len(f.Auth)
		}
	case ClientID:
		s.ClientID = appendPair(s.ClientID, e.Text)
	case ServerID:
		s.ServerID = appendPair(s.ServerID, e.Text)
	case RealClient:
		s.RealClient = clip(e.Text)
	case URLAuth:
		if len(s.URLs) < MaxURLs {
			s.URLs = append(s.URLs, Token{clip(e.Text), NewSecret(e.Line[e.Hide.From:e.Hide.To]), e.quote("")})
		}
	case Compressed:
		s.Compressed = clip(e.Text)
	case Layered:
		s.Layer = clip(e.Text)
	case Conflicting:
		if len(s.Overlaps) < MaxOverlaps {
			s.Overlaps = append(s.Overlaps, *e.Overlap)
		} else {
			f.Dropped++
		}
	}
}

// turned folds a request to turn roles or its answer. Of several the first that
// was granted counts, else the last.
func (s *Signs) turned(e *Event) {
	if s.Turn != nil && s.Turn.Outcome == Accepted {
		return
	}
	if s.Turn == nil || e.Side == Client {
		s.Turn = &Turn{Verb: clip(e.Text)}
	}
	s.Turn.Quotes = appendQuote(s.Turn.Quotes, e, "")
	if e.Side == Server {
		s.Turn.Outcome = e.Outcome
	}
}

// dropLateAlerts drops what the server said to one whom it let in, or was about
// to: in a session that never comes to TLS that is its usual business. Only at
// the end all outcomes are known.
func (f *Facts) dropLateAlerts() {
	if s := f.Signs; s != nil {
		if accepted(f.Auth[:f.alerted]) {
			s.Alert = nil
		}
		if accepted(f.Auth[:f.referred]) {
			s.Referral = nil
		}
	}
}

// keep keeps the first of its kind.
func keep(q **Quote, e *Event) {
	if *q == nil {
		*q = e.kept()
	}
}

func appendPair(pairs []Pair, text []byte) []Pair {
	key, value, _ := bytes.Cut(text, []byte(": "))
	if len(pairs) == MaxIdentity {
		return pairs
	}
	return append(pairs, Pair{clip(key), clip(value)})
}

func (t *Tests) add(e *Event) {
	if e.Side == Client {
		t.Quotes = appendQuote(t.Quotes, e, "")
		return
	}
	answered := uint32(0)
	if e.Outcome == Accepted {
		answered = 1
	}
	switch string(e.Text) {
	case "VRFY":
		t.VRFY++
		t.VRFYAnswered += answered
	case "EXPN":
		t.EXPN++
		t.EXPNAnswered += answered
	case "RCPT":
		t.RCPTRefused++
	}
	t.Quotes = appendQuote(t.Quotes, e, "")
}

// note keeps the packet of what TLS has shown.
func (t *TLSSeen) note(e *Event) {
	if e.Kind == TLSAlert {
		first(&t.Alert, e)
		return
	}
	switch string(e.Text) {
	case "client hello":
		first(&t.ClientHello, e)
	case "server hello":
		first(&t.ServerHello, e)
	case "certificate":
		first(&t.Certificate, e)
	case "key exchange":
		first(&t.KeyExchange, e)
	case "heartbeat":
		first(&t.Heartbeat, e)
	}
}

func first(s *Stamp, e *Event) {
	if *s == (Stamp{}) {
		*s = e.Stamp
	}
}

// starred tells a greeting that a device on the path has overwritten with
// asterisks: what is left of it are digits, blanks and at most a few letters.
func starred(banner []byte) bool {
	stars := bytes.Count(banner, []byte("*"))
	return stars >= 8 && 2*stars > len(banner)
}
