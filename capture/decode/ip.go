package decode

import "encoding/binary"

const (
	ipv4Len       = 20 // without options
	maxIPv4Header = 60
	ipv6Len       = 40
	fragmentLen   = 8
	maxExtension  = 8 // extension headers of one IPv6 packet
)

// IP protocol numbers.
const (
	protoHopByHop    = 0
	protoIPv4        = 4
	protoTCP         = 6
	protoUDP         = 17
	protoIPv6        = 41
	protoRouting     = 43
	protoFragment    = 44
	protoGRE         = 47
	protoAH          = 51
	protoDestination = 60
)

// ipv4 reads an IPv4 header (RFC 791, section 3.1).
func (d *Decoder) ipv4(s *Segment) step {
	b := d.rest
	if len(b) < ipv4Len {
		return step(Truncated)
	}
	header := int(b[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = d.wire // segmentation offload: the device fills it in
	}
	if b[0]>>4 != 4 || header < ipv4Len || total < header {
		return step(Malformed)
	}
	if len(b) < header {
		return step(Truncated)
	}
	d.ip, d.via = b, false
	d.proto = b[9]
	s.TTL = b[8]
	s.SrcAddr, s.DstAddr = mapped, mapped
	copy(s.SrcAddr[12:], b[12:16])
	copy(s.DstAddr[12:], b[16:20])
	d.trim(total)
	d.skip(header)
	const moreOrOffset = 0x3fff
	if binary.BigEndian.Uint16(b[6:])&moreOrOffset != 0 {
		return d.fragment4(s)
	}
	return toTransport
}

// mapped is the beginning of an IPv4-mapped address (RFC 4291, section
// 2.5.5.2).
var mapped = [16]byte{10: 0xff, 11: 0xff}

// ipv6 reads an IPv6 header and its extensions (RFC 8200, sections 3 and 4).
func (d *Decoder) ipv6(s *Segment) step {
	b := d.rest
	if len(b) < ipv6Len {
		return step(Truncated)
	}
	if b[0]>>4 != 6 {
		return step(Malformed)
	}
	// No length: a jumbogram (RFC 2675), or segmentation offload.
	if length := int(binary.BigEndian.Uint16(b[4:])); length > 0 {
		d.trim(ipv6Len + length)
	}
	d.ip, d.via = b, false
	d.proto = b[6]
	s.TTL = b[7]
	copy(s.SrcAddr[:], b[8:24])
	copy(s.DstAddr[:], b[24:40])
	d.skip(ipv6Len)
	if d.proto == protoTCP {
		return toTransport
	}
	return d.extensions(s)
}

// extensions walks the extension headers up to the transport header.
func (d *Decoder) extensions(s *Segment) step {
	for range maxExtension {
		switch d.proto {
		case protoHopByHop, protoDestination, protoRouting:
			if next := d.extension(); next != toTransport {
				return next
			}
		case protoFragment:
			if len(d.rest) < fragmentLen {
				return step(Truncated)
			}
			// An atomic fragment is whole (RFC 6946).
			const moreOrOffset = 0xfff9
			if binary.BigEndian.Uint16(d.rest[2:])&moreOrOffset != 0 {
				return d.fragment6(s)
			}
			d.proto = d.rest[0]
			d.skip(fragmentLen)
		default:
			return toTransport
		}
	}
	return step(Malformed)
}

// extension skips one header of the common form.
func (d *Decoder) extension() step {
	if len(d.rest) < 8 {
		return step(Truncated)
	}
	size := 8 + int(d.rest[1])*8
	if size > d.wire {
		return step(Malformed)
	}
	if size > len(d.rest) {
		return step(Truncated)
	}
	if d.proto == protoRouting && d.rest[3] != 0 {
		d.via = true // the pseudo-header has the final address (section 8.1)
	}
	d.proto = d.rest[0]
	d.skip(size)
	return toTransport
}

// transport goes on with what the last IP header announced.
func (d *Decoder) transport(s *Segment) step {
	switch d.proto {
	case protoTCP:
		return d.segment(s)
	case protoUDP:
		return d.udp()
	case protoGRE:
		return d.gre()
	case protoIPv4:
		return d.enter(ipip, toIPv4)
	case protoIPv6:
		if d.ip[0]>>4 == 4 {
			return d.enter(sixIn4, toIPv6)
		}
		return d.enter(ipip, toIPv6)
	case protoAH:
		return d.authentication()
	}
	return step(NotTCP)
}

// authentication skips an AH header (RFC 4302, section 2), which does not
// encrypt.
func (d *Decoder) authentication() step {
	const fixed = 12
	if len(d.rest) < fixed {
		return step(Truncated)
	}
	size := (int(d.rest[1]) + 2) * 4
	if size < fixed || size > d.wire {
		return step(Malformed)
	}
	if size > len(d.rest) {
		return step(Truncated)
	}
	d.proto = d.rest[0]
	d.skip(size)
	return toExtensions
}
