// Package imap follows IMAP (RFC 3501, RFC 9051) sessions as an onlooker: it
// may join late, lose bytes, see one side only, or watch two programs break
// the rules, and still has to say what most likely happened, and nothing more.
//
// It reads, of RFC 3501 and where they differ of RFC 9051, sections 4, 6 and 7:
//
//   - the greeting and the capabilities before a login, wherever the server
//     gives them (RFC 3501, sections 7.1 and 7.2.1); ALERT (section 7.1) and
//     REFERRAL (RFC 2193, RFC 2221); mailbox data before a login;
//   - LOGIN and AUTHENTICATE (sections 6.2.2 and 6.2.3; RFC 4959), what a
//     security layer carries that only signs (RFC 4422, section 3.7; see package
//     sasl), and UNAUTHENTICATE (RFC 8437);
//   - STARTTLS (section 6.2.1), as far as TLS, which the caller takes over;
//   - literals of all kinds: {n}, {n+} (RFC 7888), ~{n} (RFC 3516, section 4.3).
//     They are counted, never searched: words inside a message are content;
//   - who wrote to whom about what in messages that cross: FETCH (section 7.4.2,
//     partial and BINARY, too) with ENVELOPE and PREVIEW (RFC 8970), all pieces of
//     one message together, and APPEND (section 6.3.11; RFC 3502; RFC 4469; RFC
//     6855, section 4);
//   - ID (RFC 2971, section 3.3), URLs that authorize (RFC 4467, section 3), and
//     IDLE (RFC 2177), whose "+" is no go-ahead;
//   - COMPRESS (RFC 4978): what follows is inflated and read as before, within a
//     security layer, too (section 3).
//
// It does not read message structure (BODYSTRUCTURE), the results of SEARCH and
// its like, mailbox names, access rights, quotas and metadata: their literals
// are skipped. Nor does it read URLs in literals of APPEND and of the server,
// TLS, security layers and a second COMPRESS where they begin behind COMPRESS, and
// layers that encrypt.
package imap

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// Bounds of what a session keeps or believes.
const (
	maxOpen         = 64                  // commands that wait for their reply
	maxTag          = 64                  // bytes of a tag that are compared
	maxLiteral      = 1<<32 - 1           // RFC 3501, section 9: a number has 32 bits
	maxArgument     = 8 << 10             // bytes of a literal that LOGIN or ENVELOPE keeps
	maxDoubtful     = 3 * maxArgument     // bytes of a doubtful LOGIN behind its first line
	maxCapabilities = 256                 // entries of one capability list
	maxKnown        = dissect.MaxMessages // message numbers whose header has crossed
)

// state is what the next bytes of a side are.
type state uint8

const (
	unsynced     state = iota // joined late, or bytes were lost: they may be anything
	greeting                  // server: its first line
	atLine                    // a line that begins a command or a response
	inLiteral                 // the bytes of a literal
	afterLiteral              // the line that goes on behind a literal
	atAnswer                  // client: a line that answers a SASL challenge
	opaque                    // behind what cannot be read: a SASL layer, a broken compressed stream
)

// wait is what the client's next bytes depend on.
type wait uint8

const (
	nothing      wait = iota
	forGoAhead        // "+" before a literal (RFC 3501, section 7.5)
	forChallenge      // "+" before a line of the client (RFC 3501, section 6.2.2)
	forDeflate        // the reply to COMPRESS
	forProof          // the reply that shows that a line was a command
	forTLSAnswer      // the reply to STARTTLS
	forTLS            // it was OK
)

// Session is one conversation. The zero value has joined late. It is not safe
// for concurrent use.
type Session struct {
	in       [2]line.Splitter // by side, as left, at, state and heard
	dialogue *dissect.Dialogue
	left     [2]uint64 // bytes of the literal still to come
	at       [2]span   // of the line being read
	state    [2]state
	heard    [2]bool // the side has said something
	wait     wait
	packed   [2]*packed // by side: it is compressed

	layer *sasl.Layer // of an accepted exchange: it may follow, or has begun

	greeted       bool
	sure          bool // no login can have been missed
	authenticated bool
	toldEarly     bool

	open     []question // commands without a reply yet, oldest first
	command  command    // being sent
	response response   // being received
	doubt    doubt
	held     *held  // nil: there is none
	resume   uint64 // client offset at which a line begins for certain, or a segment
	first    uint64 // server offset at which a greeting would stand
	mailbox  mailbox
}

// span is a range of stream offsets [start, end).
type span struct{ start, end uint64 }

// New returns a session. base is the stream offset of the first byte that each
// side will be fed with. late tells that the conversation was joined in the
// middle.
func New(base [2]uint64, late bool) *Session {
	s := &Session{sure: !late, resume: base[dissect.Client], first: base[dissect.Server]}
	for side := range s.in {
		s.in[side].Offset = base[side]
	}
	if !late {
		s.state = [2]state{dissect.Client: atLine, dissect.Server: greeting}
	}
	return s
}

