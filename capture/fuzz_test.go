package capture_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
)

// sameForAnyRead checks what both formats promise: whichever sizes the source
// gives, and wherever it ended for a while, the packets are the same; they are
// numbered in order and no longer than what is left of the file; and memory
// stays within its bound.
func sameForAnyRead(t *testing.T, file []byte, size uint8) {
	want, broken := read(bytes.NewReader(file))
	got, brokenGot := read(dribble{bytes.NewReader(file), 1 + int(size)})
	if diff := cmp.Diff(want, got); diff != "" || broken != brokenGot {
		t.Errorf("ended with %q, in reads of %d with %q (-whole +pieces):\n%s", broken, 1+int(size), brokenGot, diff)
	}
	step := 1 + int(size) + len(file)/maxSteps
	got, brokenGot = readGrowing(&growing{file: file, step: step})
	if diff := cmp.Diff(want, got); diff != "" || broken != brokenGot {
		t.Errorf("ended with %q, growing by %d with %q (-whole +growing):\n%s", broken, step, brokenGot, diff)
	}
	var number uint64
	total := 0
	for _, p := range want {
		total += len(p.Data)
		if p.Number <= number || p.Length < len(p.Data) || len(p.Data) > capture.MaxPacket {
			t.Errorf("packet %d after %d, %d of %d bytes", p.Number, number, len(p.Data), p.Length)
		}
		number = p.Number
	}
	if total > len(file) {
		t.Errorf("%d bytes of packets in a file of %d", total, len(file))
	}
	if took, most := allocated(file), uint64(1<<20+8*len(file)); took > most {
		t.Errorf("%d bytes allocated for a file of %d, more than %d", took, len(file), most)
	}
}

// maxSteps is how often a file grows, so that a long one takes no time.
const maxSteps = 500

// growing is a file that is being written: it ends, and then goes on.
type growing struct {
	file           []byte
	step, pos, end int
}

func (g *growing) Read(b []byte) (int, error) {
	if g.pos == g.end {
		return 0, io.EOF
	}
	n := copy(b, g.file[g.pos:g.end])
	g.pos += n
	return n, nil
}

// grow reports whether there is more now.
func (g *growing) grow() bool {
	before := g.end
	g.end = min(g.end+g.step, len(g.file))
	return g.end > before
}

// readGrowing reads a file while it grows.
func readGrowing(g *growing) (packets []packet, broken string) {
	r, err := capture.NewReader(g)
	for err != nil {
		if !g.grow() {
			return nil, err.Error()
		}
		g.pos = 0
		r, err = capture.NewReader(g)
	}
	for {
		more, broken := readAll(r.Next)
		packets = append(packets, more...)
		if broken != "" && !strings.HasSuffix(broken, "the file is cut off here") || !g.grow() {
			return packets, broken
		}
		r.More()
	}
}

// allocated returns how many bytes are allocated when a file is read.
func allocated(file []byte) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if r, err := capture.NewReader(bytes.NewReader(file)); err == nil {
		var p capture.Packet
		for r.Next(&p) == nil {
		}
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzPcap(f *testing.F) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, magic := range []uint32{micro, nano, kuzn} {
			file := pcapFile(order, magic, 1, frame{1, 2, 0, "ab"}, frame{}, frame{3, 1 << 31, 1500, "cde"})
			f.Add(file, uint8(0))
			f.Add(cutBy(2, file), uint8(6))
		}
	}
	f.Add([]byte("Dear Sir,"), uint8(1))
	f.Fuzz(sameForAnyRead)
}

func FuzzPcapng(f *testing.F) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		n := (&ng{order: order}).section().iface(1, 0, option{9, []byte{9}}, option{14, make([]byte, 8)})
		n.enhanced(0, 1e18, "abc").iface(276, 2, option{9, []byte{0x8a}}).obsolete(1, 1<<60, "d").simple(9, "ab")
		n.block(9, nil).block(0x777, []byte("skipped")).section().iface(101, 0).enhanced(0, 1, "e")
		f.Add(n.b, uint8(0))
		f.Add(cutBy(2, n.b), uint8(6))
	}
	f.Fuzz(sameForAnyRead)
}
