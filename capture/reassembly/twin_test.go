package reassembly_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// A copy is recognised, too, if its first bytes come when so much has followed
// that their packet is forgotten.
func TestTwinOfForgotten(t *testing.T) {
	opened := 0
	table := reassembly.New(reassembly.Limits{}, &hook{func(call string, f *reassembly.Flow) {
		if call == "open" {
			opened++
		}
	}})
	segments := func(path decode.PathID, from, to int) {
		sc := script{}
		for i := from; i < to; i++ {
			s := sc.segment(t, fmt.Sprintf("S @%d ack=0", i*1460))
			s.Payload, s.Path = bytes.Repeat([]byte{'x'}, 1460), path
			table.Add(s)
		}
	}
	segments(1, 0, 30)
	segments(2, 3, 30)
	if opened != 1 {
		t.Errorf("%d connections", opened)
	}
	segments(3, 90, 91) // what nobody has seen
	if opened != 2 {
		t.Errorf("%d connections, with bytes of another", opened)
	}
}

// TestTwins plays connections that are captured under two paths. A line that
// begins with a number is of that path.
func TestTwins(t *testing.T) {
	const twoHands = "1 C SYN\n2 C SYN\n1 S SYN ack=0\n2 S SYN ack=0\n1 C @0 ack=0\n2 C @0 ack=0\n"
	tests := []struct {
		name, script, want string
		duplicates         uint64
	}{
		{"two VLANs", twoHands + "1 S @0 220 ack=0\n2 S @0 220 ack=0 t=5\n2 C @0 EHLO ack=3\n1 C @0 EHLO ack=3 t=5\n1 C @4 FIN ack=3\n2 C @4 FIN ack=3\n1 S @3 FIN ack=5\n2 S @3 FIN ack=5",
			"1 220 7|1 again 0 220|0 EHLO 9|0 again 0 EHLO|close duplicated", 7},
		{"the copy comes late", twoHands + "1 S @0 220 ack=0\n2 S @0 220 ack=0 t=900", "1 220 7|1 again 0 220|close duplicated", 4},
		{"too late", twoHands + "1 S @0 220 ack=0\n2 S @0 220 ack=0 t=1000", "1 220 7|2: 1 220 8|close |2: close ", 0},
		{"the copy has what the original has lost", twoHands + "1 S @0 220 ack=0\n2 S @0 220 ack=0\n2 C @0 EHLO ack=3\n1 S @3 250 ack=4",
			"1 220 7|1 again 0 220|0 EHLO 9|1 250 10|close duplicated", 4},
		{"other bytes on the other side of a device", twoHands + "1 S @0 220 ack=0\n2 S @0 220 ack=0\n1 S @3 STARTTLS ack=0\n2 S @3 XXXXXXXX ack=0",
			"1 220 7|1 again 0 220|1 STARTTLS 9|1 again 3 XXXXXXXX|close duplicated", 5},
		{"other bytes from the beginning", twoHands + "1 S @0 220 ack=0\n2 S @0 2XX ack=0", "1 220 7|1 again 0 2XX|close duplicated", 4},
		{"another length", twoHands + "1 S @0 220 ack=0\n2 S @0 2200 ack=0", "1 220 7|2: 1 2200 8|close |2: close ", 0},
		{"another connection", "1 C SYN\n1 S SYN ack=0\n1 S @0 220 ack=0\n2 C SYN isn=7777\n2 S SYN isn=8888 ack=0\n2 S @0 220 ack=0",
			"1 220 3|2: 1 220 6|close |2: close ", 0},
		{"another acknowledgement", "1 C SYN\n1 S SYN ack=0\n1 S @0 220 ack=0\n2 C SYN isn=777777\n2 S SYN ack=0\n2 S @0 220 ack=0",
			"1 220 3|2: 1 220 6|close |2: close ", 0},
		{"joined late", "1 S @100 220 ack=50\n2 S @100 220 ack=50\n2 C @50 EHLO ack=103\n1 C @50 EHLO ack=103",
			"0 220 1|0 again 0 220|1 EHLO 3|1 again 0 EHLO|close midstream duplicated", 2},
		{"the ends were seen in another order", "1 S @100 220 ack=50\n2 C @50 ack=103\n2 S @100 220 ack=50\n2 C @50 EHLO ack=103",
			"0 220 1|0 again 0 220|1 EHLO 4|close midstream duplicated", 2},
		{"three VLANs", twoHands + "3 C SYN\n1 S @0 220 ack=0\n2 S @0 220 ack=0\n3 S @0 220 ack=0",
			"1 220 8|1 again 0 220|1 again 0 220|close duplicated", 6},
		{"the original waits", twoHands + "1 S @3 250 ack=0\n2 S @3 250 ack=0\n1 S @0 220 ack=0\n2 S @0 220 ack=0",
			"1 220 9|1 250 7|1 again 0 220|close duplicated", 5},
		{"behind other packets of the original", twoHands + "1 S @0 220 ack=0\n1 C @0 EHLO ack=3\n1 S @3 250 ack=4\n2 S @0 220 ack=0\n2 C @0 EHLO ack=3",
			"1 220 7|0 EHLO 8|1 250 9|1 again 0 220|0 again 0 EHLO|close duplicated", 5},
		{"behind the end of the original", "1 C SYN\n2 S SYN ack=0\n1 S SYN ack=0\n1 S @0 220 ack=0\n1 C @0 QUIT FIN ack=3\n1 S @3 FIN ack=5\n2 S @0 220 ack=0\n2 C SYN\n2 S SYN ack=0\n2 C @0 QUIT FIN ack=3",
			"1 220 4|0 QUIT 5|close ", 5},
		{"behind the end of another connection", "1 C SYN\n2 C SYN isn=777777\n1 S SYN ack=0\n1 S @0 220 ack=0\n1 C @0 QUIT FIN ack=3\n1 S @3 FIN ack=5\n2 S SYN isn=888888 ack=0\n2 S @0 220 ack=0",
			"1 220 4|0 QUIT 5|close |2: 1 220 8|2: close ", 0},
		{"the original has gone", twoHands + "1 S @0 220 ack=0\n2 S @0 220 ack=0\n1 S @3 RST\n2 C @0 EHLO ack=3\n2 S @3 250 ack=4 t=30000\n2 C @4 ack=6\n2 S @6 250 ack=4",
			"1 220 7|1 again 0 220|0 EHLO 10|close duplicated|2: 1 250 13|2: close midstream", 4},
		{"one path alone may be seen twice, too", "1 S @0 220 ack=0\n1 S @0 220 ack=0 t=0", "0 220 1|0 again 0 220|close midstream one-sided duplicated", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTrace(t)
			table := reassembly.New(reassembly.Limits{}, tr)
			scripts := map[string]*script{}
			now, packet := int64(0), uint64(0)
			for line := range strings.SplitSeq(tt.script, "\n") {
				path, line, _ := strings.Cut(line, " ")
				if scripts[path] == nil {
					scripts[path] = new(script)
				}
				sc := scripts[path]
				sc.now, sc.packet = now, packet
				s := sc.segment(t, line)
				now, packet = sc.now, sc.packet
				s.Path = decode.PathID(path[0] - '0')
				table.Add(s)
			}
			table.Flush()
			var want []string
			for w := range strings.SplitSeq(tt.want, "|") {
				want = append(want, expand(w))
			}
			if diff := cmp.Diff(want, tr.log); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if st := table.Stats(); st.Duplicates != tt.duplicates || st.Open != 0 || st.Held != 0 {
				t.Errorf("%d duplicates, want %d; %d open, %d held", st.Duplicates, tt.duplicates, st.Open, st.Held)
			}
		})
	}
}

// TestRandomTwins: both paths lose packets and put them in disorder, and there
// is one connection, whole where either path is.
func TestRandomTwins(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 6))
		k := newTalk(r, impair{})
		c := &collector{t: t}
		table := reassembly.New(reassembly.Limits{}, c)
		add := func(i int, path decode.PathID) {
			s := k.segments[i]
			s.Path, s.Packet = path, uint64(2*i)+uint64(path)
			table.Add(&s)
		}
		lost := -1
		for i := range k.segments {
			first := decode.PathID(r.IntN(2))
			if i < 4 || lost != i-1 && r.IntN(5) > 0 { // the first payload is seen on both
				add(i, first)
				add(i, first^1)
				continue
			}
			add(i, first)
			lost = i
		}
		table.Flush()
		for dir := range k.said {
			if !bytes.Equal(c.got[dir], k.said[dir]) {
				t.Fatalf("seed %d, direction %d: %d bytes, want %d", seed, dir, len(c.got[dir]), len(k.said[dir]))
			}
		}
		if c.opened != 1 || table.Stats().Duplicates == 0 {
			t.Fatalf("seed %d: %d connections, %d duplicates", seed, c.opened, table.Stats().Duplicates)
		}
	}
}
