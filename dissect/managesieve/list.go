package managesieve

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// list is a capability list being read (RFC 5804, section 1.7).
type list struct {
	open    bool
	broken  bool // a part of it was lost, or it is over the bound
	tls     bool // it holds STARTTLS
	count   int
	greeted bool // the implementation was named in the greeting
}

// The names of capabilities that are read.
var (
	implementation = []byte("IMPLEMENTATION")
	mechanisms     = []byte("SASL")
	startTLS       = []byte("STARTTLS")
)

func isName(b, name []byte) bool { return bytes.EqualFold(b, name) }

// capability takes one line of a list.
func (s *Session) capability(dst []dissect.Event, line, name, value []byte) []dissect.Event {
	if !s.list.open {
		s.list.open = true
		dst = append(dst, s.event(dissect.Server, dissect.ListBegin, line))
	}
	s.list.count++
	if s.list.count > maxCapabilities {
		s.list.broken = true
		return dst
	}
	if s.state[dissect.Server] == greeting && !s.list.greeted && isName(name, implementation) {
		dst = s.greet(dst, line, value)
	}
	e := s.event(dissect.Server, dissect.Capability, line)
	e.Text = name
	if len(value) > 0 {
		e.Text = bytes.Join([][]byte{name, value}, []byte{' '})
	}
	dst = append(dst, e)
	s.list.tls = s.list.tls || isName(name, startTLS)
	if !isName(name, mechanisms) {
		return dst
	}
	for mechanism := range bytes.FieldsSeq(value) {
		e := s.event(dissect.Server, dissect.Mechanism, line)
		e.Text = mechanism
		dst = append(dst, e)
	}
	return dst
}

func (s *Session) greet(dst []dissect.Event, line, words []byte) []dissect.Event {
	s.list.greeted = true
	e := s.event(dissect.Server, dissect.Greeting, line)
	e.Text = words
	return append(dst, e)
}

// endGreeting takes the status line behind the first capabilities.
func (s *Session) endGreeting(dst []dissect.Event, st status, text []byte, next int) []dissect.Event {
	silent := !s.list.greeted && !s.list.broken
	dst = s.endList(dst, st, text)
	s.state[dissect.Server] = atLine
	switch {
	case st == statusBye:
		dst = append(dst, s.event(dissect.Server, dissect.Bye, text))
	case silent:
		words, _, _ := argumentAt(text, next)
		dst = s.greet(dst, text, words.value)
	}
	return dst
}

// endList ends a list if one is open. Behind a login servers leave STARTTLS out
// (RFC 5804, section 1.7), so where one may have been missed, a list without it
// says nothing.
func (s *Session) endList(dst []dissect.Event, st status, text []byte) []dissect.Event {
	l := s.list
	s.list = list{}
	if l.open && !l.broken && st == statusOK && (l.tls || !s.blind) {
		dst = append(dst, s.event(dissect.Server, dissect.ListEnd, text))
	}
	return dst
}
