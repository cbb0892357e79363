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
	lost  [2]bool   // bytes were lost before or within head
	ports [2]uint16
	first uint8 // the direction that spoke first
	late  bool  // joined in the middle
	done  bool  // no more bytes will come
}

// port returns the protocol whose standard port p is. Port 2525 and the like
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
	if bestScore >= enough {
		return best
	}
	if v := s.tls(); v.answer != undecided {
		return v
	}
	if s.hopeless() {
		return verdict{answer: notMail}
	}
	if s.done {
		return s.last()
	}
	return verdict{}
}

// score adds up the evidence that server speaks p as the server.
func (s *scene) score(p dissect.Protocol, server uint8) int {
	said := judgeHead(s.head[server], p, serverWord, s.late || s.lost[server])
	asked := judgeHead(s.head[server^1], p, clientWord, s.late || s.lost[server^1])
	if said < 0 || asked < 0 && !tlsRecord(s.head[server^1]) {
		return -1
	}
	n := said + max(asked, 0)
	standard := portProtocol(s.ports[server])
	if standard == dissect.LMTP {
		standard = dissect.SMTP
	}
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

// judgeHead holds the lines of a head against a protocol: 2 where one is
// strong evidence, 1 weak, 0 none, -1 where the first line speaks against it.
func judgeHead(head []byte, p dissect.Protocol, word func([]byte, dissect.Protocol) int, anywhere bool) int {
	best := 0
	for first := true; len(head) > 0; first = false {
		line, rest, whole := bytes.Cut(head, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		n := word(line, p)
		if n <= 0 && !whole {
			break // may become one
		}
		if first && n < 0 && !anywhere {
			return -1
		}
		best = max(best, n)
		head = rest
	}
	return best
}

// hopeless tells that the bytes cannot become mail, so that a stream of
// something else costs nothing after its first packets.
func (s *scene) hopeless() bool {
	if s.done {
		return false
	}
	mail := portProtocol(s.ports[0]) != dissect.NoProtocol || portProtocol(s.ports[1]) != dissect.NoProtocol
	for dir, head := range s.head {
		if len(head) == 0 {
			continue
		}
		if len(head) >= MaxHead {
			return true
		}
		if !mail && !s.late && !s.lost[dir] && !couldBegin(head) {
			return true
		}
		if !mail && !textual(head) {
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

// last decides when no more bytes will come: on a standard port, text that
// nothing contradicts is the port's protocol joined within a body, and bytes
// that are no text are TLS on a TLS port.
func (s *scene) last() verdict {
	for _, server := range []uint8{1, 0} {
		p := portProtocol(s.ports[server])
		if p == dissect.NoProtocol || portProtocol(s.ports[server^1]) != dissect.NoProtocol && server == 0 {
			continue
		}
		if len(s.head[0])+len(s.head[1]) == 0 {
			return verdict{readable, p, server} // the capture cut all payload off
		}
		if !s.late && !tlsRecord(s.head[server^1]) && s.score(p, server) >= 0 {
			return verdict{readable, p, server} // a lone QUIT
		}
		if !s.late {
			break
		}
		if textual(s.head[0]) && textual(s.head[1]) && !implicitTLS(s.ports[server]) {
			return verdict{readable, p, server}
		}
		if implicitTLS(s.ports[server]) && !textual(s.head[0]) && !textual(s.head[1]) {
			return verdict{inTLS, p, server}
		}
	}
	return verdict{answer: notMail}
}

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
		case asked && (s.done || len(s.head[server^1]) >= MaxHead):
			return verdict{inTLS, p, server}
		case asked && s.late && implicitTLS(s.ports[server]) && len(s.head[server]) == 0:
			return verdict{inTLS, p, server}
		}
	}
	return verdict{}
}

// tlsRecord tells whether b begins with a TLS record (RFC 8446, section 5.1)
// or with an SSLv2 hello (RFC 5246, appendix E.2).
func tlsRecord(b []byte) bool {
	if len(b) < 3 {
		return false
	}
	if b[0]&0x80 != 0 {
		return b[2] == 1 && len(b) > 4 && (b[3] == 3 || b[3] == 0 && b[4] == 2)
	}
	return 20 <= b[0] && b[0] <= 24 && b[1] == 3 && b[2] <= 4
}
