// Package pop3 follows POP3 (RFC 1939) sessions as an onlooker: it may join
// late, lose bytes, hear one side only, or watch two programs break the rules,
// and still has to say what most likely happened. It judges nothing and keeps
// no content.
//
// It reads, beside RFC 1939, sections 3 to 7:
//
//   - CAPA (RFC 2449, section 5), and what it says of SASL and STLS; commands
//     sent ahead of their replies (section 6.6);
//   - STLS (RFC 2595, section 4), as far as TLS, which the caller takes over;
//   - AUTH with any mechanism, initial response or not, and with the mistakes of
//     real servers (RFC 5034, section 4), and AUTH alone, which lists the
//     mechanisms; and what a security layer carries that only signs (RFC 4422,
//     section 3.7; see package sasl);
//   - USER and PASS, whose password may hold spaces, and APOP (RFC 1939, section
//     7), as often as they are tried;
//   - messages: RETR and TOP, and XTND XMIT, with which old clients send one;
//   - UTF8 and LANG, as far as their replies have lines of their own (RFC 6856,
//     section 3).
//
// It does not read layers that encrypt, sizes, unique ids and the words of
// replies, the other response codes (RFC 2449, section 8; RFC 3206), the other
// commands of XTND, and of messages no more than the head. The lines of a reply
// whose command was not seen are taken for a message where they begin like one,
// else for a list: they are never commands.
package pop3

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// Bounds of what a session keeps or tells.
const (
	MaxPending  = 1024 // commands without a reply yet
	MaxListed   = 256  // lines of a capability list
	MaxOddities = 16   // Malformed and Unexpected events
)

// clientState says what the client's next line is.
type clientState uint8

const (
	command  clientState = iota // a command
	response                    // a line of the SASL exchange: AUTH was answered with "+"
	guessed                     // as response, or a command: the answer to AUTH was not seen, or not clear
	sending                     // a message, until the lone dot: XTND XMIT was answered with +OK
	perhaps                     // the first line of a message, or a command: the answer to XTND XMIT was not seen
)

// serverState says what the server's next bytes are.
type serverState uint8

const (
	astray   serverState = iota // joined late, or bytes were lost: anything
	greeting                    // the first line of all
	status                      // +OK or -ERR
	untold                      // behind a +OK to nobody knows what: perhaps more lines
	list                        // lines of a reply, until the lone dot
	body                        // a message, until the lone dot
)

// A Session is one conversation. New returns one; it is not safe for
// concurrent use.
type Session struct {
	client   clientState
	server   serverState
	need     dissect.Need
	in       [2]line.Splitter // by dissect.Side
	dialogue *dissect.Dialogue
	out      []dissect.Event // of the call that is running

	pending  []question
	doubt    bool // commands may be missing: replies cannot be paired for certain
	strange  bool // the server has said something else where it greets
	replied  bool // the server has replied since the client's last line
	hole     bool // bytes of the server were lost since the client's last line
	leapt    bool // commands were sent where commands and replies had just found together, and none is answered yet
	overHole bool // they have found together behind a hole
	lossy    bool // not all bytes were seen
	ahead    bool // the client was seen to send commands ahead of their replies
	fragment bool // the client's next line may lack its beginning
	blind    bool // a login may have been missed, or that it was accepted

	stamp    string // of the greeting, for APOP
	login    *login // USER, until its PASS
	exchange *sasl.Exchange
	parting  *dissect.Event // the client said QUIT where an answer stands: the server's next word tells
	said     bool           // the client has sent a message of the exchange
	invited  bool           // the server has answered AUTH with +OK, and may mean "+"

	listed     listKind
	listLines  int // of the list so far
	mechanisms int
	listsTLS   bool        // the list so far holds STLS
	listEnd    span        // of a list that counts once it was one before the login
	open       *content    // of the server
	sent       *content    // of the client
	layer      *sasl.Layer // of an accepted exchange: it may follow, or has begun
	oddities   int
}

// span is where something stood in its side's stream: [start, end).
type span struct{ start, end uint64 }

