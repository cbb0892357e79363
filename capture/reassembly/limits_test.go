package reassembly_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

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
