package decode_test

import (
	"encoding/binary"
	"strings"
)

// The pieces that frames of these tests are built from.
const (
	payload = "220 mx.example ESMTP\r\n"

	macs = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
	eth4 = macs + "\x08\x00"
	eth6 = macs + "\x86\xdd"
)

var big = binary.BigEndian

// ip4 builds an IPv4 packet from 10.0.0.1 to 10.0.0.2.
func ip4(proto byte, options, body string) string {
	h := []byte{byte(0x45 + len(options)/4), 0, 0, 0, 0, 1, 0x40, 0, 63, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	big.PutUint16(h[2:], uint16(len(h)+len(options)+len(body)))
	h = append(h, options...)
	big.PutUint16(h[10:], ^onesSum(h))
	return string(h) + body
}

// ip6 builds an IPv6 packet from 2001:db8::1 to 2001:db8::2.
func ip6(next byte, body string) string {
	h := []byte{0x60, 0, 0, 0, 0, 0, next, 62}
	big.PutUint16(h[4:], uint16(len(body)))
	return string(h) + pseudo6 + body
}

// Addresses as a checksum covers them.
const (
	pseudo4 = "\x0a\x00\x00\x01\x0a\x00\x00\x02"
	pseudo6 = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
)

// tcp builds a segment from port 25, with the checksum for a pseudo-header of
// these addresses.
func tcp(addresses, options, body string) string {
	h := []byte{0, 25, 0xc0, 0, 0, 0, 0, 7, 0, 0, 0, 9, byte(5+len(options)/4) << 4, 0x18, 1, 0, 0, 0, 0, 0}
	b := append(append(h, options...), body...)
	pseudo := append([]byte(addresses), 0, 0, byte(len(b)>>8), byte(len(b)), 0, 6)
	big.PutUint16(b[16:], ^onesSum(append(pseudo, b...)))
	return string(b)
}

// onesSum is RFC 1071, word by word.
func onesSum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		s += uint32(b[i]) << 8
		if i+1 < len(b) {
			s += uint32(b[i+1])
		}
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

var (
	tcp4    = tcp(pseudo4, "", payload)
	tcp6    = tcp(pseudo6, "", payload)
	packet4 = ip4(6, "", tcp4)
	packet6 = ip6(6, tcp6)
)

// udp builds a datagram to a port, from 53.
func udp(port uint16, body string) string {
	h := []byte{0, 53, 0, 0, 0, 0, 0, 0}
	big.PutUint16(h[2:], port)
	big.PutUint16(h[4:], uint16(len(h)+len(body)))
	return string(h) + body
}

// gtp builds a GTP-U header with its optional fields in front of a body.
func gtp(flags, message byte, body string) string {
	h := []byte{flags, message, 0, 0, 0, 0, 0, 7}
	big.PutUint16(h[2:], uint16(len(body)))
	return string(h) + body
}

// Headers of tunnels.
const (
	vni     = "\x08\x00\x00\x00\x00\x00\x09\x00"                                 // VXLAN
	bridged = "\x00\x00\x65\x58"                                                 // GRE
	mirror2 = "\x10\x00\x88\xbe\x00\x00\x00\x01\x10\x0c\x18\x07\x00\x00\x00\x01" // GRE and ERSPAN type II
	mirror3 = "\x10\x00\x22\xeb\x00\x00\x00\x01\x20\x0c\x00\x07\x00\x00\x00\x09\x00\x00"
	pptp    = "\x30\x81\x88\x0b\x00\x00\x00\x07\x00\x00\x00\x01\x00\x00\x00\x02" // without its length
)

// frag4 builds the fragment [from, to) of an IPv4 packet without options.
func frag4(packet string, id uint16, from, to int) string {
	body := packet[20:]
	h := []byte(packet[:20])
	field := uint16(from / 8)
	if to < len(body) {
		field |= 0x2000
	}
	big.PutUint16(h[2:], uint16(20+to-from))
	big.PutUint16(h[4:], id)
	big.PutUint16(h[6:], field)
	big.PutUint16(h[10:], 0)
	big.PutUint16(h[10:], ^onesSum(h))
	return string(h) + body[from:to]
}

// frag6 builds the fragment [from, to) of an IPv6 packet.
func frag6(packet string, id uint32, from, to int) string {
	body := packet[40:]
	h := []byte{packet[6], 0, 0, 0, 0, 0, 0, 0}
	field := uint16(from)
	if to < len(body) {
		field |= 1
	}
	big.PutUint16(h[2:], field)
	big.PutUint32(h[4:], id)
	return ip6(44, string(h)+body[from:to])
}

// with returns s with the bytes at i replaced.
func with(s string, i int, b string) string { return s[:i] + b + s[i+len(b):] }

// sll and sll2 build Linux's cooked headers.
func sll(hardware, protocol string) string {
	return "\x00\x04" + hardware + strings.Repeat("\x00", 10) + protocol
}

func sll2(hardware, protocol string) string {
	return protocol + "\x00\x00\x00\x00\x00\x02" + hardware + strings.Repeat("\x00", 10)
}
