// Package message reads the head of a mail message (RFC 5322) that crosses in
// pieces: who, to whom, what about, and whether the content is protected end
// to end (S/MIME, RFC 8551; OpenPGP, RFC 3156). It keeps no body.
package message

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/line"
)

// Bounds of what is kept of a message.
const (
	MaxHeader = 1 << 20  // a header that is longer counts as ended
	maxField  = 64 << 10 // what is kept of a field
	maxBlank  = 4 << 10  // empty space before the first words of a body
	maxCMS    = 128      // the first bytes of an S/MIME body
)

// A Reader takes the content of one message. The zero value is ready.
type Reader struct {
	state state
	lines line.Splitter
	field field // that the last line belongs to
	value [fieldCount][]byte
	seen  [fieldCount]bool

	headerEnd  uint64
	blank      int    // bytes of line ends before an S/MIME body
	cms        []byte // the first bytes of an S/MIME body
	protection dissect.Protection
}

type state uint8

const (
	inHeader state = iota // the empty line has not come
	inText                // the first words of the body may be those of PGP
	inCMS                 // the first bytes of the body tell the kind of S/MIME
	decided               // no more is wanted
)

// Write takes the next bytes of the content. It keeps what it needs and
// returns at once when it needs no more.
func (r *Reader) Write(b []byte) {
	for len(b) > 0 && r.state != decided {
		if r.state == inCMS {
			r.takeCMS(b)
			return
		}
		text, n, whole := r.lines.Next(b)
		b = b[n:]
		switch {
		case r.lines.Offset > r.limit():
			r.decide(r.likelyProtection())
		case whole:
			r.line(text)
		}
	}
}

// limit is the offset at which the search ends.
func (r *Reader) limit() uint64 {
	if r.state == inHeader {
		return MaxHeader
	}
	return r.headerEnd + maxBlank
}

// Wants tells whether Write still needs bytes; when it does not, the caller
// may skip the rest.
func (r *Reader) Wants() bool { return r.state != decided }

// Lose tells that bytes of the content were lost, or that it broke off: nobody
// can say what the rest is, so no more is wanted. The field that was read last
// may have gone on, and does not count.
func (r *Reader) Lose() {
	if r.state == inHeader {
		r.seen[r.field], r.value[r.field] = false, nil
	}
	r.decide(r.likelyProtection())
}

// Fill writes what was found into m: Subject and Protection, and with
// addresses also From and To of the header (IMAP and POP3; SMTP has its
// envelope). A field counts once a whole line of it was seen.
func (r *Reader) Fill(m *dissect.Message, addresses bool) {
	m.Protection = r.likelyProtection()
	m.HasSubject = r.seen[subject]
	m.Subject = decodeText(r.value[subject])
	if !addresses {
		return
	}
	m.From, m.HasFrom = "", r.seen[from]
	if senders := addressList(r.value[from]); len(senders) > 0 {
		m.From = senders[0]
	}
	m.To, m.ToDropped = addressList(r.value[to]), 0
	if over := len(m.To) - dissect.MaxRecipients; over > 0 {
		m.To, m.ToDropped = m.To[:dissect.MaxRecipients], over
	}
}

func (r *Reader) decide(p dissect.Protection) {
	r.state, r.protection = decided, p
	r.lines, r.cms = line.Splitter{}, nil
}

func (r *Reader) line(text []byte) {
	switch {
	case r.state == inText:
		r.bodyLine(text)
	case len(text) == 0:
		r.endHeader()
	case text[0] == ' ' || text[0] == '\t':
		// RFC 5322, section 2.2.3: unfolding removes the line's end alone.
		r.keep(text)
	default:
		r.beginField(text)
	}
}

// beginField takes the first line of a field. A line that is none ends the
// header, as it does for Postfix, but for the "From " that begins a message in
// a mailbox file.
func (r *Reader) beginField(text []byte) {
	name, value, ok := bytes.Cut(text, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || !isFieldName(name) {
		r.field = otherField
		if r.lines.Start > 0 || !bytes.HasPrefix(bytes.TrimPrefix(text, []byte(">")), []byte("From ")) {
			r.endHeader()
			r.bodyLine(text)
		}
		return
	}
	r.field = fieldOf(name)
	if r.seen[r.field] {
		r.field = otherField // the first of a kind counts
	}
	r.seen[r.field] = true
	r.keep(value)
}

func (r *Reader) keep(text []byte) {
	if r.field != otherField {
		have := r.value[r.field]
		r.value[r.field] = append(have, text[:min(len(text), maxField-len(have))]...)
	}
}
