package reassembly_test

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// TestMemory weighs connections, their share of the table included.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const n = 100_000
	tests := []struct {
		name    string
		handler reassembly.Handler
		packets int    // of each, of a short visit
		paths   uint32 // under which each is captured
		most    uint64
	}{
		{"ignored", &stranger{}, 4, 1, 300},
		{"ignored, under two paths", &stranger{}, 4, 2, 300},
		{"in dialogue", &forget{}, 9, 1, 1024},
		{"in dialogue, under two paths", &forget{}, 9, 2, 1024},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := reassembly.New(reassembly.Limits{Flows: n}, tt.handler)
			before := heap()
			for i := range uint32(n) {
				for _, s := range visit(i / tt.paths)[:tt.packets] {
					s.Path = decode.PathID(i % tt.paths)
					table.Add(&s)
				}
			}
			each := (heap() - before) / n
			if open := table.Stats().Open; open != n {
				t.Fatalf("%d open", open)
			}
			t.Logf("%d bytes each", each)
			if each > tt.most {
				t.Errorf("%d bytes each, want at most %d", each, tt.most)
			}
		})
	}
}

// TestFloodMemory: connections that are opened and never talk cost no more
// when there are ten times as many.
func TestFloodMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for name, answered := range map[string]bool{"SYN": false, "SYN and SYN-ACK": true} {
		table := reassembly.New(reassembly.Limits{}, &forget{})
		flood := func(from, to uint32) {
			for i := from; i < to; i++ {
				s := peer(0, 0, decode.SYN, 0, 0, nil)
				s.Time += int64(i) * 1e3
				binary.BigEndian.PutUint32(s.SrcAddr[12:], i)
				table.Add(&s)
				if answered {
					s := peer(0, 1, decode.SYN|decode.ACK, 0, 1, nil)
					binary.BigEndian.PutUint32(s.DstAddr[12:], i)
					table.Add(&s)
				}
			}
		}
		before := heap()
		flood(0, 100_000)
		early := heap() - before
		flood(100_000, 1_000_000)
		late := heap() - before
		t.Logf("%s: %d bytes, then %d", name, early, late)
		if late > early+1<<20 || late > 32<<20 {
			t.Errorf("%s: %d bytes of memory after 100,000, %d after 1,000,000", name, early, late)
		}
		if st := table.Stats(); st.Open > 131_072/4 || st.HalfOpen != st.Evicted || st.Evicted < 900_000 {
			t.Errorf("%s: %d open, %d half-open of %d evicted", name, st.Open, st.HalfOpen, st.Evicted)
		}
	}
}

// TestHeldMemory: streams whose first bytes never come cost what Limits.Held
// says, whatever the size of their segments.
func TestHeldMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for _, size := range []int{1, 40, 1460} {
		const flows, segments = 2000, 100
		h := &forget{}
		table := reassembly.New(reassembly.Limits{}, h)
		s := peer(0, 0, decode.ACK, 0, 0, full[:size])
		add := func(i, k uint32) {
			binary.BigEndian.PutUint32(s.SrcAddr[12:], i)
			s.Seq = 2000 + k*1500 // what came before, and every hole, is missing
			s.Time += 100
			table.Add(&s)
		}
		for i := range uint32(flows) {
			syn := peer(0, 0, decode.SYN, 0, 0, nil)
			binary.BigEndian.PutUint32(syn.SrcAddr[12:], i)
			table.Add(&syn)
		}
		before := heap()
		most := uint64(0)
		for k := range uint32(segments) {
			for i := range uint32(flows) {
				add(i, k)
			}
			if k%10 == 0 {
				most = max(most, heap()-before)
			}
		}
		st := table.Stats()
		t.Logf("segments of %d bytes: %d bytes of memory at most, %d held now", size, most, st.Held)
		if most > 24<<20 {
			t.Errorf("segments of %d bytes: %d bytes of memory", size, most)
		}
		if st.Forced == 0 {
			t.Errorf("segments of %d bytes: nothing was given up", size)
		}
		table.Flush()
		if h.bytes != flows*segments*size {
			t.Errorf("segments of %d bytes: %d bytes given", size, h.bytes)
		}
		runtime.KeepAlive(table)
	}
}
