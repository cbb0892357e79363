package imap

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// response is an untagged response that is crossing, with its literals.
type response struct {
	fetch  bool   // FETCH, as opposed to one without mail in it
	number uint32 // of the message
	depth  int    // of parentheses
	item   item   // whose value comes next
	into   item   // what the literal is; noItem: it is skipped
	mail   *mail
	env    *envelope
	text   []byte    // the literal, for env and id
	id     *identity // ID
}

// item is a data item of FETCH (RFC 3501, section 7.4.2), as far as it shows a
// message.
type item uint8

const (
	noItem       item = iota
	headerItem        // begins with the message's header
	cutItem           // so, too, but may end within it
	textItem          // its text
	partItem          // some other part of it
	envelopeItem      // ENVELOPE
	idItem            // no item: a string of ID
)

// responsePart takes a line of a response. items is what has to be read of it.
func (s *Session) responsePart(dst []dissect.Event, text, items []byte) []dissect.Event {
	if s.in[dissect.Server].Long {
		// Nobody knows whether a literal follows.
		dst = append(dst, s.event(dissect.Server, dissect.Malformed, text))
		return s.loseServer(dst)
	}
	r := &s.response
	m := literalMark(text)
	switch {
	case r.id != nil:
		dst = s.identify(dst, dissect.Server, r.id, text, items[:len(items)-(len(text)-m.at)])
	case r.fetch:
		dst = s.fetchItems(dst, text, items[:len(items)-(len(text)-m.at)])
	}
	if m.found && !m.tooBig {
		dst = s.literalBegins(dst, text, m)
		return dst
	}
	if m.tooBig {
		dst = append(dst, s.event(dissect.Server, dissect.Malformed, text))
	}
	return s.endResponse(dst, !m.tooBig)
}

// literalBegins takes the announcement of a literal of the server.
func (s *Session) literalBegins(dst []dissect.Event, text []byte, m mark) []dissect.Event {
	r := &s.response
	r.into, r.text = noItem, nil
	switch {
	case r.id != nil:
		r.into, r.id.start = idItem, s.in[dissect.Server].Offset
	case r.env.open():
		r.into = envelopeItem
	case r.shows() && m.size > 0:
		r.into = r.item
		dst = s.piece(dst, text)
	}
	s.left[dissect.Server] = m.size
	s.state[dissect.Server] = inLiteral
	return dst
}

// shows tells whether the value that comes is a piece of the message.
func (r *response) shows() bool {
	return r.depth == 1 && r.item != noItem && r.item != envelopeItem
}

// content takes bytes of a literal of the server.
func (r *response) content(b []byte) {
	switch r.into {
	case noItem:
	case envelopeItem, idItem:
		r.text = append(r.text, b[:min(len(b), maxArgument-len(r.text))]...)
	default:
		r.mail.write(b)
	}
}

// lose: a part of the literal was lost.
func (r *response) lose() {
	if r.mail != nil {
		r.mail.lose()
	}
	switch r.into {
	case envelopeItem:
		r.env.holed = true
	case idItem:
		r.into = noItem
	}
}

// endResponseLiteral: a literal of the server is over.
func (s *Session) endResponseLiteral(dst []dissect.Event) []dissect.Event {
	r := &s.response
	switch r.into {
	case idItem:
		dst = s.identifyLiteral(dst, dissect.Server, r.id, r.id.start, r.text)
	case envelopeItem:
		r.env.value(r.text)
	case headerItem:
		r.mail.headerEnds()
	}
	r.into, r.item, r.text = noItem, noItem, nil
	return dst
}

// fetchItems reads what stands in a line of FETCH.
func (s *Session) fetchItems(dst []dissect.Event, line, text []byte) []dissect.Event {
	r := &s.response
	for len(text) > 0 {
		n := 1
		switch text[0] {
		case ' ', '\t':
		case '(':
			dst = s.openList(dst, line)
		case ')':
			r.closeList()
		case '"':
			var value []byte
			var ok bool
			if value, n, ok = quoted(text); !ok {
				n = len(text)
			}
			dst = s.fetchString(dst, line, value)
		default:
			n = atomLength(text)
			r.atom(text[:n])
		}
		text = text[n:]
	}
	return dst
}

