package dissect

import "net/netip"

// Bounds of one session's Facts. What goes over is counted in Facts.Dropped.
const (
	MaxAttempts   = 1000 // authentication attempts
	MaxMessages   = 1000 // messages
	MaxRecipients = 1000 // recipients of one message
	MaxMechanisms = 32   // mechanisms of a capability list
	MaxText       = 512  // bytes of a banner, name, address or subject
	MaxQuote      = 512  // bytes of a quoted line
	MaxQuotes     = 8    // quoted lines of one attempt, message or STARTTLS exchange
	MaxDetail     = 8    // pairs of an attempt's detail
	MaxIdentity   = 16   // pairs of an ID
	MaxOverlaps   = 16   // ranges of bytes that came with different content
	MaxURLs       = 8    // URLs that authorize
	MaxMasks      = 16   // capabilities of a list that a device has overwritten
	MaxChain      = 8    // certificates behind the server's own
	MaxTranscript = 120  // lines of a transcript
)

// Facts is what the events of one session add up to: all that rules, history,
// the store and the screens ever see. It is bounded.
type Facts struct {
	Protocol       Protocol
	Transport      Transport
	Client, Server netip.AddrPort
	VLAN           []uint16 // outermost first
	Tunnel         []string // outermost first
	Start, End     int64    // first and last packet, in ns since 1970 UTC
	Files          []string // names of the captures that hold it, in order
	Packets        uint64
	Bytes          [2]uint64 // payload in stream order, by Side
	Flags          Flags

	Banner   string // the greeting's words
	Hello    string // how the client named itself
	HasHello bool

	Offer       Offer // the last complete capability list before TLS
	STARTTLS    StartTLSFacts
	Auth        []*Attempt
	Messages    []*Message
	MailCommand *Quote // the first command on mail seen in clear
	Preauth     *Quote
	Injected    *Quote // the first byte that crossed behind STARTTLS before TLS
	TLS         *TLSFacts
	Signs       *Signs // nil in most sessions
	Dropped     uint32 // attempts and messages over their bounds

	// Transcript is what both sides said around the evidence, in order. It is
	// set by judgement, from the Dialogue.
	Transcript []Quote
	Dialogue   *Dialogue // until the session is judged

	alerted  int    // attempts of Auth that began before Signs.Alert
	referred int    // and before Signs.Referral
	list     *Offer // the list being read
	anew     bool   // the server has greeted once more, as behind XCLIENT: what it offers now contradicts nothing
}

// Flags are circumstances that limit what can be known of a session.
type Flags uint16

// The flags, in the order in which they are printed.
const (
	Midstream       Flags = 1 << iota // no SYN of the client was captured
	OneSided                          // packets of one direction only
	Gap                               // bytes were lost
	Conflict                          // the same range of bytes crossed with different content
	NonStandardPort                   // the server's port is not one of the protocol's
	Duplicated                        // packets were captured twice
	Evicted                           // a limit ended the session before the connection did
	Truncated                         // the capture cut packets short
)

var flagNames = [...]string{"midstream", "one-sided", "gap", "conflict", "non-standard-port", "duplicated", "evicted", "truncated"}

