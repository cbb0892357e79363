package reassembly_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// hook does something at each call, whose name it gets.
type hook struct {
	do func(call string, f *reassembly.Flow)
}

func (h *hook) Open(f *reassembly.Flow)                                             { h.do("open", f) }
func (h *hook) Data(f *reassembly.Flow, _ reassembly.Direction, _ uint64, _ []byte) { h.do("data", f) }
func (h *hook) Gap(f *reassembly.Flow, _ reassembly.Direction, _, _ uint64)         { h.do("gap", f) }
func (h *hook) Again(f *reassembly.Flow, _ reassembly.Direction, _ uint64, _ []byte) {
	h.do("again", f)
}
func (h *hook) Clash(f *reassembly.Flow, _ reassembly.Direction, _ uint64, _, _ reassembly.Version) {
	h.do("clash", f)
}
func (h *hook) Close(f *reassembly.Flow) { h.do("close", f) }

// play adds the lines of a script.
func play(t *testing.T, table *reassembly.Table, sc *script, lines string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		table.Add(sc.segment(t, strings.TrimSpace(line)))
	}
}

// eventful has holes, lost replies, cut payloads, a conflict, both ends.
const eventful = handshake + `S @0 220 ack=0
C @4 MAIL ack=3
C @8 RC ack=3 cut=2
S @3 250 ack=12
S @6 250 ack=20
C @12 DATA ack=9 t=1200
C @30 late ack=9
C @30 LATE ack=9
C @16 QUIT ack=9
S @3 250 ack=12
C @40 FIN ack=9
S @9 FIN ack=41
C @41 ack=10`

// TestIgnore ignores a connection at each of its calls in turn: nothing comes
// after it but Close, and nothing stays.
func TestIgnore(t *testing.T) {
	calls := 1
	for at := 0; at < calls; at++ {
		var log []string
		table := reassembly.New(reassembly.Limits{}, &hook{func(call string, f *reassembly.Flow) {
			log = append(log, call)
			if len(log) == at+1 {
				f.Ignore()
				f.Ignore()
			}
		}})
		var sc script
		play(t, table, &sc, eventful)
		if at == 0 { // learn how many there are
			n := 0
			all := reassembly.New(reassembly.Limits{}, &hook{func(string, *reassembly.Flow) { n++ }})
			var sc script
			play(t, all, &sc, eventful)
			all.Flush()
			calls = n
		}
		table.Flush()
		if n := len(log); log[n-1] != "close" || n != min(at+2, calls) {
			t.Errorf("ignored at call %d of %d: %q", at+1, calls, log)
		}
		if st := table.Stats(); st.Held != 0 || st.Open != 0 {
			t.Errorf("ignored at call %d: %d bytes held, %d open", at+1, st.Held, st.Open)
		}
	}
	if calls < 12 {
		t.Errorf("only %d calls", calls)
	}
}

