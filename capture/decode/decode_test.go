package decode_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

// seen is what matters of a decoded frame.
type seen struct {
	Result   string
	From, To string
	Payload  string
	Missing  int
	VLANs    []uint16
	Tunnels  []string
}

func decodeOne(d *decode.Decoder, link capture.LinkType, data string, length int) seen {
	var s decode.Segment
	p := capture.Packet{Data: []byte(data), Length: length, Link: link}
	r := d.Decode(&p, &s)
	if r != decode.TCP {
		return seen{Result: r.String()}
	}
	vlans, tunnels := d.Path(s.Path)
	return seen{r.String(), s.Src().String(), s.Dst().String(), string(s.Payload), s.Missing, vlans, tunnels}
}

const (
	null, ether, ppp, hdlc, raw, loop = capture.LinkNull, capture.LinkEthernet, capture.LinkPPP, capture.LinkPPPHDLC, capture.LinkRaw, capture.LinkLoop
	cooked, cooked2                   = capture.LinkLinuxSLL, capture.LinkSLL2
)

var (
	v4 = seen{Result: "tcp", From: "10.0.0.1:25", To: "10.0.0.2:49152", Payload: payload}
	v6 = seen{Result: "tcp", From: "[2001:db8::1]:25", To: "[2001:db8::2]:49152", Payload: payload}

	notTCP    = seen{Result: "not-tcp"}
	truncated = seen{Result: "truncated"}
	malformed = seen{Result: "malformed"}
	fragment  = seen{Result: "fragment"}
)

// tagged is v4 from VLANs.
func tagged(vlans ...uint16) seen {
	s := v4
	s.VLANs = vlans
	return s
}

// in returns s from tunnels.
func (s seen) in(tunnels ...string) seen {
	s.Tunnels = tunnels
	return s
}

