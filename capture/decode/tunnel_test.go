package decode_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/mailtap/mailtap/capture/decode"
)

const pptpLength = 4 // where it stands in pptp

// tunnelTests are Ethernet frames.
var tunnelTests = []struct {
	name  string
	frame string
	want  seen
}{
	{"gre, IPv4", eth4 + ip4(47, "", "\x00\x00\x08\x00"+packet4), v4.in("gre")},
	{"gre, IPv6", eth4 + ip4(47, "", "\x00\x00\x86\xdd"+packet6), v6.in("gre")},
	{"gre, every optional field", eth4 + ip4(47, "", "\xb0\x00\x08\x00"+strings.Repeat("\x01\x02\x03\x04", 3)+packet4), v4.in("gre")},
	{"gre, a source route", eth4 + ip4(47, "", "\x40\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x04\x0a\x00\x00\x07\x00\x00\x00\x00"+packet4), v4.in("gre")},
	{"gre, a source route without end", eth4 + ip4(47, "", "\x40\x00\x08\x00\x00\x00\x00\x00"+strings.Repeat("\x08\x00\x00\x04\x0a\x00\x00\x07", 9)+packet4), notTCP},
	{"gre, a source route longer than the packet", eth4 + ip4(47, "", "\x40\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\xff"+packet4), notTCP},
	{"gre, Ethernet", eth4 + ip4(47, "", bridged+eth4+packet4), v4.in("gre")},
	{"gre, Ethernet with VLANs", macs + "\x81\x00\x00\x03\x08\x00" + ip4(47, "", bridged+macs+"\x81\x00\x00\x07\x08\x00"+packet4),
		seen{"tcp", v4.From, v4.To, payload, 0, []uint16{3, 7}, []string{"gre"}}},
	{"gre over IPv6", eth6 + ip6(47, "\x00\x00\x08\x00"+packet4), v4.in("gre")},
	{"gre, a keepalive", eth4 + ip4(47, "", "\x00\x00\x00\x00"), notTCP},
	{"gre, version 2", eth4 + ip4(47, "", "\x00\x02\x08\x00"+packet4), notTCP},
	{"gre, no packet inside", eth4 + ip4(47, "", "\x00\x00\x08\x00"+"not a packet of any kind"), notTCP},
	{"gre, half a packet inside", eth4 + ip4(47, "", "\x00\x00\x08\x00"+packet4[:12]), notTCP},
	{"gre, UDP inside", eth4 + ip4(47, "", "\x00\x00\x08\x00"+ip4(17, "", udp(53, "query"))), notTCP},
	{"gre, too short", eth4 + ip4(47, "", "\x00\x00"), notTCP},
	{"gre, fields that are not there", eth4 + ip4(47, "", "\xb0\x00\x08\x00\x00\x00\x00\x00"), notTCP},
	{"pptp", eth4 + ip4(47, "", with(pptp, pptpLength, "\x00\x42")+"\xff\x03\x00\x21"+packet4), v4.in("gre")},
	{"pptp, an acknowledgement", eth4 + ip4(47, "", "\x20\x81\x88\x0b\x00\x00\x00\x07\x00\x00\x00\x02"), notTCP},
	{"pptp, longer than its packet", eth4 + ip4(47, "", with(pptp, pptpLength, "\x00\xff")+"\x21"+packet4), notTCP},
	{"pptp, encrypted", eth4 + ip4(47, "", with(pptp, pptpLength, "\x00\x04")+"\x00\xfd\x90\x00"), notTCP},

	{"erspan I", eth4 + ip4(47, "", "\x00\x00\x88\xbe"+eth4+packet4), v4.in("erspan")},
	{"erspan II", eth4 + ip4(47, "", mirror2+eth4+packet4), tagged(12).in("erspan")},
	{"erspan II, a frame check sequence behind", eth4 + ip4(47, "", mirror2+macs+"\x81\x00\x00\x0c\x86\xdd"+packet6+"\x01\x02\x03\x04"),
		seen{"tcp", v6.From, v6.To, payload, 0, []uint16{12}, []string{"erspan"}}},
	{"erspan II, the mirror has cut the frame", eth4 + ip4(47, "", mirror2+eth4+packet4[:50]),
		seen{"tcp", v4.From, v4.To, payload[:10], len(payload) - 10, []uint16{12}, []string{"erspan"}}},
	{"erspan II, no VLAN", eth4 + ip4(47, "", with(mirror2, 8, "\x10\x00")+eth4+packet4), v4.in("erspan")},
	{"erspan II, the tag is still there", eth4 + ip4(47, "", mirror2+macs+"\x81\x00\x00\x07\x08\x00"+packet4), tagged(7).in("erspan")},
	{"erspan II, behind a VLAN of the way", macs + "\x81\x00\x00\x03\x08\x00" + ip4(47, "", mirror2+eth4+packet4), tagged(3, 12).in("erspan")},
	{"erspan II, half an Ethernet header", eth4 + ip4(47, "", mirror2+eth4[:9]), notTCP},
	{"erspan III", eth4 + ip4(47, "", mirror3+"\x00\x00"+eth4+packet4), tagged(12).in("erspan")},
	{"erspan III, subheader", eth4 + ip4(47, "", mirror3+"\x00\x01"+"subheadr"+eth4+packet4), tagged(12).in("erspan")},
	{"erspan III, IP", eth4 + ip4(47, "", mirror3+"\x08\x00"+packet4), tagged(12).in("erspan")},
	{"erspan III, another kind of frame", eth4 + ip4(47, "", mirror3+"\x1c\x00"+eth4+packet4), notTCP},
	{"erspan of another version", eth4 + ip4(47, "", with(mirror2, 8, "\x30")+eth4+packet4), notTCP},

	{"vxlan", eth4 + ip4(17, "", udp(4789, vni+eth4+packet4)), v4.in("vxlan")},
	{"vxlan on Linux's port", eth4 + ip4(17, "", udp(8472, vni+eth6+packet6)), v6.in("vxlan")},
	{"vxlan over IPv6", eth6 + ip6(17, udp(4789, vni+eth4+packet4)), v4.in("vxlan")},
	{"vxlan on another port", eth4 + ip4(17, "", udp(4790, vni+eth4+packet4)), notTCP},
	{"vxlan without the flag", eth4 + ip4(17, "", udp(4789, with(vni, 0, "\x00")+eth4+packet4)), notTCP},
	{"vxlan, another flag", eth4 + ip4(17, "", udp(4789, with(vni, 0, "\x88")+eth4+packet4)), notTCP},
	{"vxlan, reserved bits", eth4 + ip4(17, "", udp(4789, with(vni, 3, "\x01")+eth4+packet4)), notTCP},
	{"vxlan, reserved bits at the end", eth4 + ip4(17, "", udp(4789, with(vni, 7, "\x01")+eth4+packet4)), notTCP},
	{"vxlan, UDP longer than its packet", eth4 + ip4(17, "", with(udp(4789, vni+eth4+packet4), 4, "\x0f")), notTCP},
	{"vxlan, UDP shorter than its header", eth4 + ip4(17, "", with(udp(4789, vni+eth4+packet4), 4, "\x00\x07")), notTCP},
	{"DNS answered to vxlan's port", eth4 + ip4(17, "", udp(4789, "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x02mx")), notTCP},

	{"geneve", eth4 + ip4(17, "", udp(6081, "\x00\x00\x65\x58\x00\x00\x09\x00"+eth4+packet4)), v4.in("geneve")},
	{"geneve, IPv6", eth4 + ip4(17, "", udp(6081, "\x00\x00\x86\xdd\x00\x00\x09\x00"+packet6)), v6.in("geneve")},
	{"geneve, options", eth4 + ip4(17, "", udp(6081, "\x03\x40\x65\x58\x00\x00\x09\x00\x01\x02\x80\x01four\x01\x02\x03\x00"+eth4+packet4)), v4.in("geneve")},
	{"geneve, options that do not add up", eth4 + ip4(17, "", udp(6081, "\x03\x40\x65\x58\x00\x00\x09\x00\x01\x02\x80\x01four\x01\x02\x03\x01"+eth4+packet4)), notTCP},
	{"geneve, version 1", eth4 + ip4(17, "", udp(6081, "\x40\x00\x65\x58\x00\x00\x09\x00"+eth4+packet4)), notTCP},
	{"geneve, control", eth4 + ip4(17, "", udp(6081, "\x00\x80\x65\x58\x00\x00\x09\x00"+eth4+packet4)), notTCP},
	{"geneve, reserved bits", eth4 + ip4(17, "", udp(6081, "\x00\x00\x65\x58\x00\x00\x09\x01"+eth4+packet4)), notTCP},
	{"geneve, an unknown protocol", eth4 + ip4(17, "", udp(6081, "\x00\x00\x00\x10\x00\x00\x09\x00"+eth4+packet4)), notTCP},

	{"gtp-u", eth4 + ip4(17, "", udp(2152, gtp(0x30, 255, packet4))), v4.in("gtp-u")},
	{"gtp-u, sequence number", eth4 + ip4(17, "", udp(2152, gtp(0x32, 255, "\x00\x01\x00\x00"+packet6))), v6.in("gtp-u")},
	{"gtp-u, extension headers", eth4 + ip4(17, "", udp(2152, gtp(0x34, 255, "\x00\x00\x00\x85\x01\x10\x09\xc0\x02aaaaaa\x00"+packet4))), v4.in("gtp-u")},
	{"gtp-u, an extension header of no length", eth4 + ip4(17, "", udp(2152, gtp(0x34, 255, "\x00\x00\x00\x85\x00\x10\x09\x00"+packet4))), notTCP},
	{"gtp-u, extension headers without end", eth4 + ip4(17, "", udp(2152, gtp(0x34, 255, "\x00\x00\x00\x85"+strings.Repeat("\x01\x10\x09\x85", 9)+packet4))), notTCP},
	{"gtp-u, an extension header longer than the packet", eth4 + ip4(17, "", udp(2152, gtp(0x34, 255, "\x00\x00\x00\x85\xff\x10\x09\x00"+packet4))), notTCP},
	{"gtp-u, an echo request", eth4 + ip4(17, "", udp(2152, gtp(0x30, 1, packet4))), notTCP},
	{"gtp'", eth4 + ip4(17, "", udp(2152, gtp(0x20, 255, packet4))), notTCP},
	{"gtp-u, longer than its packet", eth4 + ip4(17, "", udp(2152, with(gtp(0x30, 255, packet4), 2, "\x0f"))), notTCP},
	{"gtp-u, no packet inside", eth4 + ip4(17, "", udp(2152, gtp(0x30, 255, "\x00\x01\x02"))), notTCP},
	{"gtp-u, nothing inside", eth4 + ip4(17, "", udp(2152, gtp(0x30, 255, ""))), notTCP},

	{"capwap, Ethernet", eth4 + ip4(17, "", udp(5247, "\x00\x10\x02\x00\x00\x00\x00\x00"+eth4+packet4)), v4.in("capwap")},
	{"capwap, Wi-Fi", eth4 + ip4(17, "", udp(5247, "\x00\x10\x43\x00\x00\x00\x00\x00"+wlanToAP+snap4+packet4)), v4.in("capwap")},
	{"capwap, Wi-Fi with its first octets swapped", eth4 + ip4(17, "", udp(5247, "\x00\x10\x43\x00\x00\x00\x00\x00\x01\x08"+wlanToAP[2:]+snap4+packet4)), v4.in("capwap")},
	{"capwap, from the controller", eth4 + ip4(17, "", with(udp(4000, "\x00\x10\x02\x00\x00\x00\x00\x00"+eth6+packet6), 0, "\x14\x7f")), v6.in("capwap")},
	{"capwap, optional fields", eth4 + ip4(17, "", udp(5247, "\x00\x20\x43\x10\x00\x00\x00\x00\x06\x02\x00\x00\x00\x00\x01\x00"+wlanToAP+snap4+packet4)), v4.in("capwap")},
	{"capwap, a fragment", eth4 + ip4(17, "", udp(5247, "\x00\x10\x02\x80\x00\x00\x00\x00"+eth4+packet4)), notTCP},
	{"capwap, DTLS", eth4 + ip4(17, "", udp(5247, "\x01\x00\x00\x00"+strings.Repeat("\x17", 60))), notTCP},
	{"capwap, keep-alive", eth4 + ip4(17, "", udp(5247, "\x00\x10\x02\x08\x00\x00\x00\x00"+eth4+packet4)), notTCP},
	{"capwap, another radio", eth4 + ip4(17, "", udp(5247, "\x00\x10\x07\x00\x00\x00\x00\x00"+wlanToAP+snap4+packet4)), notTCP},
	{"capwap, header longer than its packet", eth4 + ip4(17, "", udp(5247, "\x00\xf8\x02\x00\x00\x00\x00\x00"+eth4+packet4[:40])), notTCP},
	{"capwap, too short", eth4 + ip4(17, "", udp(5247, "\x00\x10")), notTCP},

	{"Teredo, which is not read", eth4 + ip4(17, "", udp(3544, packet6)), notTCP},

	{"ipip", eth4 + ip4(4, "", packet4), v4.in("ipip")},
	{"6in4", eth4 + ip4(41, "", packet6), v6.in("6in4")},
	{"6in6", eth6 + ip6(41, packet6), v6.in("ipip")},
	{"4in6", eth6 + ip6(4, packet4), v4.in("ipip")},
	{"4in6 behind an option", eth6 + ip6(60, "\x04\x00\x04\x01\x04\x00\x00\x00"+packet4), v4.in("ipip")},
	{"ipip behind AH", eth4 + ip4(51, "", "\x04\x04"+strings.Repeat("\x00", 22)+packet4), v4.in("ipip")},
	{"ipip, no packet inside", eth4 + ip4(4, "", packet6), notTCP},
	{"ipip, nothing inside", eth4 + ip4(4, "", ""), notTCP},
	{"ipip, a packet longer than the outer one", eth4 + ip4(4, "", packet4[:50]) + "padding",
		seen{"tcp", v4.From, v4.To, payload[:10], 0, nil, []string{"ipip"}}},

	{"mpls", macs + "\x88\x47\x00\x01\x01\xff" + packet4, v4.in("mpls")},
	{"mpls, multicast type", macs + "\x88\x48\x00\x01\x01\xff" + packet4, v4.in("mpls")},
	{"mpls, a stack", macs + "\x88\x47\x00\x01\x00\xff\x00\x02\x00\xff\x00\x03\x01\xff" + packet6, v6.in("mpls")},
	{"mpls, Ethernet", macs + "\x88\x47\x00\x01\x01\xff" + eth4 + packet4, v4.in("mpls")},
	{"mpls, Ethernet with a control word", macs + "\x88\x47\x00\x01\x01\xff\x00\x00\x00\x00" + eth4 + packet4, v4.in("mpls")},
	{"mpls, Ethernet like IPv4", macs + "\x88\x47\x00\x01\x01\xff" + with(eth4, 0, "\x45") + packet4, v4.in("mpls")},
	{"mpls, Ethernet like IPv6", macs + "\x88\x47\x00\x01\x01\xff" + with(eth4, 0, "\x60\x01\x02\x03\xff\xff") + packet4, v4.in("mpls")},
	{"mpls, something else", macs + "\x88\x47\x00\x01\x01\xff" + strings.Repeat("\x99", 40), notTCP},
	{"mpls, nothing", macs + "\x88\x47\x00\x01\x01\xff", notTCP},
	{"mpls without a bottom", macs + "\x88\x47" + strings.Repeat("\x00\x01\x00\xff", 17), notTCP},
	{"mpls in PPP in gre", eth4 + ip4(47, "", "\x00\x00\x88\x0b\x02\x81\x00\x01\x01\xff"+packet4), v4.in("gre", "mpls")},

	{"pppoe", macs + "\x88\x64\x11\x00\x00\x09\x00\x40\x00\x21" + packet4, v4.in("pppoe")},
	{"pppoe, padding", macs + "\x88\x64\x11\x00\x00\x09\x00\x54\x00\x57" + packet6 + "padding", v6.in("pppoe")},
	{"pppoe, LCP", macs + "\x88\x64\x11\x00\x00\x09\x00\x06\xc0\x21\x09\x01\x00\x08", notTCP},
	{"pppoe, not a session's data", macs + "\x88\x64\x11\x09\x00\x09\x00\x40\x00\x21" + packet4, notTCP},
	{"pppoe, another version", macs + "\x88\x64\x21\x00\x00\x09\x00\x40\x00\x21" + packet4, notTCP},
	{"pppoe discovery", macs + "\x88\x63\x11\x09\x00\x00\x00\x04\x01\x01\x00\x00", notTCP},

	{"an ICMP error quotes a segment", eth4 + ip4(1, "", "\x03\x01\x00\x00\x00\x00\x00\x00"+packet4), notTCP},
	{"an ICMPv6 error quotes a segment", eth6 + ip6(58, "\x01\x03\x00\x00\x00\x00\x00\x00"+packet6), notTCP},
	{"vxlan in gtp-u in pppoe", macs + "\x88\x64\x11\x00\x00\x09\x00\x96\x00\x21" +
		ip4(17, "", udp(2152, gtp(0x30, 255, ip4(17, "", udp(4789, vni+eth4+packet4))))), v4.in("pppoe", "gtp-u", "vxlan")},
	{"erspan in vxlan with VLANs", macs + "\x81\x00\x00\x01\x08\x00" +
		ip4(17, "", udp(4789, vni+macs+"\x81\x00\x00\x02\x08\x00"+ip4(47, "", mirror2+macs+"\x81\x00\x00\x03\x08\x00"+packet4))),
		seen{"tcp", v4.From, v4.To, payload, 0, []uint16{1, 2, 3}, []string{"vxlan", "erspan"}}},
	{"a vxlan header in a TCP segment", eth4 + ip4(6, "", with(tcp(pseudo4, "", vni+eth4+packet4), 2, "\x12\xb5")),
		seen{"tcp", v4.From, "10.0.0.2:4789", vni + eth4 + packet4, 0, nil, nil}},
}

