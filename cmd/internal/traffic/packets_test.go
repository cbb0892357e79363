package traffic_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"

	"github.com/mailtap/mailtap/cmd/internal/traffic"
)

var (
	privateNet       = netip.MustParsePrefix("10.0.0.0/8")
	documentationNet = netip.MustParsePrefix("2001:db8::/32")
)

// readPackets gives each packet of a capture, as libpcap reads it, to visit.
func readPackets(t *testing.T, file []byte, visit func(gopacket.CaptureInfo, gopacket.Packet)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.pcap")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := pcap.OpenOffline(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		data, info, err := r.ReadPacketData()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		visit(info, gopacket.NewPacket(data, r.LinkType(), gopacket.DecodeOptions{NoCopy: true}))
	}
}

func TestPacketsAreRight(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			m := makeCapture(t, traffic.Options{Kind: kind, Bytes: 5_000_000})
			var packets uint64
			var last time.Time
			readPackets(t, m.file, func(info gopacket.CaptureInfo, p gopacket.Packet) {
				packets++
				if info.Timestamp.Before(last) {
					t.Errorf("packet %d: time %v is before %v", packets, info.Timestamp, last)
				}
				last = info.Timestamp
				if info.CaptureLength != info.Length || info.Length < 60 || info.Length > 1514 {
					t.Errorf("packet %d: %d bytes of %d", packets, info.CaptureLength, info.Length)
				}
				if err := checkPacket(p); err != nil {
					t.Fatalf("packet %d: %v\n%v", packets, err, p)
				}
			})
			if packets != m.summary.Packets {
				t.Errorf("%d packets, summary says %d", packets, m.summary.Packets)
			}
		})
	}
}

// checkPacket verifies layers, addresses and checksums.
func checkPacket(p gopacket.Packet) error {
	if p.Layer(layers.LayerTypeARP) != nil {
		return nil
	}
	var header, addresses []byte
	network, transport := p.NetworkLayer(), p.TransportLayer()
	switch ip := network.(type) {
	case *layers.IPv4:
		header, addresses = ip.Contents, slices.Concat(ip.SrcIP, ip.DstIP)
	case *layers.IPv6:
		addresses = slices.Concat(ip.SrcIP, ip.DstIP)
	default:
		return fmt.Errorf("network layer %v", network)
	}
	from, to := endpoints(network)
	if !(privateNet.Contains(from) && privateNet.Contains(to) || documentationNet.Contains(from) && documentationNet.Contains(to)) {
		return fmt.Errorf("addresses %v, %v", from, to)
	}
	if sum := onesComplement(header); header != nil && sum != 0xffff {
		return fmt.Errorf("header checksum: sum is %#x", sum)
	}
	protocol := layers.IPProtocolTCP
	if udp, ok := transport.(*layers.UDP); ok {
		protocol = layers.IPProtocolUDP
		if udp.SrcPort == 53 && p.Layer(layers.LayerTypeDNS) == nil || udp.Checksum == 0 {
			return errors.New("not an answer of DNS, or no checksum")
		}
	}
	if transport == nil {
		return fmt.Errorf("no transport layer: %v", p.ErrorLayer())
	}
	segment := network.LayerPayload()
	pseudo := binary.BigEndian.AppendUint32(addresses, uint32(len(segment)))
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(protocol))
	if sum := onesComplement(append(pseudo, segment...)); sum != 0xffff {
		return fmt.Errorf("%v checksum: sum is %#x", protocol, sum)
	}
	return nil
}

func endpoints(l gopacket.NetworkLayer) (from, to netip.Addr) {
	src, dst := l.NetworkFlow().Endpoints()
	return addr(src.Raw()), addr(dst.Raw())
}

func addr(ip []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}

// onesComplement is the sum of RFC 1071 as the RFC writes it.
func onesComplement(b []byte) uint32 {
	var sum uint32
	for i, v := range b {
		sum += uint32(v) << (8 * (1 - i%2))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return sum
}

func TestSpanIsMixed(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	m := makeCapture(t, traffic.Options{Kind: traffic.Span, Bytes: 60_000_000})
	bytes := map[string]int{}
	packets := map[string]int{}
	count := func(name string, n int) {
		bytes[name] += n
		packets[name]++
	}
	total := 0
	readPackets(t, m.file, func(info gopacket.CaptureInfo, p gopacket.Packet) {
		total += info.Length
		switch l := p.TransportLayer().(type) {
		case *layers.TCP:
			count(fmt.Sprintf("tcp/%d", min(l.SrcPort, l.DstPort)), info.Length)
		case *layers.UDP:
			count(fmt.Sprintf("udp/%d", min(l.SrcPort, l.DstPort)), info.Length)
		default:
			count("arp", info.Length)
		}
		switch info.Length {
		case 60:
			count("small", 60)
		case 1514:
			count("large", 1514)
		}
	})
	for _, name := range []string{"tcp/22", "tcp/80", "tcp/443", "udp/53", "udp/443", "arp"} {
		if bytes[name] == 0 {
			t.Errorf("no %s", name)
		}
	}
	mail := bytes["tcp/25"] + bytes["tcp/587"] + bytes["tcp/143"] + bytes["tcp/110"]
	if permille := mail * 1000 / total; permille < 25 || permille > 40 {
		t.Errorf("%d of 1000 bytes are mail", permille)
	}
	all := int(m.summary.Packets)
	if packets["small"] < all/5 || packets["large"] < all/3 {
		t.Errorf("of %d packets %d are small and %d large", all, packets["small"], packets["large"])
	}
}
