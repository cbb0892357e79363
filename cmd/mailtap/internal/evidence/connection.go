package evidence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

// ends are the two ends of a connection, the lower one first.
type ends struct {
	lo, hi         [16]byte
	loPort, hiPort uint16
}

// endsOf returns the ends of a segment, and whether the higher one sent it.
func endsOf(s *decode.Segment) (e ends, swapped bool) {
	order := bytes.Compare(s.SrcAddr[:], s.DstAddr[:])
	if order > 0 || order == 0 && s.SrcPort > s.DstPort {
		return ends{s.DstAddr, s.SrcAddr, s.DstPort, s.SrcPort}, true
	}
	return ends{s.SrcAddr, s.DstAddr, s.SrcPort, s.DstPort}, false
}

func endsBetween(a, b netip.AddrPort) ends {
	e, _ := endsOf(&decode.Segment{
		SrcAddr: a.Addr().As16(), SrcPort: a.Port(), DstAddr: b.Addr().As16(), DstPort: b.Port(),
	})
	return e
}

// proxies are the tunnels that stand in the stream and not in the packets.
var proxies = []string{"http-connect", "socks", "proxy"}

// pathName writes down what packets came through.
func pathName(vlans []uint16, tunnels []string) string {
	for len(tunnels) > 0 && slices.Contains(proxies, tunnels[len(tunnels)-1]) {
		tunnels = tunnels[:len(tunnels)-1]
	}
	return fmt.Sprint(vlans) + strings.Join(tunnels, ",")
}

// pathNames remembers the names of a Decoder's paths.
type pathNames struct {
	decoder *decode.Decoder
	names   map[decode.PathID]string
}

func (p *pathNames) of(id decode.PathID) string {
	name, ok := p.names[id]
	if !ok {
		name = pathName(p.decoder.Path(id))
		p.names[id] = name
	}
	return name
}

// unit is what one segment came in: a packet, or all fragments of a datagram.
type unit struct {
	parts   []part
	segment *decode.Segment
	content []byte // of the joined datagram; nil: there is one part
}

// part is one packet of a unit.
type part struct {
	packet *capture.Packet
	from   int // of the datagram's content
	body   int // in packet.Data, where the content begins
	size   int
}

// within returns where b, a part of data, begins in it; -1 where it is none.
// Both reach to the end of one array.
func within(data, b []byte) int {
	at := cap(data) - cap(b)
	if len(b) == 0 || at < 0 || at+len(b) > len(data) || &data[at] != &b[0] {
		return -1
	}
	return at
}

// payload returns the bytes that hold the segment's payload and where it begins
// in them; -1 where that cannot be told.
func (u *unit) payload() (data []byte, at int) {
	if u.content != nil {
		return u.content, bytes.LastIndex(u.content, u.segment.Payload)
	}
	data = u.parts[0].packet.Data
	return data, within(data, u.segment.Payload)
}

// spread copies the content back into the fragments. The checksum of TCP is in
// the first one, so that those of tunnels around the others have to be mended.
func (u *unit) spread() {
	if u.content == nil {
		return
	}
	for i := range u.parts {
		p := &u.parts[i]
		before := bytes.Clone(p.packet.Data)
		copy(p.packet.Data[p.body:p.body+p.size], u.content[p.from:])
		mendAround(p.packet.Data, before, p.body)
	}
}

const (
	tcpLen      = 20
	maxTCPLen   = 60
	checksumAt  = 16
	protocolTCP = 6
)

// header returns where the TCP header of a payload at data[at] begins; -1 where
// none fits.
func header(data []byte, at int, s *decode.Segment) int {
	for n := tcpLen; n <= maxTCPLen && n <= at; n += 4 {
		h := data[at-n:]
		if int(h[12]>>4)*4 == n && binary.BigEndian.Uint16(h) == s.SrcPort &&
			binary.BigEndian.Uint16(h[2:]) == s.DstPort && binary.BigEndian.Uint32(h[4:]) == s.Seq {
			return at - n
		}
	}
	return -1
}

// mend brings the TCP checksum at data[at:] in line with a payload whose sum
// was before and is now after (RFC 1624, section 3). A wrong one stays wrong,
// and one that was left to the network card stays so: it is the sum of the
// pseudo-header, with the length or without. As the sum of the segment does not
// change, a checksum of a tunnel around it still holds.
func mend(data []byte, at int, s *decode.Segment, before, after uint32) {
	field := data[at+checksumAt:]
	sent := binary.BigEndian.Uint16(field)
	pseudo := uint32(protocolTCP)
	for _, a := range [][16]byte{s.SrcAddr, s.DstAddr} {
		from := 0
		if netip.AddrFrom16(a).Is4In6() {
			from = 12
		}
		pseudo += sum(a[from:])
	}
	length := uint32(len(data) - at + s.Missing)
	if sent == 0 || sent == fold(pseudo) || sent == fold(pseudo+length) {
		return
	}
	update(field, before, after)
}

// update brings a checksum in line with a change of what it is over: HC' =
// ~(~HC + ~m + m').
func update(field []byte, before, after uint32) {
	sent := binary.BigEndian.Uint16(field)
	binary.BigEndian.PutUint16(field, ^fold(uint32(^sent)+uint32(^fold(before))+uint32(fold(after))))
}

// mendAround mends the checksums of UDP in IPv4 and IPv6 around data[body:],
// which has changed from before.
func mendAround(data, before []byte, body int) {
	const protocolUDP, udpLen, udpChecksumAt = 17, 8, 6
	for at := 0; at+ipv4Len+udpLen <= body; at++ {
		b, head, size := data[at:], 0, 0
		switch {
		case b[0]>>4 == 4 && b[9] == protocolUDP:
			head, size = int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:]))
			if head < ipv4Len || fold(sum(b[:min(head, len(b))])) != 0xffff {
				continue
			}
		case b[0]>>4 == 6 && b[6] == protocolUDP:
			head, size = ipv6Len, ipv6Len+int(binary.BigEndian.Uint16(b[4:]))
		default:
			continue
		}
		udp := at + head
		if udp+udpLen > body || at+size > len(data) || int(binary.BigEndian.Uint16(data[udp+4:])) != size-head {
			continue
		}
		if field := data[udp+udpChecksumAt:]; field[0] != 0 || field[1] != 0 {
			update(field, sum(before[udp:at+size]), sum(data[udp:at+size]))
		}
	}
}

// sum adds up the 16-bit words of b (RFC 1071), of at most 64 KiB.
func sum(b []byte) (total uint32) {
	for ; len(b) >= 2; b = b[2:] {
		total += uint32(binary.BigEndian.Uint16(b))
		total = total>>16 + total&0xffff
	}
	if len(b) == 1 {
		total += uint32(b[0]) << 8
	}
	return total
}

func fold(s uint32) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