func TestTunnel(t *testing.T) {
	for _, test := range tunnelTests {
		t.Run(test.name, func(t *testing.T) {
			got := decodeOne(decode.New(), ether, test.frame, len(test.frame))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A tunnel's frame cut at any byte is truncated, or tells how much is missing;
// it is never something else than the whole.
func TestTunnelCut(t *testing.T) {
	for _, test := range tunnelTests {
		if test.want.Result != "tcp" || test.want.Missing > 0 {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			for n := range len(test.frame) {
				got := decodeOne(decode.New(), ether, test.frame[:n], len(test.frame))
				want := test.want
				if got.Result == "truncated" {
					want = truncated
				} else {
					want.Payload = want.Payload[:min(len(got.Payload), len(want.Payload))]
					want.Missing = len(test.want.Payload) - len(want.Payload)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%d of %d bytes (-want +got):\n%s", n, len(test.frame), diff)
				}
			}
		})
	}
}

// Tunnels may be nested, up to a point.
func TestTunnelDepth(t *testing.T) {
	const most = 8
	packet, names := packet4, []string(nil)
	for n := range most + 3 {
		want := v4.in(names...)
		if n > most {
			want = malformed
		}
		if diff := cmp.Diff(want, decodeOne(decode.New(), raw, packet, len(packet))); diff != "" {
			t.Errorf("%d tunnels (-want +got):\n%s", n, diff)
		}
		packet, names = ip4(17, "", udp(4789, vni+macs+"\x81\x00\x00\x00\x08\x00"+packet)), append(names, "vxlan")
	}
}

// layered is gopacket's idea of the same frames.
func layered(t *testing.T, ls ...gopacket.SerializableLayer) string {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...)
	if err != nil {
		t.Fatal(err)
	}
	return string(b.Bytes())
}

func TestTunnelByGopacket(t *testing.T) {
	mac := []byte{2, 0, 0, 0, 0, 1}
	ethernet := func(next layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: mac, DstMAC: mac, EthernetType: next}
	}
	ip := func(proto layers.IPProtocol) *layers.IPv4 {
		return &layers.IPv4{Version: 4, IHL: 5, TTL: 9, Protocol: proto, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}}
	}
	datagram := func(to layers.UDPPort) (*layers.IPv4, *layers.UDP) {
		i, u := ip(layers.IPProtocolUDP), &layers.UDP{SrcPort: 50000, DstPort: to}
		if err := u.SetNetworkLayerForChecksum(i); err != nil {
			t.Fatal(err)
		}
		return i, u
	}
	inner := gopacket.Payload(packet4)
	toVXLAN, vxlanUDP := datagram(4789)
	toGTP, gtpUDP := datagram(2152)
	for _, test := range []struct {
		name   string
		layers []gopacket.SerializableLayer
	}{
		{"gre", []gopacket.SerializableLayer{ethernet(layers.EthernetTypeIPv4), ip(layers.IPProtocolGRE),
			&layers.GRE{Protocol: layers.EthernetTypeIPv4, ChecksumPresent: true, KeyPresent: true, Key: 7, SeqPresent: true}, inner}},
		{"erspan", []gopacket.SerializableLayer{ethernet(layers.EthernetTypeIPv4), ip(layers.IPProtocolGRE),
			&layers.GRE{Protocol: layers.EthernetTypeERSPAN, SeqPresent: true}, &layers.ERSPANII{Version: 1, VLANIdentifier: 7, SessionID: 3},
			ethernet(layers.EthernetTypeIPv4), inner}},
		{"vxlan", []gopacket.SerializableLayer{ethernet(layers.EthernetTypeIPv4), toVXLAN, vxlanUDP,
			&layers.VXLAN{ValidIDFlag: true, VNI: 0xffffff}, ethernet(layers.EthernetTypeIPv4), inner}},
		{"gtp-u", []gopacket.SerializableLayer{ethernet(layers.EthernetTypeIPv4), toGTP, gtpUDP,
			&layers.GTPv1U{Version: 1, ProtocolType: 1, MessageType: 255, TEID: 7, MessageLength: uint16(len(packet4))}, inner}},
		{"mpls", []gopacket.SerializableLayer{ethernet(layers.EthernetTypeMPLSUnicast),
			&layers.MPLS{Label: 7, TTL: 9}, &layers.MPLS{Label: 8, StackBottom: true, TTL: 9}, inner}},
		{"pppoe", []gopacket.SerializableLayer{ethernet(layers.EthernetTypePPPoESession),
			&layers.PPPoE{Version: 1, Type: 1, SessionId: 7}, &layers.PPP{PPPType: layers.PPPTypeIPv4}, inner}},
		{"ipip", []gopacket.SerializableLayer{ethernet(layers.EthernetTypeIPv4), ip(layers.IPProtocolIPv4), inner}},
	} {
		t.Run(test.name, func(t *testing.T) {
			frame := layered(t, test.layers...)
			want := v4.in(test.name)
			if test.name == "erspan" {
				want.VLANs = []uint16{7} // its header's
			}
			if diff := cmp.Diff(want, decodeOne(decode.New(), ether, frame, len(frame))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
