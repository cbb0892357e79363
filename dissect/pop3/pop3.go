// Package pop3 follows POP3 (RFC 1939) sessions as an onlooker: it may join
// late, lose bytes, hear one side only, or watch two programs break the rules,
// and still has to say what most likely happened.
//
// It knows CAPA (RFC 2449), STLS (RFC 2595), AUTH (RFC 5034), APOP and the
// extensions of RFC 6856. It judges nothing and keeps no content.
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
	client clientState
	server serverState
	need   dissect.Need
	in     [2]line.Splitter // by dissect.Side
	out    []dissect.Event  // of the call that is running

	pending  []question
	doubt    bool // commands may be missing: replies cannot be paired for certain
	replied  bool // the server has replied since the client's last line
	hole     bool // bytes of the server were lost since the client's last line
	fragment bool // the client's next line may lack its beginning

	stamp    string // of the greeting, for APOP
	login    *login // USER, until its PASS
	exchange *sasl.Exchange
	said     bool // the client has sent a message of the exchange
	invited  bool // the server has answered AUTH with +OK, and may mean "+"

	listed     listKind
	listLines  int // of the list so far
	mechanisms int
	open       *content
	oddities   int
}

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
		s.server, s.doubt, s.fragment = astray, true, true
	}
	for side, offset := range base {
		s.in[side].Offset = offset
	}
	return s
}

// Need tells what the session waits for before it takes more bytes.
func (s *Session) Need() dissect.Need { return s.need }

// Feed takes the next bytes that side sent and appends what they meant to dst.
// It returns how many bytes it took: fewer than len(b) only when Need is not
// NeedNothing for the client, and NeedTLS for the server.
func (s *Session) Feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	s.out = dst
	n := 0
	if side == dissect.Server {
		n = s.feedServer(b)
	} else {
		n = s.feedClient(b)
	}
	dst, s.out = s.out, nil
	return dst, n
}

func (s *Session) feedClient(b []byte) int {
	taken := 0
	for taken < len(b) && s.need == dissect.NeedNothing {
		text, n, whole := s.in[dissect.Client].Next(b[taken:])
		taken += n
		if whole {
			s.clientLine(text)
		}
	}
	return taken
}

func (s *Session) feedServer(b []byte) int {
	taken := 0
	for taken < len(b) && s.need != dissect.NeedTLS {
		if s.server == body {
			taken += s.takeBody(b[taken:])
			continue
		}
		text, n, whole := s.in[dissect.Server].Next(b[taken:])
		taken += n
		if whole {
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
	}
	s.need = dissect.NeedNothing
}

// Gap says that n bytes of side were lost.
func (s *Session) Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	s.out = dst
	start := s.in[side].Offset
	s.in[side].Lose(n)
	s.emit(dissect.Event{Kind: dissect.Lost, Side: side, Start: start, End: start + n})
	if side == dissect.Server {
		s.loseServer()
	} else {
		s.loseClient()
	}
	dst, s.out = s.out, nil
	return dst
}

// loseServer: an unknown number of replies is missing, and what comes next may
// be the middle of a message.
func (s *Session) loseServer() {
	s.hole = true
	s.distrust()
	if s.need == dissect.NeedAnswer {
		s.Proceed() // the answer may have been among the lost bytes
	}
	if s.server == body {
		s.open.lose()
		return
	}
	s.server = astray
}

// loseClient: an unknown number of commands is missing, or lines of an
// exchange, which nobody can count any more.
func (s *Session) loseClient() {
	s.doubt, s.replied, s.fragment = true, false, true
	s.login = nil
	for i := range s.pending {
		if q := &s.pending[i]; q.verb == auth {
			s.endAttempt(q, dissect.OutcomeUnknown, nil)
		}
	}
	s.endExchange()
}

// End says that the connection is over.
func (s *Session) End(dst []dissect.Event) []dissect.Event {
	s.out = dst
	s.dropPending(len(s.pending))
	if s.open != nil {
		s.endMessage(0)
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
