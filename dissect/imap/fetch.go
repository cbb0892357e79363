package imap

import "github.com/mailtap/mailtap/dissect"

// response is an untagged response that is crossing, with its literals.
type response struct {
	fetch  bool   // FETCH, as opposed to one without mail in it
	item   item   // whose value comes next
	into   item   // what the literal is; noItem: it is skipped
	number uint32 // of the message
	uid    uint32 // of the message; 0: not said
	size   uint64 // of the message (RFC822.SIZE); 0: not said
	depth  int    // of parentheses
	origin uint32 // where in its section the piece begins (RFC 3501, section 6.4.5)
	mail   *mail
	env    *envelope
	text   []byte    // the literal, for env and id
	id     *identity // ID
}

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
	return r.depth == 1 && r.item.shows()
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
	case noItem:
	default:
		s.endPiece()
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
	case r.depth == 1 && r.item == uidItem:
		uid, _ := number(b, maxNumber)
		r.uid, r.item = uint32(uid), noItem
	case r.depth == 1 && r.item == sizeItem:
		r.size, _ = number(b, maxLiteral)
		r.item = noItem
	case r.depth == 1:
		r.item, r.origin = itemOf(b)
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
		s.endPiece()
	}
	r.item = noItem
	return dst
}

// openMail begins the message of this response, told by line, or goes on with
// it.
func (s *Session) openMail(dst []dissect.Event, line []byte) []dissect.Event {
	r := &s.response
	if r.mail != nil {
		return dst
	}
	e := s.event(dissect.Server, dissect.MessageBegin, line)
	s.mailbox.meet(r.number, r.uid)
	k := s.mailbox.find(r.number)
	if k == nil {
		dst, r.mail = beginMail(dst, e, &dissect.Message{})
		return dst
	}
	dst, r.mail = beginMail(dst, e, k.message)
	r.mail.again = keepLine(line, s.at[dissect.Server])
	r.mail.seen = k.seen
	r.mail.seen.header = 0 // its fields may come again
	return dst
}

// piece: a piece of the message begins.
func (s *Session) piece(dst []dissect.Event, line []byte) []dissect.Event {
	dst = s.openMail(dst, line)
	r := &s.response
	m := r.mail
	m.size = 0
	switch r.item {
	case headerItem, wholeItem:
		m.header()
	case cutItem:
		s.goOnReading()
	case textItem:
		m.reads = m.reader != nil && !m.holed && r.origin == 0
	case partItem:
		m.reads = false
	}
	return dst
}

// goOnReading: a stretch of the whole message begins. The header may reach from
// one into the next.
func (s *Session) goOnReading() {
	r := &s.response
	m, u := r.mail, s.mailbox.unread
	s.mailbox.unread = nil
	switch {
	case r.origin == 0:
		m.header()
	case u != nil && u.number == r.number && u.next == uint64(r.origin):
		m.settle()
		m.reader, m.reads, m.reread = u.reader, true, true
	default:
		m.reads = false
	}
}

// endPiece: a piece of the message is over.
func (s *Session) endPiece() {
	r := &s.response
	m := r.mail
	switch r.item {
	case headerItem:
		m.headerEnds()
	case wholeItem:
		m.headerEnds()
		m.entire = true
	case cutItem:
		m.stretch = true
		if m.reads && m.reader.Wants() {
			s.mailbox.unread = &unread{r.number, uint64(r.origin) + m.size, m.reader}
		}
	}
	m.seen.add(r.item, uint64(r.origin), m.size)
}
