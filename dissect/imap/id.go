package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// maxPairs is how many pairs of an ID are told (RFC 2971, section 3.3).
const maxPairs = 30

// identity reads the parameters of ID (RFC 2971, section 3.3): pairs of a name
// and a value, both strings, a value perhaps NIL.
type identity struct {
	name  []byte // nil: a name comes next
	pairs int
	start uint64 // of the server: stream offset of the literal
}

// identify reads the strings in a line of an ID, up to a literal.
func (s *Session) identify(dst []dissect.Event, side dissect.Side, id *identity, line, part []byte) []dissect.Event {
	for part = skipList(part); len(part) > 0; part = skipList(part) {
		var value []byte
		n, ok := 0, false
		if part[0] == '"' {
			value, n, ok = quoted(part)
		} else if n = bytes.IndexAny(part, " \t()\""); n != 0 {
			ok = true // NIL, or an atom that should be quoted
			if n < 0 {
				n = len(part)
			}
			if value = part[:n]; fold(value, "NIL") {
				value = nil
			}
		}
		if !ok {
			return dst
		}
		dst = id.take(dst, s.event(side, dissect.ServerID, line), value)
		part = part[n:]
	}
	return dst
}

func skipList(b []byte) []byte { return bytes.TrimLeft(b, " \t()") }

// take takes the next string, nil for NIL; e is the event of a pair.
func (id *identity) take(dst []dissect.Event, e dissect.Event, value []byte) []dissect.Event {
	if id.name == nil {
		id.name = append([]byte{}, value[:min(len(value), dissect.MaxText)]...)
		return dst
	}
	name := id.name
	id.name = nil
	if value == nil || len(name) == 0 || id.pairs == maxPairs {
		return dst
	}
	id.pairs++
	if e.Side == dissect.Client {
		e.Kind = dissect.ClientID
		if fold(name, "NAME") {
			hello := e
			hello.Kind, hello.Text = dissect.Hello, value
			dst = append(dst, hello)
		}
	}
	e.Text = append(append(name, ": "...), value...)
	return append(dst, e)
}

// identifyLiteral takes a string that came as a literal; nil where a part of
// it was lost.
func (s *Session) identifyLiteral(dst []dissect.Event, side dissect.Side, id *identity, start uint64, text []byte) []dissect.Event {
	e := s.here(side, dissect.ServerID)
	e.Start, e.Line = start, text
	return id.take(dst, e, text)
}
