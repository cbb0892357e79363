package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// beginning is the time of the first packet of every capture made here.
var beginning = time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)

// step is the time between two packets.
const step = 10 * time.Millisecond

// wire writes connections as packets of an Ethernet capture.
type wire struct {
	t       testing.TB
	now     time.Time
	capture []byte // a pcap file
}

func newWire(t testing.TB) *wire {
	w := &wire{t: t, now: beginning}
	w.capture = binary.LittleEndian.AppendUint32(w.capture, 0xa1b2c3d4)
	for _, half := range []uint16{2, 4, 0, 0, 0, 0} {
		w.capture = binary.LittleEndian.AppendUint16(w.capture, half)
	}
	w.capture = binary.LittleEndian.AppendUint32(w.capture, 1<<18)
	w.capture = binary.LittleEndian.AppendUint32(w.capture, uint32(layers.LinkTypeEthernet))
	return w
}

// file writes the capture to a file of that name in a folder of its own.
func (w *wire) file(name string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	if err := os.WriteFile(path, w.capture, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// connection is one TCP connection on the wire.
type connection struct {
	port     uint16   // the server's
	number   int      // makes the client's port
	vlans    []uint16 // outermost first
	late     bool     // the handshake was not captured
	only     string   // the side whose packets were captured; "" is both
	offload  bool     // checksums were left to the network card
	segments []segment
}

// segment is what one packet carries.
type segment struct {
	server bool
	data   []byte
}

// add plays a connection: handshake, segments, each acknowledged by what
// follows, and the end.
func (w *wire) add(c *connection) {
	next := [2]uint32{1_000_000, 9_000_000}
	send := func(from int, tcp layers.TCP, data []byte) {
		tcp.Seq, tcp.Window = next[from], 64240
		if tcp.ACK {
			tcp.Ack = next[1-from]
		}
		next[from] += uint32(len(data))
		if tcp.SYN || tcp.FIN {
			next[from]++
		}
		if c.only == "" || c.only == [...]string{"client", "server"}[from] {
			w.packet(c, from, &tcp, data)
		}
	}
	if !c.late {
		send(0, layers.TCP{SYN: true}, nil)
		send(1, layers.TCP{SYN: true, ACK: true}, nil)
		send(0, layers.TCP{ACK: true}, nil)
	}
	last := 0
	for _, s := range c.segments {
		last = 0
		if s.server {
			last = 1
		}
		send(last, layers.TCP{ACK: true, PSH: true}, s.data)
	}
	send(1-last, layers.TCP{ACK: true}, nil)
	send(0, layers.TCP{FIN: true, ACK: true}, nil)
	send(1, layers.TCP{FIN: true, ACK: true}, nil)
	send(0, layers.TCP{ACK: true}, nil)
}

// packet writes one frame. from is 0 for the client.
func (w *wire) packet(c *connection, from int, tcp *layers.TCP, data []byte) {
	w.t.Helper()
	ends := [2][]byte{{192, 0, 2, 7}, {198, 51, 100, 25}}
	ports := [2]layers.TCPPort{layers.TCPPort(40001 + c.number), layers.TCPPort(c.port)}
	macs := [2][]byte{{2, 0, 0, 0, 0, 7}, {2, 0, 0, 0, 0, 25}}
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: ends[from], DstIP: ends[1-from]}
	tcp.SrcPort, tcp.DstPort = ports[from], ports[1-from]
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		w.t.Fatal(err)
	}
	ether := &layers.Ethernet{SrcMAC: macs[from], DstMAC: macs[1-from], EthernetType: layers.EthernetTypeIPv4}
	stack := []gopacket.SerializableLayer{ether}
	types := []*layers.EthernetType{&ether.EthernetType}
	for _, id := range c.vlans {
		tag := &layers.Dot1Q{VLANIdentifier: id, Type: layers.EthernetTypeIPv4}
		*types[len(types)-1] = layers.EthernetTypeDot1Q
		types = append(types, &tag.Type)
		stack = append(stack, tag)
	}
	stack = append(stack, ip, tcp, gopacket.Payload(data))
	buf := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: !c.offload}
	if err := gopacket.SerializeLayers(buf, options, stack...); err != nil {
		w.t.Fatal(err)
	}
	w.record(buf.Bytes())
}

// record writes a packet with the next time.
func (w *wire) record(frame []byte) {
	n := uint32(len(frame))
	for _, word := range []uint32{uint32(w.now.Unix()), uint32(w.now.Nanosecond() / 1000), n, n} {
		w.capture = binary.LittleEndian.AppendUint32(w.capture, word)
	}
	w.capture = append(w.capture, frame...)
	w.now = w.now.Add(step)
}
