package decode

import "encoding/binary"

const (
	ethernetLen = 14
	vlanLen     = 4
	pbbLen      = 4
	llcLen      = 3
	snapLen     = 5
	chdlcLen    = 4
	nullLen     = 4
	sllLen      = 16
	sll2Len     = 20
)

// EtherTypes.
const (
	etherTypeMin  = 0x0600 // a smaller number is a length (IEEE 802.3, 3.2.6)
	etherTypeIPv4 = 0x0800
	etherTypeIPv6 = 0x86dd
	etherTypeVLAN = 0x8100 // IEEE 802.1Q
	etherTypeQinQ = 0x88a8 // IEEE 802.1ad
	etherTypeQold = 0x9100 // QinQ before the standard
	etherTypeLLC  = 0x0004 // Linux: an 802.2 header follows

	etherTypeEthernet = 0x6558 // RFC 1701: bridged Ethernet
	etherTypePPP      = 0x880b // RFC 2637
	etherTypeMPLS     = 0x8847 // RFC 5332
	etherTypeMPLSup   = 0x8848 // RFC 5332: the label is assigned upstream
	etherTypePPPoE    = 0x8864 // RFC 2516: the session, not its discovery
	etherTypePBB      = 0x88e7 // IEEE 802.1ah
)

func (d *Decoder) ethernet() step {
	if len(d.rest) < ethernetLen {
		return step(Truncated)
	}
	d.etherType = binary.BigEndian.Uint16(d.rest[12:])
	d.skip(ethernetLen)
	return d.byEtherType() // not toEtherType: a turn less for nearly every packet
}

// byEtherType goes on with what the last EtherType announced.
func (d *Decoder) byEtherType() step {
	switch d.etherType {
	case etherTypeIPv4:
		return toIPv4
	case etherTypeIPv6:
		return toIPv6
	case etherTypeVLAN, etherTypeQinQ, etherTypeQold:
		return d.vlan()
	case etherTypeMPLS, etherTypeMPLSup:
		return toMPLS
	case etherTypePPPoE:
		return toPPPoE
	case etherTypePBB:
		return toPBB
	}
	if d.etherType < etherTypeMin {
		return toLLC
	}
	return step(NotTCP)
}

// vlan reads a tag (IEEE 802.1Q, 9.6). VLAN 0 is a priority without a VLAN,
// which often one direction of a connection has only.
func (d *Decoder) vlan() step {
	if len(d.rest) < vlanLen {
		return step(Truncated)
	}
	if id := binary.BigEndian.Uint16(d.rest) & 0x0fff; id != 0 {
		d.key.addVLAN(id)
	}
	d.etherType = binary.BigEndian.Uint16(d.rest[2:])
	d.skip(vlanLen)
	return toEtherType
}

// pbb skips the tag that names a service of a backbone (IEEE 802.1ah, 9.7); the
// customer's frame follows, with its addresses. The tag is no VLAN: it has 24
// bits, and only the backbone sees it.
func (d *Decoder) pbb() step {
	if len(d.rest) < pbbLen {
		return step(Truncated)
	}
	d.skip(pbbLen)
	return toEthernet
}

// llc reads an IEEE 802.2 header, with or without SNAP (RFC 1042).
func (d *Decoder) llc() step {
	if len(d.rest) < llcLen {
		return step(Truncated)
	}
	const ui = 0x03 // unnumbered information
	switch sap := d.rest[:llcLen]; {
	case sap[0] == 0x06 && sap[1] == 0x06 && sap[2] == ui:
		d.skip(llcLen)
		return toIPv4
	case sap[0] != 0xaa || sap[1] != 0xaa || sap[2] != ui:
		return step(NotTCP)
	}
	d.skip(llcLen)
	return d.snap()
}

// snap reads what says whose number of a protocol follows, and the number.
func (d *Decoder) snap() step {
	if len(d.rest) < snapLen {
		return step(Truncated)
	}
	switch [3]byte(d.rest) {
	case [3]byte{}, [3]byte{0, 0, 0xf8}: // RFC 1042, IEEE 802.1H
		d.etherType = binary.BigEndian.Uint16(d.rest[3:])
		d.skip(snapLen)
		if d.etherType < etherTypeMin {
			return step(NotTCP)
		}
		return toEtherType
	}
	return step(NotTCP)
}

