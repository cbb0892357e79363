package record

import "github.com/mailtap/mailtap/dissect"

func (d *decoder) facts() *dissect.Facts {
	f := &dissect.Facts{
		Protocol:  dissect.Protocol(d.upTo(byte(dissect.ManageSieve))),
		Transport: dissect.Transport(d.upTo(byte(dissect.TLS))),
		Client:    d.endpoint(),
		Server:    d.endpoint(),
	}
	for range d.count(1) {
		f.VLAN = append(f.VLAN, uint16(d.uint()))
	}
	f.Tunnel = d.texts()
	f.Start = d.int()
	f.End = f.Start + d.int()
	d.last = stamp{time: f.Start}
	f.Files = d.texts()
	f.Packets = d.uint()
	f.Bytes = [2]uint64{d.uint(), d.uint()}
	f.Flags = dissect.Flags(d.uint())
	f.Dropped = uint32(d.uint())
	flags := d.byte()
	f.HasHello = flags&hasHello != 0
	f.Banner = d.text()
	f.Hello = d.text()
	f.Offer = d.offer()
	f.STARTTLS = d.startTLS()
	f.MailCommand = d.optional(flags&hasMailCommand != 0)
	f.Preauth = d.optional(flags&hasPreauth != 0)
	f.Injected = d.optional(flags&hasInjected != 0)
	if flags&hasTLS != 0 {
		f.TLS = d.tls()
	}
	for range d.count(minAttempt) {
		f.Auth = append(f.Auth, d.attempt())
	}
	for range d.count(minMessage) {
		f.Messages = append(f.Messages, d.message())
	}
	if flags&hasSigns != 0 {
		f.Signs = d.signs()
	}
	if flags&hasTranscript != 0 {
		f.Transcript = d.transcript()
	}
	return f
}

func (d *decoder) offer() dissect.Offer {
	flags := d.byte()
	o := dissect.Offer{
		Complete:      flags&offerComplete != 0,
		STARTTLS:      flags&offerSTARTTLS != 0,
		LoginDisabled: flags&offerLoginDisabled != 0,
		Listed:        dissect.Extensions(d.byte()),
		Mechanisms:    d.texts(),
	}
	if flags&offerMasked != 0 {
		o.Masks = d.texts()
	}
	if flags&hasOfferQuote != 0 {
		o.Quote = d.quote()
	}
	if flags&offerLate != 0 {
		o.After = int(min(d.uint(), dissect.MaxAttempts))
	}
	return o
}

func (d *decoder) startTLS() dissect.StartTLSFacts {
	flags := d.byte()
	s := dissect.StartTLSFacts{
		Requested: flags&startTLSRequested != 0,
		Clear:     flags&startTLSClear != 0,
		Mail:      flags&startTLSMail != 0,
		Offered:   d.answer(),
		Accepted:  d.answer(),
		Quotes:    d.quotes(),
	}
	if flags&startTLSLate != 0 {
		s.After = int(min(d.uint(), dissect.MaxAttempts))
	}
	return s
}

func (d *decoder) attempt() *dissect.Attempt {
	return &dissect.Attempt{
		HasAccount:  d.byte() != 0,
		Outcome:     d.outcome(),
		SecretSize:  d.byte(),
		Mechanism:   d.text(),
		Account:     d.text(),
		Fingerprint: d.text(),
		Detail:      d.pairs(),
		Quotes:      d.quotes(),
	}
}

func (d *decoder) message() *dissect.Message {
	flags := d.byte()
	return &dissect.Message{
		HasFrom:    flags&messageFrom != 0,
		HasSubject: flags&messageSubject != 0,
		Complete:   flags&messageComplete != 0,
		Protection: dissect.Protection(d.upTo(byte(dissect.PGP))),
		Outcome:    d.outcome(),
		From:       d.text(),
		To:         d.texts(),
		ToDropped:  int(d.int()),
		Subject:    d.text(),
		Size:       d.uint(),
		Quotes:     d.quotes(),
	}
}

func (d *decoder) outcome() dissect.Outcome { return dissect.Outcome(d.upTo(byte(dissect.Cancelled))) }
func (d *decoder) answer() dissect.Answer   { return dissect.Answer(d.upTo(byte(dissect.Yes))) }
