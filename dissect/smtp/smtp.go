// Package smtp follows SMTP (RFC 5321) and LMTP (RFC 2033) sessions as an
// onlooker: it may join late, lose bytes, hear one side only, or watch two
// programs break the rules, and still has to say what most likely happened. It
// judges nothing and keeps no content.
//
// It reads, beside RFC 5321, sections 3.1 to 3.8, 4.1 to 4.3 and 4.5.2:
//
//   - a reply to LMTP's end of content for each recipient (RFC 2033, section
//     4.2), and PRDR, by which SMTP has such replies (draft-hall-prdr);
//   - commands sent ahead of their replies (RFC 2920, section 3.1);
//   - BDAT, also many in a row, and content of BODY=BINARYMIME (RFC 3030,
//     sections 2 and 3), and BURL (RFC 4468, section 3), whose content does not
//     cross;
//   - AUTH (RFC 4954, section 4) and Exchange's X-EXPS, and what a security layer
//     carries that only signs (RFC 4422, section 3.7; see package sasl); behind
//     another, and one behind TURN, nothing is read;
//   - STARTTLS (RFC 3207, section 4) and Exchange's X-ANONYMOUSTLS, as far as
//     TLS, which the caller takes over;
//   - VRFY and EXPN (RFC 5321, section 3.5), ETRN (RFC 1985, section 5);
//   - TURN (RFC 821, section 3.8) and ATRN (RFC 2645, section 5.2.1): once
//     accepted, the roles are swapped. Logins and messages are told of the
//     conversation that follows; its greeting, lists, STARTTLS and address tests
//     are not, for they are not about the session's server. STARTTLS in it, or a
//     second turn, ends the reading;
//   - Postfix's XCLIENT and XFORWARD for the client behind a proxy, and
//     Exchange's XEXCH50, whose octets are skipped. LOGIN of XCLIENT names who
//     has logged in elsewhere: it is no attempt.
//
// Parameters of MAIL and RCPT (SIZE, BODY, SMTPUTF8, AUTH, DSN) are skipped.
// Content that ends with another mark than CRLF dot CRLF is told with what the
// server made of it (CVE-2023-51764, CVE-2023-51765, CVE-2023-51766): CR, LF and
// CRLF on either side of the dot. Not read are marks with other octets in them,
// which single servers strip (CR LF NUL dot), and the content itself beyond the
// head of its message.
package smtp

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// Bounds of what a session keeps.
const (
	MaxPending    = 1024     // commands without a reply yet
	MaxReplyLines = 512      // lines of one reply that are read
	MaxHeld       = 16 << 10 // bytes of commands that wait for a reply that confirms them, and of those behind an odd end of content
	MaxOddities   = 16       // Malformed, Unexpected and MaskedCommand events of one session
)

// state says what the client's next bytes are.
type state uint8

const (
	unsynced  state = iota // joined late, or bytes of the client were lost
	command                // a command
	response               // AUTH was answered with 334: a line of the exchange
	firstLine              // DATA had no 354 that was seen: the next line tells whether content follows
	body                   // DATA was answered with 354, until the lone dot
	chunk                  // behind BDAT, as many octets as it said
	deaf                   // nothing is read any more, of both sides
)

// span is where something stood in its side's stream: [start, end).
type span struct{ start, end uint64 }

// textLine is a line of the client and where it stood.
type textLine struct {
	text []byte
	span
}

// A Session is one conversation. New returns one; it is not safe for
// concurrent use.
//
// Within it, Client is who sends commands and Server who answers them. Behind
// TURN these are not the sides that the caller means; see role.
type Session struct {
	state    state
	need     dissect.Need
	lmtp     bool
	turned   bool             // TURN or ATRN was accepted
	in       [2]line.Splitter // by role
	heard    [2]bool          // by role: it has said something
	out      []dissect.Event  // of the call that is running
	dialogue *dissect.Dialogue
	backlog  []byte // of the client: taken from the caller, but not read yet

	pending  []question // commands without a reply, oldest first
	reply    reply
	list     list
	joined   bool // in the middle of the conversation
	greeted  bool
	named    bool // a hello of the client was seen, or a word of SMTP alone
	several  bool // the message that was answered last had more recipients than one
	surplus  bool // the next reply, if nothing is asked before, is one that only LMTP has
	passed   bool // the reply that is being read is about what the client has said behind an AUTH
	oddities uint8
	codes    []uint16 // of the latest replies, where bytes were lost
	early    []byte   // that reply, whole: it answers the client's next command; or a 354 whose DATA is not read yet

	auth    attempt
	blind   attempt     // was refused, and may go on all the same
	owed    bool        // the answer to an AUTH that was left may still come
	entered bool        // somebody was let in whose AUTH was not seen: lists may lack what is offered before
	layer   *sasl.Layer // of an accepted exchange: it may follow, or has begun
	mail    *envelope   // the transaction that is being built

	open     *transfer // whose content is crossing
	ended    *transfer // whose content has crossed, but not the answers to it and its RCPT commands
	doubt    *doubt    // about where the content of open or ended ends
	dataCode int       // the reply to DATA; noCode: not seen
	left     uint64    // octets of the chunk to come
	last     bool      // the chunk ends its message
	binary   bool      // the chunk is that of XEXCH50
	bareLF   bool      // the client ends its commands with LF alone
	fullEnds bool      // or with CRLF; neither: no command was seen
	bareEnd  bool      // BareEnd was told
	behind   bool      // the next command was sent with an odd end of content before it

	missed     bool       // not all bytes of both sides were seen
	partial    bool       // not all bytes of the client were seen
	lostBefore bool       // bytes were lost before the client's next line
	lostLine   bool       // they are as many as DATA takes
	fresh      bool       // the next line stands where a command may stand
	astray     bool       // the last line was neither command nor end mark
	held       []textLine // commands that wait for a reply that confirms them
	size       int        // bytes of held
	more       bool       // the client has said more while it was not listened to
	believed   bool       // held is to be read without confirmation
}

// New returns a session. base is the stream offset of each side's first byte
// that will be fed; late tells that the conversation was joined in the middle.
func New(base [2]uint64, late bool) *Session {
	s := &Session{state: command}
	if late {
		s.state, s.fresh, s.joined, s.partial, s.missed = unsynced, true, true, true, true
		s.reply.torn = true
	}
	for side, offset := range base {
		s.in[side].Offset = offset
	}
	return s
}

// ExpectLMTP says that the port is that of LMTP (RFC 2033, section 5). It
// counts until the client's hello, which may be lost, tells.
func (s *Session) ExpectLMTP() { s.lmtp = true }

// Record keeps the lines of both sides in d from now on.
func (s *Session) Record(d *dissect.Dialogue) { s.dialogue = d }

// Protocol tells SMTP from LMTP, which begins with LHLO (RFC 2033, section
// 4.1); before that, the port does.
func (s *Session) Protocol() dissect.Protocol {
	if s.lmtp {
		return dissect.LMTP
	}
	return dissect.SMTP
}

// Need tells what the session waits for before it takes more bytes.
func (s *Session) Need() dissect.Need {
	if s.keeps() && s.need != dissect.NeedTLS {
		return dissect.NeedNothing
	}
	return s.need
}
