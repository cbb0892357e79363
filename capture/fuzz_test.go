package capture_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
)

// sameForAnyRead checks what both formats promise: whichever sizes the source
// gives, the packets are the same; they are numbered in order and no longer
// than what is left of the file.
func sameForAnyRead(t *testing.T, file []byte, size uint8) {
	want, broken := read(bytes.NewReader(file))
	got, brokenGot := read(dribble{bytes.NewReader(file), 1 + int(size)})
	if diff := cmp.Diff(want, got); diff != "" || broken != brokenGot {
		t.Errorf("ended with %q, in reads of %d with %q (-whole +pieces):\n%s", broken, 1+int(size), brokenGot, diff)
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
