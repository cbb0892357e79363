package decode

import "encoding/binary"

const tcpLen = 20 // without options

// maxMissing is how many bytes a capture may have cut off a packet: more than any
// has. A file may name any length where the IP header names none.
const maxMissing = 256 << 10

// segment reads a TCP header (RFC 9293, section 3.1). Its options may have been
// cut off: how long they are is known.
func (d *Decoder) segment(s *Segment) step {
	b := d.rest
	if len(b) < tcpLen {
		if d.wire < tcpLen {
			return step(Malformed)
		}
		return step(Truncated)
	}
	header := int(b[12]>>4) * 4
	if header < tcpLen || header > d.wire {
		return step(Malformed)
	}
	s.SrcPort = binary.BigEndian.Uint16(b)
	s.DstPort = binary.BigEndian.Uint16(b[2:])
	s.Seq = binary.BigEndian.Uint32(b[4:])
	s.Ack = binary.BigEndian.Uint32(b[8:])
	s.Flags = b[13]
	s.Payload = b[min(header, len(b)):]
	s.Missing = min(d.wire-max(header, len(b)), maxMissing)
	s.ip, s.tcp, s.cut, s.via = d.ip, b, d.wire > len(b), d.via
	return step(TCP)
}
