package reassembly_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

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
func (h *forget) Gap(*reassembly.Flow, reassembly.Direction, uint64, uint64)   {}
func (h *forget) Again(*reassembly.Flow, reassembly.Direction, uint64, []byte) {}
func (h *forget) Clash(*reassembly.Flow, reassembly.Direction, uint64, reassembly.Version, reassembly.Version) {
}
func (h *forget) Close(*reassembly.Flow) { h.closed++ }

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

// A direction holds maxPieces segments and no more, however small.
func TestPieces(t *testing.T) {
	table := reassembly.New(reassembly.Limits{}, &forget{})
	var sc script
	table.Add(sc.segment(t, "C SYN"))
	most := 0
	for i := range 5000 {
		table.Add(sc.segment(t, fmt.Sprintf("C @%d x ack=0", 20_000-2*i)))
		most = max(most, table.Stats().Held)
	}
	if most != 1024*129 {
		t.Errorf("%d bytes held, want those of 1024 segments", most)
	}
	if table.Stats().Forced == 0 {
		t.Error("nothing was given up")
	}
}

// Each kind of connection has its time of silence.
func TestSilence(t *testing.T) {
	limits := reassembly.Limits{Nascent: 10e9, Idle: 40e9, Forgotten: 30e9, Linger: 20e9}
	talking := handshake + "C @0 EHLO ack=0"
	tests := []struct {
		name, script string
		ignore       bool
		after        int64 // s
	}{
		{"nascent", handshake, false, 10},
		{"talking", talking, false, 40},
		{"ignored", talking, true, 30},
		{"closed", talking + "\nC @4 FIN ack=0\nS @0 FIN ack=5", false, 20},
		{"reset", talking + "\nC @4 RST", false, 20},
		{"a reset that may be forged", talking + "\nC @400 RST", false, 20},
		{"closed, the last bytes lost", talking + "\nC @9 FIN ack=0\nS @0 FIN ack=10\nC @10 ack=1", false, 20},
		{"closed, the last bytes to come", talking + "\nC @9 FIN ack=0\nS @0 FIN ack=4\nC @10 ack=1", false, 40},
		{"closed, a FIN lost", talking + "\nC @4 FIN ack=0\nS @0 ack=5\nC @5 ack=1", false, 20},
		{"closed by one end", talking + "\nC @4 FIN ack=0\nS @0 ack=5\nC @5 ack=0", false, 40},
		{"ignored and closed", talking + "\nC @4 FIN ack=0", true, 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := reassembly.New(limits, &hook{func(_ string, f *reassembly.Flow) {
				if tt.ignore {
					f.Ignore()
				}
			}})
			var sc script
			play(t, table, &sc, tt.script)
			table.Advance(sc.now + (tt.after-1)*1e9)
			if open := table.Stats().Open; open != 1 {
				t.Errorf("before the time %d are open", open)
			}
			table.Advance(sc.now + (tt.after+1)*1e9)
			if open := table.Stats().Open; open != 0 {
				t.Errorf("after the time %d are open", open)
			}
		})
	}
}

// A full table ends the one that has been silent for longest.
func TestEviction(t *testing.T) {
	tr := newTrace(t)
	table := reassembly.New(reassembly.Limits{Flows: 3}, tr)
	say := func(port uint16, seq uint32, text string) {
		s := peer(1, 0, decode.ACK|decode.PSH, seq, 1, []byte(text))
		s.SrcPort, s.Packet = port, uint64(port)
		s.Time += int64(len(tr.log)) * 2e9
		table.Add(&s)
	}
	for port := range uint16(3) {
		say(port+1, 1, "ab")
	}
	say(1, 3, "cd")
	say(4, 1, "ef")
	want := []string{`0 "ab" packet 1`, `2: 0 "ab" packet 2`, `3: 0 "ab" packet 3`, `0 "cd" packet 1`, `2: close midstream one-sided evicted`, `4: 0 "ef" packet 4`}
	if diff := cmp.Diff(want, tr.log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if st := table.Stats(); st.Evicted != 1 || st.Open != 3 {
		t.Errorf("%d evicted, %d open", st.Evicted, st.Open)
	}
}

// A connection remembers 64 captures.
func TestFiles(t *testing.T) {
	files := 0
	table := reassembly.New(reassembly.Limits{}, &hook{func(call string, f *reassembly.Flow) { files = len(f.Files()) }})
	for i := range 100 {
		s := peer(1, 0, decode.ACK|decode.PSH, uint32(i), 1, []byte("x"))
		s.File = int32(i)
		table.Add(&s)
		s.Seq = 0
		s.File = int32(i / 2) // files may come back
		table.Add(&s)
	}
	table.Flush()
	if files != 64 {
		t.Errorf("%d files", files)
	}
}

// What talks in order, and what is ignored, costs no memory.
func TestAllocs(t *testing.T) {
	for name, h := range map[string]reassembly.Handler{"in order": &forget{}, "ignored": &stranger{}} {
		table := reassembly.New(reassembly.Limits{}, h)
		syn := peer(1, 0, decode.SYN, 0, 0, nil)
		table.Add(&syn)
		s := peer(1, 0, decode.ACK, 1, 1, full)
		next := func() {
			table.Add(&s)
			s.Seq += uint32(len(full))
		}
		for range 100 {
			next()
		}
		if n := testing.AllocsPerRun(1000, next); n != 0 {
			t.Errorf("%s: %v allocations a segment", name, n)
		}
	}
}

// Of many connections that are over the last are remembered: what comes late
// belongs to them, and begins no other.
func TestLingering(t *testing.T) {
	h := &forget{}
	table := reassembly.New(reassembly.Limits{Lingering: 2}, h)
	last := func(i uint32) decode.Segment { return peer(i, 1, decode.FIN|decode.ACK, 1, 5, nil) }
	for i := range uint32(4) {
		for _, s := range []decode.Segment{
			peer(i, 0, decode.SYN, 0, 0, nil), peer(i, 1, decode.SYN|decode.ACK, 0, 1, nil),
			peer(i, 0, decode.FIN|decode.ACK, 1, 1, []byte("abc")), last(i),
		} {
			table.Add(&s)
		}
	}
	if st := table.Stats(); st.Open != 2 || st.Flows != 4 || st.Evicted != 0 || h.closed != 4 {
		t.Fatalf("%d open of %d, %d evicted, %d closed", st.Open, st.Flows, st.Evicted, h.closed)
	}
	for i, want := range []uint64{5, 6, 6, 6} { // the first two are forgotten
		s := last(uint32(i))
		table.Add(&s)
		if st := table.Stats(); st.Flows != want {
			t.Errorf("after a late packet of connection %d: %d flows, want %d", i, st.Flows, want)
		}
	}
}
