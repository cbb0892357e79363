// Package message reads the head of a mail message (RFC 5322) that crosses in
// pieces: who, to whom, what about, and whether the content is protected end
// to end (S/MIME, RFC 8551; OpenPGP, RFC 3156). It keeps no body, and of the
// header only the fields that tell this.
//
// It reads:
//
//   - header fields, folded or not (RFC 5322, section 2.2), of which the first of
//     a name counts: From, To, Subject and Content-Type. A line that is no field
//     ends the header;
//   - addresses (RFC 5322, section 3.4), and piece by piece where they break the
//     grammar;
//   - encoded words (RFC 2047, section 2), also with a language (RFC 2231, section
//     5) or broken within a character, and bytes over 0x7f that are in no word;
//   - the parameters of S/MIME (RFC 8551, sections 3.2.2 and 3.9) and of PGP/MIME
//     (RFC 3156, section 4), the first bytes of an S/MIME body, which say whether it
//     is encrypted or signed only (RFC 5652, section 3; RFC 5083), and the armour of
//     PGP (RFC 9580, section 6.2.1) where the text begins with it.
//
// It does not read Cc, Bcc, Sender and Reply-To, Received and other traces, the
// parts of a multipart message, attachments, and signatures. Dots that SMTP and
// POP3 have doubled are left as they are.
package message

import "github.com/mailtap/mailtap/dissect"

// Bounds of what is looked at and kept of a message.
const (
	MaxHeader = 1 << 20 // a header that is longer counts as ended
	MaxKept   = maxSubject + maxFrom + maxTo + maxContentType + maxCMS

	maxSubject     = maxRawText
	maxFrom        = 1 << 10
	maxTo          = 8 << 10 // about 200 recipients; the others are counted
	maxContentType = 1 << 10
	maxBlank       = 4 << 10 // empty space before the first words of a body
	maxCMS         = 128     // the first bytes of an S/MIME body
)

// A Reader takes the content of one message. The zero value is ready. It keeps
// at most MaxKept bytes of it, and of most messages some hundred.
type Reader struct {
	state      state
	protection dissect.Protection

	at      place
	field   field // of the header that the line belongs to
	over    bool  // the field's value is longer than what is kept of it
	begun   bool  // a line has ended
	seen    [fieldCount]bool
	name    [nameRoom]byte // the first bytes of a field's name
	named   uint8          // how many bytes of name are set
	line    uint16         // where in kept the line's value begins
	value   [fieldCount]value
	kept    []byte // the values, one after the other
	dropped uint32 // recipients behind what is kept of To

	offset    uint32 // of the next byte, until all is decided
	headerEnd uint32
	matched   uint8 // bytes of a PGP armour that the first words of the body have
	blank     int   // bytes of line ends before an S/MIME body
	cms       []byte
}

// value is where in kept the value of a field stands, as far as its lines are
// whole.
type value struct {
	from, to uint16
	cut      bool // only its beginning is kept
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
		room := r.limit() - r.offset
		if room == 0 {
			r.decide(r.likelyProtection())
			return
		}
		part := b[:min(len(b), int(room))]
		n := 0
		if r.state == inHeader {
			n = r.takeHeader(part)
		} else {
			n = r.takeText(part)
		}
		r.offset += uint32(n)
		b = b[n:]
	}
}

// limit is the offset at which the search ends.
func (r *Reader) limit() uint32 {
	if r.state == inHeader {
		return MaxHeader
	}
	return r.headerEnd + maxBlank
}

// Wants tells whether Write still needs bytes; when it does not, the caller
// may skip the rest.
func (r *Reader) Wants() bool { return r.state != decided }

// Lose tells that bytes of the content were lost, or that it broke off: nobody
// can say what the rest is, so no more is wanted. A field that may have gone on
// does not count.
func (r *Reader) Lose() {
	if r.state == inHeader {
		r.seen[r.field], r.value[r.field] = false, value{}
	}
	r.decide(r.likelyProtection())
}

// Fill writes what was found into m: Subject and Protection, and with
// addresses also From and To of the header (IMAP and POP3; SMTP has its
// envelope). A field counts once a whole line of it was seen.
func (r *Reader) Fill(m *dissect.Message, addresses bool) {
	m.Protection = r.likelyProtection()
	m.HasSubject = r.seen[subject]
	m.Subject = decodeText(r.words())
	if !addresses {
		return
	}
	m.From, m.HasFrom = "", r.seen[from]
	if senders := addressList(r.wholePieces(from)); len(senders) > 0 {
		m.From = senders[0]
	}
	m.To, m.ToDropped = addressList(r.wholePieces(to)), 0
	if r.value[to].cut {
		m.ToDropped = int(r.dropped)
	}
	if over := len(m.To) - dissect.MaxRecipients; over > 0 {
		m.To, m.ToDropped = m.To[:dissect.MaxRecipients], m.ToDropped+over
	}
}

// words returns what is kept of the subject. A character that was cut must not
// make UTF-8 look like something else.
func (r *Reader) words() []byte {
	if r.value[subject].cut {
		return wholeRunes(r.text(subject))
	}
	return r.text(subject)
}

// text returns what is kept of a field.
func (r *Reader) text(f field) []byte { return r.kept[r.value[f].from:r.value[f].to] }

func (r *Reader) decide(p dissect.Protection) {
	r.state, r.protection, r.cms = decided, p, nil
}
