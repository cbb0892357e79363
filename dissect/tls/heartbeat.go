package tls

import "github.com/mailtap/mailtap/dissect"

// The types of heartbeats (RFC 6520, section 4).
const (
	heartbeatRequest  = 1
	heartbeatResponse = 2
)

const (
	heartbeatHeader = 3 // type, length of the payload

	// heartbeatSlack is how much longer than its request an answer may be. The
	// payload comes back as it was, but each side chooses its own padding, of 16
	// bytes and more. The faulty servers give up to 64 KiB away; an encrypted
	// answer that gives away less than this is not told.
	heartbeatSlack = 1 << 10
)

// readHeartbeat looks for heartbeats that read memory (CVE-2014-0160). In clear,
// a request tells by itself: it names a payload that it does not hold. Of an
// encrypted one only the size is seen, and it tells by its answer.
func (s *Session) readHeartbeat(dst []dissect.Event, h *half) []dissect.Event {
	other := &s.halves[h.side.Other()]
	request, response := other.asked == 0, other.asked > 0
	greedy := false
	if s.readable(h) {
		request, response = h.small[0] == heartbeatRequest, response && h.small[0] == heartbeatResponse
		payload := int(h.small[1])<<8 | int(h.small[2])
		greedy = request && heartbeatHeader+payload > h.size
	} else if s.version == tls13 {
		return dst // encrypted, it would be application data
	}
	switch {
	case response:
		greedy = h.size > other.asked+heartbeatSlack
		other.asked = 0
	case request:
		h.asked = max(h.asked, h.size)
	}
	if !greedy || s.facts.Heartbleed {
		return dst
	}
	s.facts.Heartbleed, s.facts.HeartbeatSide = true, h.side
	return append(dst, s.hello(h, h.start, "heartbeat"))
}

// readable tells that a heartbeat of h is in clear without doubt: that nothing
// was lost of the handshake, and h encrypts nothing yet.
func (s *Session) readable(h *half) bool {
	return !s.facts.Established && h.hello && !h.missed && !h.ciphers && h.size >= heartbeatHeader
}

// forgetHeartbeats: what was lost may have been the answer.
func (s *Session) forgetHeartbeats() {
	for side := range s.halves {
		s.halves[side].asked = 0
	}
}
