package engine_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// disorder says what happens to how many of 100 packets.
type disorder struct {
	late    int  // captured behind up to three later ones of its connection
	doubled int  // captured twice within 0.1 ms
	resent  int  // sent again behind up to ten later ones
	copied  bool // all are captured in a second VLAN, too, within 1 ms
}

// TestTruthInDisorder: what a mirror port does to packets without losing any
// hides no log-in, changes none, and makes none.
func TestTruthInDisorder(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	bad := disorder{late: 5, doubled: 5, resent: 5}
	twice := disorder{copied: true}
	worst := disorder{late: 5, doubled: 5, resent: 5, copied: true}
	captures := []traffic.Options{{Kind: traffic.Span, Seed: 5, Bytes: 30e6}}
	for seed := range uint64(8) {
		captures = append(captures,
			traffic.Options{Kind: traffic.Mail, Seed: seed, Bytes: 4e6},
			traffic.Options{Kind: traffic.Logins, Seed: seed, Sessions: 1000})
	}
	for _, o := range captures {
		file, truth := generate(t, o)
		if len(truth) == 0 {
			t.Fatal("a capture without log-ins proves nothing")
		}
		sessions := 0
		analyse(t, file, func(*dissect.Facts) { sessions++ })
		for name, d := range map[string]disorder{"bad": bad, "twice": twice, "worst": worst} {
			t.Run(fmt.Sprintf("%s %d, %s", o.Kind, o.Seed, name), func(t *testing.T) {
				found, n, conflicts := map[login]dissect.Outcome{}, 0, 0
				e := engine.New(func() []string { return []string{"test.pcap"} }, func(f *dissect.Facts) {
					n++
					addLogins(found, f)
					if f.Flags&dissect.Conflict != 0 {
						conflicts++
					}
				})
				packets := d.apply(t, file, o.Seed)
				for i := range packets {
					e.Packet(&packets[i])
				}
				e.Flush()
				holdAgainst(t, found, truth, false)
				if n != sessions || conflicts != 0 {
					t.Errorf("%d sessions, want %d; %d have conflicts", n, sessions, conflicts)
				}
				if st := e.Stats(); st.Duplicates == 0 || st.GapBytes != 0 || st.Evicted != 0 {
					t.Errorf("%+v", st)
				}
				if held, doubted := e.HeldBack(), e.Doubted(); held != 0 || doubted != 0 {
					t.Errorf("%d bytes are held back, %d of doubts", held, doubted)
				}
			})
		}
	}
}

// apply returns the packets of a capture in disorder.
func (d disorder) apply(t *testing.T, file []byte, seed uint64) []capture.Packet {
	t.Helper()
	packets := read(t, file)
	times := timesOfFlows(packets)
	r := rand.New(rand.NewPCG(seed, 8))
	happens := func(of100 int) bool { return r.IntN(100) < of100 }
	var all []capture.Packet
	for i, p := range packets {
		add := func(p capture.Packet, at int64) {
			p.Time = at
			all = append(all, p)
		}
		later := func(most int) int64 { // behind so many of the connection
			t := times[i]
			return t[min(len(t)-1, 1+r.IntN(most))] + 1
		}
		now := p.Time
		if happens(d.late) {
			now = later(3)
		}
		add(p, now)
		if happens(d.doubled) {
			add(p, now+r.Int64N(1e5))
		}
		if happens(d.resent) {
			add(p, max(now, later(10)))
		}
		if d.copied {
			p.Data = slices.Concat(p.Data[:12], []byte{0x81, 0, 0, 20}, p.Data[12:])
			p.Length += 4
			add(p, now+r.Int64N(1e6))
		}
	}
	slices.SortStableFunc(all, func(a, b capture.Packet) int { return cmp.Compare(a.Time, b.Time) })
	for i := range all {
		all[i].Number = uint64(i + 1)
	}
	return all
}

func read(t testing.TB, file []byte) (packets []capture.Packet) {
	t.Helper()
	reader, err := capture.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for {
		var p capture.Packet
		if err := reader.Next(&p); err == io.EOF {
			return packets
		} else if err != nil {
			t.Fatal(err)
		}
		p.Data = bytes.Clone(p.Data)
		packets = append(packets, p)
	}
}

// timesOfFlows returns, for each packet, the times of its connection's packets
// from it on.
func timesOfFlows(packets []capture.Packet) [][]int64 {
	type ends [2]netip.AddrPort
	flows := map[ends][]int64{}
	out := make([][]int64, len(packets))
	decoder := decode.New()
	for i := len(packets) - 1; i >= 0; i-- {
		var s decode.Segment
		var key ends
		if decoder.Decode(&packets[i], &s) == decode.TCP {
			if key = (ends{s.Src(), s.Dst()}); s.SrcPort < s.DstPort {
				key = ends{s.Dst(), s.Src()}
			}
		}
		flows[key] = append(flows[key], packets[i].Time)
		out[i] = flows[key]
	}
	for i := range out {
		out[i] = slices.Clone(out[i][max(0, len(out[i])-12):])
		slices.Reverse(out[i])
	}
	return out
}
