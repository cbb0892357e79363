package decode_test

import (
	"strings"
	"testing"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

var kilobyte = tcp(pseudo4, strings.Repeat("\x01", 12), strings.Repeat("x", 1000))

func benchmarkDecode(b *testing.B, link capture.LinkType, data string) {
	d := decode.New()
	var s decode.Segment
	p := capture.Packet{Data: []byte(data), Length: len(data), Link: link}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		d.Decode(&p, &s)
	}
}

func BenchmarkEthernet(b *testing.B) { benchmarkDecode(b, ether, eth4+ip4(6, "", kilobyte)) }
func BenchmarkIPv6(b *testing.B)     { benchmarkDecode(b, ether, eth6+ip6(6, kilobyte)) }
func BenchmarkSLL2(b *testing.B) {
	benchmarkDecode(b, cooked2, sll2("\x00\x01", "\x08\x00")+ip4(6, "", kilobyte))
}
func BenchmarkUDP(b *testing.B) { benchmarkDecode(b, ether, eth4+ip4(17, "", kilobyte)) }

func BenchmarkVLAN(b *testing.B) {
	benchmarkDecode(b, ether, macs+"\x81\x00\x00\x0c\x08\x00"+ip4(6, "", kilobyte))
}

func BenchmarkVXLAN(b *testing.B) {
	benchmarkDecode(b, ether, eth4+ip4(17, "", udp(4789, vni+eth4+ip4(6, "", kilobyte))))
}

func BenchmarkGRE(b *testing.B) {
	benchmarkDecode(b, ether, eth4+ip4(47, "", "\x00\x00\x08\x00"+ip4(6, "", kilobyte)))
}

func BenchmarkMPLS(b *testing.B) {
	benchmarkDecode(b, ether, macs+"\x88\x47\x00\x01\x01\xff"+ip4(6, "", kilobyte))
}

// BenchmarkFragments has a datagram in two fragments each time, with another
// identification.
func BenchmarkFragments(b *testing.B) {
	d := decode.New()
	var s decode.Segment
	packet := ip4(6, "", kilobyte)
	var pairs [2 * decode.MaxDatagrams][2]capture.Packet // more than are kept
	for id := range pairs {
		for i, f := range []string{frag4(packet, uint16(id), 0, 512), frag4(packet, uint16(id), 512, len(packet)-20)} {
			pairs[id][i] = capture.Packet{Data: []byte(f), Length: len(f), Link: raw}
		}
	}
	b.SetBytes(int64(len(packet) + 20))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		pair := &pairs[i%len(pairs)]
		d.Decode(&pair[0], &s)
		if r := d.Decode(&pair[1], &s); r != decode.TCP {
			b.Fatal(r)
		}
	}
}

// BenchmarkFragmentFlood has nothing but first fragments.
func BenchmarkFragmentFlood(b *testing.B) {
	d := decode.New()
	var s decode.Segment
	packet := ip4(6, "", kilobyte)
	var packets [2 * decode.MaxDatagrams]capture.Packet
	for id := range packets {
		f := frag4(packet, uint16(id), 0, 512)
		packets[id] = capture.Packet{Data: []byte(f), Length: len(f), Link: raw}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Decode(&packets[i%len(packets)], &s)
	}
}

// BenchmarkVLANs has another VLAN with each packet.
func BenchmarkVLANs(b *testing.B) {
	d := decode.New()
	var s decode.Segment
	var packets [8]capture.Packet
	for i := range packets {
		packets[i] = capture.Packet{Data: tags(1, uint16(1+i)), Link: ether}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Decode(&packets[i%len(packets)], &s)
	}
}

func BenchmarkChecksum(b *testing.B) {
	d := decode.New()
	var s decode.Segment
	data := ip4(6, "", kilobyte)
	d.Decode(&capture.Packet{Data: []byte(data), Link: raw}, &s)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s.ChecksumOK()
	}
}

func TestDecodeAllocates(t *testing.T) {
	for _, test := range []struct {
		name  string
		frame string
	}{
		{"VLANs", string(tags(1, 2))},
		{"vxlan", eth4 + ip4(17, "", udp(4789, vni+eth4+packet4))},
		{"a fragment", eth4 + frag4(packet4, 7, 0, 24)},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decode.New()
			var s decode.Segment
			p := capture.Packet{Data: []byte(test.frame), Link: ether}
			if allocs := testing.AllocsPerRun(100, func() { d.Decode(&p, &s) }); allocs != 0 {
				t.Errorf("%v allocations a packet", allocs)
			}
		})
	}
}