// question is a command that waits for its reply.
type question struct {
	verb    verb
	several bool             // a good reply has several lines
	sure    bool             // the oldest reply that is missing belongs to it
	attempt *dissect.Attempt // PASS, APOP, AUTH; nil once it has ended
	login   *login           // USER
}

// New returns a session. base is the stream offset of each side's first byte
// that will be fed; late tells that the conversation was joined in the middle.
func New(base [2]uint64, late bool) *Session {
	s := &Session{server: greeting}
	if late {
		s.server, s.doubt, s.fragment, s.blind, s.lossy = astray, true, true, true, true
	}
	for side, offset := range base {
		s.in[side].Offset = offset
	}
	return s
}

// Record keeps the lines of both sides in d from now on.
func (s *Session) Record(d *dissect.Dialogue) { s.dialogue = d }

// Need tells what the session waits for before it takes more bytes.
func (s *Session) Need() dissect.Need { return s.need }

// Feed takes the next bytes that side sent and appends what they meant to dst.
// It returns how many bytes it took: fewer than len(b) only when Need is not
// NeedNothing for the client, and NeedTLS for the server.
func (s *Session) Feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	s.out = dst
	n := 0
	if !s.layer.Begun() {
		n = s.feed(side, b)
	}
	if s.layer.Begun() {
		n += s.feedLayer(side, b[n:])
	}
	dst, s.out = s.out, nil
	return dst, n
}

// feed takes what is no layer's. It stops where one begins.
func (s *Session) feed(side dissect.Side, b []byte) int {
	if side == dissect.Server {
		return s.feedServer(b)
	}
	return s.feedClient(b)
}

func (s *Session) feedClient(b []byte) int {
	taken := 0
	for taken < len(b) && s.need == dissect.NeedNothing {
		if !s.layer.Begun() && s.layer.Begins(dissect.Client, b[taken:]) {
			return taken
		}
		if s.client == sending {
			taken += s.takeBody(s.sent, b[taken:])
			continue
		}
		text, n, whole := s.in[dissect.Client].Next(b[taken:])
		taken += n
		if whole {
			s.recordCommand(text)
			s.clientLine(text)
		}
	}
	s.ahead = s.ahead || taken < len(b) && s.server != greeting
	return taken
}

func (s *Session) feedServer(b []byte) int {
	taken := 0
	for taken < len(b) && s.need != dissect.NeedTLS {
		if !s.layer.Begun() && s.layer.Begins(dissect.Server, b[taken:]) {
			return taken
		}
		if s.server == body {
			taken += s.takeBody(s.open, b[taken:])
			continue
		}
		text, n, whole := s.in[dissect.Server].Next(b[taken:])
		taken += n
		if whole {
			s.recordReply(text)
			s.serverLine(text)
		}
	}
	return taken
}

// Proceed goes on without what Need asked for: after NeedAnswer as if the
// server had agreed, after NeedTLSAnswer and NeedTLS in clear.
func (s *Session) Proceed() {
	if s.need == dissect.NeedAnswer {
		s.client = guessed
		if n := len(s.pending); n > 0 && s.pending[n-1].verb == xmit {
			s.client = perhaps
		}
	}
	s.need = dissect.NeedNothing
}

// End says that the connection is over.
func (s *Session) End(dst []dissect.Event) []dissect.Event {
	s.out = dst
	s.dropPending(len(s.pending))
	if s.open != nil {
		s.endMessage(0)
	}
	if s.sent != nil {
		s.endSent(0)
	}
	dst, s.out = s.out, nil
	return dst
}

func (s *Session) emit(e dissect.Event) { s.out = append(s.out, e) }

// emitLine appends an event about the line of side that was read last.
func (s *Session) emitLine(side dissect.Side, e dissect.Event) {
	in := &s.in[side]
	e.Side, e.Start, e.End = side, in.Start, in.Offset
	s.emit(e)
}

// oddity appends an event about a strange line, as long as there were few.
func (s *Session) oddity(side dissect.Side, e dissect.Event) {
	if s.oddities == MaxOddities || s.doubt {
		return
	}
	s.oddities++
	s.emitLine(side, e)
}
