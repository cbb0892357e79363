package session

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// answer is what identify has made of the first bytes.
type answer uint8

const (
	undecided answer = iota // more bytes are needed
	notMail
	readable // a mail protocol, in clear
	inTLS    // TLS on a port of a mail protocol
)

// verdict names the protocol and which flow direction is the server's.
type verdict struct {
	answer   answer
	protocol dissect.Protocol
	server   uint8
}

// scene is all that identify looks at. Directions are the flow's: 0 opened
// the connection, or was seen first.
type scene struct {
	head  [2][]byte // the first bytes of each direction
	ports [2]uint16
	first uint8 // the direction that spoke first
	late  bool  // joined in the middle, or the first bytes were lost
	done  bool  // no more bytes will come
}

// portProtocol returns the protocol whose standard port p is. Port 2525 and the like
// are not standard: there only what is said decides.
func portProtocol(p uint16) dissect.Protocol {
	switch p {
	case 25, 465, 587:
		return dissect.SMTP
	case 24:
		return dissect.LMTP
	case 143, 993:
		return dissect.IMAP
	case 110, 995:
		return dissect.POP3
	case 4190:
		return dissect.ManageSieve
	}
	return dissect.NoProtocol
}

// implicitTLS tells the ports on which TLS begins with the first byte
// (RFC 8314, section 3).
func implicitTLS(p uint16) bool { return p == 465 || p == 993 || p == 995 }

// The protocols that lines are held against, as indexes of a score.
var candidates = [...]dissect.Protocol{dissect.SMTP, dissect.IMAP, dissect.POP3, dissect.ManageSieve}

// enough is the evidence that decides: one strong word, or a weak one and a
// standard port, or a weak one from each side.
const enough = 2

// identify says what the first bytes of a connection are. What is said
// decides; the port only adds to it, and speaks alone where nothing is
// readable.
func identify(s *scene) verdict {
	s.skipComplaints()
	best, bestScore := verdict{}, 0
	for server := range uint8(2) {
		if !s.late && server == 0 && len(s.head[1]) > 0 && portProtocol(s.ports[0]) == dissect.NoProtocol {
			continue // the side that opened the connection is the client
		}
		for _, p := range candidates {
			if n := s.score(p, server); n > bestScore {
				best, bestScore = verdict{readable, p, server}, n
			}
		}
	}
	if bestScore >= enough && (s.early(best) || s.greetedOnly(best)) {
		return verdict{}
	}
	v := s.tls()
	if bestScore >= enough && (!s.late || v.answer == undecided) {
		return best // joined late, lines may stand within TLS that does not encrypt
	}
	if v.answer != undecided {
		return v
	}
	if s.done {
		return s.last()
	}
	if s.hopeless() {
		return verdict{answer: notMail}
	}
	return verdict{}
}

// skipComplaints passes over an alert that a server on a port that begins in
// clear sends where the session was joined: it shows no TLS, see complaint.
func (s *scene) skipComplaints() {
	for dir, p := range s.ports {
		if s.late && portProtocol(p) != dissect.NoProtocol && !implicitTLS(p) && complaint(s.head[dir]) {
			s.head[dir] = s.head[dir][min(len(s.head[dir]), complaintSize):]
		}
	}
}

// early tells whether a client has said first what does not belong to the port:
// what the server says may yet show whose words they are.
func (s *scene) early(v verdict) bool {
	p := portProtocol(s.ports[v.server])
	if p == dissect.LMTP {
		p = dissect.SMTP
	}
	return !s.done && bytes.IndexByte(s.head[v.server], '\n') < 0 && p != dissect.NoProtocol && p != v.protocol
}

// score adds up the evidence that server speaks p as the server.
func (s *scene) score(p dissect.Protocol, server uint8) int {
	if p == dissect.LMTP {
		p = dissect.SMTP
	}
	said := s.judge(s.head[server], p, serverWord)
	asked := s.judge(s.head[server^1], p, clientWord)
	standard := portProtocol(s.ports[server])
	if standard == dissect.LMTP {
		standard = dissect.SMTP
	}
	if standard == p && s.weaklyGreeted(p, server, said) {
		asked = s.askedOfSMTP(server)
	}
	if said < 0 && asked > 0 && standard == p && !(p == dissect.POP3 && readyCode(s.head[server])) {
		said = 0 // an odd greeting, which does not keep the client from logging in
	}
	if asked < 0 && said == enough && standard == p {
		asked = 0 // a scanner that does not wait for the greeting, of a server that is one of mail for certain
	}
	if said < 0 || asked < 0 && !tlsRecord(s.head[server^1]) {
		return -1
	}
	n := said + max(asked, 0)
	if s.late && standard != p {
		// Somebody's text may hold any line: both sides must agree.
		if said == 0 || asked == 0 {
			return 0
		}
		return n
	}
	if standard != p && s.first != server && said < enough && asked < enough {
		// A server of mail greets: these are the answers of something else.
		return 0
	}
	if n > 0 && standard == p {
		n++
	}
	return n
}

