package decode

import "encoding/binary"

const (
	greLen          = 4 // without optional fields
	greFieldLen     = 4 // of each of them
	maxRoutes       = 8 // entries of one GRE source route
	erspan2Len      = 8
	erspan3Len      = 12
	erspanSubheader = 8
)

// EtherTypes of mirrored frames (draft-foschiano-erspan-03, section 4).
const (
	etherTypeERSPAN  = 0x88be // type I and II
	etherTypeERSPAN3 = 0x22eb
)

// Flags of GRE (RFC 1701, RFC 2890, RFC 2637).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080
	greVersion  = 0x0007
)

// gre reads a GRE header (RFC 2784, section 2; RFC 2890, section 2).
func (d *Decoder) gre() step {
	if len(d.rest) < greLen {
		return d.lacks(greLen)
	}
	flags := binary.BigEndian.Uint16(d.rest)
	d.etherType = binary.BigEndian.Uint16(d.rest[2:])
	switch flags & greVersion {
	case 0:
	case 1:
		return d.pptp(flags)
	default:
		return step(NotTCP)
	}
	size := greLen
	for _, flag := range [...]uint16{greChecksum | greRouting, greKey, greSequence} {
		if flags&flag != 0 {
			size += greFieldLen
		}
	}
	if len(d.rest) < size {
		return d.lacks(size)
	}
	d.skip(size)
	if flags&greRouting != 0 {
		if next := d.greRoute(); next != toEtherType {
			return next
		}
	}
	switch d.etherType {
	case etherTypeERSPAN:
		if flags&greSequence == 0 { // type I has no header at all
			return d.enter(erspan, toEthernet)
		}
		return d.erspan()
	case etherTypeERSPAN3:
		return d.erspan()
	}
	return d.enter(gre, d.carried())
}

// greRoute skips a source route (RFC 1701), which an empty entry ends.
func (d *Decoder) greRoute() step {
	for range maxRoutes {
		if len(d.rest) < greFieldLen {
			return d.lacks(greFieldLen)
		}
		size := greFieldLen + int(d.rest[3])
		if len(d.rest) < size {
			return d.lacks(size)
		}
		family := binary.BigEndian.Uint16(d.rest)
		d.skip(size)
		if family == 0 && size == greFieldLen {
			return toEtherType
		}
	}
	return step(NotTCP)
}

// pptp reads the enhanced GRE header of PPTP (RFC 2637, section 4.1). Without a
// sequence number it only acknowledges.
func (d *Decoder) pptp(flags uint16) step {
	if d.etherType != etherTypePPP || flags&greKey == 0 || flags&greSequence == 0 {
		return step(NotTCP)
	}
	size := greLen + 2*greFieldLen
	if flags&greAck != 0 {
		size += greFieldLen
	}
	if len(d.rest) < size {
		return d.lacks(size)
	}
	length := int(binary.BigEndian.Uint16(d.rest[4:]))
	if length > d.wire-size {
		return step(NotTCP)
	}
	d.skip(size)
	d.trim(length)
	return d.enter(gre, toPPP)
}

// erspan reads the header of a mirrored frame, type II or III
// (draft-foschiano-erspan-03, sections 4.2 and 4.3).
func (d *Decoder) erspan() step {
	if len(d.rest) < erspan2Len {
		return d.lacks(erspan2Len)
	}
	vlan := binary.BigEndian.Uint16(d.rest) & 0x0fff
	switch d.rest[0] >> 4 {
	case 1:
		d.skip(erspan2Len)
		return d.mirrored(vlan)
	case 2:
		return d.erspan3()
	}
	return step(NotTCP)
}

// mirrored goes on with a mirrored frame. The switch took its VLAN tag off and
// noted the VLAN in the mirror's header, unless the tag is still there.
func (d *Decoder) mirrored(vlan uint16) step {
	tagged := false
	if len(d.rest) >= ethernetLen {
		switch binary.BigEndian.Uint16(d.rest[ethernetLen-2:]) {
		case etherTypeVLAN, etherTypeQinQ, etherTypeQold:
			tagged = true
		}
	}
	if !tagged {
		d.key.addVLAN(vlan) // 0, for none, adds nothing
	}
	return d.enter(erspan, toEthernet)
}

func (d *Decoder) erspan3() step {
	const subheader = 0x0001
	if len(d.rest) < erspan3Len {
		return d.lacks(erspan3Len)
	}
	vlan := binary.BigEndian.Uint16(d.rest) & 0x0fff
	info := binary.BigEndian.Uint16(d.rest[10:])
	size := erspan3Len
	if info&subheader != 0 {
		size += erspanSubheader
	}
	if len(d.rest) < size {
		return d.lacks(size)
	}
	d.skip(size)
	switch frameType := info >> 10 & 0x1f; frameType {
	case 0:
		return d.mirrored(vlan)
	case 2:
		d.key.addVLAN(vlan)
		return d.enter(erspan, toRaw)
	}
	return step(NotTCP)
}
