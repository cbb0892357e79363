package decode

import "encoding/binary"

const (
	frameRelayLen = 4
	pktapLen      = 12 // what is read of it
	juniperLen    = 4
	pflogLen      = 2 // what is read of it
	encLen        = 12
	nflogLen      = 4
	maxNFLOG      = 32 // attributes of one packet
)

// skipTo skips n bytes of header, of which some have been looked at.
func (d *Decoder) skipTo(n int, next step) step {
	switch {
	case n <= 0 || n > d.wire:
		return step(Malformed)
	case n > len(d.rest):
		return step(Truncated)
	}
	d.skip(n)
	return next
}

// pktap skips the header of macOS's devices of that name, in the byte order of
// the host: it says how long it is, and the link type of what follows.
func (d *Decoder) pktap() step {
	if len(d.rest) < pktapLen {
		return step(Truncated)
	}
	return d.skipTo(int(binary.LittleEndian.Uint32(d.rest)), linkStep(binary.LittleEndian.Uint32(d.rest[8:])))
}

// pflog skips the header of OpenBSD's packet filter, whose length counts no
// padding.
func (d *Decoder) pflog() step {
	if len(d.rest) < pflogLen {
		return step(Truncated)
	}
	return d.skipTo((int(d.rest[0])+3)&^3, toRaw)
}

// nflog looks for the packet among the attributes of Linux's NFLOG, which are
// in the byte order of the host.
func (d *Decoder) nflog() step {
	const packet, header = 9, 4
	if len(d.rest) < nflogLen {
		return step(Truncated)
	}
	if d.rest[1] != 0 {
		return step(NotTCP) // another version
	}
	d.skip(nflogLen)
	for range maxNFLOG {
		if len(d.rest) < header {
			return d.lacks(header)
		}
		size, kind := int(binary.LittleEndian.Uint16(d.rest)), binary.LittleEndian.Uint16(d.rest[2:])
		if size < header {
			return step(Malformed)
		}
		if kind == packet {
			d.skip(header)
			d.trim(size - header)
			return toRaw
		}
		if next := d.skipTo((size+3)&^3, toRaw); next != toRaw {
			return next
		}
	}
	return step(NotTCP)
}

// frameRelay reads Q.922's address and the protocol (RFC 2427, section 4 and
// appendix A).
func (d *Decoder) frameRelay() step {
	const ui, padding, ipv4, ipv6, snap = 0x03, 0x00, 0xcc, 0x8e, 0x80
	if len(d.rest) < frameRelayLen {
		return step(Truncated)
	}
	if d.rest[1]&1 == 0 || d.rest[2] != ui {
		return step(NotTCP) // a longer address, or no data
	}
	d.skip(frameRelayLen - 1)
	if d.rest[0] == padding {
		d.skip(1)
	}
	if len(d.rest) == 0 {
		return step(Truncated)
	}
	protocol := d.rest[0]
	d.skip(1)
	switch protocol {
	case ipv4:
		return toIPv4
	case ipv6:
		return toIPv6
	case snap:
		return d.snap()
	}
	return step(NotTCP)
}

// juniper skips the header of JunOS devices that carry Ethernet.
func (d *Decoder) juniper() step {
	const noLinkLayer, extended = 0x02, 0x80
	if len(d.rest) < juniperLen {
		return step(Truncated)
	}
	if [3]byte(d.rest) != [3]byte{'M', 'G', 'C'} {
		return step(Malformed)
	}
	flags, size := d.rest[3], juniperLen
	if flags&extended != 0 {
		if len(d.rest) < size+2 {
			return step(Truncated)
		}
		size += 2 + int(binary.BigEndian.Uint16(d.rest[size:]))
	}
	if flags&noLinkLayer != 0 {
		return step(NotTCP) // from the router itself, in a form of its own
	}
	return d.skipTo(size, toEthernet)
}