// Names lists the flags that are set.
func (f Flags) Names() []string {
	names := []string{}
	for i, n := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// Quote is a line kept as evidence. Text may hold secrets until it is redacted.
type Quote struct {
	Side  Side
	Stamp Stamp
	Text  string // at most MaxQuote bytes
	Hide  Span   // the part of Text that is a secret as it was sent
}

// String gives the line without its secret.
func (q Quote) String() string {
	from := min(max(q.Hide.From, 0), len(q.Text))
	to := max(from, min(q.Hide.To, len(q.Text)))
	if from == to {
		return q.Side.String() + ": " + q.Text
	}
	return q.Side.String() + ": " + q.Text[:from] + "..." + q.Text[to:]
}

// GoString gives the line without its secret.
func (q Quote) GoString() string { return q.String() }

// Offer is a capability list.
type Offer struct {
	Complete      bool // the whole list was seen
	STARTTLS      bool // STARTTLS or STLS
	LoginDisabled bool // IMAP LOGINDISABLED (RFC 3501, section 6.2.3)
	Listed        Extensions
	Masks         []string // capabilities that a device on the path has overwritten, wholly with X's or in part, as they came
	Mechanisms    []string // SASL mechanisms, in the server's spelling, each once
	Quote         Quote    // the telling line: the one with the mechanisms, else the first

	// After is how many attempts of Facts.Auth began before the list was complete,
	// in IMAP: there it may come ahead of the answer to a login that it belongs to
	// (RFC 3501, section 6.2.3). Elsewhere answers keep the order of the commands,
	// and nobody had logged in.
	After int
}

// Extensions are SMTP extensions whose names have as many letters as STARTTLS:
// a mask of eight X's may be any of them.
type Extensions uint8

// The extensions.
const (
	Chunking Extensions = 1 << iota // RFC 3030
	EightBit                        // 8BITMIME, RFC 6152
	SMTPUTF8                        // RFC 6531
)

// Signs are what few sessions show: tampering, probing, and what goes on
// beside logins and messages.
type Signs struct {
	Contradicted  *Offer // a complete list before the last one, and before any login, that differs from it
	MaskedBanner  *Quote // a greeting overwritten with asterisks
	MaskedCommand *Quote // a command overwritten with X's, or STARTTLS in part
	EarlyData     *Quote // mailbox data before a login
	Alert         *Quote // an ALERT before TLS, and before any login that was let in
	Referral      *Quote // a REFERRAL then
	OddEnd        *Quote // an end of content that is none by RFC 5321, section 4.1.1.4
	OddForm       string // of it: "LF . LF"
	Smuggled      *Quote // a command behind it
	BareEnd       *Quote // a bare LF or CR in content
	Turn          *Turn
	Tests         Tests
	URLs          []Token
	Overlaps      []Overlap
	RealClient    string // "192.0.2.7:51812", as a proxy names it
	ClientID      []Pair // RFC 2971
	ServerID      []Pair
	Compressed    string // "DEFLATE"
	Layer         string // the mechanism whose security layer began; "DIGEST-MD5 integrity" where it was read
}

// Turn is a request to swap roles or to send what waits: TURN (RFC 821), ETRN
// (RFC 1985), ATRN (RFC 2645).
type Turn struct {
	Verb    string
	Outcome Outcome
	Quotes  []Quote
}

// Tests counts questions for addresses (RFC 5321, section 7.3).
type Tests struct {
	VRFY, VRFYAnswered uint32 // answered: with 250 or 251
	EXPN, EXPNAnswered uint32
	RCPTRefused        uint32  // with 5yz
	Quotes             []Quote // VRFY and EXPN first
}

// Token is a URL that authorizes whoever has it (RFC 4467).
type Token struct {
	User   string
	Secret Secret
	Quote  Quote
}

// Overlap is a range of bytes that crossed twice, with different content.
type Overlap struct {
	Side       Side
	Start, End uint64 // stream offsets
	Spoken     bool   // it changes a command or a reply; else content, or what could not be told
	First      Quote  // the line as it came first
	Again      Quote  // the line as it came again
}

// StartTLSFacts is what became of STARTTLS or STLS.
type StartTLSFacts struct {
	Offered   Answer // unknown: the server's whole list was never seen
	Requested bool
	Accepted  Answer  // unknown: not asked, or no answer was seen
	Clear     bool    // accepted, then clear bytes came where TLS had to begin
	Quotes    []Quote // the telling lines: list, request, answer, what followed
	After     int     // attempts of Facts.Auth that began before the last answer
	Mail      bool    // Facts.MailCommand came before the last answer
}

// Pair is one detail of an attempt, such as {"domain", "TEST"}.
type Pair struct{ Key, Value string }

// Attempt is one authentication attempt that crossed readable.
type Attempt struct {
	Mechanism   string // "USER" (POP3), "LOGIN-CMD" (IMAP), "APOP", UnknownMechanism, else the SASL name in upper case
	Account     string // authcid; the authzid where authcid is empty
	HasAccount  bool   // false: no account was sent or seen
	Secret      Secret // password, token or challenge response, until it is redacted
	Outcome     Outcome
	Detail      []Pair  // "authzid", "domain", "workstation", "response" ("LM", "NTLMv1", "NTLMv2") ...
	Quotes      []Quote // its lines, the first that began it
	Fingerprint string  // set by redaction: 24 bits of HMAC-SHA-256 in hex
	SecretSize  uint8   // set by redaction: 8, 12, 16, 255 (more), 0 (none)
}

// UnknownMechanism stands where AUTH names no mechanism that anybody knows. Some
// type their password there, so what stands in its place is hidden like one. No
// SASL name is in lower case (RFC 4422, section 3.1).
const UnknownMechanism = "unknown"

// Protection is end-to-end protection of a message's content.
type Protection uint8

// The protections.
const (
	Unprotected Protection = iota
	SMIME                  // enveloped-data or authEnveloped-data (RFC 8551)
	PGP                    // RFC 3156, or an inline block that is the whole body
)

var protectionNames = [...]string{"none", "smime", "pgp"}

func (p Protection) String() string { return protectionNames[p] }

// Message is one message whose content, or header, crossed readable.
type Message struct {
	From       string
	HasFrom    bool // SMTP: MAIL was seen (From "" is the null sender); else a From header was
	To         []string
	ToDropped  int // recipients over MaxRecipients
	Subject    string
	HasSubject bool
	Size       uint64 // bytes of content seen, header included
	Protection Protection
	Complete   bool    // its end was seen and nothing of it was lost
	Outcome    Outcome // SMTP: the server's answer to its end
	Quotes     []Quote // MAIL, DATA, FETCH, RETR: the lines that brought it
}
