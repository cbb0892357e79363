package export

import (
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// The objects of the JSON lines. The order of their fields is the order of the
// keys; a pointer is null where its value is not known.

type sessionObject struct {
	Type        string          `json:"type"`
	ID          string          `json:"id"`
	CommunityID string          `json:"community_id"`
	Protocol    *string         `json:"protocol"`
	Client      *string         `json:"client"`
	Server      *string         `json:"server"`
	Start       string          `json:"start"`
	End         string          `json:"end"`
	Files       []string        `json:"files"`
	Packets     uint64          `json:"packets"`
	BytesClient uint64          `json:"bytes_client"`
	BytesServer uint64          `json:"bytes_server"`
	VLAN        []uint16        `json:"vlan"`
	Tunnel      []string        `json:"tunnel"`
	Transport   string          `json:"transport"`
	STARTTLS    starttlsObject  `json:"starttls"`
	Auth        []authObject    `json:"auth"`
	Messages    []messageObject `json:"messages"`
	TLS         *tlsObject      `json:"tls"`
	Banner      *string         `json:"banner"`
	Helo        *string         `json:"helo"`
	Flags       []string        `json:"flags"`
	Verdict     string          `json:"verdict"`
}

type starttlsObject struct {
	Offered   *bool `json:"offered"`
	Requested bool  `json:"requested"`
	Accepted  *bool `json:"accepted"`
}

type authObject struct {
	Mechanism string  `json:"mechanism"`
	Account   *string `json:"account"`
	Secret    *string `json:"secret"`
	Outcome   string  `json:"outcome"`
	File      *string `json:"file"`
	Packet    *uint64 `json:"packet"`
}

type messageObject struct {
	From       *string  `json:"from"`
	To         []string `json:"to"`
	Subject    *string  `json:"subject"`
	Size       uint64   `json:"size"`
	Protection string   `json:"protection"`
}

type tlsObject struct {
	Version     *string            `json:"version"`
	Cipher      *string            `json:"cipher"`
	SNI         *string            `json:"sni"`
	ALPN        *string            `json:"alpn"`
	JA3         *string            `json:"ja3"`
	JA3S        *string            `json:"ja3s"`
	JA4         *string            `json:"ja4"`
	Established bool               `json:"established"`
	Certificate *certificateObject `json:"certificate"`
}

type certificateObject struct {
	Subject    *string  `json:"subject"`
	Issuer     *string  `json:"issuer"`
	Names      []string `json:"names"`
	NotBefore  *string  `json:"not_before"`
	NotAfter   *string  `json:"not_after"`
	Key        *string  `json:"key"`
	Signature  *string  `json:"signature"`
	SelfSigned bool     `json:"self_signed"`
	SHA256     *string  `json:"sha256"`
}

func newSession(s *alerts.Session, show bool) *sessionObject {
	f := s.Facts
	out := &sessionObject{
		Type: "session", ID: s.ID.String(), CommunityID: alerts.CommunityID(f),
		Protocol: known(f.Protocol.String()), Client: known(endpoint(f.Client)), Server: known(endpoint(f.Server)),
		Start: formatTime(f.Start), End: formatTime(f.End), Files: list(f.Files), Packets: f.Packets,
		BytesClient: f.Bytes[dissect.Client], BytesServer: f.Bytes[dissect.Server],
		VLAN: f.VLAN, Tunnel: f.Tunnel, Transport: f.Transport.String(),
		STARTTLS: starttlsObject{answer(f.STARTTLS.Offered), f.STARTTLS.Requested, answer(f.STARTTLS.Accepted)},
		Auth:     make([]authObject, len(f.Auth)),
		Messages: make([]messageObject, len(f.Messages)),
		TLS:      newTLS(f.TLS), Banner: known(f.Banner), Helo: optional(f.Hello, f.HasHello),
		Flags: f.Flags.Names(), Verdict: s.Verdict.String(),
	}
	for i, a := range f.Auth {
		out.Auth[i] = newAuth(f, a, show)
	}
	for i, m := range f.Messages {
		out.Messages[i] = messageObject{
			From: optional(m.From, m.HasFrom), To: list(m.To), Subject: optional(m.Subject, m.HasSubject),
			Size: m.Size, Protection: m.Protection.String(),
		}
	}
	return out
}

func newAuth(f *dissect.Facts, a *dissect.Attempt, show bool) authObject {
	out := authObject{Mechanism: a.Mechanism, Account: optional(a.Account, a.HasAccount), Outcome: a.Outcome.String()}
	if show && a.Secret.Present() && alerts.LeakOf(a.Mechanism).Reusable() {
		out.Secret = optional(a.Secret.Reveal(), true)
	}
	if len(a.Quotes) > 0 {
		first := a.Quotes[0].Stamp
		out.File, out.Packet = known(alerts.FileOf(f, first)), number(first.Packet)
	}
	return out
}

func newTLS(t *dissect.TLSFacts) *tlsObject {
	if t == nil {
		return nil
	}
	out := &tlsObject{
		Version: known(t.Version), Cipher: known(t.Cipher), SNI: known(t.SNI), ALPN: known(t.ALPN),
		JA3: known(t.JA3), JA3S: known(t.JA3S), JA4: known(t.JA4), Established: t.Established,
	}
	if c := t.Certificate; c != nil {
		out.Certificate = &certificateObject{
			Subject: known(c.Subject), Issuer: known(c.Issuer), Names: list(c.Names),
			NotBefore: second(c.NotBefore), NotAfter: second(c.NotAfter), Key: known(c.Key),
			Signature: known(c.Signature), SelfSigned: c.SelfSigned, SHA256: known(c.SHA256),
		}
	}
	return out
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// known is null for "".
func known(s string) *string { return optional(s, s != "") }

func optional(s string, ok bool) *string {
	if !ok {
		return nil
	}
	return &s
}

func number(n uint64) *uint64 {
	if n == 0 {
		return nil
	}
	return &n
}

func answer(a dissect.Answer) *bool {
	if a == dissect.Unknown {
		return nil
	}
	yes := a == dissect.Yes
	return &yes
}

// second writes a certificate's time, which counts in seconds.
func second(t int64) *string {
	if t == 0 {
		return nil
	}
	return known(time.Unix(t, 0).UTC().Format(timeLayout))
}
