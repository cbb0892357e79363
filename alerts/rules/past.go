package rules

import (
	"net/netip"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Past is what earlier sessions showed, as far as it may matter to one: those
// that began before it, each list in the order in which they began. What is
// not known is empty.
type Past struct {
	Offers       []Offered   // lists of this server and greeting to this client
	LatestOffers []Offered   // the latest to each client
	Handshakes   []Handshake // of this client with this server's address, by this protocol
	Certificates []Presented // of this server and name to this client, the first sight of each
	LatestCerts  []Presented // the latest sight of each certificate by each client
	Rejected     []Try       // of this client at this server
	Uses         []Use       // of this server's address by this client, the latest of each kind
}

// Seen is an observation's place: the session, and the packet that showed it.
type Seen struct {
	Session alerts.SessionID
	Begin   int64 // of the session, ns since 1970 UTC
	Time    int64 // of the packet
	Packet  uint64
	File    string
	Turn    uint64 // of those that history keeps together, the order in which they came
}

// evidence makes a line of it. Its text is not kept: it is the rule's.
func (s *Seen) evidence(side dissect.Side, text string) alerts.Evidence {
	return alerts.Evidence{Session: s.Session, File: s.File, Packet: s.Packet, Time: s.Time, From: side, Text: text}
}

// At returns the place of an observation.
func (s *Seen) At() *Seen { return s }

// seenIn returns the place of a packet of a session.
func seenIn(f *dissect.Facts, id alerts.SessionID, at dissect.Stamp) Seen {
	if at == (dissect.Stamp{}) {
		at.Time = f.Start
	}
	return Seen{Session: id, Begin: f.Start, Time: at.Time, Packet: at.Packet, File: alerts.FileOf(f, at)}
}

// Offered is a capability list before TLS and login.
type Offered struct {
	Seen
	Client   netip.Addr
	STARTTLS bool
}

// OfferIn returns what a session's list says of TLS, if it tells that.
func OfferIn(f *dissect.Facts, id alerts.SessionID) (Offered, bool) {
	if !tellsOffer(f) {
		return Offered{}, false
	}
	return Offered{seenIn(f, id, f.Offer.Quote.Stamp), f.Client.Addr(), f.Offer.STARTTLS}, true
}

// tellsOffer tells whether the whole list was seen and it is the one for clients
// that have neither TLS nor logged in.
func tellsOffer(f *dissect.Facts) bool {
	return listBeforeLogin(f) && f.Flags&partial == 0 && !f.STARTTLS.Clear && len(f.Offer.Masks) == 0 &&
		(f.Signs == nil || f.Signs.Contradicted == nil)
}

// Backend tells servers behind one address apart by their greeting: a number
// made of the name in it. What a greeting makes anew for each session, the
// stamp of APOP (RFC 1939, section 7) and an IMAP server's list, is left out.
func Backend(f *dissect.Facts) uint64 {
	words := f.Banner
	if f.Protocol == dissect.SMTP || f.Protocol == dissect.LMTP {
		words, _, _ = strings.Cut(words, " ") // the name; a time of day may follow
	}
	h := newHash()
	depth := 0
	for i := range len(words) {
		switch c := words[i]; {
		case c == '[' || c == '<':
			depth++
		case c == ']' || c == '>':
			depth--
		case depth <= 0 && c != ' ':
			h.add(c)
		}
	}
	return uint64(h)
}

// Handshake is the end of a TLS handshake.
type Handshake struct {
	Seen
	Ended       int64 // when it failed
	Port        uint16
	Established bool   // else it failed
	Offered     string // the highest version that the client offered
	Alert       string
	AlertSide   dissect.Side
}

// HandshakeIn returns how a session's handshake ended, if that was seen. One
// that the server agreed to and the client never began has failed, too.
func HandshakeIn(f *dissect.Facts, id alerts.SessionID) (Handshake, bool) {
	agreed := f.STARTTLS.Accepted == dissect.Yes && !f.STARTTLS.Clear
	if f.Transport == dissect.Plain && !agreed {
		return Handshake{}, false
	}
	h := Handshake{Ended: f.End, Port: f.Server.Port()}
	var at dissect.Stamp
	if n := len(f.STARTTLS.Quotes); n > 0 {
		at = f.STARTTLS.Quotes[n-1].Stamp // where TLS had to begin
	}
	if t := f.TLS; t != nil {
		if t.Seen.ClientHello != (dissect.Stamp{}) {
			at = t.Seen.ClientHello
		}
		h.Established, h.Offered, h.Alert, h.AlertSide = t.Established, t.Offered, t.Alert, t.AlertSide
		if t.Seen.Alert != (dissect.Stamp{}) {
			h.Ended = t.Seen.Alert.Time
		}
	}
	if !h.Established && h.Alert == "" && f.Flags&(partial|dissect.Evicted|dissect.Truncated) != 0 {
		return Handshake{}, false // its end may be what was not seen
	}
	h.Seen = seenIn(f, id, at)
	return h, true
}

// Presented is a certificate that a server showed.
type Presented struct {
	Seen
	Client              netip.Addr
	SHA256              string
	Issuer, Kind        uint64 // numbers made of the issuer's name and the kind of key
	NotBefore, NotAfter int64  // seconds since 1970 UTC
}

// CertificateIn returns the server's own certificate, if it was seen.
func CertificateIn(f *dissect.Facts, id alerts.SessionID) (Presented, bool) {
	c, _ := own(f)
	if c == nil || c.SHA256 == "" {
		return Presented{}, false
	}
	kind, _, _ := strings.Cut(c.Key, " ")
	seen := seenIn(f, id, f.TLS.Seen.Certificate)
	return Presented{seen, f.Client.Addr(), c.SHA256, hashOf(c.Issuer), hashOf(kind), c.NotBefore, c.NotAfter}, true
}

// Asked is a number made of the name that the client asked for: a server may
// have a certificate for each (RFC 6066, section 3).
func Asked(f *dissect.Facts) uint64 {
	if f.TLS == nil {
		return 0
	}
	return hashOf(f.TLS.SNI)
}

// maxTryAccount is how many bytes of an account's name are remembered.
const maxTryAccount = 64

// Try is a login that was rejected.
type Try struct {
	Seen
	Account string
	Secret  string // its fingerprint; "": not known to be the same as another's
}

// TryOf returns an attempt as a try, if it sent something and was rejected. A
// challenge makes each response differ, so nobody knows which password it was.
func TryOf(f *dissect.Facts, id alerts.SessionID, a *dissect.Attempt) (Try, bool) {
	if a.Outcome != dissect.Rejected || !alerts.SecretSent(a) {
		return Try{}, false
	}
	t := Try{Seen: seenIn(f, id, sentAt(a)), Account: cutAccount(a.Account)}
	if alerts.LeakOf(a.Mechanism).Reusable() {
		t.Secret = a.Fingerprint
	}
	return t, true
}

// cutAccount copies what it cuts: it may be kept, and the rest must go.
func cutAccount(account string) string {
	if len(account) > maxTryAccount {
		return strings.Clone(account[:maxTryAccount])
	}
	return account
}

// sentAt returns when an attempt sent its last line.
func sentAt(a *dissect.Attempt) (at dissect.Stamp) {
	for i := range a.Quotes {
		if q := &a.Quotes[i]; q.Side == dissect.Client {
			at = q.Stamp
		}
	}
	return at
}

// Use is a login in clear, or a session in TLS.
type Use struct {
	Seen
	Account string // "" in TLS
	TLS     bool
	Port    uint16
}

// UseOf returns an attempt as a use in clear.
func UseOf(f *dissect.Facts, id alerts.SessionID, a *dissect.Attempt) (Use, bool) {
	if a.Account == "" || !alerts.SecretSent(a) {
		return Use{}, false
	}
	return Use{Seen: seenIn(f, id, sentAt(a)), Account: cutAccount(a.Account), Port: f.Server.Port()}, true
}

// ProtectedUse returns a session as a use in TLS. Nobody logs in at port 25.
func ProtectedUse(f *dissect.Facts, id alerts.SessionID) (Use, bool) {
	if f.TLS == nil || !f.TLS.Established || f.Server.Port() == 25 {
		return Use{}, false
	}
	return Use{Seen: seenIn(f, id, f.TLS.Seen.ClientHello), TLS: true, Port: f.Server.Port()}, true
}

// hash is FNV-1a: what it numbers decides between servers, and nothing hangs on
// somebody finding two names with the same number.
type hash uint64

func newHash() hash { return 14695981039346656037 }

func (h *hash) add(c byte) { *h = (*h ^ hash(c)) * 1099511628211 }

func hashOf(s string) uint64 {
	h := newHash()
	for i := range len(s) {
		h.add(s[i])
	}
	return uint64(h)
}
