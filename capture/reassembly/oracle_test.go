package reassembly_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	gopackettcp "github.com/google/gopacket/reassembly"

	"github.com/mailtap/mailtap/capture/decode"
)

// oracle collects what gopacket's reassembly gives.
type oracle struct{ got map[uint16][]byte }

type oracleStream struct{ o *oracle }

func (o *oracle) New(_, tcp gopacket.Flow, _ *layers.TCP, _ gopackettcp.AssemblerContext) gopackettcp.Stream {
	return &oracleStream{o: o}
}

func (s *oracleStream) Accept(*layers.TCP, gopacket.CaptureInfo, gopackettcp.TCPFlowDirection, gopackettcp.Sequence, *bool, gopackettcp.AssemblerContext) bool {
	return true
}

func (s *oracleStream) ReassembledSG(sg gopackettcp.ScatterGather, _ gopackettcp.AssemblerContext) {
	dir, _, _, skip := sg.Info()
	n, _ := sg.Lengths()
	port := uint16(0)
	if dir == gopackettcp.TCPDirServerToClient {
		port = 1
	}
	if skip > 0 {
		s.o.got[port] = append(s.o.got[port], make([]byte, skip)...)
	}
	s.o.got[port] = append(s.o.got[port], sg.Fetch(n)...)
}

func (s *oracleStream) ReassemblyComplete(gopackettcp.AssemblerContext) bool { return true }

// TestOracle compares with an independent reassembler, away from the wrap of
// sequence numbers, where that one loses bytes.
func TestOracle(t *testing.T) {
	compared := 0
	for seed := range uint64(500) {
		k := newTalk(rand.New(rand.NewPCG(seed, 3)), impair{duplicate: 0.1, reorder: 0.2})
		if k.segments[0].Seq > 1<<31 || k.segments[1].Seq > 1<<31 {
			continue
		}
		o := &oracle{got: map[uint16][]byte{}}
		assembler := gopackettcp.NewAssembler(gopackettcp.NewStreamPool(o))
		for i := range k.segments {
			feedOracle(assembler, &k.segments[i])
		}
		assembler.FlushAll()
		c, _ := replay(t, k)
		for dir := range k.said {
			if !bytes.Equal(o.got[uint16(dir)], c.got[dir]) {
				t.Fatalf("seed %d, direction %d: %d bytes, the oracle has %d", seed, dir, len(c.got[dir]), len(o.got[uint16(dir)]))
			}
		}
		compared++
	}
	if compared < 50 {
		t.Errorf("only %d streams were compared", compared)
	}
}

type oracleContext struct{ gopacket.CaptureInfo }

func (c oracleContext) GetCaptureInfo() gopacket.CaptureInfo { return c.CaptureInfo }

func feedOracle(a *gopackettcp.Assembler, s *decode.Segment) {
	src, dst := s.Src(), s.Dst()
	flow := gopacket.NewFlow(layers.EndpointIPv6, src.Addr().AsSlice(), dst.Addr().AsSlice())
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(s.SrcPort), DstPort: layers.TCPPort(s.DstPort), Seq: s.Seq, Ack: s.Ack,
		SYN: s.Flags&decode.SYN != 0, ACK: s.Flags&decode.ACK != 0, FIN: s.Flags&decode.FIN != 0,
	}
	tcp.Payload = s.Payload
	a.AssembleWithContext(flow, tcp, oracleContext{gopacket.CaptureInfo{Timestamp: time.Unix(0, s.Time)}})
}
