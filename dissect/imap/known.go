package imap

import (
	"bytes"
	"slices"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/message"
)

// mailbox is what is known of the messages of the open mailbox. Clients fetch a
// message in pieces: its header, even field by field, and later its text; or
// stretches of all of it. They are one message, known by its number, that ends
// when the numbers lose their meaning.
type mailbox struct {
	known  []known // in the order in which they began
	most   uint32  // the highest number that was known: most messages come once, in order
	unread *unread // nil: there is none
}

// known is a message of which something has crossed.
type known struct {
	number  uint32 // 0: it has none, or nobody knows which
	uid     uint32 // 0: not known, or the message is gone
	side    dissect.Side
	message *dissect.Message
	seen    sizes
	said    uint64 // its size, as the server says; 0: it does not
	entire  bool   // all of it came at once
	partial bool   // a part of a piece was lost, or a piece is a stretch: nobody knows its end
}

// unread is a message whose header may go on behind the stretch that was read
// last.
type unread struct {
	number uint32
	next   uint64 // place in the message
	reader *message.Reader
}

// endResponse: a response is over. whole tells that all of it was seen.
func (s *Session) endResponse(dst []dissect.Event, whole bool) []dissect.Event {
	if s.response.mail != nil {
		return s.endFetch(dst, whole)
	}
	if k := s.mailbox.find(s.response.number); k != nil && s.response.size > 0 {
		k.said = s.response.size
		k.message.Size = k.size()
	}
	s.response = response{}
	s.state[dissect.Server] = atLine
	return dst
}

// endFetch ends a FETCH response that has brought a message, or a piece of one.
func (s *Session) endFetch(dst []dissect.Event, whole bool) []dissect.Event {
	r := s.response
	m := r.mail
	if r.into.shows() { // it broke off
		m.seen.add(r.into, uint64(r.origin), m.size)
	}
	s.response = response{}
	s.state[dissect.Server] = atLine
	m.settle()
	if r.env != nil {
		adopt(&m.found, &r.env.facts)
	}
	whole = whole && !m.holed
	k := s.mailbox.find(r.number)
	switch {
	case k == nil:
		dst, k = s.remember(dst, known{number: r.number, side: dissect.Server, message: m.facts})
	case !m.reread && contradicts(k.message, &m.found):
		m.seen.without(k.seen)
		k.number, k.uid = 0, 0
		var another *dissect.Message
		dst, another = anotherMessage(dst, m.again)
		dst, k = s.remember(dst, known{number: r.number, side: dissect.Server, message: another})
	}
	k.entire = k.entire || m.entire && whole
	k.partial = k.partial || m.stretch || !whole
	m.seen.header = max(m.seen.header, k.seen.header)
	k.seen = m.seen
	k.uid = max(k.uid, r.uid)
	k.said = max(k.said, r.size)
	if m.reread {
		renew(k.message, &m.found)
	}
	adopt(k.message, &m.found)
	k.message.Size = k.size()
	k.message.Complete = k.entire || !k.partial && named(k.message)
	return dst
}

// breakOff ends a FETCH response in which the connection ends. A header of which
// only a part has come makes no message, and adds nothing to one whose own is
// known.
func (s *Session) breakOff(dst []dissect.Event) []dissect.Event {
	r := &s.response
	k := s.mailbox.find(r.number)
	var before sizes
	if k != nil {
		before = k.seen
		before.header = 0
	}
	switch {
	case r.into != headerItem || r.env != nil || r.mail.seen != before, k != nil && !named(k.message):
		r.mail.lose() // a field may go on
		return s.endFetch(dst, false)
	case k == nil:
		e := s.messageEnd(&known{side: dissect.Server, message: r.mail.facts})
		e.Text = []byte("broken off")
		dst = append(dst, e)
	}
	return dst
}

// anotherMessage begins the message that the response of the line first has
// brought: its number was another message's, and nobody has said so.
func anotherMessage(dst []dissect.Event, first *firstLine) ([]dissect.Event, *dissect.Message) {
	e := dissect.Event{Side: dissect.Server, Start: first.start, End: first.end, Line: first.text}
	dst, m := beginMail(dst, e, &dissect.Message{})
	return dst, m.facts
}

