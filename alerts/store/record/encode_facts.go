package record

import "github.com/mailtap/mailtap/dissect"

func (e *Encoder) facts(f *dissect.Facts) {
	e.b = append(e.b, byte(f.Protocol), byte(f.Transport))
	e.endpoint(f.Client)
	e.endpoint(f.Server)
	e.uint(uint64(len(f.VLAN)))
	for _, v := range f.VLAN {
		e.uint(uint64(v))
	}
	e.texts(f.Tunnel)
	e.int(f.Start)
	e.int(f.End - f.Start)
	e.last = stamp{time: f.Start}
	e.texts(f.Files)
	e.uint(f.Packets)
	e.uint(f.Bytes[dissect.Client])
	e.uint(f.Bytes[dissect.Server])
	e.uint(uint64(f.Flags))
	e.uint(uint64(f.Dropped))
	e.flags(f.HasHello, f.MailCommand != nil, f.Preauth != nil, f.Injected != nil, f.TLS != nil, f.Signs != nil,
		len(f.Transcript) > 0)
	e.text(f.Banner)
	e.text(f.Hello)
	e.offer(&f.Offer)
	e.startTLS(&f.STARTTLS)
	e.optional(f.MailCommand)
	e.optional(f.Preauth)
	e.optional(f.Injected)
	if f.TLS != nil {
		e.tls(f.TLS)
	}
	e.uint(uint64(len(f.Auth)))
	for i := 0; i < len(f.Auth) && !e.full(); i++ {
		e.attempt(f.Auth[i])
	}
	e.uint(uint64(len(f.Messages)))
	for i := 0; i < len(f.Messages) && !e.full(); i++ {
		e.message(f.Messages[i])
	}
	if f.Signs != nil {
		e.signs(f.Signs)
	}
	if len(f.Transcript) > 0 {
		e.transcript(f.Transcript)
	}
}

func (e *Encoder) offer(o *dissect.Offer) {
	quoted := o.Quote != dissect.Quote{}
	e.flags(o.Complete, o.STARTTLS, o.LoginDisabled, len(o.Masks) > 0, quoted, o.After > 0)
	e.b = append(e.b, byte(o.Listed))
	e.texts(o.Mechanisms)
	if len(o.Masks) > 0 {
		e.texts(o.Masks)
	}
	if quoted {
		e.quote(&o.Quote)
	}
	if o.After > 0 {
		e.uint(uint64(o.After))
	}
}

func (e *Encoder) startTLS(s *dissect.StartTLSFacts) {
	e.flags(s.Requested, s.Clear, s.Mail, s.After > 0)
	e.b = append(e.b, byte(s.Offered), byte(s.Accepted))
	e.quotes(s.Quotes)
	if s.After > 0 {
		e.uint(uint64(s.After))
	}
}

// attempt writes everything but the secret: Encode has refused those that
// hold one.
func (e *Encoder) attempt(a *dissect.Attempt) {
	e.flags(a.HasAccount)
	e.b = append(e.b, byte(a.Outcome), a.SecretSize)
	e.text(a.Mechanism)
	e.text(a.Account)
	e.text(a.Fingerprint)
	e.pairs(a.Detail)
	e.quotes(a.Quotes)
}

func (e *Encoder) message(m *dissect.Message) {
	e.flags(m.HasFrom, m.HasSubject, m.Complete)
	e.b = append(e.b, byte(m.Protection), byte(m.Outcome))
	e.text(m.From)
	e.texts(m.To)
	e.int(int64(m.ToDropped))
	e.text(m.Subject)
	e.uint(m.Size)
	e.quotes(m.Quotes)
}
