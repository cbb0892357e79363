package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/mailtap/mailtap/capture"
)

// frame is a packet of a capture built in code.
type frame struct {
	sec, frac uint32
	length    int // on the wire, 0: all was captured
	data      string
}

func (f frame) wire() uint32 { return uint32(max(f.length, len(f.data))) }

const (
	micro = 0xa1b2c3d4
	nano  = 0xa1b23c4d
	kuzn  = 0xa1b2cd34
)

// pcapFile builds a pcap file.
func pcapFile(order binary.AppendByteOrder, magic, network uint32, frames ...frame) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, 0) // snaplen 0, as some writers have it
	b = order.AppendUint32(b, network)
	for _, f := range frames {
		b = order.AppendUint32(b, f.sec)
		b = order.AppendUint32(b, f.frac)
		b = order.AppendUint32(b, uint32(len(f.data)))
		b = order.AppendUint32(b, f.wire())
		if magic == kuzn {
			b = append(b, make([]byte, 8)...)
		}
		b = append(b, f.data...)
	}
	return b
}

// ng builds pcapng blocks.
type ng struct {
	order binary.AppendByteOrder
	b     []byte
}

func (n *ng) block(kind uint32, body []byte) *ng {
	size := uint32(12 + (len(body)+3)&^3)
	n.b = n.order.AppendUint32(n.b, kind)
	n.b = n.order.AppendUint32(n.b, size)
	n.b = append(n.b, body...)
	n.b = append(n.b, make([]byte, -len(body)&3)...)
	n.b = n.order.AppendUint32(n.b, size)
	return n
}

func (n *ng) section() *ng {
	b := n.order.AppendUint32(nil, 0x1a2b3c4d)
	b = n.order.AppendUint16(b, 1)
	b = n.order.AppendUint16(b, 0)
	return n.block(0x0a0d0d0a, n.order.AppendUint64(b, 1<<64-1))
}

// option is one option of an interface.
type option struct {
	code  uint16
	value []byte
}

func (n *ng) iface(link uint16, snaplen uint32, options ...option) *ng {
	b := n.order.AppendUint16(nil, link)
	b = n.order.AppendUint16(b, 0)
	b = n.order.AppendUint32(b, snaplen)
	for _, o := range options {
		b = n.order.AppendUint16(b, o.code)
		b = n.order.AppendUint16(b, uint16(len(o.value)))
		b = append(b, o.value...)
		b = append(b, make([]byte, -len(o.value)&3)...)
	}
	return n.block(1, b)
}

func (n *ng) enhanced(iface uint32, ticks uint64, data string) *ng {
	b := n.order.AppendUint32(nil, iface)
	b = n.order.AppendUint32(b, uint32(ticks>>32))
	b = n.order.AppendUint32(b, uint32(ticks))
	b = n.order.AppendUint32(b, uint32(len(data)))
	b = n.order.AppendUint32(b, uint32(len(data)))
	return n.block(6, append(b, data...))
}

func (n *ng) obsolete(iface uint16, ticks uint64, data string) *ng {
	b := n.order.AppendUint16(nil, iface)
	b = n.order.AppendUint16(b, 7) // drops
	b = n.order.AppendUint32(b, uint32(ticks>>32))
	b = n.order.AppendUint32(b, uint32(ticks))
	b = n.order.AppendUint32(b, uint32(len(data)))
	b = n.order.AppendUint32(b, uint32(len(data)))
	return n.block(2, append(b, data...))
}

func (n *ng) simple(length uint32, data string) *ng {
	return n.block(3, append(n.order.AppendUint32(nil, length), data...))
}

// packet is what a reader gives, kept.
type packet struct {
	Time   int64
	Number uint64
	File   int32
	Link   capture.LinkType
	Length int
	Data   string
}

func kept(p *capture.Packet) packet {
	return packet{p.Time, p.Number, p.File, p.Link, p.Length, string(p.Data)}
}

// readAll returns the packets of a source up to the first error, and that
// error's words; "" for a clean end.
func readAll(next func(*capture.Packet) error) (packets []packet, broken string) {
	for {
		var p capture.Packet
		if err := next(&p); err == io.EOF {
			return packets, ""
		} else if err != nil {
			return packets, err.Error()
		}
		packets = append(packets, kept(&p))
	}
}

// read reads a capture from memory.
func read(r io.Reader) (packets []packet, broken string) {
	rd, err := capture.NewReader(r)
	if err != nil {
		return nil, err.Error()
	}
	return readAll(rd.Next)
}

func write(t testing.TB, folder, name string, content []byte) string {
	t.Helper()
	name = filepath.Join(folder, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, content, 0o600)); err != nil {
		t.Fatal(err)
	}
	return name
}

// little is the byte order of most tests.
var little = binary.LittleEndian

// dribble gives n bytes a read.
type dribble struct {
	r *bytes.Reader
	n int
}

func (d dribble) Read(b []byte) (int, error) { return d.r.Read(b[:min(d.n, len(b))]) }
