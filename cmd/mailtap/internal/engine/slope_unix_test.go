//go:build unix

package engine_test

import (
	"math"
	"runtime"
	"runtime/metrics"
	"syscall"
	"testing"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// BenchmarkSlope analyses one capture 1, 4 and 16 times on end, ten minutes
// between them, and tells how time on the processor and memory grow with that,
// as powers of it: 1 is as fast as the capture, 0 not at all.
func BenchmarkSlope(b *testing.B) {
	for _, kind := range []string{traffic.Mail, traffic.Span, traffic.Logins, traffic.Dirty} {
		b.Run(kind, func(b *testing.B) {
			file, _ := generate(b, traffic.Options{Kind: kind, Seed: 7, Bytes: 20e6})
			packets := read(b, file)
			times := [...]int{1, 4, 16}
			var took [len(times)]float64
			var kept [len(times)]float64
			for b.Loop() {
				for i, n := range times {
					before := processorTime(b)
					kept[i] = max(kept[i], analyseTimes(packets, n))
					took[i] += processorTime(b) - before
				}
			}
			last := len(times) - 1
			b.ReportMetric(math.Log(took[last]/took[0])/math.Log(float64(times[last])), "time-slope")
			b.ReportMetric(math.Log(kept[last]/kept[0])/math.Log(float64(times[last])), "memory-slope")
			b.ReportMetric(kept[last]/1e6, "MB-peak")
		})
	}
}

// analyseTimes returns the most bytes that were alive at a collection, beyond
// the packets.
func analyseTimes(packets []capture.Packet, n int) (peak float64) {
	const lookEvery = 1000 // packets
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	look := func() float64 {
		metrics.Read(live)
		return float64(live[0].Value.Uint64())
	}
	runtime.GC()
	before := look()
	e := engine.New(func() []string { return []string{"test.pcap"} }, func(f *dissect.Facts) { f.Dialogue.Recycle() })
	span := packets[len(packets)-1].Time - packets[0].Time + 600e9
	for round := range int64(n) {
		for i := range packets {
			p := packets[i]
			p.Time += round * span
			e.Packet(&p)
			if i%lookEvery == 0 {
				peak = max(peak, look()-before)
			}
		}
		runtime.GC()
		peak = max(peak, look()-before)
	}
	e.Flush()
	return peak
}

// processorTime returns how long the process has run, in seconds.
func processorTime(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