// judge holds the lines of a head against a protocol: 2 where one is strong
// evidence, 1 weak, 0 none, -1 where the first line speaks against it.
func (s *scene) judge(head []byte, p dissect.Protocol, word func([]byte, dissect.Protocol) int) int {
	best := 0
	for first := true; len(head) > 0; first = false {
		line, rest, whole := bytes.Cut(head, []byte{'\n'})
		n := word(bytes.TrimSuffix(line, []byte{'\r'}), p)
		if !whole && (n <= 0 || !s.done) {
			break // it may become something else
		}
		if first && n < 0 && !s.late {
			return -1
		}
		best = max(best, n)
		head = rest
	}
	return best
}

// hopeless tells that the bytes cannot become mail, so that a stream of
// something else costs nothing after its first packets. On a port of mail they
// are given more time.
func (s *scene) hopeless() bool {
	if portProtocol(s.ports[0]) != dissect.NoProtocol || portProtocol(s.ports[1]) != dissect.NoProtocol {
		return false
	}
	for _, head := range s.head {
		if len(head) > 0 && (!s.late && !couldBegin(head) || !textual(head)) {
			return true
		}
	}
	return false
}

// couldBegin tells whether a connection of a mail protocol can begin so, on
// either side: a greeting, or a command.
func couldBegin(head []byte) bool {
	switch c := head[0]; c {
	case '2', '4', '5', '*', '+', '-', '"', ' ', '\t', '\r', '\n':
		return true
	default:
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.') {
			return false
		}
	}
	for _, verb := range foreign {
		if bytes.HasPrefix(head, verb) {
			return false
		}
	}
	return true
}

// foreign are the first words of what else begins with a letter on most
// networks. It only saves time: no mail would be found in them anyway.
var foreign = [][]byte{
	[]byte("GET "), []byte("POST "), []byte("PUT "), []byte("HEAD "), []byte("OPTIONS "), []byte("HTTP/"),
	[]byte("PRI * HTTP"), []byte("SSH-"), []byte("RTSP/"), []byte("SIP/"), []byte("BitTorrent"), []byte("NICK "),
}

// textual tells whether the bytes could be lines of text.
func textual(b []byte) bool {
	odd := 0
	for _, c := range b[:min(len(b), 64)] {
		if c < ' ' && c != '\r' && c != '\n' && c != '\t' && c != '\b' || c == 0x7f {
			odd++
		}
	}
	return odd == 0
}

// last decides when no more bytes will come, or enough have: on a standard
// port, text that nothing contradicts is the port's protocol, perhaps joined
// within a body, and bytes that are no text are TLS on a TLS port.
func (s *scene) last() verdict {
	for _, server := range []uint8{1, 0} {
		p := portProtocol(s.ports[server])
		if p == dissect.NoProtocol {
			continue
		}
		if v := s.lastOn(p, server); v.answer != notMail || !s.late {
			return v
		}
	}
	return verdict{answer: notMail}
}

// lastOn decides for a server whose port is one of p's.
func (s *scene) lastOn(p dissect.Protocol, server uint8) verdict {
	text := textual(s.head[0]) && textual(s.head[1])
	switch {
	case len(s.head[0])+len(s.head[1]) == 0: // the capture cut all payload off
		return verdict{readable, p, server}
	case text && !s.late && s.score(p, server) >= 0: // a lone QUIT
		return verdict{readable, p, server}
	case text && s.late && !implicitTLS(s.ports[server]):
		return verdict{readable, p, server}
	case s.late && implicitTLS(s.ports[server]) && cipher(s.head[0]) && cipher(s.head[1]):
		return verdict{inTLS, p, server}
	}
	return verdict{answer: notMail}
}

// cipher tells whether the bytes, if any, can be the inside of TLS.
func cipher(b []byte) bool { return len(b) == 0 || !textual(b) }

// tls looks for TLS on a port of a mail protocol.
func (s *scene) tls() verdict {
	for _, server := range []uint8{1, 0} {
		p := portProtocol(s.ports[server])
		if p == dissect.NoProtocol {
			continue
		}
		said, asked := tlsRecord(s.head[server]), tlsRecord(s.head[server^1])
		switch {
		case said && (asked || len(s.head[server^1]) == 0):
			return verdict{inTLS, p, server}
		case asked && s.done && cipher(s.head[server]):
			return verdict{inTLS, p, server}
		case asked && s.late && implicitTLS(s.ports[server]) && len(s.head[server]) == 0:
			return verdict{inTLS, p, server}
		}
	}
	return verdict{}
}
