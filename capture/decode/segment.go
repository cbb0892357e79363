package decode

import "net/netip"

// Segment is one TCP segment, as found in one packet.
type Segment struct {
	Time   int64  // of its packet, ns since 1970 UTC
	Packet uint64 // number of the packet in its file, from 1
	File   int32  // index of the file

	Path             PathID   // VLAN and tunnel list it came through
	SrcAddr, DstAddr [16]byte // IPv4 mapped to IPv6
	SrcPort, DstPort uint16

	Seq, Ack uint32
	Flags    uint8 // TCP flags, see the constants
	TTL      uint8
	Payload  []byte // captured payload; valid as long as the packet's data, see Decoder.Joined
	Missing  int    // payload bytes that were on the wire but not captured (snaplen)

	ip, tcp []byte // from the innermost IP header on; header and captured payload
	cut     bool   // not all of tcp was captured
	via     bool   // a routing header hides the address that the checksum is over
}

// TCP flags (RFC 9293, section 3.1).
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// Src returns the sending endpoint, an IPv4 address unmapped.
func (s *Segment) Src() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(s.SrcAddr).Unmap(), s.SrcPort)
}

// Dst returns the receiving endpoint, an IPv4 address unmapped.
func (s *Segment) Dst() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(s.DstAddr).Unmap(), s.DstPort)
}

// PathID stands for a list of VLANs and tunnels; 0 is none. See Decoder.Path.
type PathID uint32
