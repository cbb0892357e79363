// Package smtp follows SMTP (RFC 5321) and LMTP (RFC 2033) sessions as an
// onlooker: it may join late, lose bytes, hear one side only, or watch two
// programs break the rules, and still has to say what most likely happened.
//
// It knows pipelining (RFC 2920), AUTH (RFC 4954), STARTTLS (RFC 3207) and
// BDAT (RFC 3030). It judges nothing and keeps no content.
package smtp

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
)

// Bounds of what a session keeps.
const (
	MaxPending    = 1024     // commands without a reply yet
	MaxReplyLines = 512      // lines of one reply that are read
	MaxHeld       = 16 << 10 // bytes of commands that wait for a reply that confirms them
	MaxOddities   = 16       // Malformed and Unexpected events of one session
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
type Session struct {
	state state
	need  dissect.Need
	lmtp  bool
	in    [2]line.Splitter // by dissect.Side
	heard [2]bool          // by dissect.Side: it has said something
	out   []dissect.Event  // of the call that is running

	pending  []question // commands without a reply, oldest first
	reply    reply
	list     list
	joined   bool // in the middle of the conversation
	greeted  bool
	oddities int

	auth attempt
	mail *envelope // the transaction that is being built

	open     *transfer // whose content is crossing
	ended    *transfer // whose content has crossed, but not the answers to its RCPT commands
	dataCode int       // the reply to DATA; noCode: not seen
	left     uint64    // octets of the chunk to come
	last     bool      // the chunk ends its message
	binary   bool      // the chunk is that of XEXCH50
	bareLF   bool      // the client ends its commands with LF alone
	odd      bool      // the content before ended with another mark than CRLF dot CRLF

	partial    bool       // not all bytes of the client were seen
	lostBefore bool       // bytes were lost before the client's next line
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
		s.state, s.fresh, s.joined, s.partial = unsynced, true, true, true
		s.reply.torn = true
	}
	for side, offset := range base {
		s.in[side].Offset = offset
	}
	return s
}

// Protocol tells SMTP from LMTP, which begins with LHLO (RFC 2033, section
// 4.1).
func (s *Session) Protocol() dissect.Protocol {
	if s.lmtp {
		return dissect.LMTP
	}
	return dissect.SMTP
}

// Need tells what the session waits for before it takes more bytes.
func (s *Session) Need() dissect.Need { return s.need }

// Feed takes the next bytes that side sent and appends what they meant to dst.
// It returns how many bytes it took: fewer than len(b) only when Need is not
// NeedNothing for the client, and NeedTLS for the server.
func (s *Session) Feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	s.out = dst
	s.heard[side] = true
	s.goOn()
	n := 0
	if side == dissect.Server {
		n = s.feedServer(b)
	} else {
		n = s.feedClient(b)
	}
	dst, s.out = s.out, nil
	return dst, n
}

func (s *Session) feedServer(b []byte) int {
	taken := 0
	for taken < len(b) && s.need != dissect.NeedTLS {
		text, n, whole := s.in[dissect.Server].Next(b[taken:])
		taken += n
		if whole {
			s.replyLine(text)
		}
	}
	return taken
}

func (s *Session) feedClient(b []byte) int {
	taken := 0
	for taken < len(b) && s.need == dissect.NeedNothing {
		switch rest := b[taken:]; s.state {
		case body:
			taken += s.takeBody(rest)
		case chunk:
			taken += s.takeChunk(rest)
		default:
			text, n, whole := s.in[dissect.Client].Next(rest)
			taken += n
			if whole {
				s.clientLine(text)
			}
		}
	}
	if taken < len(b) {
		s.more = true
	}
	return taken
}

func (s *Session) clientLine(text []byte) {
	in := &s.in[dissect.Client]
	l := textLine{text, span{in.Start, in.Offset}}
	switch s.state {
	case unsynced:
		s.unsyncedLine(l)
	case command:
		s.command(l)
	case response:
		s.responseLine(l)
	case firstLine:
		s.takeFirstLine(l)
	}
	s.lostBefore = false
	if s.state != firstLine && s.state != body {
		s.bareLF = l.end-l.start == uint64(len(text)+len("\n"))
	}
}

// Proceed goes on without what Need asked for: after NeedAnswer as if the
// server had agreed, after NeedTLSAnswer and NeedTLS in clear.
func (s *Session) Proceed() {
	need := s.need
	s.need = dissect.NeedNothing
	switch {
	case need != dissect.NeedAnswer:
	case len(s.held) > 0:
		s.believed = true
	case s.lastVerb() == data:
		s.contentMayFollow(noCode)
	case s.lastVerb() == xexch50:
		s.beginBinary()
	case s.lastVerb() == auth:
		s.state = response
		s.auth.guessed = true
	}
}

// goOn reads what was held back until Proceed.
func (s *Session) goOn() {
	if s.believed {
		s.believed = false
		s.confirm()
	}
	if s.auth.waits && s.auth.guessed {
		s.auth.waits = false
		s.forget(auth)
		s.responseLine(s.auth.waiting)
	}
}

// End says that the connection is over.
func (s *Session) End(dst []dissect.Event) []dissect.Event {
	s.out = dst
	if s.state == unsynced && !s.heard[dissect.Server] && s.need == dissect.NeedAnswer {
		s.believed = true
	}
	s.auth.guessed = true
	s.goOn()
	s.endAttempt(dissect.OutcomeUnknown)
	s.abandonContent()
	s.flushLate()
	dst, s.out = s.out, nil
	return dst
}

func (s *Session) emit(e dissect.Event) { s.out = append(s.out, e) }

// emitLine appends an event about a line of the client.
func (s *Session) emitLine(k dissect.Kind, l textLine, text []byte) {
	s.emit(dissect.Event{Kind: k, Side: dissect.Client, Start: l.start, End: l.end, Line: l.text, Text: text})
}

// emitReply appends an event about the line of the server that was read last.
func (s *Session) emitReply(e dissect.Event) {
	in := &s.in[dissect.Server]
	e.Side, e.Start, e.End = dissect.Server, in.Start, in.Offset
	s.emit(e)
}
