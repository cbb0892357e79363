//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// framesOf reads the Ethernet frames of samples.
func framesOf(t *testing.T, names ...string) [][]byte {
	t.Helper()
	var frames [][]byte
	for _, name := range names {
		frames = append(frames, framesIn(t, filepath.Join(samples, name+".pcap"))...)
	}
	return frames
}

// What a network does to frames. Chance is the same in each run.

func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// lose drops one frame in fifty.
func lose(seed uint64) func([][]byte) [][]byte {
	return func(frames [][]byte) [][]byte {
		r := chance(seed)
		return slices.DeleteFunc(slices.Clone(frames), func([]byte) bool { return r.IntN(50) == 0 })
	}
}

// reorder lets one frame in twenty overtake the one before it.
func reorder(seed uint64) func([][]byte) [][]byte {
	return func(frames [][]byte) [][]byte {
		r, frames := chance(seed), slices.Clone(frames)
		for i := 1; i < len(frames); i++ {
			if r.IntN(20) == 0 {
				frames[i-1], frames[i] = frames[i], frames[i-1]
			}
		}
		return frames
	}
}

// double is a mirror of both ends of a link.
func double(frames [][]byte) [][]byte {
	var twice [][]byte
	for _, frame := range frames {
		twice = append(twice, frame, frame)
	}
	return twice
}

// each changes every frame by itself.
func each(change func([]byte) []byte) func([][]byte) [][]byte {
	return func(frames [][]byte) [][]byte {
		var changed [][]byte
		for _, frame := range frames {
			changed = append(changed, change(frame))
		}
		return changed
	}
}

// forge sends the offer of TLS in another wording before the server's own
// segment comes, as somebody who is faster than the server.
func forge(frames [][]byte) [][]byte {
	var forged [][]byte
	for _, frame := range frames {
		if bytes.Contains(frame, []byte("250-STARTTLS\r\n")) {
			forged = append(forged, rewritten(frame, "250-STARTTLS", "250-XSTARTLT"))
		}
		forged = append(forged, frame)
	}
	return forged
}

// rewritten replaces words of a TCP segment by others of the same length, and
// mends its checksum.
func rewritten(frame []byte, old, new string) []byte {
	packet := gopacket.NewPacket(bytes.Replace(frame, []byte(old), []byte(new), 1), layers.LayerTypeEthernet, gopacket.Default)
	tcp := packet.TransportLayer().(*layers.TCP)
	if err := tcp.SetNetworkLayerForChecksum(packet.NetworkLayer()); err != nil {
		panic(err) // it has an IP header
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializePacket(buf, gopacket.SerializeOptions{ComputeChecksums: true}, packet); err != nil {
		panic(err) // it was read from a capture
	}
	return buf.Bytes()
}

const etherAddresses = 12 // octets before the type of a frame

// tagged puts VLAN tags into a frame (IEEE 802.1Q, outermost first).
func tagged(tags ...uint32) func([]byte) []byte {
	return func(frame []byte) []byte {
		out := slices.Clone(frame[:etherAddresses])
		for _, tag := range tags {
			out = binary.BigEndian.AppendUint32(out, tag)
		}
		return append(out, frame[etherAddresses:]...)
	}
}

// carried wraps a frame as a switch does that mirrors to a remote address.
func carried(protocol layers.IPProtocol, header ...byte) func([]byte) []byte {
	return func(frame []byte) []byte {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: []byte{192, 0, 2, 1}, DstIP: []byte{192, 0, 2, 2}}
		ether := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
		stack := []gopacket.SerializableLayer{ether, ip}
		if protocol == layers.IPProtocolUDP {
			stack = append(stack, &layers.UDP{SrcPort: 50000, DstPort: vxlanPort})
		}
		stack = append(stack, gopacket.Payload(header), gopacket.Payload(frame))
		buf := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, stack...); err != nil {
			panic(err) // the layers above are complete
		}
		return buf.Bytes()
	}
}

const vxlanPort = 4789 // RFC 7348, section 5

// Headers before a mirrored frame.
var (
	greHeader    = []byte{0, 0, 0x65, 0x58}                                            // RFC 2784, section 2; transparent Ethernet bridging
	erspanHeader = []byte{0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 12, 0, 5, 0, 0, 0, 3} // GRE with a sequence number, ERSPAN type II of session 5
	vxlanHeader  = []byte{8, 0, 0, 0, 0, 0, 7, 0}                                      // RFC 7348, section 5; VNI 7
)
