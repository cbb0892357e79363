package decode

import (
	"encoding/binary"

	"github.com/mailtap/mailtap/capture"
)

// The places of a plain packet: Ethernet without tags, IPv4 without options.
const (
	plainIP  = ethernetLen
	plainTCP = plainIP + ipv4Len
)

// plain takes what nearly every packet is, a whole TCP segment in IPv4 in
// Ethernet, in one step instead of five. It reports false, and has changed
// nothing that matters, for all else: also for what is cut, or odd.
func (d *Decoder) plain(p *capture.Packet, s *Segment) bool {
	b := p.Data
	if p.Link != capture.LinkEthernet || len(b) < plainTCP+tcpLen {
		return false
	}
	const version4, moreOrOffset = 0x45, 0x3fff
	ip := b[plainIP:]
	if binary.BigEndian.Uint16(b[12:]) != etherTypeIPv4 || ip[0] != version4 ||
		binary.BigEndian.Uint16(ip[6:])&moreOrOffset != 0 || ip[9] != protoTCP {
		return false
	}
	total := int(binary.BigEndian.Uint16(ip[2:]))
	header := int(b[plainTCP+12]>>4) * 4
	if header < tcpLen || total < ipv4Len+header || total > len(ip) {
		return false
	}
	tcp := b[plainTCP : plainIP+total]
	s.Time, s.Packet, s.File, s.Path = p.Time, p.Number, p.File, 0
	s.TTL = ip[8]
	s.SrcAddr, s.DstAddr = mapped, mapped
	copy(s.SrcAddr[12:], ip[12:16])
	copy(s.DstAddr[12:], ip[16:20])
	s.SrcPort, s.DstPort = binary.BigEndian.Uint16(tcp), binary.BigEndian.Uint16(tcp[2:])
	s.Seq, s.Ack = binary.BigEndian.Uint32(tcp[4:]), binary.BigEndian.Uint32(tcp[8:])
	s.Flags = tcp[13]
	s.Payload, s.Missing = tcp[header:], 0
	s.ip, s.tcp, s.cut, s.via = ip, tcp, false, false
	return true
}
