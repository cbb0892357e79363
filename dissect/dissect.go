// Package dissect holds the words that the mail dissectors share: the sides of
// a session, the events seen in it, the Facts they add up to, and Secret.
//
// A dissector is pure: it takes the bytes that each side sent, in order, and
// gives events. It knows no packets, clocks, files or severities; the caller
// stamps each event with the packet that carried it.
package dissect

// Side says who sent something. The client opened the conversation, the
// server is the side that greets or accepts TLS.
type Side uint8

// The two sides of a session.
const (
	Client Side = iota
	Server
)

// Other returns the opposite side.
func (s Side) Other() Side { return s ^ 1 }

func (s Side) String() string {
	if s == Client {
		return "client"
	}
	return "server"
}

// Protocol is a mail protocol. The zero value means not identified.
type Protocol uint8

// The protocols that are dissected.
const (
	NoProtocol  Protocol = iota
	SMTP                 // RFC 5321
	LMTP                 // RFC 2033
	IMAP                 // RFC 3501, RFC 9051
	POP3                 // RFC 1939
	ManageSieve          // RFC 5804
)

var protocolNames = [...]string{"", "smtp", "lmtp", "imap", "pop3", "managesieve"}

func (p Protocol) String() string { return protocolNames[p] }

// Answer is yes, no, or not known. The zero value is not known: a part of the
// session that was never seen proves nothing.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	No
	Yes
)

// Transport is how the bytes of a session were carried.
type Transport uint8

// The transports. A session in which STARTTLS was accepted but no TLS byte
// followed is Plain. Where TLS was met late, the port tells how it began.
const (
	Plain    Transport = iota
	STARTTLS           // TLS bytes followed an accepted STARTTLS or STLS
	TLS                // TLS from the first byte (RFC 8314, section 3)
)

var transportNames = [...]string{"plain", "starttls", "tls"}

func (t Transport) String() string { return transportNames[t] }

// Outcome is the end of an authentication attempt.
type Outcome uint8

// The outcomes. OutcomeUnknown: the server's answer was not seen.
const (
	OutcomeUnknown Outcome = iota
	Accepted
	Rejected
	Cancelled // the client gave the attempt up (RFC 4954, section 4)
)

var outcomeNames = [...]string{"unknown", "accepted", "rejected", "cancelled"}

func (o Outcome) String() string { return outcomeNames[o] }

// Stamp names the packet that carried something. A dissector leaves it zero;
// the caller fills it in.
type Stamp struct {
	Time   int64  // of the packet, in ns since 1970 UTC
	Packet uint64 // number within its file, from 1
	File   int32  // index into Facts.Files' source list
}

// Span is a range of bytes [From, To) of a line.
type Span struct{ From, To int }
