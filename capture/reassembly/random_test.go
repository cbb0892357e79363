package reassembly_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	gopackettcp "github.com/google/gopacket/reassembly"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// collector keeps what a Table gives of one connection, and where it was lost.
type collector struct {
	t    testing.TB
	got  [2][]byte
	lost [2][]bool
}

func (c *collector) Open(*reassembly.Flow)  {}
func (c *collector) Close(*reassembly.Flow) {}

func (c *collector) Data(_ *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	if off != uint64(len(c.got[dir])) {
		c.t.Fatalf("direction %d: data at %d after %d bytes", dir, off, len(c.got[dir]))
	}
	c.got[dir] = append(c.got[dir], b...)
	c.lost[dir] = append(c.lost[dir], make([]bool, len(b))...)
}

func (c *collector) Gap(_ *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	if off != uint64(len(c.got[dir])) {
		c.t.Fatalf("direction %d: gap at %d after %d bytes", dir, off, len(c.got[dir]))
	}
	c.got[dir] = append(c.got[dir], make([]byte, n)...)
	for range n {
		c.lost[dir] = append(c.lost[dir], true)
	}
}

// talk is a made connection: what each side said, and the segments that
// carried it, possibly in disorder.
type talk struct {
	said     [2][]byte
	segments []decode.Segment
}

// impair says what happens to segments on their way to the capture.
type impair struct{ lose, duplicate, reorder, overlap float64 }

// newTalk makes both sides say a few thousand bytes in turns.
func newTalk(r *rand.Rand, harm impair) *talk {
	k := &talk{}
	isn := [2]uint32{r.Uint32(), r.Uint32()}
	if r.IntN(2) == 0 {
		isn[0] = ^uint32(0) - uint32(r.IntN(3000)) // the numbers wrap
	}
	now := int64(1e18)
	add := func(dir int, flags uint8, from, to int) {
		s := decode.Segment{Time: now, Packet: uint64(len(k.segments) + 1), Flags: flags, SrcPort: 1025, DstPort: 25}
		s.SrcAddr[15], s.DstAddr[15] = 1, 2
		if dir == 1 {
			s.SrcAddr, s.DstAddr, s.SrcPort, s.DstPort = s.DstAddr, s.SrcAddr, s.DstPort, s.SrcPort
		}
		s.Seq = isn[dir] + 1 + uint32(from)
		if flags&decode.SYN != 0 {
			s.Seq--
		}
		s.Ack = isn[dir^1] + 1 + uint32(len(k.said[dir^1]))
		s.Payload = k.said[dir][from:to]
		k.segments = append(k.segments, s)
		now += int64(r.IntN(2e6))
	}
	for dir := range k.said {
		k.said[dir] = make([]byte, 0, 1<<16)
	}
	add(0, decode.SYN, 0, 0)
	add(1, decode.SYN|decode.ACK, 0, 0)
	add(0, decode.ACK, 0, 0)
	for range 3 + r.IntN(20) {
		dir := r.IntN(2)
		from := len(k.said[dir])
		for range 1 + r.IntN(1200) {
			k.said[dir] = append(k.said[dir], byte('a'+r.IntN(26)))
		}
		for from < len(k.said[dir]) {
			to := min(from+1+r.IntN(400), len(k.said[dir]))
			back := 0
			if r.Float64() < harm.overlap {
				back = min(from, r.IntN(200))
			}
			add(dir, decode.ACK|decode.PSH, from-back, to)
			from = to
		}
		add(dir^1, decode.ACK, len(k.said[dir^1]), len(k.said[dir^1]))
	}
	k.harm(r, harm)
	return k
}

// harm loses, doubles and delays segments, as a bad mirror port does.
func (k *talk) harm(r *rand.Rand, harm impair) {
	out := k.segments[:3:3]
	for _, s := range k.segments[3:] {
		if r.Float64() < harm.lose {
			continue
		}
		out = append(out, s)
		if r.Float64() < harm.duplicate {
			out = append(out, s)
		}
	}
	for i := 3; i+1 < len(out); i++ {
		if r.Float64() < harm.reorder {
			j := min(len(out)-1, i+1+r.IntN(4))
			out[i], out[j] = out[j], out[i]
			out[i].Time, out[j].Time = out[j].Time, out[i].Time
		}
	}
	k.segments = out
}

func replay(t testing.TB, k *talk) (*collector, reassembly.Stats) {
	c := &collector{t: t}
	table := reassembly.New(reassembly.Limits{}, c)
	for i := range k.segments {
		table.Add(&k.segments[i])
	}
	table.Flush()
	return c, table.Stats()
}

