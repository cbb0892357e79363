package capture_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"

	"github.com/mailtap/mailtap/capture"
)

// cat joins the layers of a frame.
func cat(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func be16(n ...uint16) (b []byte) {
	for _, v := range n {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// ether is an Ethernet header; tags stand between it and the type.
func ether(kind uint16, tags ...uint16) []byte {
	b := make([]byte, 12)
	for i := 0; i < len(tags); i += 2 {
		b = append(b, be16(tags[i], tags[i+1])...)
	}
	return append(b, be16(kind)...)
}

// ip4 is an IPv4 header before payload.
func ip4(proto byte, fragment uint16, payload []byte) []byte {
	b := make([]byte, 20, 20+len(payload))
	b[0], b[8], b[9] = 0x45, 64, proto
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(payload)))
	binary.BigEndian.PutUint16(b[6:], fragment)
	copy(b[12:], "\x0a\x00\x00\x01\x0a\x00\x00\x02")
	return append(b, payload...)
}

// ip6 is an IPv6 header before payload.
func ip6(next byte, payload []byte) []byte {
	b := make([]byte, 40, 40+len(payload))
	b[0], b[6], b[7] = 0x60, next, 64
	binary.BigEndian.PutUint16(b[4:], uint16(len(payload)))
	return append(b, payload...)
}

// tcp is a TCP header to a port, udp a UDP header.
func tcp(port uint16) []byte { return append(be16(49152, port), make([]byte, 16)...) }
func udp(port uint16, payload []byte) []byte {
	return append(be16(49152, port, uint16(8+len(payload)), 0), payload...)
}

const (
	typeIPv4, typeIPv6 = 0x0800, 0x86dd
	tagQ, tagAD, tagQ9 = 0x8100, 0x88a8, 0x9100
)

// What a list of ports lets through, where "tcp port 25" alone would lose it,
// and what it keeps out.
func TestLiveFilterOfPorts(t *testing.T) {
	smtp, web := ip4(6, 0, tcp(25)), ip4(6, 0, tcp(80))
	inner := cat(ether(typeIPv4), smtp)
	tests := []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"port", cat(ether(typeIPv4), smtp), true},
		{"other port", cat(ether(typeIPv4), web), false},
		{"UDP to the port", cat(ether(typeIPv4), ip4(17, 0, udp(25, nil))), false},
		{"IPv6", cat(ether(typeIPv6), ip6(6, tcp(993))), true},
		{"IPv6 other port", cat(ether(typeIPv6), ip6(6, tcp(80))), false},
		{"VLAN", cat(ether(typeIPv4, tagQ, 12), smtp), true},
		{"VLAN other port", cat(ether(typeIPv4, tagQ, 12), web), false},
		{"VLAN 802.1ad", cat(ether(typeIPv4, tagAD, 12), smtp), true},
		{"VLAN IPv6", cat(ether(typeIPv6, tagQ, 12), ip6(6, tcp(993))), true},
		{"QinQ", cat(ether(typeIPv4, tagAD, 12, tagQ, 34), smtp), true},
		{"QinQ old", cat(ether(typeIPv4, tagQ9, 12, tagQ, 34), smtp), true},
		{"QinQ other port", cat(ether(typeIPv4, tagAD, 12, tagQ, 34), web), false},
		{"first fragment", cat(ether(typeIPv4), ip4(6, 0x2000, tcp(25)[:8])), true},
		{"later fragment", cat(ether(typeIPv4), ip4(6, 0x0002, make([]byte, 24))), true},
		{"fragment in a VLAN", cat(ether(typeIPv4, tagQ, 12), ip4(6, 0x0002, make([]byte, 24))), true},
		{"don't fragment", cat(ether(typeIPv4), ip4(6, 0x4000, tcp(80))), false},
		{"IPv6 fragment", cat(ether(typeIPv6), ip6(44, make([]byte, 24))), true},
		{"IPv6 hop-by-hop", cat(ether(typeIPv6), ip6(0, make([]byte, 24))), true},
		{"IPv6 destination options", cat(ether(typeIPv6), ip6(60, make([]byte, 24))), true},
		{"GRE", cat(ether(typeIPv4), ip4(47, 0, append(be16(0, 0x6558), inner...))), true},
		{"IP in IP", cat(ether(typeIPv4), ip4(4, 0, smtp)), true},
		{"6in4", cat(ether(typeIPv4), ip4(41, 0, ip6(6, tcp(993)))), true},
		{"VXLAN", cat(ether(typeIPv4), ip4(17, 0, udp(4789, append(make([]byte, 8), inner...)))), true},
		{"VXLAN in QinQ", cat(ether(typeIPv4, tagAD, 12, tagQ, 34), ip4(17, 0, udp(4789, append(make([]byte, 8), inner...)))), true},
		{"VXLAN of old Linux", cat(ether(typeIPv4), ip4(17, 0, udp(8472, append(make([]byte, 8), inner...)))), true},
		{"Geneve", cat(ether(typeIPv6), ip6(17, udp(6081, append(make([]byte, 8), inner...)))), true},
		{"GTP-U", cat(ether(typeIPv4), ip4(17, 0, udp(2152, append(make([]byte, 8), smtp...)))), true},
		{"DNS", cat(ether(typeIPv4), ip4(17, 0, udp(53, make([]byte, 40)))), false},
		{"MPLS", cat(ether(0x8847), []byte{0, 1, 1, 64}, smtp), true},
		{"PPPoE", cat(ether(0x8864), []byte{0x11, 0, 0, 1, 0, 42, 0, 0x21}, smtp), true},
		{"PPPoE in a VLAN", cat(ether(0x8864, tagQ, 12), []byte{0x11, 0, 0, 1, 0, 42, 0, 0x21}, smtp), true},
		{"PBB", cat(ether(0x88e7), make([]byte, 4), inner), true},
		{"ARP", cat(ether(0x0806), make([]byte, 28)), false},
	}
	expr, err := capture.LiveFilter(capture.LinkEthernet, "", []uint16{25, 993})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := matches(t, expr, tt.frame); got != tt.want {
				t.Errorf("%v, want %v for % x", got, tt.want, tt.frame)
			}
		})
	}
}

