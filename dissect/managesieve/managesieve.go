// Package managesieve follows ManageSieve (RFC 5804) sessions as an onlooker:
// it may join late, lose bytes, or see one side only, and still has to say what
// most likely happened, and nothing more.
//
// It reads the capabilities (section 1.7) in the greeting, in the answer to
// CAPABILITY and where the server sends them unasked; AUTHENTICATE with strings
// of every form (sections 2.1 and 4) and SASL data in OK; STARTTLS (section
// 2.2); UNAUTHENTICATE, LOGOUT and NOOP; which commands work on a user's scripts
// (sections 2.4 to 2.12); and REFERRAL among the response codes (section 1.3).
//
// It does not read the scripts and their names: their length counts, and what
// looks like a command inside one is content. Nor does it read the other
// response codes, URLs (section 3), what TLS carries, or a SASL security layer
// that does more than sign (see package sasl), or the capabilities behind them.
package managesieve

import (
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// Bounds of what a session keeps or believes.
const (
	maxOpen         = 64        // commands that wait for their reply
	maxLiteral      = 1<<32 - 1 // RFC 5804, section 4: a number has 32 bits
	maxArgument     = 16 << 10  // bytes of a literal that is kept: a Kerberos ticket in BASE64
	maxCapabilities = 256       // entries of one capability list
)

// state is what the next bytes of a side are.
type state uint8

const (
	unsynced     state = iota // joined late, or bytes were lost: they may be anything
	greeting                  // server: its capabilities, until the first OK
	atLine                    // a line that begins a command or a response
	inLiteral                 // the bytes of a literal
	afterLiteral              // the line that goes on behind a literal
	atAnswer                  // client: a string that answers a SASL challenge
)

// wait is what the client's next bytes depend on.
type wait uint8

const (
	nothing      wait = iota
	forChallenge      // a challenge, or the end of the exchange (RFC 5804, section 2.1)
	forProof          // the response that shows that a line was a command
	forTLSAnswer      // the reply to STARTTLS
	forTLS            // it was OK
)

// Session is one conversation. The zero value has joined late. It is not safe
// for concurrent use.
type Session struct {
	in       [2]line.Splitter // by side, as left, at, state and heard
	dialogue *dissect.Dialogue
	state    [2]state
	left     [2]uint64 // bytes of the literal still to come
	at       [2]span   // of the line or literal being read
	heard    [2]bool   // the side has said something
	wait     wait

	open     []question // commands without a reply yet, oldest first
	command  command    // being sent
	exchange *attempt   // the client's last AUTHENTICATE, until its end or the next command
	rejected *attempt   // it may go on all the same; see owes
	guess    bool       // the server has not asked for the next answer
	response response   // being received
	list     list
	doubt    doubt
	layer    *sasl.Layer // of an accepted exchange: it may follow, or has begun
	blind    bool        // a login may have been missed
	shifted  bool        // a reply may be that to an earlier command than it seems
	resume   uint64      // client offset at which a segment begins, and perhaps a command
	first    uint64      // server offset at which a greeting would stand
}

// span is a range of stream offsets [start, end).
type span struct{ start, end uint64 }

// question is a command that waits for its reply.
type question struct {
	verb    verb
	attempt *attempt // of AUTHENTICATE
	torn    bool     // a part of the command, or of what belongs to it, was lost
	unsure  bool     // the next reply may be that to an earlier command that was not seen
}

// New returns a session. base is the stream offset of the first byte that each
// side will be fed with. late tells that the conversation was joined in the
// middle.
func New(base [2]uint64, late bool) *Session {
	s := &Session{resume: base[dissect.Client], first: base[dissect.Server], blind: late}
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

// Need tells what the session needs before it can take more of the client.
func (s *Session) Need() dissect.Need {
	switch s.wait {
	case nothing:
		return dissect.NeedNothing
	case forTLSAnswer:
		return dissect.NeedTLSAnswer
	case forTLS:
		return dissect.NeedTLS
	}
	return dissect.NeedAnswer
}

// Proceed goes on without what Need asked for, as if the server had agreed;
// STARTTLS, though, has then led to nothing.
func (s *Session) Proceed() {
	switch s.wait {
	case forChallenge:
		s.state[dissect.Client] = atAnswer
		s.guess = true
	case forProof:
		// With the server's side missing nothing can prove it; where the server
		// has spoken, its silence on this line is telling.
		s.doubt.accepted = !s.heard[dissect.Server]
	}
	s.wait = nothing
}

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
	if len(b) > 0 && side == dissect.Client && s.takes(side) {
		dst = s.dropDoubt(dst)
	}
	for taken < len(b) && s.takes(side) {
		if s.beginsLayer(side, b[taken:]) {
			return dst, taken
		}
		if side == dissect.Server && s.missedTLSAnswer(b[taken]) {
			s.wait = forTLS
			break
		}
		var n int
		dst, n = s.step(dst, side, b[taken:])
		taken += n
		s.heard[side] = true
	}
	if taken < len(b) && s.wait == forProof {
		s.doubt.followed = true
	}
	return dst, taken
}

func (s *Session) takes(side dissect.Side) bool {
	return s.wait == nothing || side == dissect.Server && s.wait != forTLS
}

// missedTLSAnswer tells whether the server begins TLS (RFC 8446, section 5.1)
// though its answer to STARTTLS was lost.
func (s *Session) missedTLSAnswer(first byte) bool {
	const handshake = 22
	return s.wait == forTLSAnswer && s.state[dissect.Server] == unsynced && first == handshake &&
		len(s.in[dissect.Server].Part()) == 0
}

func (s *Session) step(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	in := &s.in[side]
	if s.state[side] == inLiteral {
		n := int(min(uint64(len(b)), s.left[side]))
		in.Skip(n)
		s.left[side] -= uint64(n)
		s.keep(side, b[:n])
		if s.left[side] == 0 {
			dst = s.endLiteral(dst, side)
		}
		return dst, n
	}
	text, n, whole := in.Next(b)
	if !whole {
		return dst, n
	}
	if s.state[side] != unsynced {
		s.dialogue.Add(side, in.Start, text)
	}
	s.at[side] = span{in.Start, in.Offset}
	if side == dissect.Client {
		return s.clientLine(dst, text), n
	}
	return s.serverLine(dst, text), n
}

// beginLiteral: the line of side ends with the announcement m.
func (s *Session) beginLiteral(dst []dissect.Event, side dissect.Side, m mark) []dissect.Event {
	s.state[side] = inLiteral
	s.left[side] = m.size
	s.at[side] = span{s.in[side].Offset, s.in[side].Offset + m.size}
	if side == dissect.Client {
		s.command.literal, s.command.lost = nil, m.size > maxArgument
	} else {
		s.response.literal, s.response.lost = nil, m.size > maxArgument
	}
	if m.size == 0 {
		return s.endLiteral(dst, side)
	}
	return dst
}

// keep keeps the bytes of a literal if they matter.
func (s *Session) keep(side dissect.Side, b []byte) {
	if side == dissect.Client {
		if s.command.verb == authenticateVerb && !s.command.lost {
			s.command.literal = append(s.command.literal, b...)
		}
		return
	}
	if s.response.keeps && !s.response.lost {
		s.response.literal = append(s.response.literal, b...)
	}
}

func (s *Session) endLiteral(dst []dissect.Event, side dissect.Side) []dissect.Event {
	s.state[side] = afterLiteral
	if side == dissect.Client {
		if s.command.verb == authenticateVerb && !s.command.lost {
			s.dialogue.Add(side, s.at[side].start, s.command.literal)
		}
		return s.authLiteral(dst)
	}
	s.response.endLiteral()
	return dst
}

// End says that the connection is over.
func (s *Session) End(dst []dissect.Event) []dissect.Event {
	s.doubt.accepted = s.doubt.accepted || !s.heard[dissect.Server]
	dst = s.dropDoubt(dst)
	return s.forget(s.endBlind(dst), nil)
}

// forget ends the open questions without an answer, but for the one of spare.
func (s *Session) forget(dst []dissect.Event, spare *attempt) []dissect.Event {
	var kept []question
	for i := range s.open {
		if q := s.open[i]; spare != nil && q.attempt == spare {
			kept = append(kept, q)
			continue
		}
		dst = s.endAttempt(dst, &s.open[i], dissect.OutcomeUnknown, nil)
	}
	s.open = kept
	return dst
}

// event makes an event of the line or literal that side is at.
func (s *Session) event(side dissect.Side, k dissect.Kind, line []byte) dissect.Event {
	return dissect.Event{Kind: k, Side: side, Start: s.at[side].start, End: s.at[side].end, Line: line}
}

// here makes an event that stands between two bytes.
func (s *Session) here(side dissect.Side, k dissect.Kind) dissect.Event {
	return dissect.Event{Kind: k, Side: side, Start: s.in[side].Offset, End: s.in[side].Offset}
}
