package decode

import "encoding/binary"

const (
	udpLen       = 8
	vxlanLen     = 8
	geneveLen    = 8 // without options
	gtpLen       = 8 // without optional fields
	gtpOptional  = 4
	capwapLen    = 8 // without optional fields
	maxGTPExtras = 8 // extension headers of one GTP-U packet
)

// Ports that tunnels are sent to.
const (
	portGTPU       = 2152
	portVXLAN      = 4789
	portCAPWAP     = 5247
	portGeneve     = 6081
	portVXLANLinux = 8472 // the kernel's choice before the standard
)

// udp reads a UDP header (RFC 768). A port is only a hint that a tunnel
// follows: the tunnel's header has to bear it out.
func (d *Decoder) udp() step {
	if len(d.rest) < udpLen {
		return d.lacks(udpLen)
	}
	port := binary.BigEndian.Uint16(d.rest[2:])
	if binary.BigEndian.Uint16(d.rest) == portCAPWAP { // answers come from it
		port = portCAPWAP
	}
	switch port {
	case portGTPU, portVXLAN, portGeneve, portVXLANLinux, portCAPWAP:
	default:
		return step(NotTCP)
	}
	length := int(binary.BigEndian.Uint16(d.rest[4:]))
	if length < udpLen || length > d.wire {
		return step(NotTCP)
	}
	d.trim(length)
	d.skip(udpLen)
	switch port {
	case portGTPU:
		return d.gtp()
	case portGeneve:
		return d.geneve()
	case portCAPWAP:
		return d.capwap()
	}
	return d.vxlan()
}

// capwap reads the header before what an access point passes on for its
// stations (RFC 5415, section 4.3): a frame of Ethernet or of Wi-Fi, whose first
// two octets Cisco's access points swap.
func (d *Decoder) capwap() step {
	const (
		native, fragment, keepAlive = 0x01, 0x80, 0x08
		binding, wlan               = 0x3e, 1 << 1
	)
	if len(d.rest) < capwapLen {
		return d.lacks(capwapLen)
	}
	size := int(d.rest[1]>>3) * 4
	if d.rest[0] != 0 || d.rest[3]&(fragment|keepAlive) != 0 || size < capwapLen {
		return step(NotTCP)
	}
	if d.rest[2]&native == 0 {
		return d.enter(capwap, d.skipTo(size, toEthernet))
	}
	if d.rest[2]&binding != wlan {
		return step(NotTCP)
	}
	if next := d.skipTo(size, toWLAN); next != toWLAN || len(d.rest) < 2 || d.rest[1]&wlanKind != wlanData {
		return d.enter(capwap, next)
	}
	return d.enter(capwap, d.wlanFrame(d.rest[1], d.rest[0], false))
}

// vxlan reads a VXLAN header (RFC 7348, section 5).
func (d *Decoder) vxlan() step {
	if len(d.rest) < vxlanLen {
		return d.lacks(vxlanLen)
	}
	// The I flag alone, and 0 in what is reserved: around the identifier.
	if binary.BigEndian.Uint32(d.rest) != 0x08000000 || d.rest[7] != 0 {
		return step(NotTCP)
	}
	d.skip(vxlanLen)
	return d.enter(vxlan, toEthernet)
}

// geneve reads a Geneve header and its options (RFC 8926, section 3).
func (d *Decoder) geneve() step {
	if len(d.rest) < geneveLen {
		return d.lacks(geneveLen)
	}
	const control, reserved = 0x80, 0x3f
	version, options := d.rest[0]>>6, int(d.rest[0]&0x3f)*4
	if version != 0 || d.rest[1]&(control|reserved) != 0 || d.rest[7] != 0 {
		return step(NotTCP)
	}
	d.etherType = binary.BigEndian.Uint16(d.rest[2:])
	if len(d.rest) < geneveLen+options {
		return d.lacks(geneveLen + options)
	}
	d.skip(geneveLen)
	for options > 0 {
		size := 4 + int(d.rest[3]&0x1f)*4
		if size > options {
			return step(NotTCP)
		}
		d.skip(size)
		options -= size
	}
	return d.enter(geneve, d.carried())
}

// gtp reads a GTP-U header that carries a user's packet (3GPP TS 29.281,
// section 5), with its optional fields and extension headers.
func (d *Decoder) gtp() step {
	if len(d.rest) < gtpLen {
		return d.lacks(gtpLen)
	}
	const (
		fixed      = 0xf8 // version, protocol type, spare
		version1   = 0x30
		anyField   = 0x07 // extension, sequence number, N-PDU number
		extensions = 0x04
		userPacket = 255
	)
	flags, length := d.rest[0], gtpLen+int(binary.BigEndian.Uint16(d.rest[2:]))
	if flags&fixed != version1 || d.rest[1] != userPacket || length > d.wire {
		return step(NotTCP)
	}
	d.trim(length)
	d.skip(gtpLen)
	if flags&anyField == 0 {
		return d.enter(gtpU, toRaw)
	}
	if len(d.rest) < gtpOptional {
		return d.lacks(gtpOptional)
	}
	next := d.rest[3]
	d.skip(gtpOptional)
	if flags&extensions == 0 {
		return d.enter(gtpU, toRaw)
	}
	return d.gtpExtensions(next)
}

func (d *Decoder) gtpExtensions(next uint8) step {
	for range maxGTPExtras {
		if next == 0 {
			return d.enter(gtpU, toRaw)
		}
		if len(d.rest) == 0 {
			return d.lacks(1)
		}
		size := int(d.rest[0]) * 4
		if size == 0 {
			return step(NotTCP)
		}
		if len(d.rest) < size {
			return d.lacks(size)
		}
		next = d.rest[size-1]
		d.skip(size)
	}
	return step(NotTCP)
}