// The kernel's filter matches what the one for files matches.
func TestLiveFilterAsOffline(t *testing.T) {
	frames := [][]byte{
		cat(ether(typeIPv4), ip4(6, 0, tcp(25))), cat(ether(typeIPv4), ip4(6, 0, tcp(80))),
		cat(ether(typeIPv4, tagQ, 12), ip4(6, 0, tcp(25))), cat(ether(typeIPv4, tagQ, 12), ip4(6, 0, tcp(80))),
		cat(ether(typeIPv4, tagAD, 12, tagQ, 34), ip4(6, 0, tcp(25))), cat(ether(typeIPv4, tagAD, 12, tagQ, 34), ip4(6, 0, tcp(80))),
	}
	for _, user := range []string{"tcp port 25", "not port 25", "host 10.0.0.1 or port 80", "vlan 12 and tcp port 25", "port 80 or vlan 12", "arp"} {
		offline, err := capture.CompileFilter(capture.LinkEthernet, 0, user)
		if err != nil {
			t.Fatal(err)
		}
		expr, err := capture.LiveFilter(capture.LinkEthernet, user, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames {
			if live, want := matches(t, expr, f), offline.Match(f, len(f)); live != want {
				t.Errorf("%s: %v live, %v offline for % x", user, live, want, f)
			}
		}
	}
}

// What is for a list of ports compiles for every link type that libpcap gives
// a device, to no more than the kernel takes.
func TestLiveFilterCompiles(t *testing.T) {
	const most = 4096 // instructions (BPF_MAXINSNS in linux/bpf_common.h)
	for _, link := range []capture.LinkType{capture.LinkEthernet, capture.LinkLinuxSLL, capture.LinkRawBSD, capture.LinkPPP, capture.LinkNull} {
		for _, user := range []string{"", "host 10.0.0.1 and not net 10.1.0.0/16"} {
			expr, err := capture.LiveFilter(link, user, []uint16{24, 25, 106, 109, 110, 143, 220, 465, 587, 993, 995, 2000, 2525, 4190})
			if err != nil {
				t.Fatal(err)
			}
			program, err := pcap.CompileBPFFilter(layers.LinkType(link), capture.MaxPacket, expr)
			if err != nil || len(program) > most {
				t.Errorf("link type %d: %d instructions, %v", link, len(program), err)
			}
		}
	}
}

func TestLiveFilterBoth(t *testing.T) {
	expr, err := capture.LiveFilter(capture.LinkEthernet, "host 10.0.0.1 or host 10.0.0.9", []uint16{25})
	if err != nil {
		t.Fatal(err)
	}
	if !matches(t, expr, cat(ether(typeIPv4), ip4(6, 0, tcp(25)))) || matches(t, expr, cat(ether(typeIPv4), ip4(6, 0, tcp(80)))) {
		t.Error("the ports do not hold beside the expression")
	}
	if _, err := capture.LiveFilter(capture.LinkEthernet, "vlan 12", []uint16{25}); err == nil || !strings.Contains(err.Error(), "names vlan") {
		t.Errorf("with vlan: %v", err)
	}
	if expr, err := capture.LiveFilter(capture.LinkEthernet, " ", nil); expr != "" || err != nil {
		t.Errorf("nothing to filter: %q, %v", expr, err)
	}
}

// matches runs a compiled expression over an Ethernet frame.
func matches(t *testing.T, expr string, frame []byte) bool {
	t.Helper()
	program, err := pcap.NewBPF(layers.LinkTypeEthernet, capture.MaxPacket, expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return program.Matches(gopacket.CaptureInfo{CaptureLength: len(frame), Length: len(frame)}, frame)
}
