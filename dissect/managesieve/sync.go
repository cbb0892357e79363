package managesieve

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// doubt is a line of the client that looks like a command, but was found where
// a script may be crossing. It counts when the server answers it before the
// client says anything more.
type doubt struct {
	line     []byte // nil: there is none
	at       span
	followed bool // the client has said more, which waits to be taken: the line proves nothing
	accepted bool // though no server is there to answer
}

// search looks for a command in a line of a client that is out of step.
func (s *Session) search(text []byte) {
	s.doubt = doubt{}
	if v, _, _ := verbOf(text); v == unknownVerb || literalMark(text).found {
		return
	}
	s.doubt = doubt{line: bytes.Clone(text), at: s.at[dissect.Client]}
	if s.doubt.at.start == s.resume {
		s.wait = forProof
	}
}

// confirm takes the doubtful line for a command.
func (s *Session) confirm(dst []dissect.Event) []dissect.Event {
	d := s.doubt
	s.doubt = doubt{}
	s.wait = nothing
	s.state[dissect.Client] = atLine
	s.at[dissect.Client] = d.at
	return s.commandLine(dst, d.line, true)
}

// dropDoubt: nothing will confirm the doubtful line any more.
func (s *Session) dropDoubt(dst []dissect.Event) []dissect.Event {
	if s.doubt.accepted && s.doubt.line != nil {
		return s.confirm(dst)
	}
	s.doubt = doubt{}
	return dst
}

// prepare finds out whether a line of the server begins a response.
func (s *Session) prepare(dst []dissect.Event, text []byte) (_ []dissect.Event, ready bool) {
	st, _ := statusOf(text)
	begins := st != noStatus || isData(text)
	late := s.state[dissect.Server] == unsynced
	if begins && s.doubt.line != nil && (late || len(s.open) == 0) {
		if !s.doubt.followed && len(s.in[dissect.Client].Part()) == 0 {
			return s.confirm(dst), true
		}
		s.doubt = doubt{followed: true}
		if s.wait == forProof {
			s.wait = nothing
		}
	}
	switch {
	case !late:
		return dst, true
	case s.lateGreeting(text):
		s.state[dissect.Server], s.blind = greeting, false
		return dst, true
	case s.wait == forTLSAnswer:
		// Its reply was lost, and this is readable. What the client may have
		// said in the meantime is answered already.
		s.wait = nothing
		s.shifted = true
	}
	return dst, false
}

// lateGreeting tells whether the first line seen of a server greets, though the
// beginning of the connection was not captured.
func (s *Session) lateGreeting(text []byte) bool {
	if s.heard[dissect.Client] || s.at[dissect.Server].start != s.first {
		return false
	}
	name, next, _ := argumentAt(text, 0)
	_, _, more := argumentAt(text, next)
	return more && text[0] == '"' && isName(name.value, implementation)
}

// Gap says that n bytes of side were lost.
func (s *Session) Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	e := s.here(side, dissect.Lost)
	e.End += n
	dst = append(dst, e)
	text, known := s.layer.Lost(side, n)
	if s.layer.Closed() {
		s.in[side].Lose(n)
		return dst
	}
	if text > 0 {
		dst = s.gap(dst, side, text)
	}
	if known {
		s.in[side].Pass(n - text)
	}
	return dst
}

// gap: n bytes of text were lost.
func (s *Session) gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	s.heard[side] = true
	dst = s.dropDoubt(dst)
	if s.wait == forProof {
		s.wait = nothing
	}
	s.in[side].Lose(n)
	switch {
	case s.wait == forTLS:
	case s.state[side] == inLiteral && n <= s.left[side]:
		s.left[side] -= n
		s.command.lost = s.command.lost || side == dissect.Client
		s.response.lost = s.response.lost || side == dissect.Server
		if s.left[side] == 0 {
			dst = s.endLiteral(dst, side)
		}
	default:
		if side == dissect.Client {
			dst = s.endBlind(dst)
		}
		s.lose(side)
	}
	return dst
}

// lose: nobody knows what the next bytes of side are.
func (s *Session) lose(side dissect.Side) {
	if side == dissect.Client {
		s.loseClient()
	} else {
		s.loseServer()
	}
}

// loseClient: nobody knows what the client's next bytes are.
func (s *Session) loseClient() {
	s.blind = true
	side := dissect.Client
	s.rejected = nil
	if s.exchange != nil {
		s.exchange.deaf = true
	}
	if s.command.attempt != nil {
		s.command.attempt.deaf = true
		s.exchange = s.command.attempt
	}
	unfinished := s.state[side] != atLine || s.wait != nothing
	if n := len(s.open); n > 0 && unfinished {
		s.open[n-1].torn = true
	}
	s.state[side] = unsynced
	s.left[side] = 0
	s.command = command{}
	s.resume = s.in[side].Offset
	if s.wait != forTLSAnswer {
		s.wait = nothing
	}
}

// loseServer: nobody knows what the server's next bytes are.
func (s *Session) loseServer() {
	side := dissect.Server
	s.state[side] = unsynced
	s.left[side] = 0
	s.response = response{}
	s.list = list{}
	if s.wait == forChallenge {
		s.Proceed()
	}
}