// null reads the address family of BSD loopback devices, in the byte order of
// the host that captured, or of the network. AF_INET6 depends on the system.
func (d *Decoder) null() step {
	if len(d.rest) < nullLen {
		return step(Truncated)
	}
	family := binary.LittleEndian.Uint32(d.rest)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(d.rest)
	}
	d.skip(nullLen)
	switch family {
	case 2:
		return toIPv4
	case 10, 24, 28, 30: // Linux; NetBSD and OpenBSD; FreeBSD; macOS
		return toIPv6
	}
	return step(NotTCP)
}

// raw begins with IP and tells which by its version.
func (d *Decoder) raw() step {
	if len(d.rest) == 0 {
		return step(Truncated)
	}
	switch d.rest[0] >> 4 {
	case 4:
		return toIPv4
	case 6:
		return toIPv6
	}
	return step(Malformed)
}

// ppp reads PPP (RFC 1661, section 2) with or without the HDLC address and
// control fields (RFC 1662, section 3.1), with the protocol field compressed
// or not, and Cisco's HDLC, which LINKTYPE_PPP_HDLC covers too.
func (d *Decoder) ppp() step {
	const (
		protoIPv4 = 0x0021
		protoIPv6 = 0x0057
		protoMPLS = 0x0281 // RFC 3032, section 4.3
	)
	if len(d.rest) >= chdlcLen && (d.rest[0] == 0x0f || d.rest[0] == 0x8f) && d.rest[1] == 0 {
		return d.chdlc()
	}
	if len(d.rest) >= 2 && d.rest[0] == 0xff && d.rest[1] == 0x03 {
		d.skip(2)
	}
	if len(d.rest) < 2 {
		return step(Truncated)
	}
	proto := uint16(d.rest[0])
	if proto&1 == 1 { // compressed: the low octet is odd, the high one even
		d.skip(1)
	} else {
		proto = binary.BigEndian.Uint16(d.rest)
		d.skip(2)
	}
	switch proto {
	case protoIPv4:
		return toIPv4
	case protoIPv6:
		return toIPv6
	case protoMPLS:
		return toMPLS
	}
	return step(NotTCP)
}

// chdlc reads Cisco's HDLC.
func (d *Decoder) chdlc() step {
	if len(d.rest) < chdlcLen {
		return step(Truncated)
	}
	d.etherType = binary.BigEndian.Uint16(d.rest[2:])
	d.skip(chdlcLen)
	if d.etherType < etherTypeMin {
		return step(NotTCP)
	}
	return toEtherType
}

// hardwareNetlink is the ARPHRD_ type whose protocol is no EtherType.
const hardwareNetlink = 824

// sll reads Linux's cooked header, LINKTYPE_LINUX_SLL.
func (d *Decoder) sll() step {
	if len(d.rest) < sllLen {
		return step(Truncated)
	}
	hardware := binary.BigEndian.Uint16(d.rest[2:])
	protocol := binary.BigEndian.Uint16(d.rest[14:])
	d.skip(sllLen)
	return d.cooked(hardware, protocol)
}

// sll2 reads LINKTYPE_LINUX_SLL2.
func (d *Decoder) sll2() step {
	if len(d.rest) < sll2Len {
		return step(Truncated)
	}
	hardware := binary.BigEndian.Uint16(d.rest[8:])
	protocol := binary.BigEndian.Uint16(d.rest)
	d.skip(sll2Len)
	return d.cooked(hardware, protocol)
}

func (d *Decoder) cooked(hardware, protocol uint16) step {
	if hardware == hardwareNetlink {
		return step(NotTCP)
	}
	if protocol < etherTypeMin && protocol != etherTypeLLC {
		return step(NotTCP)
	}
	d.etherType = protocol
	return toEtherType
}
