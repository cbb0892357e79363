package traffic

import "strconv"

// Sizes of messages and sessions.
const (
	minMessage    = 4000
	doublings     = 6 // the largest are 2^5 to 1.56 * 2^5 times the smallest
	maxMessages   = 3 // a session
	maxRecipients = 3
	minProse      = 600 // bytes of text before the attachment
	maxProse      = 3000
)

// What share of sessions, of 1000, does something.
const (
	refusedRate  = 80  // the first log-in is refused
	retryRate    = 700 // of those, another one follows
	transferRate = 400 // of SMTP, between servers and without a log-in
	offeredRate  = 600 // STARTTLS is offered, and ignored
)

// mailSession lays out the next mail session.
func (g *generator) mailSession(f *flow) {
	messages := g.between(1, maxMessages)
	if g.kind == Logins {
		messages = 0
	}
	switch g.sessions % 3 {
	case 0:
		g.smtpSession(f, messages)
	case 1:
		g.imapSession(f, messages)
	case 2:
		g.popSession(f, messages)
	}
}

// attempts lays out the log-ins of a session with try, and tells whether the
// last was accepted.
func (g *generator) attempts(f *flow, s service, try func(f *flow, account string, accept bool) Credential) bool {
	account := g.people[f.host]
	for {
		accept := !g.chance(refusedRate)
		from := f.planned
		c := try(f, account, accept)
		c.Protocol, c.Account, c.Accepted, c.Complete = s.protocol, account, accept, true
		f.attempted(from, c)
		if accept || g.kind == Logins || !g.chance(retryRate) {
			return accept
		}
	}
}

// message is one mail, as parts to be sent one after the other.
type message struct {
	head, text, middle, attachment []byte
	tail                           string
}

// message makes a mail, and keeps what is its own in f's text.
func (g *generator) message(f *flow) message {
	boundary := "=_" + g.word(atomCharacters[:62], 16)
	at := len(f.text)
	f.write([]string{
		"From: ", g.mailAddress(), "\r\nTo: ", g.mailAddress(), "\r\nSubject: ", g.subject(),
		"\r\nDate: Mon, 2 Mar 2026 08:00:00 +0000\r\nMessage-ID: <", g.word(letters, 12), "@", g.one(domains),
		">\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"", boundary,
		"\"\r\n\r\n--", boundary, "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n",
	})
	middle := len(f.text)
	f.write([]string{
		"--", boundary, "\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	})
	size := minMessage << g.below(doublings)
	size += g.below(size * 56 / 100)
	prose := g.between(minProse, maxProse)
	return message{
		head:       f.text[at:middle:middle],
		text:       g.prose(prose),
		middle:     f.text[middle:len(f.text):len(f.text)],
		attachment: g.attachment(size - prose),
		tail:       "--" + boundary + "--\r\n",
	}
}

func (m *message) parts() [4][]byte { return [4][]byte{m.head, m.text, m.middle, m.attachment} }

// size is the length of m as octets, as servers announce it.
func (m *message) size() string {
	n := len(m.tail)
	for _, p := range m.parts() {
		n += len(p)
	}
	return strconv.Itoa(n)
}

// content lays out m as something that s says.
func (f *flow) content(s side, m *message) {
	for _, p := range m.parts() {
		f.send(s, p)
	}
	f.say(s, m.tail)
}
