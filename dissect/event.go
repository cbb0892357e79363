package dissect

import "bytes"

// Kind says what an event means.
type Kind uint8

// The kinds of events. Unless a line says otherwise, Event.Line is the telling
// line and Event.Text the words named here.
const (
	NoEvent Kind = iota

	Greeting      // the server spoke first; Text: its words after the code
	Preauth       // IMAP greeting PREAUTH (RFC 3501, section 7.1.4); Text as Greeting
	Hello         // the client names itself: HELO, EHLO, LHLO, IMAP ID; Text: the name
	Bye           // QUIT, LOGOUT, or the server's 221, BYE
	MailCommand   // a command that works on mail: MAIL, SELECT, FETCH, RETR, LIST ...; Text: the verb
	ListBegin     // the server begins a capability list
	Capability    // one capability; Text: as the server wrote it, "STARTTLS", "AUTH PLAIN LOGIN", "LOGINDISABLED"
	Mechanism     // one SASL mechanism of the list; Text: its name, "PLAIN"
	ListEnd       // the list is complete; not sent where a part of it was lost
	StartTLS      // the client asks for TLS: STARTTLS, STLS
	StartTLSReply // the server answers it; Outcome: Accepted or Rejected
	AuthBegin     // an authentication attempt begins; Attempt
	AuthStep      // a later line of Attempt, from either side
	AuthEnd       // Attempt is over; its Outcome is set
	MessageBegin  // the content of Message begins to cross
	MessageEnd    // Message is as complete as it will become; Text: "broken off" where all that crossed is a part of its header, and it does not count
	TLSBegin      // the first byte of TLS; Text: "after text" where the session was readable before, "joined late" where it must have been, on a port that begins in clear
	TLSHello      // what TLS shows in clear has grown: Facts.TLS; Text: what came, see the names of TLSFacts.Seen
	TLSAlert      // a readable alert; Text: its name
	ClearAfterTLS // clear bytes where TLS had to begin (RFC 3207, section 4)
	Injected      // bytes pipelined behind STARTTLS, or behind its answer, before TLS (CVE-2011-0411)
	Proxied       // a proxy's preface ended; Text: "http-connect", "socks", "proxy"
	Malformed     // a line that breaks the grammar
	Unexpected    // a line that does not belong here
	Lost          // bytes were lost: [Start, End) of Side

	MaskedCommand // the client's command was overwritten on the way: with X's, or STARTTLS in part
	AddressTest   // VRFY, EXPN, or a RCPT that was refused; Text: the verb. From the server: the answer, Outcome: Rejected for 5yz, Accepted for 250 and 251, else unknown
	Turned        // TURN, ETRN, ATRN; Text: the verb. From the server: the answer, Outcome
	OddEnd        // content ended, or seems to end, otherwise than by CRLF . CRLF (CVE-2023-51764); Text: the form, "LF . LF"
	Smuggled      // a command behind an odd end that the server answered, or that began a second transaction
	BareEnd       // content has a line that ends with a bare LF or CR, the first of the session; Text: "LF", "CR"
	EarlyData     // the server sends mailbox data before any login
	ServerAlert   // before TLS; Text: "ALERT" or "REFERRAL" (RFC 3501, section 7.1; RFC 2193)
	ClientID      // one pair of the client's ID (RFC 2971); Text: "name: Thunderbird"
	ServerID      // one pair of the server's
	RealClient    // behind a proxy; Text: "192.0.2.7:51812", as PROXY or XCLIENT names it
	URLAuth       // a readable URL that authorizes (RFC 4467); Hide: its token; Text: the user named in it
	Compressed    // COMPRESS was agreed to; what follows is read inflated; Text: the algorithm
	Layered       // a SASL security layer begins; Text: the mechanism, and nothing more is read; or "GSSAPI integrity": its text is read
	Conflicting   // the bytes [Start, End) came again, and differ; set with Overlap
)

var kindNames = [...]string{
	"none", "greeting", "preauth", "hello", "bye", "mail-command", "list-begin", "capability", "mechanism",
	"list-end", "starttls", "starttls-reply", "auth-begin", "auth-step", "auth-end", "message-begin",
	"message-end", "tls-begin", "tls-hello", "tls-alert", "clear-after-tls", "injected", "proxied",
	"malformed", "unexpected", "lost", "masked-command", "address-test", "turned", "odd-end", "smuggled", "bare-end",
	"early-data", "server-alert", "client-id", "server-id", "real-client", "urlauth", "compressed", "layered", "conflicting",
}

func (k Kind) String() string { return kindNames[k] }

// Event is one thing seen in a session, without judgement. Line and Text are
// valid until the next call of the dissector that gave the event.
type Event struct {
	Kind       Kind
	Side       Side // who sent it
	Outcome    Outcome
	Start, End uint64 // stream offsets on Side: [Start, End)
	Stamp      Stamp  // of the packet that holds Start; the caller's

	Line    []byte   // the telling line without its end, at most MaxQuote bytes are kept
	Hide    Span     // the part of Line that is a secret as it was sent
	Text    []byte   // see Kind
	Attempt *Attempt // AuthBegin, AuthStep, AuthEnd
	Message *Message // MessageBegin, MessageEnd
	TLS     *TLSFacts
	Overlap *Overlap
}

// Detach gives events a copy of what they quote, where their dissector is to be
// fed again before they are taken. Those of one line share its copy: a line may
// have thousands.
func Detach(events []Event) {
	for i := 0; i < len(events); {
		line, end := events[i].Line, i+1
		for end < len(events) && sameStart(line, events[end].Line) {
			if len(events[end].Line) > len(line) {
				line = events[end].Line
			}
			end++
		}
		line = bytes.Clone(line)
		for ; i < end; i++ {
			e := &events[i]
			e.Text = bytes.Clone(e.Text)
			if n := len(e.Line); n > 0 {
				e.Line = line[:n:n]
			}
		}
	}
}

func sameStart(a, b []byte) bool { return len(a) > 0 && len(b) > 0 && &a[0] == &b[0] }
