package reassembly_test

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// stranger ignores every connection at its first bytes, as the engine does
// with what is not mail.
type stranger struct{ forget }

func (h *stranger) Data(f *reassembly.Flow, _ reassembly.Direction, _ uint64, _ []byte) { f.Ignore() }

var full = make([]byte, 1460)

// peer makes the segment of one end of connection i, 0 the opener.
func peer(i uint32, dir reassembly.Direction, flags uint8, seq, ack uint32, payload []byte) decode.Segment {
	s := decode.Segment{Time: 1e18, Flags: flags, SrcPort: 40000, DstPort: 25, Seq: seq, Ack: ack, Payload: payload}
	s.SrcAddr, s.DstAddr = [16]byte{10: 0xff, 11: 0xff, 12: 10}, [16]byte{10: 0xff, 11: 0xff, 12: 192, 15: 1}
	binary.BigEndian.PutUint32(s.SrcAddr[12:], 10<<24|i)
	if dir == 1 {
		s.SrcAddr, s.DstAddr, s.SrcPort, s.DstPort = s.DstAddr, s.SrcAddr, s.DstPort, s.SrcPort
	}
	return s
}

// bulk is one direction of n connections that take turns, one full segment
// each.
func bulk(b *testing.B, h reassembly.Handler, n int) {
	table := reassembly.New(reassembly.Limits{}, h)
	order := rand.New(rand.NewPCG(1, 1)).Perm(n)
	for i := range uint32(n) {
		syn := peer(i, 0, decode.SYN, 0, 0, nil)
		table.Add(&syn)
		answer := peer(i, 1, decode.SYN|decode.ACK, 0, 1, nil)
		table.Add(&answer)
	}
	s := peer(0, 0, decode.ACK, 1, 1, full)
	at := 0
	next := func() {
		if n > 1 {
			binary.BigEndian.PutUint32(s.SrcAddr[12:], 10<<24|uint32(order[at]))
		}
		s.Time += 1e4
		s.Packet++
		table.Add(&s)
		if at++; at == n {
			at = 0
			s.Seq += uint32(len(full))
		}
	}
	const warm = 20 // segments a connection, until the marks stop growing
	for range warm * n {
		next()
	}
	b.SetBytes(int64(len(full)))
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
}

func BenchmarkInOrderOne(b *testing.B)   { bulk(b, &forget{}, 1) }
func BenchmarkInOrder20000(b *testing.B) { bulk(b, &forget{}, 20_000) }
func BenchmarkIgnoredOne(b *testing.B)   { bulk(b, &stranger{}, 1) }
func BenchmarkIgnored20000(b *testing.B) { bulk(b, &stranger{}, 20_000) }

// One segment in twenty comes three places late.
func BenchmarkOutOfOrder(b *testing.B) {
	table := reassembly.New(reassembly.Limits{}, &forget{})
	syn := peer(1, 0, decode.SYN, ^uint32(0), 0, nil)
	table.Add(&syn)
	s := peer(1, 0, decode.ACK, 0, 0, full)
	b.SetBytes(int64(len(full)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at := i
		switch round := i % 20; {
		case round >= 15 && round < 18:
			at++
		case round == 18:
			at = i - 3
		}
		s.Seq = uint32(at) * uint32(len(full))
		s.Time = 1e18 + int64(i)*1e4
		s.Packet = uint64(i)
		table.Add(&s)
	}
}

// visit is a short connection: handshake, six small payloads, both FINs.
func visit(i uint32) []decode.Segment {
	small := full[:40]
	out := []decode.Segment{
		peer(i, 0, decode.SYN, 0, 0, nil), peer(i, 1, decode.SYN|decode.ACK, 0, 1, nil), peer(i, 0, decode.ACK, 1, 1, nil),
	}
	for turn := range uint32(3) {
		out = append(out,
			peer(i, 1, decode.ACK, 1+40*turn, 1+40*turn, small),
			peer(i, 0, decode.ACK, 1+40*turn, 41+40*turn, small))
	}
	return append(out,
		peer(i, 0, decode.ACK|decode.FIN, 121, 121, nil),
		peer(i, 1, decode.ACK|decode.FIN, 121, 122, nil),
		peer(i, 0, decode.ACK, 122, 122, nil))
}

func BenchmarkShortSessions(b *testing.B) {
	table := reassembly.New(reassembly.Limits{}, &forget{})
	segments := visit(0)
	b.ReportAllocs()
	now := int64(1e18)
	for i := uint32(0); b.Loop(); i++ {
		for j := range segments {
			s := &segments[j]
			end := &s.SrcAddr
			if s.SrcPort == 25 {
				end = &s.DstAddr
			}
			binary.BigEndian.PutUint32(end[12:], 10<<24|i&0xffffff)
			s.Time = now
			now += 1e5
			table.Add(s)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(segments)), "ns/packet")
}

func BenchmarkSynFlood(b *testing.B) {
	table := reassembly.New(reassembly.Limits{}, &forget{})
	s := peer(0, 0, decode.SYN, 0, 0, nil)
	b.ReportAllocs()
	for i := uint32(0); b.Loop(); i++ {
		binary.BigEndian.PutUint32(s.SrcAddr[12:], i)
		s.Time = 1e18 + int64(i)*1e3
		table.Add(&s)
	}
}

// heap returns the bytes in use once the garbage is gone.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What a hostile end can send to make each segment dear: holes everywhere, in
// the worst order, and long segments over many short ones.
func BenchmarkHostile(b *testing.B) {
	const n = 1000 // just below the limit of segments held
	tests := []struct {
		name string
		next func(s *decode.Segment, i int)
	}{
		{"backwards", func(s *decode.Segment, i int) {
			round, k := uint32(i/n), uint32(i%n)
			s.Seq, s.Payload = round*4*n+4*(n-k), full[:1]
		}},
		{"shuffled", func(s *decode.Segment, i int) {
			round, k := uint32(i/n), uint32(i*7919%n)
			s.Seq, s.Payload = round*4*n+4*k+4, full[:1]
		}},
		{"comb-then-cover", func(s *decode.Segment, i int) {
			round, k := uint32(i/n), uint32(i%n)
			s.Seq, s.Payload = round*n+k+4, full[:1]
			if i >= n { // all is held: look through it again and again
				s.Seq, s.Payload = 4, full[:n]
			}
		}},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			table := reassembly.New(reassembly.Limits{}, &forget{})
			syn := peer(1, 0, decode.SYN, ^uint32(0), 0, nil)
			table.Add(&syn)
			s := peer(1, 0, decode.ACK, 0, 0, nil)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				tt.next(&s, i)
				table.Add(&s)
			}
		})
	}
}