func (s *Session) openList(dst []dissect.Event, line []byte) []dissect.Event {
	r := &s.response
	switch {
	case r.env.open():
		r.env.depth++
	case r.depth == 1 && r.item == envelopeItem:
		dst = s.openMail(dst, line)
		r.env = &envelope{depth: 1}
	}
	r.depth++
	r.item = noItem
	return dst
}

func (r *response) closeList() {
	if r.env.open() {
		r.env.closeList()
	}
	r.depth--
	r.item = noItem
}

// atom takes the name of an item, or a value that is neither string nor list.
func (r *response) atom(b []byte) {
	switch {
	case r.env.open():
		r.env.value(nil)
	case r.depth == 1:
		r.item = itemOf(b)
	}
}

// fetchString takes a quoted string.
func (s *Session) fetchString(dst []dissect.Event, line, value []byte) []dissect.Event {
	r := &s.response
	switch {
	case r.env.open():
		r.env.value(value)
	case r.shows() && len(value) > 0:
		dst = s.piece(dst, line)
		r.mail.write(value)
		r.mail.headerEnds()
	}
	r.item = noItem
	return dst
}

// atomLength is the length of the atom that text begins with: what stands in
// brackets belongs to it.
func atomLength(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[':
			end := bytes.IndexByte(text[i:], ']')
			if end < 0 {
				return len(text)
			}
			i += end
		case ' ', '\t', '(', ')', '"':
			return max(i, 1)
		}
	}
	return len(text)
}

// openMail begins the message of this response, told by line.
func (s *Session) openMail(dst []dissect.Event, line []byte) []dissect.Event {
	if s.response.mail == nil {
		dst, s.response.mail = beginMail(dst, s.event(dissect.Server, dissect.MessageBegin, line))
	}
	return dst
}

// piece: a piece of the message begins.
func (s *Session) piece(dst []dissect.Event, line []byte) []dissect.Event {
	dst = s.openMail(dst, line)
	m := s.response.mail
	switch s.response.item {
	case headerItem, cutItem:
		m.header()
	case textItem:
		m.reads = m.reader != nil && !m.holed
	case partItem:
		m.reads = false
	}
	return dst
}

// itemOf reads the name of an item.
func itemOf(b []byte) item {
	name, section, brackets := bytes.Cut(b, []byte{'['})
	if !brackets {
		switch {
		case fold(name, "RFC822"), fold(name, "RFC822.HEADER"):
			return headerItem
		case fold(name, "RFC822.TEXT"):
			return textItem
		case fold(name, "ENVELOPE"):
			return envelopeItem
		}
		return noItem
	}
	if !fold(name, "BODY") && !fold(name, "BINARY") {
		return noItem
	}
	section, origin, _ := bytes.Cut(section, []byte{']'})
	is := itemOfSection(section)
	switch {
	case len(origin) == 0:
		return is
	case is == headerItem && string(origin) == "<0>":
		return cutItem
	}
	return partItem
}

// itemOfSection reads what stands in brackets (RFC 3501, section 6.4.5).
// "1.HEADER" and "1.MIME" are headers of a part, not of the message.
func itemOfSection(section []byte) item {
	name, fields := word(section)
	switch {
	case len(name) == 0, fold(name, "HEADER"), fold(name, "HEADER.FIELDS.NOT"):
		return headerItem
	case fold(name, "HEADER.FIELDS"):
		if namesTelling(fields) {
			return headerItem
		}
		return noItem
	case fold(name, "TEXT"):
		return textItem
	}
	return partItem
}

// namesTelling tells whether a list of header fields holds one that is kept. A
// client that asks for the references of a message alone has not fetched it.
func namesTelling(fields []byte) bool {
	for {
		var name []byte
		name, fields = word(fields)
		if len(name) == 0 {
			return false
		}
		name = bytes.Trim(name, `()"`)
		if fold(name, "FROM") || fold(name, "TO") || fold(name, "SUBJECT") {
			return true
		}
	}
}
