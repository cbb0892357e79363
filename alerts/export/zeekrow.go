package export

import (
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var zeekFindingFields = slices.Concat(zeekConnection, []zeekField{
	{"rule", "string"}, {"severity", "string"}, {"blame", "string"}, {"account", "string"}, {"title", "string"},
	{"why", "string"}, {"detail", "vector[string]"}, {"evidence", "vector[string]"}, {"file", "string"},
	{"packet", "count"}, {"finding", "string"}, {"case", "string"},
})

// Finding writes a finding's row.
func (z *Zeek) Finding(f *alerts.Finding) error {
	r := &z.row
	r.connection(f.Time, f.Session, f.Client, f.Server, f.Protocol)
	r.known(f.Rule)
	r.raw(f.Severity.String())
	r.raw(f.Blame.String())
	r.text(f.Account, f.HasAccount)
	r.known(f.Title)
	r.known(f.Why)
	r.list(details(f))
	r.list(spoken(f))
	if at := packetOf(f); at != nil {
		r.known(at.File)
		r.count(at.Packet)
	} else {
		r.unset()
		r.unset()
	}
	r.raw(f.ID.String())
	r.raw(f.Case.String())
	return z.end()
}

var zeekSessionFields = slices.Concat(zeekConnection, []zeekField{
	{"duration", "interval"}, {"verdict", "string"}, {"transport", "string"}, {"starttls_offered", "bool"},
	{"starttls_requested", "bool"}, {"starttls_accepted", "bool"}, {"mechanisms", "set[string]"},
	{"accounts", "set[string]"}, {"messages", "count"}, {"version", "string"}, {"cipher", "string"},
	{"server_name", "string"}, {"established", "bool"}, {"ja3", "string"}, {"ja3s", "string"}, {"ja4", "string"},
	{"subject", "string"}, {"issuer", "string"}, {"banner", "string"}, {"helo", "string"}, {"pkts", "count"},
	{"orig_bytes", "count"}, {"resp_bytes", "count"}, {"vlan", "vector[count]"}, {"tunnel", "vector[string]"},
	{"flags", "set[string]"}, {"files", "vector[string]"},
})

// zeekTLSFields is how many of them tell of TLS.
const zeekTLSFields = 9

// Session writes a session's row. It shows no secret.
func (z *Zeek) Session(s *alerts.Session) error {
	f, r := s.Facts, &z.row
	r.connection(f.Start, s.ID, f.Client, f.Server, f.Protocol)
	r.time(f.End - f.Start)
	r.raw(s.Verdict.String())
	r.raw(f.Transport.String())
	r.answer(f.STARTTLS.Offered)
	r.bool(f.STARTTLS.Requested)
	r.answer(f.STARTTLS.Accepted)
	var mechanisms, accounts []string
	for _, a := range f.Auth {
		mechanisms = addOnce(mechanisms, a.Mechanism)
		accounts = addOnce(accounts, a.Account)
	}
	r.list(mechanisms)
	r.list(accounts)
	r.count(uint64(len(f.Messages)))
	r.tls(f.TLS)
	r.known(f.Banner)
	r.text(f.Hello, f.HasHello)
	r.count(f.Packets)
	r.count(f.Bytes[dissect.Client])
	r.count(f.Bytes[dissect.Server])
	r.list(vlans(f.VLAN))
	r.list(f.Tunnel)
	r.list(f.Flags.Names())
	r.list(f.Files)
	return z.end()
}

func (r *zeekRow) tls(t *dissect.TLSFacts) {
	if t == nil {
		for range zeekTLSFields {
			r.unset()
		}
		return
	}
	var subject, issuer string
	if c := t.Certificate; c != nil {
		subject, issuer = c.Subject, c.Issuer
	}
	r.known(t.Version)
	r.known(t.Cipher)
	r.known(t.SNI)
	r.bool(t.Established)
	r.known(t.JA3)
	r.known(t.JA3S)
	r.known(t.JA4)
	r.known(subject)
	r.known(issuer)
}
