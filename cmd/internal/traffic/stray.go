package traffic

import (
	"encoding/binary"
	"net/netip"
)

const (
	quicPort    = 443
	quicHosts   = 64
	maxQUIC     = 1252 // bytes of a datagram
	dnsLifetime = 60   // seconds
	arpRequest  = 1
)

// strayPacket writes a packet that belongs to no connection.
func (g *generator) strayPacket() {
	before := g.out.bytes
	switch n := g.below(100); {
	case n < 2:
		g.arp()
	case n < 30:
		g.dns()
	default:
		g.quic()
	}
	g.begun += g.out.bytes - before
}

// arp asks for the address of a neighbour (RFC 826).
func (g *generator) arp() {
	from, to := clientEnd(g.below(clientHosts), false).Addr(), clientEnd(g.below(clientHosts), false).Addr()
	at := g.out.begin()
	b := append(g.out.buf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = appendMAC(b, from)
	b = append(b, 0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, arpRequest)
	b = append(appendMAC(b, from), from.AsSlice()...)
	b = append(b, 0, 0, 0, 0, 0, 0)
	g.out.buf = append(b, to.AsSlice()...)
	g.out.end(at, g.below(maxPause))
}

// dns is a question for an address and its answer (RFC 1035, section 4).
func (g *generator) dns() {
	asker := netip.AddrPortFrom(clientEnd(g.below(clientHosts), false).Addr(), firstPort+uint16(g.below(clientPorts)))
	resolver := dnsServer.end(g.below(dnsServer.hosts), false)
	name := append([]byte{3, 'w', 'w', 'w', 8}, g.word(letters, 8)...)
	name = append(name, 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1)
	id := uint16(g.below(1 << 16))

	question := binary.BigEndian.AppendUint16(nil, id)
	question = append(question, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	g.datagram(asker, resolver, append(question, name...))

	answer := binary.BigEndian.AppendUint16(nil, id)
	answer = append(answer, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0)
	answer = append(answer, name...)
	answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, dnsLifetime, 0, 4)
	page := webServer.end(g.below(webServer.hosts), false).Addr()
	g.datagram(resolver, asker, append(answer, page.AsSlice()...))
}

// quic is one packet with a short header (RFC 9000, section 17.3).
func (g *generator) quic() {
	n := g.below(quicHosts)
	from := netip.AddrPortFrom(tlsServer.end(n, false).Addr(), quicPort)
	to := clientEnd(n, false)
	size := maxQUIC
	if g.chance(350) {
		from, to, size = to, from, g.between(30, 90)
	}
	g.spare = append(g.spare[:0], g.noise(size)...)
	g.spare[0] = 0x40 | g.spare[0]&0x3f
	g.datagram(from, to, g.spare)
}

// datagram writes a UDP packet (RFC 768).
func (g *generator) datagram(from, to netip.AddrPort, payload []byte) {
	at := g.out.begin()
	b := appendHead(g.out.buf, from, to, protocolUDP)
	b = append(b, make([]byte, udpLen-4)...)
	g.out.buf = append(b, payload...)
	seal(g.out.frame(at), uint16(g.out.packets))
	g.out.end(at, g.below(maxPause))
}