// TestRandomWhole: whatever the order, overlaps and copies, the same bytes.
func TestRandomWhole(t *testing.T) {
	for seed := range uint64(2000) {
		k := newTalk(rand.New(rand.NewPCG(seed, 1)), impair{duplicate: 0.1, reorder: 0.2, overlap: 0.1})
		c, st := replay(t, k)
		for dir := range k.said {
			if !bytes.Equal(c.got[dir], k.said[dir]) {
				t.Fatalf("seed %d, direction %d: %d bytes, want %d, first difference at %d", seed, dir, len(c.got[dir]), len(k.said[dir]), differ(c.got[dir], k.said[dir]))
			}
		}
		if st.GapBytes != 0 || st.Held != 0 {
			t.Fatalf("seed %d: %d bytes lost, %d held", seed, st.GapBytes, st.Held)
		}
	}
}

// TestRandomLossy: what was lost is a gap, and everything else is right.
func TestRandomLossy(t *testing.T) {
	lost := 0
	for seed := range uint64(2000) {
		k := newTalk(rand.New(rand.NewPCG(seed, 2)), impair{lose: 0.1, duplicate: 0.05, reorder: 0.1, overlap: 0.1})
		captured := [2][]bool{make([]bool, len(k.said[0])), make([]bool, len(k.said[1]))}
		bases := [2]uint32{k.segments[0].Seq + 1, k.segments[1].Seq + 1}
		for _, s := range k.segments[3:] {
			dir := 0
			if s.SrcPort == 25 {
				dir = 1
			}
			for i := range s.Payload {
				captured[dir][int(s.Seq-bases[dir])+i] = true
			}
		}
		c, _ := replay(t, k)
		for dir := range k.said {
			if len(c.got[dir]) > len(k.said[dir]) {
				t.Fatalf("seed %d, direction %d: %d bytes of %d", seed, dir, len(c.got[dir]), len(k.said[dir]))
			}
			for i, b := range c.got[dir] {
				switch {
				case c.lost[dir][i] && captured[dir][i]:
					lost++ // it came more than a second late, or behind what was given up
				case !c.lost[dir][i] && b != k.said[dir][i]:
					t.Fatalf("seed %d, direction %d: byte %d is wrong", seed, dir, i)
				}
			}
			for i := len(c.got[dir]); i < len(k.said[dir]); i++ {
				if captured[dir][i] {
					t.Fatalf("seed %d, direction %d: byte %d was captured and not given", seed, dir, i)
				}
			}
		}
	}
	if lost > 0 {
		t.Errorf("%d captured bytes were given up, though none came a second late", lost)
	}
}

func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// oracle collects what gopacket's reassembly gives.
type oracle struct{ got map[uint16][]byte }

type oracleStream struct {
	o    *oracle
	port uint16
}

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

// A stream whose first byte never comes, and which nobody acknowledges, keeps
// to its limit.
func TestHoleAtStart(t *testing.T) {
	c := &collector{t: t}
	table := reassembly.New(reassembly.Limits{HeldEach: 100_000}, c)
	var sc script
	table.Add(sc.segment(t, "C SYN"))
	payload := bytes.Repeat([]byte("x"), 1000)
	for i := range 5000 {
		s := sc.segment(t, fmt.Sprintf("C @%d ack=0", 10+i*1000))
		s.Payload = payload
		table.Add(s)
		if held := table.Stats().Held; held > 100_000+2000 {
			t.Fatalf("%d bytes held after %d segments", held, i+1)
		}
	}
	if len(c.got[0]) < 4_900_000 {
		t.Errorf("only %d bytes given", len(c.got[0]))
	}
	table.Flush()
	if len(c.got[0]) != 10+5_000_000 {
		t.Errorf("%d bytes given in the end", len(c.got[0]))
	}
}

// Many connections with holes share one pool.
func TestPool(t *testing.T) {
	table := reassembly.New(reassembly.Limits{Held: 1 << 20}, &forget{})
	payload := bytes.Repeat([]byte("x"), 1000)
	for i := range 20_000 {
		var sc script
		sc.clientPort = uint16(i)
		table.Add(sc.segment(t, "C SYN"))
		s := sc.segment(t, "C @10 ack=0")
		s.Payload = payload
		table.Add(s)
		if held := table.Stats().Held; held > 1<<20 {
			t.Fatalf("%d bytes held", held)
		}
	}
	if table.Stats().Forced == 0 {
		t.Error("nothing was given up")
	}
}

// forget takes everything and keeps nothing.
type forget struct{ bytes, closed int }

