package pop3

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// listKind is what the lines of a reply are.
type listKind uint8

const (
	otherList      listKind = iota // of no interest: sizes, unique ids, languages
	capabilityList                 // CAPA
	mechanismList                  // AUTH alone
)

// beginList begins lines until a lone dot. text is the +OK, if it was seen to
// belong to them.
func (s *Session) beginList(kind listKind, text []byte) {
	s.server, s.listed = list, kind
	s.listLines, s.mechanisms, s.listsTLS, s.listEnd = 0, 0, false, span{}
	if kind == capabilityList {
		s.emitLine(dissect.Server, dissect.Event{Kind: dissect.ListBegin, Line: text})
	}
}

func (s *Session) listLine(text []byte) {
	if isDot(text) {
		s.endList(text)
		return
	}
	s.listLines++
	if s.listLines > MaxListed || len(text) == 0 || kindOf(text) != noReply {
		return
	}
	switch s.listed {
	case capabilityList:
		s.capability(text)
	case mechanismList:
		s.listedMechanism(bytes.TrimSpace(text), text)
	}
}

// listedMechanism takes a line of the answer to AUTH alone. The list says
// nothing of STLS, so it is no capability list. Some servers answer with the
// +OK alone; then a line of something else ends the list.
func (s *Session) listedMechanism(name, text []byte) {
	if isMechanism(name) {
		s.mechanism(name, text)
		return
	}
	s.guessLines(text)
}

// isMechanism follows RFC 4422, section 3.1.
func isMechanism(name []byte) bool {
	for _, c := range name {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return len(name) <= 20
}

// endList: a list that was too long to be told whole is not called complete.
// Behind a login servers leave STLS out (RFC 2595, section 4), so where one may
// have been missed, a list without it says nothing yet.
func (s *Session) endList(text []byte) {
	s.server = status
	switch {
	case s.listed != capabilityList || s.listLines > MaxListed:
	case s.blind && !s.listsTLS:
		s.listEnd = span{s.in[dissect.Server].Start, s.in[dissect.Server].Offset}
	default:
		s.emitLine(dissect.Server, dissect.Event{Kind: dissect.ListEnd, Line: text})
	}
}

// beforeLogin: the client says what it may only say before a login, so that it
// was not logged in when it asked for the list.
func (s *Session) beforeLogin() {
	if end := s.listEnd; end != (span{}) {
		s.listEnd = span{}
		s.emit(dissect.Event{Kind: dissect.ListEnd, Side: dissect.Server, Start: end.start, End: end.end, Line: dot})
	}
}

var dot = []byte(".")

func (s *Session) capability(text []byte) {
	trimmed := bytes.TrimSpace(text)
	s.emitLine(dissect.Server, dissect.Event{Kind: dissect.Capability, Line: text, Text: trimmed})
	s.listsTLS = s.listsTLS || bytes.EqualFold(trimmed, []byte("STLS"))
	if !startsWith(trimmed, "SASL") {
		return
	}
	for name := range bytes.FieldsSeq(trimmed[len("SASL"):]) {
		s.mechanism(name, text)
	}
}

func (s *Session) mechanism(name, text []byte) {
	if s.mechanisms == dissect.MaxMechanisms {
		return
	}
	s.mechanisms++
	s.emitLine(dissect.Server, dissect.Event{Kind: dissect.Mechanism, Line: text, Text: name})
}

// The capabilities that stand first in real lists (RFC 2449, section 6; RFC
// 2595; RFC 3206; RFC 6856), by what may stand behind them.
var (
	bareCapabilities = []string{
		"TOP", "USER", "RESP-CODES", "PIPELINING", "UIDL", "STLS", "CAPA", "AUTH-RESP-CODE", "UTF8", "LANG", "APOP",
	}
	namedCapabilities = []string{"SASL", "LOGIN-DELAY", "EXPIRE", "IMPLEMENTATION", "UTF8"}
)

// isCapability tells the first line of a capability list.
func isCapability(text []byte) bool {
	text = bytes.TrimSpace(text)
	for _, name := range bareCapabilities {
		if bytes.EqualFold(text, []byte(name)) {
			return true
		}
	}
	for _, name := range namedCapabilities {
		if startsWith(text, name) {
			return true
		}
	}
	return false
}
