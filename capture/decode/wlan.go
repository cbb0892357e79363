package decode

import "encoding/binary"

// Headers that a Wi-Fi adapter in monitor mode puts before a frame.
const (
	radiotapLen = 8 // without its fields
	prismLen    = 8 // what is read of it
	avsLen      = 8 // the same
	ppiLen      = 8
	avsMagic    = 0x80211000
)

// radiotap reads a Radiotap header (www.radiotap.org). Of its fields only the
// flags matter: whether the frame's header is padded.
func (d *Decoder) radiotap() step {
	const (
		hasTime, hasFlags, more = 1, 2, 1 << 31 // of a word that says what is present
		padded                  = 0x20
	)
	if len(d.rest) < radiotapLen {
		return step(Truncated)
	}
	size, at := int(binary.LittleEndian.Uint16(d.rest[2:])), radiotapLen
	if d.rest[0] != 0 || size < radiotapLen {
		return step(Malformed)
	}
	if len(d.rest) < size {
		return step(Truncated)
	}
	present := binary.LittleEndian.Uint32(d.rest[4:])
	for word := present; word&more != 0; at += 4 {
		if at+4 > size {
			return step(Malformed)
		}
		word = binary.LittleEndian.Uint32(d.rest[at:])
	}
	if present&hasTime != 0 {
		at = (at+7)&^7 + 8 // aligned to its size
	}
	pad := present&hasFlags != 0 && at < size && d.rest[at]&padded != 0
	d.skip(size)
	return d.wlan(pad)
}

// prism skips the header of Prism cards, or the AVS one that may stand in its
// place.
func (d *Decoder) prism() step {
	if len(d.rest) < prismLen {
		return step(Truncated)
	}
	if binary.BigEndian.Uint32(d.rest)&^0xfff == avsMagic {
		return toAVS
	}
	return d.skipTo(int(binary.LittleEndian.Uint32(d.rest[4:])), toWLAN)
}

// avs skips the header of AVS WLAN drivers.
func (d *Decoder) avs() step {
	if len(d.rest) < avsLen {
		return step(Truncated)
	}
	return d.skipTo(int(binary.BigEndian.Uint32(d.rest[4:])), toWLAN)
}

// ppi skips the header of CACE's Per-Packet Information, which names the link
// type of what follows.
func (d *Decoder) ppi() step {
	if len(d.rest) < ppiLen {
		return step(Truncated)
	}
	return d.skipTo(int(binary.LittleEndian.Uint16(d.rest[2:])), linkStep(binary.LittleEndian.Uint32(d.rest[4:])))
}

// The first octet of a frame, without its subtype (IEEE 802.11, 9.2.4.1).
const (
	wlanKind = 0x0f // protocol version and type
	wlanData = 0x08
)

// wlan reads a frame, whose header is padded to whole words if pad is set.
func (d *Decoder) wlan(pad bool) step {
	if len(d.rest) < 2 {
		return step(Truncated)
	}
	return d.wlanFrame(d.rest[0], d.rest[1], pad)
}

// wlanFrame reads the header of a data frame (IEEE 802.11, 9.3.2), which begins
// with these two octets. Of an aggregate it reads the first part; frames in
// fragments are passed over.
func (d *Decoder) wlanFrame(kind, flags byte, pad bool) step {
	const (
		noData, qos              = 0x40, 0x80 // subtypes
		bothDS, moreFragments    = 0x03, 0x04 // flags
		protected, order         = 0x40, 0x80
		aggregate                = 0x80     // of QoS control
		header, fourth, qosField = 24, 6, 2 // lengths
		htControl                = 4
	)
	if kind&wlanKind != wlanData || kind&noData != 0 {
		return step(NotTCP)
	}
	size := header
	if flags&bothDS == bothDS {
		size += fourth
	}
	service := size
	if kind&qos != 0 {
		if size += qosField; flags&order != 0 {
			size += htControl
		}
	}
	if len(d.rest) < size {
		return step(Truncated)
	}
	aggregated := kind&qos != 0 && d.rest[service]&aggregate != 0
	switch fragment := d.rest[22] & 0x0f; {
	case flags&protected != 0:
		return step(Encrypted)
	case flags&moreFragments != 0 || fragment != 0:
		return step(NotTCP)
	}
	if pad {
		size = min((size+3)&^3, len(d.rest))
	}
	d.skip(size)
	if aggregated {
		if len(d.rest) < ethernetLen {
			return step(Truncated)
		}
		length := int(binary.BigEndian.Uint16(d.rest[12:]))
		d.skip(ethernetLen)
		d.trim(length)
	}
	return toLLC
}