func TestLink(t *testing.T) {
	const tag12, tag7, priority = "\x81\x00\x20\x0c", "\x81\x00\x00\x07", "\x81\x00\xe0\x00"
	for _, test := range []struct {
		name string
		link capture.LinkType
		data string
		want seen
	}{
		{"ethernet", ether, eth4 + packet4, v4},
		{"ethernet, IPv6", ether, eth6 + packet6, v6},
		{"padding", ether, eth4 + packet4 + "\x00\x00\x00", v4},
		{"ARP", ether, macs + "\x08\x06" + strings.Repeat("\x00", 28), notTCP},
		{"IPv4 announced, IPv6 there", ether, eth4 + packet6, malformed},
		{"IPv6 announced, IPv4 there", ether, eth6 + packet4, malformed},
		{"ethernet, cut", ether, eth4[:13], truncated},
		{"802.1Q", ether, macs + tag12 + "\x08\x00" + packet4, tagged(12)},
		{"802.1ad and 802.1Q", ether, macs + "\x88\xa8\x00\x03" + tag12 + "\x86\xdd" + packet6,
			seen{"tcp", v6.From, v6.To, payload, 0, []uint16{3, 12}, nil}},
		{"QinQ before the standard", ether, macs + "\x91\x00\x00\x03" + tag12 + "\x08\x00" + packet4, tagged(3, 12)},
		{"priority without a VLAN", ether, macs + priority + "\x08\x00" + packet4, v4},
		{"more tags than a path keeps", ether, macs + strings.Repeat(tag7, 5) + "\x08\x00" + packet4, tagged(7, 7, 7, 7)},
		{"tags without end", ether, macs + strings.Repeat(tag7, 400) + "\x08\x00" + packet4, malformed},
		{"a cut tag", ether, macs + tag12, truncated},
		{"802.1ah", ether, macs + "\x88\xe7\x00\x00\x12\x34" + macs + tag12 + "\x08\x00" + packet4, tagged(12)},
		{"802.1ah in a backbone's VLAN", ether, macs + "\x88\xa8\x00\x03\x88\xe7\x00\x00\x12\x34" + macs + tag12 + "\x08\x00" + packet4, tagged(3, 12)},
		{"802.1ah, cut", ether, macs + "\x88\xe7\x00\x00", truncated},
		{"802.1ah without end", ether, strings.Repeat(macs+"\x88\xe7\x00\x00\x12\x34", 100), malformed},
		{"802.3 with SNAP", ether, macs + "\x00\x50\xaa\xaa\x03\x00\x00\x00\x08\x00" + packet4, v4},
		{"802.3 with 802.1H", ether, macs + "\x00\x50\xaa\xaa\x03\x00\x00\xf8\x86\xdd" + packet6, v6},
		{"802.3 with IP's SAP", ether, macs + "\x00\x50\x06\x06\x03" + packet4, v4},
		{"802.3 in a VLAN", ether, macs + tag12 + "\x00\x50\xaa\xaa\x03\x00\x00\x00\x08\x00" + packet4, tagged(12)},
		{"spanning tree", ether, macs + "\x00\x26\x42\x42\x03" + strings.Repeat("\x00", 35), notTCP},
		{"SNAP of a vendor", ether, macs + "\x00\x50\xaa\xaa\x03\x00\x00\x0c\x20\x00" + packet4, notTCP},
		{"SNAP in SNAP", ether, macs + "\x00\x50\xaa\xaa\x03\x00\x00\x00\x00\x10" + packet4, notTCP},
		{"cut SNAP", ether, macs + "\x00\x50\xaa\xaa\x03\x00", truncated},
		{"cut LLC", ether, macs + "\x00\x50\xaa", truncated},

		{"null, little-endian", null, "\x02\x00\x00\x00" + packet4, v4},
		{"null, big-endian", null, "\x00\x00\x00\x02" + packet4, v4},
		{"null, IPv6 on Linux", null, "\x0a\x00\x00\x00" + packet6, v6},
		{"null, IPv6 on NetBSD", null, "\x18\x00\x00\x00" + packet6, v6},
		{"null, IPv6 on FreeBSD", null, "\x1c\x00\x00\x00" + packet6, v6},
		{"null, IPv6 on macOS", null, "\x1e\x00\x00\x00" + packet6, v6},
		{"null, IPv6 big-endian", null, "\x00\x00\x00\x1e" + packet6, v6},
		{"null, another family", null, "\x07\x00\x00\x00" + packet4, notTCP},
		{"null, cut", null, "\x02\x00", truncated},
		{"loop", loop, "\x00\x00\x00\x18" + packet6, v6},

		{"raw", raw, packet4, v4},
		{"raw, IPv6", raw, packet6, v6},
		{"raw of BSD", capture.LinkRawBSD, packet4, v4},
		{"raw of OpenBSD", capture.LinkRawOpen, packet6, v6},
		{"IPv4", capture.LinkIPv4, packet4, v4},
		{"IPv6", capture.LinkIPv6, packet6, v6},
		{"raw of version 5", raw, with(packet4, 0, "\x55"), malformed},
		{"raw, empty", raw, "", truncated},

		{"PPP", ppp, "\x00\x21" + packet4, v4},
		{"PPP, protocol compressed", ppp, "\x21" + packet4, v4},
		{"PPP with HDLC", ppp, "\xff\x03\x00\x57" + packet6, v6},
		{"PPP with HDLC, protocol compressed", ppp, "\xff\x03\x57" + packet6, v6},
		{"PPP HDLC", hdlc, "\xff\x03\x00\x21" + packet4, v4},
		{"Cisco HDLC", hdlc, "\x0f\x00\x08\x00" + packet4, v4},
		{"Cisco HDLC, a length", hdlc, "\x8f\x00\x00\x20" + packet4, notTCP},
		{"PPP, LCP", ppp, "\xc0\x21\x01\x01\x00\x04", notTCP},
		{"PPP, cut", ppp, "\xff\x03\x00", truncated},

		{"SLL", cooked, sll("\x00\x01", "\x08\x00") + packet4, v4},
		{"SLL, IPv6", cooked, sll("\x03\x04", "\x86\xdd") + packet6, v6},
		{"SLL, VLAN", cooked, sll("\x00\x01", "\x81\x00") + "\x00\x0c\x08\x00" + packet4, tagged(12)},
		{"SLL, 802.2", cooked, sll("\x00\x01", "\x00\x04") + "\xaa\xaa\x03\x00\x00\x00\x08\x00" + packet4, v4},
		{"SLL, 802.3", cooked, sll("\x00\x01", "\x00\x01") + packet4, notTCP},
		{"SLL, netlink", cooked, sll("\x03\x38", "\x08\x00") + packet4, notTCP},
		{"SLL, cut", cooked, sll("\x00\x01", "\x08\x00")[:15], truncated},
		{"SLL2", cooked2, sll2("\x00\x01", "\x08\x00") + packet4, v4},
		{"SLL2, IPv6", cooked2, sll2("\x00\x01", "\x86\xdd") + packet6, v6},
		{"SLL2, cut", cooked2, sll2("\x00\x01", "\x08\x00")[:19], truncated},
		{"Bluetooth", 187, packet4, seen{Result: "unknown-link"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, decodeOne(decode.New(), test.link, test.data, len(test.data))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestIP(t *testing.T) {
	const hop, more = "\x06\x00\x01\x04\x00\x00\x00\x00", "\x00\x00\x01\x04\x00\x00\x00\x00"
	ah := "\x06\x04" + strings.Repeat("\x00", 22)
	for _, test := range []struct {
		name string
		data string
		want seen
	}{
		{"IPv4 options", ip4(6, "\x94\x04\x00\x00", tcp4), v4},
		{"total length 0", with(packet4, 2, "\x00\x00"), v4},
		{"total length over the frame", with(packet4, 2, "\x00\xff"), seen{"tcp", v4.From, v4.To, payload, 255 - len(packet4), nil, nil}},
		{"total length within the header", with(packet4, 2, "\x00\x13"), malformed},
		{"a header too short", with(packet4, 0, "\x44"), malformed},
		{"a header longer than the frame", with(packet4, 0, "\x4f")[:42], truncated},
		{"first fragment", with(packet4, 6, "\x20\x00"), fragment},
		{"later fragment", with(packet4, 6, "\x00\x01"), fragment},
		{"the reserved bit", with(packet4, 6, "\x80\x00"), v4},
		{"UDP", ip4(17, "", "\x00\x35\x00\x35\x00\x08\x00\x00"), notTCP},
		{"IPv4, cut", packet4[:19], truncated},
		{"AH", ip4(51, "", ah+tcp4), v4},
		{"AH too short", ip4(51, "", with(ah, 1, "\x00")+tcp4), malformed},
		{"AH longer than the packet", ip4(51, "", with(ah, 1, "\xff")+tcp4), malformed},
		{"AH, cut", ip4(51, "", ah)[:30], truncated},

		{"hop-by-hop", ip6(0, hop+tcp6), v6},
		{"destination options", ip6(60, hop+tcp6), v6},
		{"routing", ip6(43, "\x06\x00\x04\x00\x00\x00\x00\x00"+tcp6), v6},
		{"an atomic fragment", ip6(44, "\x06\x00\x00\x00\x00\x00\x00\x01"+tcp6), v6},
		{"a fragment", ip6(44, "\x06\x00\x00\x01\x00\x00\x00\x01"+tcp6), fragment},
		{"a cut fragment header", ip6(44, "\x06\x00\x00"), truncated},
		{"hop-by-hop, AH, destination", ip6(0, with(hop, 0, "\x33")+with(ah, 0, "\x3c")+hop+tcp6), v6},
		{"all the extension headers there may be", ip6(0, strings.Repeat(more, 6)+hop+tcp6), v6},
		{"extension headers without end", ip6(0, strings.Repeat(more, 20)+hop+tcp6), malformed},
		{"an extension longer than the packet", ip6(0, with(hop, 1, "\xff")+tcp6), malformed},
		{"a cut extension", ip6(0, hop)[:45], truncated},
		{"no next header", ip6(59, ""), notTCP},
		{"ICMPv6", ip6(58, "\x80\x00\x00\x00"), notTCP},
		{"payload length 0", with(packet6, 4, "\x00\x00"), v6},
		{"a jumbogram", with(ip6(0, "\x06\x00\xc2\x04\x00\x01\x00\x00"+tcp6), 4, "\x00\x00"), v6},
		{"IPv6, padding", packet6 + "\x00\x00", v6},
		{"IPv6, cut", packet6[:39], truncated},

		{"TCP options", ip4(6, "", tcp(pseudo4, "\x01\x01\x01\x00", payload)), v4},
		{"no payload", ip4(6, "", tcp(pseudo4, "", "")), seen{"tcp", v4.From, v4.To, "", 0, nil, nil}},
		{"a TCP header too short", with(packet4, 32, "\x40"), malformed},
		{"a TCP header longer than the packet", with(packet4, 32, "\xf0"), malformed},
		{"an IP packet shorter than a TCP header", ip4(6, "", tcp4[:19]), malformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, decodeOne(decode.New(), raw, test.data, len(test.data))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A frame cut at any byte tells how much is missing, once the fixed part of
// the TCP header is there.
func TestSnaplen(t *testing.T) {
	const headers, options = 14 + 20 + 20, 12
	whole := eth4 + ip4(6, "", tcp(pseudo4, strings.Repeat("\x01", options), payload))
	for n := range len(whole) + 1 {
		want := truncated
		if n >= headers {
			want = v4
			want.Payload = whole[min(n, headers+options):n][:max(0, n-headers-options)]
			want.Missing = len(payload) - len(want.Payload)
		}
		if n >= headers && n < headers+options {
			want.Payload = ""
		}
		for _, length := range []int{len(whole), len(whole) + 4, n} { // as sent, with padding, not recorded
			if diff := cmp.Diff(want, decodeOne(decode.New(), ether, whole[:n], length)); diff != "" {
				t.Errorf("%d bytes captured of %d (-want +got):\n%s", n, length, diff)
			}
		}
	}
}

// With segmentation offload the frame's own length counts.
func TestOffloadCut(t *testing.T) {
	data := with(packet4, 2, "\x00\x00")
	want := v4
	want.Missing = 60_000
	if diff := cmp.Diff(want, decodeOne(decode.New(), raw, data, len(data)+60_000)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Every field of a segment is that of the last packet.
func TestSegment(t *testing.T) {
	d := decode.New()
	var s decode.Segment
	d.Decode(&capture.Packet{Data: []byte(packet4), Link: raw, Time: 5, Number: 6, File: 7}, &s)
	want := decode.Segment{
		Time: 5, Packet: 6, File: 7,
		SrcAddr: [16]byte{10: 0xff, 11: 0xff, 12: 10, 15: 1}, DstAddr: [16]byte{10: 0xff, 11: 0xff, 12: 10, 15: 2},
		SrcPort: 25, DstPort: 49152, Seq: 7, Ack: 9, Flags: decode.PSH | decode.ACK, TTL: 63, Payload: []byte(payload),
	}
	if diff := cmp.Diff(want, s, cmpopts.IgnoreUnexported(decode.Segment{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.Missing, s.Path = 9, 9
	d.Decode(&capture.Packet{Data: []byte(packet6), Link: raw}, &s)
	want = decode.Segment{
		SrcAddr: [16]byte([]byte(pseudo6)[:16]), DstAddr: [16]byte([]byte(pseudo6)[16:]),
		SrcPort: 25, DstPort: 49152, Seq: 7, Ack: 9, Flags: decode.PSH | decode.ACK, TTL: 62, Payload: []byte(payload),
	}
	if diff := cmp.Diff(want, s, cmpopts.IgnoreUnexported(decode.Segment{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
