package decode

import (
	"encoding/binary"
	"math/bits"
)

// ChecksumOK verifies the IPv4 header checksum and the TCP checksum of a
// segment. It is false only where a receiver would have dropped the packet: a
// packet that was cut is given the benefit of the doubt, and so is one whose
// checksum the sender left to its network card, which shows as zero or as the
// sum of the pseudo-header alone, and one that was not decoded.
//
// It is valid as long as the Payload, and only where Decode returned TCP.
func (s *Segment) ChecksumOK() bool {
	if s.via || s.cut || s.tcp == nil {
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

// sum adds up the 16-bit words of b (RFC 1071), 32 bytes at a time; fold brings
// it down to 16 bits. It stays below 2^34, so a few may be added.
func sum(b []byte) uint64 {
	var total, carry uint64
	for ; len(b) >= 32; b = b[32:] {
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b), carry)
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b[8:]), carry)
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b[16:]), carry)
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b[24:]), carry)
	}
	for ; len(b) >= 8; b = b[8:] {
		total, carry = bits.Add64(total, binary.BigEndian.Uint64(b), carry)
	}
	total, carry = bits.Add64(total, tail(b), carry)
	total, carry = bits.Add64(total, 0, carry)
	total += carry
	return total>>32 + total&0xffffffff
}

// tail sums the last bytes, fewer than eight. An odd one is the upper half of
// a word.
func tail(b []byte) (total uint64) {
	if len(b) >= 4 {
		total = uint64(binary.BigEndian.Uint32(b))
		b = b[4:]
	}
	if len(b) >= 2 {
		total += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) > 0 {
		total += uint64(b[0]) << 8
	}
	return total
}

// fold brings a sum down to 16 bits, carries added at the end.
func fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
