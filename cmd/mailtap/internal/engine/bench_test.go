package engine_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// BenchmarkMail: sessions with messages of 4 to 200 KB.
func BenchmarkMail(b *testing.B) {
	benchmark(b, traffic.Options{Kind: traffic.Mail, Seed: 2, Bytes: 100e6})
}

// BenchmarkSpan: a mirror port, 3 % of its bytes mail.
func BenchmarkSpan(b *testing.B) {
	benchmark(b, traffic.Options{Kind: traffic.Span, Seed: 2, Bytes: 100e6})
}

// BenchmarkLogins: a session for each log-in, as short as can be.
func BenchmarkLogins(b *testing.B) {
	benchmark(b, traffic.Options{Kind: traffic.Logins, Seed: 2, Sessions: 20_000})
}

func benchmark(b *testing.B, o traffic.Options) {
	file, _ := generate(b, o)
	sessions := 0
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		sessions = 0
		analyse(b, file, func(f *dissect.Facts) {
			sessions++
			f.Dialogue.Recycle()
		})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*max(1, sessions)), "ns/session")
}

// generate makes a capture in memory, and the truth of its log-ins.
func generate(tb testing.TB, o traffic.Options) (file []byte, truth []traffic.Credential) {
	tb.Helper()
	var buf bytes.Buffer
	if _, err := traffic.Write(&buf, o, func(c traffic.Credential) { truth = append(truth, c) }); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes(), truth
}

// analyse runs an engine over a capture and returns it, flushed.
func analyse(tb testing.TB, file []byte, sink func(*dissect.Facts)) *engine.Engine {
	tb.Helper()
	r, err := capture.NewReader(bytes.NewReader(file))
	if err != nil {
		tb.Fatal(err)
	}
	files := []string{"test.pcap"}
	e := engine.New(func() []string { return files }, sink)
	ps := make([]capture.Packet, engine.MaxBatch)
	for {
		n, err := r.Batch(ps)
		e.Packets(ps[:n])
		if err == io.EOF {
			e.Flush()
			return e
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}
