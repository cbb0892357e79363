package traffic

import (
	"encoding/binary"
	"strconv"
)

// Sizes of what is not mail.
const (
	largeRate    = 100 // responses of 1000 that are large
	minSmall     = 200
	maxSmall     = 8000
	minLarge     = 20_000
	maxLarge     = 100_000
	maxRequests  = 3
	maxRecord    = 1 << 14 // of TLS (RFC 8446, section 5.1)
	minKeys      = 10      // keystrokes of an SSH session
	maxKeys      = 40
	certificates = 3000 // bytes
)

// otherConversation lays out the next connection that is not mail.
func (g *generator) otherConversation(f *flow) {
	switch n := g.below(100); {
	case n < 65:
		g.tlsConversation(f)
	case n < 95:
		g.webConversation(f)
	default:
		g.sshConversation(f)
	}
}

func (g *generator) responseSize() int {
	if g.chance(largeRate) {
		return g.between(minLarge, maxLarge)
	}
	return g.between(minSmall, maxSmall)
}

// webConversation is HTTP/1.1 (RFC 9112). Its pages quote log-in commands, too.
func (g *generator) webConversation(f *flow) {
	g.open(f, webServer)
	for range g.between(1, maxRequests) {
		f.line(client, "GET /", g.word(letters, 12), " HTTP/1.1\r\nHost: www.", g.one(domains))
		f.line(client, "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\nCookie: id=", g.word(atomCharacters[:62], 40), "\r\n")
		body, kind := g.noise(g.responseSize()), "image/jpeg"
		if g.chance(300) {
			body, kind = g.prose(g.responseSize()), "text/plain"
		}
		f.line(server, "HTTP/1.1 200 OK\r\nContent-Type: ", kind, "\r\nContent-Length: ", strconv.Itoa(len(body)), "\r\n")
		f.send(server, body)
	}
}

// TLS records and handshake messages (RFC 8446, sections 4 and 5.1).
const (
	handshakeRecord   = 22
	applicationRecord = 23
	clientHello       = 1
	serverHello       = 2
)

// tlsConversation looks like TLS 1.3: two hellos, then ciphertext.
func (g *generator) tlsConversation(f *flow) {
	g.open(f, tlsServer)
	g.hello(f, client, clientHello, "www."+g.one(domains))
	g.hello(f, server, serverHello, "")
	g.records(f, server, certificates)
	g.records(f, client, 74)
	for range g.between(1, maxRequests) {
		g.records(f, client, g.between(minSmall, 2*minSmall))
		g.records(f, server, g.responseSize())
	}
}

// hello is a hello message in a record of its own. A name makes it carry the
// server_name extension (RFC 6066, section 3).
func (g *generator) hello(f *flow, s side, kind byte, name string) {
	be := binary.BigEndian
	at := len(f.text)
	f.text = append(f.text, handshakeRecord, 3, 1, 0, 0, kind, 0, 0, 0, 3, 3)
	f.text = append(f.text, g.noise(32)...)
	f.text = append(f.text, 32)
	f.text = append(f.text, g.noise(32)...)
	if kind == clientHello {
		f.text = append(f.text, 0, 4, 0x13, 0x01, 0x13, 0x02, 1, 0) // suites, no compression
	} else {
		f.text = append(f.text, 0x13, 0x01, 0)
	}
	extensions := len(f.text)
	f.text = append(f.text, 0, 0)
	if name != "" {
		f.text = append(f.text, 0, 0)
		f.text = be.AppendUint16(f.text, uint16(len(name)+5))
		f.text = be.AppendUint16(f.text, uint16(len(name)+3))
		f.text = append(f.text, 0)
		f.text = be.AppendUint16(f.text, uint16(len(name)))
		f.text = append(f.text, name...)
		f.text = append(f.text, 0, 43, 0, 3, 2, 3, 4) // supported_versions: TLS 1.3
	} else {
		f.text = append(f.text, 0, 43, 0, 2, 3, 4)
	}
	be.PutUint16(f.text[extensions:], uint16(len(f.text)-extensions-2))
	be.PutUint16(f.text[at+3:], uint16(len(f.text)-at-5))
	be.PutUint16(f.text[at+7:], uint16(len(f.text)-at-9))
	f.send(s, f.text[at:])
}

// records is n bytes of ciphertext.
func (g *generator) records(f *flow, s side, n int) {
	for n > 0 {
		size := min(n, maxRecord)
		at := len(f.text)
		f.text = append(f.text, applicationRecord, 3, 3)
		f.text = binary.BigEndian.AppendUint16(f.text, uint16(size))
		f.send(s, f.text[at:])
		f.send(s, g.noise(size))
		n -= size
	}
}

// sshConversation is somebody typing (RFC 4253).
func (g *generator) sshConversation(f *flow) {
	g.open(f, sshServer)
	f.line(server, "SSH-2.0-OpenSSH_9.2")
	f.line(client, "SSH-2.0-OpenSSH_9.2")
	f.send(server, g.noise(1080))
	f.send(client, g.noise(1200))
	for range g.between(minKeys, maxKeys) {
		f.send(server, g.noise(36+8*g.below(10)))
		f.send(client, g.noise(36))
	}
}