func (h *forget) Open(*reassembly.Flow) {}
func (h *forget) Data(_ *reassembly.Flow, _ reassembly.Direction, _ uint64, b []byte) {
	h.bytes += len(b)
}
func (h *forget) Gap(*reassembly.Flow, reassembly.Direction, uint64, uint64) {}
func (h *forget) Close(*reassembly.Flow)                                     { h.closed++ }

// A flood of SYNs keeps to the share of connections without payload, and does
// not push out those that talk.
func TestSynFlood(t *testing.T) {
	h := &forget{}
	table := reassembly.New(reassembly.Limits{Flows: 4000}, h)
	for i := range 2000 {
		table.Add(flood(uint32(i), 1000, "hello"))
	}
	for i := range 1_000_000 {
		table.Add(flood(uint32(i), 2000, ""))
	}
	st := table.Stats()
	if st.Open > 4000 || st.HalfOpen < 990_000 {
		t.Errorf("%d open, %d half-open evicted", st.Open, st.HalfOpen)
	}
	if h.closed != 0 {
		t.Errorf("%d talking connections were pushed out", h.closed)
	}
}

func flood(i uint32, port uint16, payload string) *decode.Segment {
	s := &decode.Segment{Time: 1e18 + int64(i), Flags: decode.SYN, SrcPort: port, DstPort: 25, Seq: 1}
	s.SrcAddr = [16]byte{12: byte(i >> 24), 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
	if payload != "" {
		s.Flags, s.Payload = decode.ACK, []byte(payload)
	}
	return s
}

// FuzzTable: what is given tiles each direction, every Open has its Close, and
// nothing stays.
func FuzzTable(f *testing.F) {
	f.Add([]byte{0x02, 0, 0, 0, 0x12, 0, 0, 0, 0x18, 0, 5, 0, 0x11, 5, 0, 0})
	f.Add([]byte{0x18, 200, 9, 1, 0x98, 10, 9, 200, 0x10, 0, 0, 0, 0x84, 3, 3, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		h := &tiler{t: t, ends: map[*reassembly.Flow]*[2]uint64{}}
		table := reassembly.New(reassembly.Limits{Flows: 16, Held: 4096, HeldEach: 1024}, h)
		now := int64(1e18)
		payload := make([]byte, 256)
		for ; len(b) >= 4; b = b[4:] {
			s := &decode.Segment{Flags: b[0] & 0x1f, SrcPort: 1000 + uint16(b[0]>>5&1), DstPort: 25, Seq: uint32(b[1]) * 7, Ack: uint32(b[3]) * 7}
			s.Payload = payload[:b[2]&0x7f]
			s.Missing = int(b[2] >> 7 * 9)
			if b[0]&0x40 != 0 {
				s.SrcAddr[0], s.DstAddr[0], s.SrcPort, s.DstPort = 1, 0, s.DstPort, s.SrcPort
			} else {
				s.DstAddr[0] = 1
			}
			if b[0]&0x80 != 0 {
				now += 4e8
			}
			now += int64(b[3]) * 1e5
			s.Time = now
			table.Add(s)
			if held := table.Stats().Held; held < 0 || held > 4096 {
				t.Fatalf("%d bytes held", held)
			}
		}
		table.Flush()
		if st := table.Stats(); st.Open != 0 || st.Held != 0 {
			t.Fatalf("at the end %d open, %d held", st.Open, st.Held)
		}
		if len(h.ends) != 0 {
			t.Fatalf("%d were not closed", len(h.ends))
		}
	})
}

// tiler checks that the offsets of each direction follow on each other.
type tiler struct {
	t    *testing.T
	ends map[*reassembly.Flow]*[2]uint64
}

func (h *tiler) Open(f *reassembly.Flow) {
	if h.ends[f] != nil {
		h.t.Fatal("opened twice")
	}
	h.ends[f] = new([2]uint64)
}

func (h *tiler) advance(f *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	ends := h.ends[f]
	if ends == nil || ends[dir] != off || n == 0 {
		h.t.Fatalf("%d bytes at %d, want them at %v", n, off, ends)
	}
	ends[dir] += n
}

func (h *tiler) Data(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	h.advance(f, dir, off, uint64(len(b)))
	if b[0] == 0 && len(b) == 77 {
		f.Ignore()
	}
}

func (h *tiler) Gap(f *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	h.advance(f, dir, off, n)
}

func (h *tiler) Close(f *reassembly.Flow) {
	if h.ends[f] == nil {
		h.t.Fatal("closed without Open")
	}
	delete(h.ends, f)
}
