package engine_test

import (
	"encoding/binary"
	"strings"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// wire gives an engine the packets of one connection.
type wire struct {
	engine *engine.Engine
	port   uint16 // of the server
	client uint16 // port
	said   [2]int // bytes of each side so far
	now    int64
	number uint64
	vlan   uint16
	broken bool // checksums
	cut    int  // bytes that the capture cuts off
	all    []*dissect.Facts
	keep   bool
	sent   []capture.Packet // if keep
}

func newWire(port uint16) *wire {
	w := &wire{port: port, client: 40000, now: 1e18}
	w.engine = engine.New(func() []string { return []string{"test.pcap"} }, func(f *dissect.Facts) { w.all = append(w.all, f) })
	return w
}

// open is the handshake.
func (w *wire) open() {
	w.packet(dissect.Client, decode.SYN, -1, "")
	w.packet(dissect.Server, decode.SYN|decode.ACK, -1, "")
	w.packet(dissect.Client, decode.ACK, 0, "")
}

// say gives the next bytes of a side.
func (w *wire) say(side dissect.Side, text string) {
	at := w.said[side]
	w.said[side] += len(text)
	w.packet(side, decode.ACK|decode.PSH, at, text)
}

// again gives text at the place of the last bytes of a side.
func (w *wire) again(side dissect.Side, text string) {
	w.now += 3e8
	w.packet(side, decode.ACK|decode.PSH, w.said[side]-len(text), text)
}

// talk says lines in turn: "C: EHLO pc".
func (w *wire) talk(dialogue string) {
	for line := range strings.Lines(dialogue) {
		side := dissect.Client
		if line[0] == 'S' {
			side = dissect.Server
		}
		w.say(side, strings.TrimSuffix(line[3:], "\n")+"\r\n")
	}
}

func (w *wire) packet(side dissect.Side, flags byte, at int, text string) {
	w.now += 2e6
	w.number++
	frame := w.frame(side, flags, at, text)
	p := capture.Packet{Data: frame[:len(frame)-w.cut], Length: len(frame), Time: w.now, Number: w.number, Link: capture.LinkEthernet}
	if w.keep {
		w.sent = append(w.sent, p)
	}
	w.engine.Packet(&p)
}

// frame builds Ethernet, a VLAN tag if there is a VLAN, IPv4 and TCP.
func (w *wire) frame(side dissect.Side, flags byte, at int, text string) []byte {
	big := binary.BigEndian
	b := make([]byte, 12, 64)
	if w.vlan != 0 {
		b = big.AppendUint16(append(b, 0x81, 0), w.vlan)
	}
	b = append(b, 8, 0)
	ip := []byte{0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	big.PutUint16(ip[2:], uint16(40+len(text)))
	ports := [2]uint16{w.client, w.port}
	if side == dissect.Server {
		ip[15], ip[19] = 2, 1
	}
	big.PutUint16(ip[10:], ^onesSum(ip))
	tcp := big.AppendUint16(big.AppendUint16(nil, ports[side]), ports[side.Other()])
	tcp = big.AppendUint32(tcp, uint32(1000*(int(side)+1)+at))
	tcp = big.AppendUint32(tcp, uint32(1000*(int(side.Other())+1)+w.said[side.Other()]))
	tcp = append(append(tcp, 5<<4, flags, 1, 0, 0, 0, 0, 0), text...)
	pseudo := append(append([]byte{}, ip[12:20]...), 0, 6, byte(len(tcp)>>8), byte(len(tcp)))
	sum := ^onesSum(append(pseudo, tcp...))
	if w.broken {
		sum ^= 0x0101
	}
	big.PutUint16(tcp[16:], sum)
	return append(append(b, ip...), tcp...)
}

// onesSum is RFC 1071, word by word.
func onesSum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		s += uint32(b[i]) << 8
		if i+1 < len(b) {
			s += uint32(b[i+1])
		}
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
