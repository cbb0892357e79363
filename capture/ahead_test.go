package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
)

// pieces gives at most size bytes at a time, and then err.
type pieces struct {
	b      []byte
	size   int
	err    error
	closed bool
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, p.err
	}
	n := copy(b[:min(len(b), p.size)], p.b)
	p.b = p.b[n:]
	return n, nil
}

func (p *pieces) Close() error {
	p.closed = true
	return nil
}

// numberedPcap is a capture whose packets have a number in all of their bytes.
func numberedPcap(sizes ...int) []byte {
	order := binary.LittleEndian
	b := order.AppendUint32(nil, magicMicro)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0)
	for i, size := range sizes {
		b = order.AppendUint32(b, uint32(i))
		b = order.AppendUint32(b, 0)
		b = order.AppendUint32(b, uint32(size))
		b = order.AppendUint32(b, uint32(size))
		b = append(b, bytes.Repeat([]byte{byte(i + 1)}, size)...)
	}
	return b
}

// What is read ahead is what was written, however the source cuts it, and the
// packets of a batch stay as they are until the next one is asked for.
func TestAheadKeepsBatches(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sizes := []int{MaxPacket, 0, 1, MaxPacket, aheadSize, aheadSize - pcapRecordLen}
	for range 1000 {
		sizes = append(sizes, random.IntN(3000))
	}
	content := numberedPcap(sizes...)
	for _, size := range []int{700, 4 << 10, aheadSize - 1, aheadSize} {
		source := &pieces{b: content, size: size, err: io.EOF}
		a := readAhead(source)
		r, err := newReader(window{ahead: a})
		if err != nil {
			t.Fatal(err)
		}
		ps := make([]Packet, 32)
		read := 0
		for err == nil {
			var n int
			n, err = r.Batch(ps)
			for _, p := range ps[:n] {
				want := bytes.Repeat([]byte{byte(read + 1)}, sizes[read])
				if !bytes.Equal(p.Data, want) {
					t.Fatalf("%d bytes at a time: packet %d is not what was written", size, read+1)
				}
				read++
			}
		}
		if read != len(sizes) || err != io.EOF {
			t.Errorf("%d bytes at a time: %d packets of %d, and %v", size, read, len(sizes), err)
		}
		if _, err := r.Batch(ps); err != io.EOF {
			t.Errorf("%d bytes at a time: after the end %v", size, err)
		}
	}
}

// A pipe that gives one byte at a time, and one that breaks.
func TestAheadByteByByte(t *testing.T) {
	broken := errors.New("the line is down")
	a := readAhead(&pieces{b: numberedPcap(10, 2000, 0), size: 1, err: broken})
	r, err := newReader(window{ahead: a})
	if err != nil {
		t.Fatal(err)
	}
	var p Packet
	for i, size := range []int{10, 2000, 0} {
		if err := r.Next(&p); err != nil || len(p.Data) != size || p.Number != uint64(i+1) {
			t.Errorf("packet %d of %d bytes, %v", p.Number, len(p.Data), err)
		}
	}
	for range 2 { // the error stays
		if err := r.Next(&p); !errors.Is(err, broken) {
			t.Errorf("after the end %v", err)
		}
	}
}

// Close ends the goroutine, which closes its source: when it waits for a free
// buffer, and when it waits for the source.
func TestAheadClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &pieces{b: make([]byte, 8*aheadSize), size: aheadSize, err: io.EOF}
		a := readAhead(source)
		synctest.Wait() // all buffers are full
		if _, _, _, err := a.next(nil); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		a.Close()
		synctest.Wait()
		if !source.closed {
			t.Error("the source is open")
		}

		r, w := io.Pipe()
		a = readAhead(r)
		synctest.Wait()
		a.Close()
		w.Write([]byte("late"))
		synctest.Wait()
		if _, err := w.Write([]byte("later")); err != io.ErrClosedPipe {
			t.Errorf("writing after the end gives %v", err)
		}
	})
}
