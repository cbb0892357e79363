package engine_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// Packets taken together give what they give one by one.
func TestPacketsTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	files := map[string][]byte{}
	for _, kind := range []string{traffic.Mail, traffic.Span, traffic.Logins, traffic.Dirty} {
		files[kind], _ = generate(t, traffic.Options{Kind: kind, Seed: 7, Bytes: 1e6})
		files[kind+" in fragments"] = inFragments(t, files[kind])
	}
	samples, err := filepath.Glob("../../../../samples/*.pcap")
	if err != nil || len(samples) == 0 {
		t.Fatal(samples, err)
	}
	for _, name := range samples {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, file := range files {
		want, stats := takeBy(t, file, 0)
		for _, size := range []int{1, 3, engine.MaxBatch, engine.MaxBatch + 1} {
			got, gotStats := takeBy(t, file, size)
			if diff := cmp.Diff(want, got, sameFacts); diff != "" {
				t.Errorf("%s, %d at a time: (-one by one +together):\n%s", name, size, diff)
			}
			if diff := cmp.Diff(stats, gotStats); diff != "" {
				t.Errorf("%s, %d at a time: (-one by one +together):\n%s", name, size, diff)
			}
		}
	}
}

// takeBy analyses a capture by so many packets at a time; 0: with Packet.
func takeBy(t *testing.T, file []byte, size int) (all []*dissect.Facts, stats engine.Stats) {
	t.Helper()
	r, err := capture.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	e := engine.New(func() []string { return []string{"test"} }, func(f *dissect.Facts) { all = append(all, f) })
	ps := make([]capture.Packet, max(size, 1))
	for {
		n, err := r.Batch(ps)
		if size == 0 && n > 0 {
			e.Packet(&ps[0])
		} else {
			e.Packets(ps[:n])
		}
		if err == io.EOF {
			e.Flush()
			return all, e.Stats()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// inFragments returns a capture with the longer IPv4 packets each in two
// fragments, the second one first.
func inFragments(t *testing.T, file []byte) []byte {
	t.Helper()
	const (
		fileHeader, recordHeader = 24, 16
		ethernet, ip             = 14, 20
		first                    = 24 // bytes of content in the first fragment
	)
	big, little := binary.BigEndian, binary.LittleEndian
	out := bytes.Clone(file[:fileHeader])
	cut, number := 0, uint16(0)
	for b := file[fileHeader:]; len(b) > 0; {
		size := int(little.Uint32(b[8:]))
		record := b[:recordHeader+size]
		frame := record[recordHeader:]
		b = b[len(record):]
		if big.Uint16(frame[12:]) != 0x0800 || len(frame) < ethernet+ip+2*first || frame[ethernet] != 0x45 {
			out = append(out, record...)
			continue
		}
		cut++
		number++
		content := frame[ethernet+ip:]
		for _, part := range []struct {
			field uint16
			data  []byte
		}{{first / 8, content[first:]}, {0x2000, content[:first]}} {
			h := bytes.Clone(frame[:ethernet+ip])
			x := h[ethernet:]
			big.PutUint16(x[2:], uint16(ip+len(part.data)))
			big.PutUint16(x[4:], number)
			big.PutUint16(x[6:], part.field)
			big.PutUint16(x[10:], 0)
			big.PutUint16(x[10:], ^onesSum(x))
			out = append(out, record[:8]...)
			out = little.AppendUint32(out, uint32(len(h)+len(part.data)))
			out = little.AppendUint32(out, uint32(len(h)+len(part.data)))
			out = append(append(out, h...), part.data...)
		}
	}
	if cut == 0 {
		t.Fatal("nothing was put into fragments")
	}
	return out
}
