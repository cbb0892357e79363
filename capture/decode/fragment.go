package decode

import "encoding/binary"

// fragment is a part of an IP packet's content.
type fragment struct {
	key    fragmentKey
	time   int64  // ns since 1970 UTC
	proto  uint8  // of the content; only the first fragment's counts
	more   bool   // it is not the last
	strict bool   // IPv6: overlaps are forbidden
	offset int    // in the content
	size   int    // on the wire
	data   []byte // as captured, of which there may be less
}

// fragmentKey names the datagram of a fragment (RFC 791, section 3.2; RFC 8200,
// section 4.5), within its path: another network may use the same addresses.
type fragmentKey struct {
	path     pathKey
	src, dst [16]byte
	id       uint32
	proto    uint8 // of IPv4; protoFragment for IPv6
}

func (f *fragment) end() int { return f.offset + f.size }

// captured returns what was captured of the bytes [from, to) of the content.
func (f *fragment) captured(from, to int) []byte {
	return f.data[min(from-f.offset, len(f.data)):min(to-f.offset, len(f.data))]
}

// fragment4 takes a fragment of an IPv4 packet (RFC 791, section 3.2).
func (d *Decoder) fragment4(s *Segment) step {
	switch d.proto {
	case protoTCP, protoUDP, protoGRE, protoIPv4, protoIPv6, protoAH:
	default:
		return step(NotTCP) // nothing in there would be looked at
	}
	// No receiver joins a fragment that it drops: not this one either, for it
	// could take the place of the true one.
	if binary.BigEndian.Uint16(d.ip[2:]) == 0 || !headerSumOK(d.ip) {
		d.fragments.stats.Dropped++
		return step(Fragment)
	}
	const more, offset = 0x2000, 0x1fff
	field := binary.BigEndian.Uint16(d.ip[6:])
	f := fragment{
		key:    fragmentKey{d.key, s.SrcAddr, s.DstAddr, uint32(binary.BigEndian.Uint16(d.ip[4:])), d.proto},
		time:   d.now,
		proto:  d.proto,
		more:   field&more != 0,
		offset: int(field&offset) * 8,
		size:   d.wire,
		data:   d.rest,
	}
	if f.more { // an odd rest is of no use to those who put them together
		f.size &^= 7
		f.data = f.data[:min(f.size, len(f.data))]
	}
	return d.join(&f, toTransport)
}

// fragment6 reads a fragment header (RFC 8200, section 4.5).
func (d *Decoder) fragment6(s *Segment) step {
	const more, offset = 0x0001, 0xfff8
	field := binary.BigEndian.Uint16(d.rest[2:])
	f := fragment{
		key:    fragmentKey{d.key, s.SrcAddr, s.DstAddr, binary.BigEndian.Uint32(d.rest[4:]), protoFragment},
		time:   d.now,
		proto:  d.rest[0],
		more:   field&more != 0,
		strict: true,
		offset: int(field & offset),
	}
	d.skip(fragmentLen)
	f.size, f.data = d.wire, d.rest
	if f.more && f.size%8 != 0 {
		d.fragments.stats.Dropped++
		return step(Fragment)
	}
	return d.join(&f, toExtensions)
}

// join goes on with the content of the datagram that f completes, if it does.
// The header stays that of f's packet; it is copied, for it may lie in the
// content of another datagram, which makes room for this one.
func (d *Decoder) join(f *fragment, next step) step {
	g := d.fragments.add(f)
	if g == nil {
		return step(Fragment)
	}
	d.ip = d.header[:copy(d.header[:], d.ip)]
	d.joined, d.isJoined = g.appendTo(d.joined[:0]), true
	d.rest, d.wire, d.proto = d.joined, g.size, g.proto
	return next
}
