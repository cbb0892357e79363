package decode

import "encoding/binary"

const (
	maxLabels      = 16 // of one MPLS stack
	labelLen       = 4
	controlWordLen = 4
	pppoeLen       = 6
)

// mpls reads a label stack (RFC 3032, section 2.1) up to its bottom.
func (d *Decoder) mpls() step {
	for range maxLabels {
		if len(d.rest) < labelLen {
			return d.lacks(labelLen)
		}
		bottom := d.rest[2]&1 == 1
		d.skip(labelLen)
		if bottom {
			return d.enter(mpls, d.belowLabels())
		}
	}
	return step(NotTCP)
}

// belowLabels guesses what the labels carry, which nothing but the routers
// knows: IP by its version, unless it is an Ethernet address that begins like
// one (RFC 4928, section 3), or Ethernet with or without a control word (RFC
// 4448, section 4.6).
func (d *Decoder) belowLabels() step {
	if len(d.rest) == 0 {
		return d.lacks(1)
	}
	switch version := d.rest[0] >> 4; {
	case version == 4 && d.looksIPv4():
		return toIPv4
	case version == 6 && d.looksIPv6():
		return toIPv6
	case version == 0 && carriesEthernet(d.rest[min(controlWordLen, len(d.rest)):]):
		d.skip(controlWordLen)
		return toEthernet
	case carriesEthernet(d.rest):
		return toEthernet
	}
	if most := controlWordLen + ethernetLen; len(d.rest) < most {
		return d.lacks(most)
	}
	return step(NotTCP)
}

func (d *Decoder) looksIPv4() bool {
	if len(d.rest) < ipv4Len {
		return true // ipv4 will say that it was cut
	}
	header := int(d.rest[0]&0x0f) * 4
	return header >= ipv4Len && (len(d.rest) < header || headerSumOK(d.rest))
}

func (d *Decoder) looksIPv6() bool {
	return len(d.rest) < ipv6Len || ipv6Len+int(binary.BigEndian.Uint16(d.rest[4:])) <= d.wire
}

// carriesEthernet tells whether b begins with an Ethernet header that is worth
// going on with.
func carriesEthernet(b []byte) bool {
	if len(b) < ethernetLen {
		return false
	}
	switch binary.BigEndian.Uint16(b[12:]) {
	case etherTypeIPv4, etherTypeIPv6, etherTypeVLAN, etherTypeQinQ, etherTypeQold,
		etherTypeMPLS, etherTypeMPLSup, etherTypePPPoE:
		return true
	}
	return false
}

// pppoe reads the header of a PPPoE session (RFC 2516, section 4).
func (d *Decoder) pppoe() step {
	if len(d.rest) < pppoeLen {
		return d.lacks(pppoeLen)
	}
	const version1Type1, sessionData = 0x11, 0
	if d.rest[0] != version1Type1 || d.rest[1] != sessionData {
		return step(NotTCP)
	}
	length := int(binary.BigEndian.Uint16(d.rest[4:]))
	d.skip(pppoeLen)
	d.trim(length)
	return d.enter(pppoe, toPPP)
}
