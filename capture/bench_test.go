package capture_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/mailtap/mailtap/capture"
)

// benchmarkFile is a file of about 64 MB with packets of 1 kB.
func benchmarkFile() []byte {
	data := strings.Repeat("x", 1000)
	frames := make([]frame, 64<<10)
	for i := range frames {
		frames[i] = frame{sec: uint32(i), data: data}
	}
	return pcapFile(little, micro, 1, frames...)
}

func benchmarkNgFile() []byte {
	data := strings.Repeat("x", 1000)
	n := (&ng{order: little}).section().iface(1, 0)
	for i := range 64 << 10 {
		n.enhanced(0, uint64(i)*1e6, data)
	}
	return n.b
}

func drain(b *testing.B, next func(*capture.Packet) error) {
	var p capture.Packet
	for {
		if err := next(&p); err == io.EOF {
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkOpen(b *testing.B, content []byte, plain int) {
	name := write(b, b.TempDir(), "capture", content)
	b.SetBytes(int64(plain))
	b.ReportAllocs()
	for b.Loop() {
		f, err := capture.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		drain(b, f.Next)
		f.Close()
	}
}

func BenchmarkPcap(b *testing.B) {
	content := benchmarkFile()
	benchmarkOpen(b, content, len(content))
}

func BenchmarkPcapng(b *testing.B) {
	content := benchmarkNgFile()
	benchmarkOpen(b, content, len(content))
}

func BenchmarkChain(b *testing.B) {
	content := benchmarkFile()
	name := write(b, b.TempDir(), "capture", content)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		c := capture.NewChain([]string{name})
		for ps := make([]capture.Packet, 32); ; {
			if _, err := c.Batch(ps); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkMemory leaves the disk cache out: what a packet costs.
func BenchmarkMemory(b *testing.B) {
	content := pcapFile(little, micro, 1, frame{data: strings.Repeat("x", 100)})
	const records = 64 << 10
	header, record := content[:24], content[24:]
	file := append(bytes.Clone(header), bytes.Repeat(record, records)...)
	b.ReportAllocs()
	packets := 0
	for b.Loop() {
		r, err := capture.NewReader(bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		drain(b, r.Next)
		packets += records
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
}

func BenchmarkGzip(b *testing.B) {
	content := benchmarkFile()
	benchmarkOpen(b, gzipped(content), len(content))
}

func BenchmarkZstd(b *testing.B) {
	content := benchmarkFile()
	benchmarkOpen(b, zstandard(content), len(content))
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zstandard(b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(b, nil)
}
