package tls

import (
	"fmt"
	"slices"

	"github.com/mailtap/mailtap/dissect"
)

// The suites that are signals.
const (
	renegotiationSCSV = 0x00ff // RFC 5746, section 3.3
	fallbackSCSV      = 0x5600 // RFC 7507
)

// maxSession is the longest session id (RFC 5246, section 7.4.1.2).
const maxSession = 32

// terms are what one hello says that means something beside the other only.
type terms struct {
	renegotiation bool // it knows secure renegotiation
	whole         bool // the hello was read to its end
	early         bool // it offers 0-RTT data
	draft         bool // of TLS 1.3 it offers drafts only, which a server that knows the standard does not take
	session       [maxSession]byte
	sessionSize   uint8 // 0: none
}

func termsOf(h *hello) (t terms) {
	t.renegotiation = slices.Contains(h.extensions, extRenegotiation) || slices.Contains(h.suites, renegotiationSCSV)
	t.whole = h.whole
	t.early = slices.Contains(h.extensions, extEarlyData)
	t.draft = slices.ContainsFunc(h.versions, func(v uint16) bool { return v != final(v) }) && !slices.Contains(h.versions, tls13)
	if len(h.session) <= maxSession {
		t.sessionSize = uint8(copy(t.session[:], h.session))
	}
	return t
}

// compare holds the server's hello against the client's, whichever came first.
// Of TLS 1.3 nothing is told so: it has no renegotiation, and its session ids
// are a show for devices on the way (RFC 8446, appendix D.4).
func (s *Session) compare() {
	client, server := &s.halves[dissect.Client], &s.halves[dissect.Server]
	if !server.hello || s.version == tls13 {
		return
	}
	if client.terms.draft && s.version == tls12 {
		s.facts.Sentinel = "" // nobody has cut the client's offer
	}
	switch {
	case server.terms.renegotiation:
		s.facts.Renegotiation = dissect.Yes
	case client.terms.renegotiation && server.terms.whole:
		s.facts.Renegotiation = dissect.No
	}
	if id := server.terms.session; server.terms.sessionSize > 0 && !server.full &&
		client.terms.sessionSize == server.terms.sessionSize && client.terms.session == id {
		s.facts.Resumed = dissect.Yes
	}
}

// inFull notes a message of the server that a resumed session leaves out (RFC
// 5246, section 7.3). Behind a gap it may be the inside of another, or
// encrypted.
func (s *Session) inFull(h *half, kind uint8) {
	if h.side != dissect.Server || !h.hello || h.missed || s.version == tls13 {
		return
	}
	switch kind {
	case certificate, serverKeyExchange, certificateRequest, serverHelloDone:
		h.full = true
		s.facts.Resumed = dissect.No
	}
}

// sentinel reads the end of a server's random: a server that knows more than it
// has agreed to marks it (RFC 8446, section 4.1.3).
func sentinel(random []byte) string {
	mark, last := random[len(random)-8:len(random)-1], random[len(random)-1]
	switch {
	case string(mark) != "DOWNGRD":
		return ""
	case last == 1:
		return versionName(tls12)
	case last == 0:
		return versionName(tls11)
	}
	return ""
}

// compressionName names a compression method (RFC 3749, section 2; RFC 3943,
// section 2); none is "".
func compressionName(method uint8) string {
	switch method {
	case 0:
		return ""
	case 1:
		return "DEFLATE"
	case 64:
		return "LZS"
	}
	return fmt.Sprintf("method %d", method)
}
