package tls

import "github.com/mailtap/mailtap/dissect"

// The types of records (RFC 8446, section 5.1; RFC 6520, section 6).
const (
	changeCipherSpec = 20
	alert            = 21
	handshake        = 22
	applicationData  = 23
	heartbeat        = 24
)

const (
	headerSize   = 5
	headerSizeV2 = 2 // 3 where the record is padded
	alertSize    = 2

	// maxRecord is the longest content of a record: 2^14 bytes, and what
	// encryption may add (RFC 5246, section 6.2.3).
	maxRecord = 1<<14 + 2048

	// maxRecordV2 is the longest content of a record of SSL 2.0 (section 1.1),
	// and so of a message: what the 15 bits of its length hold.
	maxRecordV2 = 1<<15 - 1

	// maxAlert is the longest content that may be an encrypted alert in TLS 1.3
	// without padding: two bytes, their type and a tag of 16. The Finished of the
	// shortest hash has 53.
	maxAlert = 2 + 1 + 16

	// javaAlert is the content of an encrypted alert of Java, which pads all but
	// application data with 16 bytes. No handshake message of a client is as long;
	// a server's EncryptedExtensions may be.
	javaAlert = maxAlert + 16
)

// place is where in its records a half stands.
type place uint8

const (
	inHeader  place = iota // the next byte belongs to the header of a record
	inContent              // the next left bytes are content
	lost                   // the bytes are no TLS, or the next header cannot be found
)

// half is one direction of the connection.
type half struct {
	side   dissect.Side
	at     place
	offset uint64 // of the next byte

	start  uint64 // of the record
	head   [headerSize]byte
	have   int // bytes of head
	kind   uint8
	v2     bool // the record is of SSL 2.0
	torn   bool // a part of the record was lost, or its content is not what it should be
	size   int  // of its content
	left   int  // of its content, to come
	record int  // how many records have begun

	message message               // being read
	small   [heartbeatHeader]byte // how an alert or a heartbeat begins
	asked   int                   // size of its heartbeat that has no answer yet

	terms   terms // of its hello
	missed  bool  // bytes were lost
	hello   bool  // its hello was read
	full    bool  // of a server: it has sent what a resumed session leaves out
	ciphers bool  // it has sent ChangeCipherSpec
	closed  bool  // nothing more comes
	ready   bool  // it has sent what only follows a handshake without fault
}

// header takes bytes of a record's header, and returns the rest of b.
func (s *Session) header(h *half, b []byte) []byte {
	if h.have == 0 {
		h.start = h.offset
		h.v2 = s.v2 || h.record == 0 && b[0]&0x80 != 0
	}
	want := headerSize
	if h.v2 {
		want = headerSizeV2
		if h.first(b)&0x80 == 0 {
			want = headerSizeV2 + 1
		}
	}
	n := copy(h.head[h.have:want], b)
	h.have += n
	h.offset += uint64(n)
	if h.have < want {
		return nil
	}
	h.have = 0
	h.begin()
	return b[n:]
}

func (h *half) first(b []byte) byte {
	if h.have > 0 {
		return h.head[0]
	}
	return b[0]
}

// begin reads a whole header.
func (h *half) begin() {
	h.at, h.torn = inContent, false
	h.record++
	switch {
	case h.v2 && h.head[0]&0x80 != 0:
		h.size = (int(h.head[0])<<8 | int(h.head[1])) & maxRecordV2
	case h.v2:
		h.size = int(h.head[0]&0x3f)<<8 | int(h.head[1])
	default:
		h.kind = h.head[0]
		h.size = int(h.head[3])<<8 | int(h.head[4])
		if h.kind < changeCipherSpec || h.kind > heartbeat || h.head[1] != 3 || h.head[2] > 4 || h.size > maxRecord {
			h.giveUp()
			return
		}
	}
	h.left = h.size
}

func (h *half) giveUp() {
	h.at = lost
	h.message = message{}
}

// content takes b, which belongs to one record.
func (s *Session) content(dst []dissect.Event, h *half, b []byte) []dissect.Event {
	h.left -= len(b)
	switch {
	case s.facts.Established || h.torn:
		h.offset += uint64(len(b))
	case h.v2:
		h.offset += uint64(len(b))
		h.message.body = append(h.message.body, b...) // at most maxRecordV2
	case h.kind == handshake && !s.hidden(h):
		dst = s.handshake(dst, h, b)
	case h.kind == alert, h.kind == heartbeat:
		h.offset += uint64(len(b))
		if from := h.size - h.left - len(b); from < len(h.small) {
			copy(h.small[from:], b)
		}
	default:
		h.offset += uint64(len(b))
	}
	return dst
}

// endRecord looks at a record as a whole.
func (s *Session) endRecord(dst []dissect.Event, h *half) []dissect.Event {
	h.at = inHeader
	if !h.v2 && h.kind == heartbeat {
		return s.readHeartbeat(dst, h)
	}
	if s.facts.Established {
		return dst
	}
	if h.v2 {
		return s.endV2(dst, h)
	}
	switch h.kind {
	case changeCipherSpec:
		s.changeCipher(h)
	case alert:
		if h.size == alertSize && !h.torn && !s.hidden(h) {
			dst = s.readAlert(dst, h)
		}
	case handshake:
		// The first message behind ChangeCipherSpec is Finished.
		h.ready = h.ready || s.hidden(h)
	case applicationData:
		if s.breaksOff(h) {
			s.unsure = true
			dst = s.alerted(dst, h, encryptedAlert, false)
			s.facts.Alert, s.facts.AlertSide = encryptedAlert, h.side
		}
		h.ready = h.ready || s.proves(h)
	}
	return s.judge(dst, h)
}

// changeCipher: what h sends from now on is encrypted. A server that comes to
// it without certificate and key exchange takes up an older session (RFC 5246,
// section 7.3; RFC 5077, section 3.1).
func (s *Session) changeCipher(h *half) {
	h.ciphers = true
	h.message = message{}
	if h.side == dissect.Server && h.hello && !h.missed && !h.full && s.version < tls13 {
		s.facts.Resumed = dissect.Yes
	}
}

// hidden tells that handshake messages and alerts of h are encrypted. In TLS
// 1.3 ChangeCipherSpec means nothing (RFC 8446, appendix D.4), and what is
// encrypted is application data to an onlooker.
func (s *Session) hidden(h *half) bool { return h.ciphers && s.version < tls13 }

// proves tells that the application data of h could not have been sent before
// its handshake was over. 0-RTT data that comes behind the ServerHello cannot be
// told from what follows Finished, and passes for it.
func (s *Session) proves(h *half) bool {
	if s.version == 0 || s.version == tls13 {
		if h.size <= maxAlert || h.side == dissect.Client && h.size == javaAlert {
			return false
		}
	}
	return s.version == tls13 || h.ciphers || h.missed || !h.hello
}

// judge tells the end of the handshake.
func (s *Session) judge(dst []dissect.Event, h *half) []dissect.Event {
	if s.fatal || !s.halves[dissect.Client].ready || !s.halves[dissect.Server].ready {
		return dst
	}
	return s.established(dst, h)
}
