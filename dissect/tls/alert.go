package tls

import (
	"fmt"

	"github.com/mailtap/mailtap/dissect"
)

// The levels of alerts (RFC 8446, section 6).
const (
	alertWarning = 1
	alertFatal   = 2
)

// The alerts that are never errors (RFC 8446, section 6.1).
const (
	closeNotify  = 0
	userCanceled = 90
)

// alertName gives an alert its name in the IANA registry.
func alertName(n uint8) string {
	switch n {
	case closeNotify:
		return "close_notify"
	case 10:
		return "unexpected_message"
	case 20:
		return "bad_record_mac"
	case 21:
		return "decryption_failed"
	case 22:
		return "record_overflow"
	case 30:
		return "decompression_failure"
	case 40:
		return "handshake_failure"
	case 41:
		return "no_certificate"
	case 42:
		return "bad_certificate"
	case 43:
		return "unsupported_certificate"
	case 44:
		return "certificate_revoked"
	case 45:
		return "certificate_expired"
	case 46:
		return "certificate_unknown"
	case 47:
		return "illegal_parameter"
	case 48:
		return "unknown_ca"
	case 49:
		return "access_denied"
	case 50:
		return "decode_error"
	case 51:
		return "decrypt_error"
	case 52:
		return "too_many_cids_requested"
	case 60:
		return "export_restriction"
	case 70:
		return "protocol_version"
	case 71:
		return "insufficient_security"
	case 80:
		return "internal_error"
	case 86:
		return "inappropriate_fallback"
	case userCanceled:
		return "user_canceled"
	case 100:
		return "no_renegotiation"
	case 109:
		return "missing_extension"
	case 110:
		return "unsupported_extension"
	case 111:
		return "certificate_unobtainable"
	case 112:
		return "unrecognized_name"
	case 113:
		return "bad_certificate_status_response"
	case 114:
		return "bad_certificate_hash_value"
	case 115:
		return "unknown_psk_identity"
	case 116:
		return "certificate_required"
	case 117:
		return "general_error"
	case 120:
		return "no_application_protocol"
	case 121:
		return "ech_required"
	}
	return fmt.Sprintf("alert %d", n)
}

// readAlert reads the alert that a record in clear holds.
func (s *Session) readAlert(dst []dissect.Event, h *half) []dissect.Event {
	level, description := h.small[0], h.small[1]
	if level != alertWarning && level != alertFatal {
		return dst
	}
	if s.version == tls13 && description != closeNotify && description != userCanceled {
		level = alertFatal // whatever the peer wrote: RFC 8446, section 6
	}
	return s.alerted(dst, h, alertName(description), level == alertFatal)
}

// encryptedAlert is the name of an alert that cannot be read.
const encryptedAlert = "encrypted alert"

// shortTag is the suite of TLS 1.3 whose tag has 8 bytes: its records have other
// sizes.
const shortTag = "TLS_AES_128_CCM_8_SHA256"

// breaksOff tells that a record of TLS 1.3 is an alert before the handshake is
// over, though nobody can read which: nothing else has its size then, but 0-RTT
// data.
func (s *Session) breaksOff(h *half) bool {
	client, server := &s.halves[dissect.Client], &s.halves[dissect.Server]
	switch {
	case s.version != tls13, s.facts.Cipher == shortTag, s.facts.Alert != "", h.torn:
		return false
	case !client.hello, !server.hello, client.missed, server.missed, client.ready:
		return false // Finished may have come
	case h.side == dissect.Client && client.terms.early:
		return false
	}
	return h.size == maxAlert || h.javaAlert()
}

// javaAlert tells that a record, if it is one of the handshake, is an alert of a
// Java client.
func (h *half) javaAlert() bool {
	return h.side == dissect.Client && h.size == javaAlert && h.hello && !h.missed
}

// Closed says that side has closed its direction, and all of it was fed.
func (s *Session) Closed(side dissect.Side) { s.halves[side].closed = true }

// brokenOff notes which side ended the handshake by a fatal alert. A client sends
// one, too, when the server has closed without a word.
func (s *Session) brokenOff(name string, side dissect.Side) {
	forsaken := side == dissect.Client && s.halves[dissect.Server].closed
	if forsaken && s.unsure && s.facts.AlertSide == dissect.Server {
		return // it was not without a word
	}
	s.unsure = false
	s.facts.Alert, s.facts.AlertSide, s.facts.Forsaken = name, side, forsaken
}

func (s *Session) alerted(dst []dissect.Event, h *half, name string, fatal bool) []dissect.Event {
	if fatal && !s.fatal {
		s.fatal = true
		s.brokenOff(name, h.side)
	}
	return append(dst, dissect.Event{
		Kind: dissect.TLSAlert, Side: h.side, Start: h.start, End: h.offset, Text: []byte(name), TLS: s.facts,
	})
}
