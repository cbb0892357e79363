package traffic

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

const (
	etherLen = 14
	ip4Len   = 20
	ip6Len   = 40
	tcpLen   = 20
	udpLen   = 8
	mtu      = maxFrame - etherLen
	hopLimit = 64
)

const (
	protocolTCP = 6
	protocolUDP = 17
)

// TCP flags (RFC 9293, section 3.1).
const (
	finFlag = 0x01
	synFlag = 0x02
	pshFlag = 0x08
	ackFlag = 0x10
)

const windowSize = 64240

// synOptions is what a SYN offers: the largest segment, set for each flow, and
// selective acknowledgements (RFC 9293, section 3.2; RFC 2018).
var synOptions = [8]byte{2, 4, 0, 0, 1, 1, 4, 2}

// appendHead appends the headers up to the ports. seal fills in the rest.
func appendHead(b []byte, from, to netip.AddrPort, protocol byte) []byte {
	b = appendMAC(b, to.Addr())
	b = appendMAC(b, from.Addr())
	if from.Addr().Is4() {
		b = append(b, 0x08, 0x00)
		b = append(b, 0x45, 0, 0, 0, 0, 0, 0x40, 0, hopLimit, protocol, 0, 0)
	} else {
		b = append(b, 0x86, 0xdd)
		b = append(b, 0x60, 0, 0, 0, 0, 0, protocol, hopLimit)
	}
	b = append(b, from.Addr().AsSlice()...)
	b = append(b, to.Addr().AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, from.Port())
	return binary.BigEndian.AppendUint16(b, to.Port())
}

// appendMAC appends a locally administered address made from the IP address.
func appendMAC(b []byte, a netip.Addr) []byte {
	s := a.AsSlice()
	return append(append(b, 0x02, 0), s[len(s)-4:]...)
}

func ipLen(frame []byte) int {
	if frame[etherLen]>>4 == 4 {
		return ip4Len
	}
	return ip6Len
}

// seal fills in the lengths and checksums of a frame with everything else in
// place. The id tells IPv4 packets apart; IPv6 has none.
func seal(frame []byte, id uint16) {
	var protocol byte
	var addresses []byte
	ip, segment := frame[etherLen:etherLen+ipLen(frame)], frame[etherLen+ipLen(frame):]
	if len(ip) == ip4Len {
		binary.BigEndian.PutUint16(ip[2:], uint16(ip4Len+len(segment)))
		binary.BigEndian.PutUint16(ip[4:], id)
		binary.BigEndian.PutUint16(ip[10:], 0)
		binary.BigEndian.PutUint16(ip[10:], fold(sum(0, ip)))
		protocol, addresses = ip[9], ip[12:20]
	} else {
		binary.BigEndian.PutUint16(ip[4:], uint16(len(segment)))
		protocol, addresses = ip[6], ip[8:40]
	}
	at := 16
	if protocol == protocolUDP {
		at = 6
		binary.BigEndian.PutUint16(segment[4:], uint16(len(segment)))
	}
	binary.BigEndian.PutUint16(segment[at:], 0)
	check := fold(sum(sum(uint64(protocol)+uint64(len(segment)), addresses), segment))
	if check == 0 && protocol == protocolUDP {
		check = 0xffff // 0 would mean "none" (RFC 768)
	}
	binary.BigEndian.PutUint16(segment[at:], check)
}

// sum adds b to acc in one's complement arithmetic (RFC 1071), eight bytes at a
// time.
func sum(acc uint64, b []byte) uint64 {
	var carry uint64
	for len(b) >= 8 {
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b), carry)
		b = b[8:]
	}
	var rest [8]byte
	copy(rest[:], b)
	acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(rest[:]), carry)
	acc, carry = bits.Add64(acc, 0, carry)
	return acc + carry
}

// fold makes the checksum of a sum.
func fold(acc uint64) uint16 {
	for acc > 0xffff {
		acc = acc>>16 + acc&0xffff
	}
	return ^uint16(acc)
}