// Record keeps the lines of both sides in d from now on.
func (s *Session) Record(d *dissect.Dialogue) { s.dialogue = d }

// Feed takes the next bytes that side sent and appends what they meant to dst.
// It returns how many it took: fewer than len(b) only when Need is not
// NeedNothing (client), or is NeedTLS (either side).
func (s *Session) Feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	taken := 0
	if !s.layer.Begun() {
		if dst, taken = s.feed(dst, side, b); !s.layer.Begun() {
			return dst, taken
		}
	}
	dst, n := s.feedLayer(dst, side, b[taken:])
	return dst, taken + n
}

// feed takes what is no layer's. It stops where one begins.
func (s *Session) feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	taken := 0
	if s.packed[side] != nil {
		return s.feedPacked(dst, side, b), len(b)
	}
	if len(b) > 0 && s.takes(side) {
		dst = s.spoke(dst, side)
	}
	for taken < len(b) && s.takes(side) {
		if s.packed[side] != nil {
			return s.feedPacked(dst, side, b[taken:]), len(b)
		}
		if !s.layer.Begun() && s.layer.Begins(side, b[taken:]) {
			return dst, taken
		}
		var n int
		dst, n = s.step(dst, side, b[taken:])
		taken += n
	}
	if taken < len(b) && s.wait == forProof {
		s.doubt.followed = true
	}
	return dst, taken
}

// follows tells whether it is known what the client's bytes are.
func (s *Session) follows() bool {
	return s.state[dissect.Client] != unsynced && s.state[dissect.Client] != opaque
}

func (s *Session) takes(side dissect.Side) bool {
	return s.wait == nothing || side == dissect.Server && s.wait != forTLS
}

// spoke notes that a side says something more.
func (s *Session) spoke(dst []dissect.Event, side dissect.Side) []dissect.Event {
	s.heard[side] = true
	if side == dissect.Client {
		dst = s.takeHeld(dst)
		return s.dropDoubt(dst)
	}
	s.held = nil
	return dst
}

func (s *Session) step(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	in := &s.in[side]
	switch s.state[side] {
	case unsynced:
		if side == dissect.Client && s.doubt.left > 0 {
			return dst, s.doubtfulLiteral(b)
		}
	case opaque:
		in.Lose(uint64(len(b)))
		return dst, len(b)
	case inLiteral:
		n := int(min(uint64(len(b)), s.left[side]))
		in.Skip(n)
		s.moved(side)
		s.left[side] -= uint64(n)
		dst = s.content(dst, side, b[:n])
		if s.left[side] == 0 {
			dst = s.endLiteral(dst, side)
		}
		return dst, n
	}
	text, n, whole := in.Next(b)
	s.moved(side)
	if !whole {
		return dst, n
	}
	s.record(side, text)
	s.at[side] = span{in.Start, in.Offset}
	if side == dissect.Client {
		return s.clientLine(dst, text), n
	}
	return s.serverLine(dst, text), n
}

func (s *Session) content(dst []dissect.Event, side dissect.Side, b []byte) []dissect.Event {
	if side == dissect.Client {
		return s.commandContent(dst, b)
	}
	s.response.content(b)
	return dst
}

func (s *Session) endLiteral(dst []dissect.Event, side dissect.Side) []dissect.Event {
	s.state[side] = afterLiteral
	if side == dissect.Client {
		return s.endArgument(dst)
	}
	return s.endResponseLiteral(dst)
}

// End says that the connection is over.
func (s *Session) End(dst []dissect.Event) []dissect.Event {
	dst = s.forceWaiting(dst)
	dst = s.dropDoubt(dst)
	if s.command.mail != nil {
		// Its literal may have crossed as a whole.
		dst = s.endAppended(dst, s.state[dissect.Client] == afterLiteral)
	}
	if s.response.mail != nil {
		dst = s.breakOff(dst)
	}
	dst = s.closeMailbox(dst)
	for i := range s.open {
		dst = s.endAttempt(dst, &s.open[i], dissect.OutcomeUnknown, nil)
	}
	s.open, s.command, s.response = nil, command{}, response{}
	return dst
}

// event makes an event of the line that side is at.
func (s *Session) event(side dissect.Side, k dissect.Kind, line []byte) dissect.Event {
	return dissect.Event{Kind: k, Side: side, Start: s.at[side].start, End: s.at[side].end, Line: line}
}

// here makes an event that stands between two bytes.
func (s *Session) here(side dissect.Side, k dissect.Kind) dissect.Event {
	return dissect.Event{Kind: k, Side: side, Start: s.in[side].Offset, End: s.in[side].Offset}
}
