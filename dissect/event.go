package dissect

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
	MessageEnd    // Message is as complete as it will become
	TLSBegin      // the first byte of TLS
	TLSHello      // what TLS shows in clear has grown: Facts.TLS; Text: "client hello", "server hello", ...
	TLSAlert      // a readable alert; Text: its name
	ClearAfterTLS // clear bytes where TLS had to begin (RFC 3207, section 4)
	Injected      // bytes pipelined behind STARTTLS, or behind its answer, before TLS (CVE-2011-0411)
	Proxied       // a proxy's preface ended; Text: "http-connect", "socks", "proxy"
	Malformed     // a line that breaks the grammar
	Unexpected    // a line that does not belong here
	Lost          // bytes were lost: [Start, End) of Side
)

var kindNames = [...]string{
	"none", "greeting", "preauth", "hello", "bye", "mail-command", "list-begin", "capability", "mechanism",
	"list-end", "starttls", "starttls-reply", "auth-begin", "auth-step", "auth-end", "message-begin",
	"message-end", "tls-begin", "tls-hello", "tls-alert", "clear-after-tls", "injected", "proxied",
	"malformed", "unexpected", "lost",
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
}
