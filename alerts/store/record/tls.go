package record

import "github.com/mailtap/mailtap/dissect"

// The flags of TLS.
const (
	tlsEstablished = 1 << iota
	tlsAlertServer
	hasCertificate
	tlsFallback
	tlsHeartbleed
	tlsHeartbeatServer
	tlsForsaken
)

// The fields of one kind, in the order in which they are written.

func tlsTexts(t *dissect.TLSFacts) [12]*string {
	return [...]*string{&t.Version, &t.Cipher, &t.SNI, &t.ALPN, &t.JA3, &t.JA3S, &t.JA4, &t.Alert,
		&t.Offered, &t.Sentinel, &t.Compression, &t.Group}
}

func tlsStamps(t *dissect.TLSSeen) [6]*dissect.Stamp {
	return [...]*dissect.Stamp{&t.ClientHello, &t.ServerHello, &t.Certificate, &t.KeyExchange, &t.Heartbeat, &t.Alert}
}

func (e *Encoder) tls(t *dissect.TLSFacts) {
	e.flags(t.Established, t.AlertSide == dissect.Server, t.Certificate != nil, t.Fallback, t.Heartbleed, t.HeartbeatSide == dissect.Server, t.Forsaken)
	for _, s := range tlsTexts(t) {
		e.text(*s)
	}
	e.b = append(e.b, byte(t.Renegotiation), byte(t.Resumed))
	e.int(int64(t.DHBits))
	if t.Certificate != nil {
		e.certificate(t.Certificate)
	}
	e.uint(uint64(len(t.Chain)))
	for i := range t.Chain {
		e.certificate(&t.Chain[i])
	}
	seen := tlsStamps(&t.Seen)
	e.uint(which(seen[:], func(s *dissect.Stamp) bool { return *s != dissect.Stamp{} }))
	for _, s := range seen {
		if (*s != dissect.Stamp{}) {
			e.stamp(s.Time, s.Packet)
			e.int(int64(s.File))
		}
	}
}

func (e *Encoder) certificate(c *dissect.Certificate) {
	e.flags(c.SelfSigned)
	for _, s := range [...]string{c.Subject, c.Issuer, c.Key, c.Signature, c.SHA256} {
		e.text(s)
	}
	e.texts(c.Names)
	e.int(c.NotBefore)
	e.int(c.NotAfter)
}

func (d *decoder) tls() *dissect.TLSFacts {
	flags := d.byte()
	t := &dissect.TLSFacts{
		Established:   flags&tlsEstablished != 0,
		AlertSide:     side(flags & tlsAlertServer),
		Fallback:      flags&tlsFallback != 0,
		Heartbleed:    flags&tlsHeartbleed != 0,
		HeartbeatSide: side(flags & tlsHeartbeatServer),
		Forsaken:      flags&tlsForsaken != 0,
	}
	for _, s := range tlsTexts(t) {
		*s = d.text()
	}
	t.Renegotiation, t.Resumed = d.answer(), d.answer()
	t.DHBits = int(d.int())
	if flags&hasCertificate != 0 {
		c := d.certificate()
		t.Certificate = &c
	}
	for range d.count(minCertificate) {
		t.Chain = append(t.Chain, d.certificate())
	}
	bits := d.uint()
	for i, s := range tlsStamps(&t.Seen) {
		if bits>>i&1 != 0 {
			at := d.stamp()
			*s = dissect.Stamp{Time: at.time, Packet: at.packet, File: int32(d.int())}
		}
	}
	return t
}

func (d *decoder) certificate() dissect.Certificate {
	c := dissect.Certificate{SelfSigned: d.byte() != 0}
	for _, s := range [...]*string{&c.Subject, &c.Issuer, &c.Key, &c.Signature, &c.SHA256} {
		*s = d.text()
	}
	c.Names = d.texts()
	c.NotBefore = d.int()
	c.NotAfter = d.int()
	return c
}
