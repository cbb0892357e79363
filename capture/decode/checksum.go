package decode

import (
	"encoding/binary"
	"math/bits"
)

// ChecksumOK verifies the IPv4 header checksum and the TCP checksum of a
// segment. It is false only where a receiver would have dropped the packet: a
// packet that was cut is given the benefit of the doubt, and so is one whose
// checksum the sender left to its network card, which shows as zero or as the
// sum of the pseudo-header alone.
//
// It is valid as long as the Payload, and only where Decode returned TCP.
func (s *Segment) ChecksumOK() bool {
	if s.via || s.cut {
		return true
	}
	if s.ip[0]>>4 == 4 && !headerSumOK(s.ip) {
		return false
	}
	sent := binary.BigEndian.Uint16(s.tcp[16:])
	pseudo := addressSum(s.ip) + protoTCP
	// Where a card splits the segment, the length is left to it as well.
	if sent == 0 || sent == fold(pseudo) || sent == fold(pseudo+uint64(len(s.tcp))) {
		return true
	}
	return fold(pseudo+uint64(len(s.tcp))+sum(s.tcp)) == 0xffff
}

func headerSumOK(ip []byte) bool {
	header := ip[:int(ip[0]&0x0f)*4]
	return binary.BigEndian.Uint16(header[10:]) == 0 || fold(sum(header)) == 0xffff
}

// addressSum sums the addresses of an IP header.
func addressSum(ip []byte) uint64 {
	if ip[0]>>4 == 4 {
		return sum(ip[12:20])
	}
	return sum(ip[8:40])
}

// sum adds up the 16-bit words of b (RFC 1071), eight bytes at a time; fold
// brings it down to 16 bits. It stays below 2^34, so a few may be added.
func sum(b []byte) uint64 {
	var total, carry uint64
	for ; len(b) >= 8; b = b[8:] {
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b), carry)
	}
	var last [8]byte
	copy(last[:], b)
	total, carry = bits.Add64(total, binary.BigEndian.Uint64(last[:]), carry)
	total, carry = bits.Add64(total, 0, carry)
	total += carry
	return total>>32 + total&0xffffffff
}

// fold brings a sum down to 16 bits, carries added at the end.
func fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