func (b *mailbox) find(number uint32) *known {
	if number == 0 || number > b.most {
		return nil
	}
	for i := range b.known {
		if b.known[i].number == number {
			return &b.known[i]
		}
	}
	return nil
}

// remember makes room for a message: the oldest one ends.
func (s *Session) remember(dst []dissect.Event, k known) ([]dissect.Event, *known) {
	b := &s.mailbox
	if len(b.known) == maxKnown {
		dst = append(dst, s.messageEnd(&b.known[0]))
		b.known[0] = known{}
		b.known = b.known[1:]
	}
	b.known = append(b.known, k)
	b.most = max(b.most, k.number)
	return dst, &b.known[len(b.known)-1]
}

// closeMailbox ends all messages: from now on the numbers are others'.
func (s *Session) closeMailbox(dst []dissect.Event) []dissect.Event {
	for i := range s.mailbox.known {
		dst = append(dst, s.messageEnd(&s.mailbox.known[i]))
	}
	s.mailbox = mailbox{}
	return dst
}

// loseMailbox ends all messages because responses were lost: of those that came in
// pieces more may have crossed, and an EXPUNGE.
func (s *Session) loseMailbox(dst []dissect.Event) []dissect.Event {
	for _, k := range s.mailbox.known {
		k.message.Complete = k.message.Complete && k.entire
	}
	return s.closeMailbox(dst)
}

func (s *Session) messageEnd(k *known) dissect.Event {
	e := s.here(k.side, dissect.MessageEnd)
	e.Message = k.message
	return e
}

// expunge takes a message's number: those behind it move up (RFC 3501, section
// 7.4.1).
func (b *mailbox) expunge(number uint32) {
	b.unread = nil
	for i := range b.known {
		switch k := &b.known[i]; {
		case number == 0: // there is no such message
		case k.number > number:
			k.number--
		case k.number == number:
			k.number, k.uid = 0, 0
		}
	}
}

// vanished takes messages out by their UIDs (RFC 7162, section 3.2.10), which
// are in the order of the numbers. Those that vanished earlier have no number
// any more.
func (s *Session) vanished(dst []dissect.Event, words []byte) []dissect.Event {
	which, _ := word(words)
	if fold(which, "(EARLIER)") {
		return dst
	}
	b := &s.mailbox
	nameless := func(k known) bool { return k.number > 0 && k.uid == 0 }
	if slices.ContainsFunc(b.known, nameless) {
		return s.closeMailbox(dst)
	}
	for one := range bytes.SplitSeq(which, []byte{','}) {
		first, last, isRange := bytes.Cut(one, []byte{':'})
		from, ok := number(first, maxNumber)
		to := from
		if isRange && ok {
			to, ok = number(last, maxNumber)
		}
		switch {
		case !ok:
			return s.closeMailbox(dst)
		case isRange:
			b.vanishRange(uint32(min(from, to)), uint32(max(from, to)))
		default:
			b.vanish(uint32(from))
		}
	}
	return dst
}

// vanishRange takes out the messages of a range. How many it held nobody knows, so
// those behind it have no number until a response names one with their UID.
func (b *mailbox) vanishRange(from, to uint32) {
	b.unread = nil
	for i := range b.known {
		switch k := &b.known[i]; {
		case k.number == 0 && k.uid == 0, k.uid < from:
		case k.uid <= to:
			k.number, k.uid = 0, 0
		default:
			k.number = 0
		}
	}
}

// meet gives a message that has lost its number the one that a response names with
// its UID.
func (b *mailbox) meet(number, uid uint32) {
	if uid == 0 || b.find(number) != nil {
		return
	}
	for i := range b.known {
		if k := &b.known[i]; k.uid == uid && k.number == 0 {
			k.number = number
			b.most = max(b.most, number)
			return
		}
	}
}

func (b *mailbox) vanish(uid uint32) {
	b.unread = nil
	for i := range b.known {
		switch k := &b.known[i]; {
		case k.number == 0, k.uid < uid:
		case k.uid == uid:
			k.number, k.uid = 0, 0
		default:
			k.number--
		}
	}
}

// contradicts tells whether two readings cannot be of one message.
func contradicts(m, other *dissect.Message) bool {
	return m.HasFrom && other.HasFrom && m.From != other.From ||
		m.HasSubject && other.HasSubject && m.Subject != other.Subject
}