// The facts of a flow can be asked for until Close.
func TestFactsAtClose(t *testing.T) {
	var got []string
	table := reassembly.New(reassembly.Limits{}, &hook{func(call string, f *reassembly.Flow) {
		if call == "close" {
			_, packet, file := f.At(1, 3)
			got = append(got, fmt.Sprint(f.Src(0), f.Src(1), f.Path(), f.First(), f.Last(), f.Packets(), f.Bytes(0), f.Bytes(1), f.Files(), f.Late(), packet, file))
		}
	}})
	var sc script
	for i, line := range strings.Split(eventful, "\n") {
		s := sc.segment(t, line)
		s.File, s.Path = int32(i/5), 7
		table.Add(s)
	}
	table.Flush()
	want := []string{"[::9]:1024 [::1]:25 7 1000000 1215000000 16 10 9 [0 1 2 3] false 7 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAt types a line letter by letter, hears an answer each, and sends in
// bulk.
func TestAt(t *testing.T) {
	var sc script
	var got [][2]uint64 // offset, packet
	ask := func(*reassembly.Flow) {}
	table := reassembly.New(reassembly.Limits{}, &hook{func(_ string, f *reassembly.Flow) { ask(f) }})
	play(t, table, &sc, handshake)
	send := func(from, n int) {
		s := sc.segment(t, fmt.Sprintf("C @%d ack=0", from))
		s.Payload = zeros[:n]
		table.Add(s)
	}
	at := func(offs ...uint64) func(f *reassembly.Flow) {
		return func(f *reassembly.Flow) {
			got = nil
			for _, off := range offs {
				_, packet, _ := f.At(0, off)
				got = append(got, [2]uint64{off, packet})
			}
		}
	}
	check := func(what string, want ...[2]uint64) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	for i := range 59 {
		send(i, 1)
	}
	ask = at(0, 30, 59)
	send(59, 1)
	check("sixty letters", [2]uint64{0, 4}, [2]uint64{30, 34}, [2]uint64{59, 63})
	for i := range 60 {
		send(60+i, 1)
	}
	ask = at(0, 57, 58, 120, 200)
	send(120, 1)
	check("more than are remembered", [2]uint64{0, 61}, [2]uint64{57, 61}, [2]uint64{58, 62}, [2]uint64{120, 124}, [2]uint64{200, 124})
}

// Without a person who types, the last few packets are remembered.
func TestAtBulk(t *testing.T) {
	var sc script
	var oldest, newest uint64
	table := reassembly.New(reassembly.Limits{}, &hook{func(_ string, f *reassembly.Flow) {
		_, oldest, _ = f.At(0, 0)
		_, newest, _ = f.At(0, 1<<40)
	}})
	play(t, table, &sc, handshake)
	for i := range 100 {
		s := sc.segment(t, fmt.Sprintf("C @%d ack=0", i*1460))
		s.Payload = full
		table.Add(s)
	}
	if oldest != 96 || newest != 103 {
		t.Errorf("oldest packet %d, newest %d", oldest, newest)
	}
	s := sc.segment(t, fmt.Sprintf("C @%d ack=0", 100*1460+1<<20)) // a wide hole
	s.Payload = full
	table.Add(s)
	table.Flush()
	if oldest != 104 || newest != 104 {
		t.Errorf("behind a wide gap the oldest packet is %d, the newest %d", oldest, newest)
	}
}

// A flow is not remembered under the name of another: what one left behind is
// not found in the next.
func TestRecycled(t *testing.T) {
	n := 0
	table := reassembly.New(reassembly.Limits{}, &hook{func(call string, f *reassembly.Flow) {
		if call == "open" {
			if n++; f.User != nil || f.Bytes(0)+f.Bytes(1) != 0 || f.Flags() != 0 || len(f.Files()) != 1 || f.Packets() > 5 {
				t.Errorf("connection %d begins with %v, %d+%d bytes, flags %b, files %v, %d packets", n, f.User, f.Bytes(0), f.Bytes(1), f.Flags(), f.Files(), f.Packets())
			}
			if _, packet, _ := f.At(0, 0); packet != 0 {
				t.Errorf("connection %d begins with packet %d", n, packet)
			}
		}
		f.User = n
	}})
	for i := range 50 {
		sc := script{client: uint32(i) * 1e6, server: uint32(i) * 1e7, now: int64(i) * 1e9}
		for j, line := range strings.Split(eventful, "\n") {
			s := sc.segment(t, line)
			s.File = int32(3*i + j/5)
			table.Add(s)
		}
	}
	table.Flush()
	if n != 50 {
		t.Errorf("%d connections", n)
	}
}

// The path is part of a connection's name: the same packets in two VLANs are
// two connections, unless they come so soon that they are copies.
func TestPath(t *testing.T) {
	h := &forget{}
	table := reassembly.New(reassembly.Limits{}, h)
	for path := range decode.PathID(3) {
		for _, s := range visit(1) {
			s.Path = path
			s.Time += 2e9 * int64(path)
			table.Add(&s)
		}
	}
	if h.closed != 3 || h.bytes != 3*240 {
		t.Errorf("%d connections, %d bytes", h.closed, h.bytes)
	}
}
