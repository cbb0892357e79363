package reassembly_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// trace writes down what a Table gives.
type trace struct {
	log    []string
	opened map[*reassembly.Flow]bool
	ends   [2]uint64
	names  map[*reassembly.Flow]int
	t      *testing.T
}

func newTrace(t *testing.T) *trace {
	return &trace{opened: map[*reassembly.Flow]bool{}, names: map[*reassembly.Flow]int{}, t: t}
}

func (tr *trace) say(f *reassembly.Flow, format string, args ...any) {
	if _, ok := tr.names[f]; !ok {
		tr.names[f] = len(tr.names) + 1
	}
	prefix := ""
	if n := tr.names[f]; n > 1 {
		prefix = fmt.Sprintf("%d: ", n)
	}
	tr.log = append(tr.log, prefix+fmt.Sprintf(format, args...))
}

func (tr *trace) Open(f *reassembly.Flow) {
	if tr.opened[f] {
		tr.t.Error("opened twice")
	}
	tr.opened[f] = true
	tr.ends = [2]uint64{}
}

func (tr *trace) Data(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	if !tr.opened[f] {
		tr.t.Error("data before Open")
	}
	_, packet, _ := f.At(dir, off)
	tr.say(f, "%d %q packet %d", dir, b, packet)
	if len(tr.names) == 1 && off != tr.ends[dir] {
		tr.t.Errorf("direction %d: data at %d, want %d", dir, off, tr.ends[dir])
	}
	tr.ends[dir] = off + uint64(len(b))
}

func (tr *trace) Gap(f *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	tr.say(f, "%d gap %d", dir, n)
	tr.ends[dir] = off + n
}

func (tr *trace) Close(f *reassembly.Flow) {
	if !tr.opened[f] {
		tr.t.Error("closed without Open")
	}
	delete(tr.opened, f)
	tr.say(f, "close %s", flagNames(f.Flags()))
}

func flagNames(f reassembly.Flags) string {
	var names []string
	for i, n := range []string{"midstream", "one-sided", "gap", "conflict", "duplicated", "evicted", "truncated"} {
		if f&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, " ")
}

// script makes segments from lines such as
//
//	C SYN seq=99
//	S 0+ "220 hi" ack=5 t=100
//
// Sequence numbers count from the beginning of a direction, whose base is
// isn+1; t is in ms after the segment before.
type script struct {
	client, server uint32 // ISNs
	clientPort     uint16
	now            int64
	packet         uint64
}

func (sc *script) segment(t *testing.T, line string) *decode.Segment {
	t.Helper()
	s := &decode.Segment{DstPort: 25, SrcPort: 1024 + sc.clientPort}
	s.SrcAddr[15], s.DstAddr[15] = 9, 1
	own, other := &sc.client, &sc.server
	words := strings.Fields(line)
	if words[0] == "S" {
		s.SrcAddr, s.DstAddr = s.DstAddr, s.SrcAddr
		s.SrcPort, s.DstPort = s.DstPort, s.SrcPort
		own, other = other, own
	}
	step := int64(1)
	for _, w := range words[1:] {
		var n int64
		switch {
		case w == "SYN":
			s.Flags |= decode.SYN
			s.Seq = *own
		case w == "FIN":
			s.Flags |= decode.FIN
		case w == "RST":
			s.Flags |= decode.RST
		case scan(w, "ack=%d", &n):
			s.Flags |= decode.ACK
			s.Ack = *other + 1 + uint32(n)
		case scan(w, "rawack=%d", &n):
			s.Flags |= decode.ACK
			s.Ack = uint32(n)
		case scan(w, "t=%d", &n):
			step = n
		case scan(w, "cut=%d", &n):
			s.Missing = int(n)
		case scan(w, "isn=%d", &n):
			*own = uint32(n)
			s.Seq = uint32(n)
		case scan(w, "@%d", &n):
			s.Seq = *own + 1 + uint32(n)
		default:
			s.Payload = []byte(w)
		}
	}
	sc.now += step * 1e6
	sc.packet++
	s.Time, s.Packet = sc.now, sc.packet
	return s
}

func scan(w, format string, n *int64) bool {
	k, err := fmt.Sscanf(w, format, n)
	return k == 1 && err == nil
}

const handshake = "C SYN\nS SYN ack=0\nC @0 ack=0\n"

func TestTable(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"in order", handshake + "S @0 220 ack=0\nC @0 EHLO ack=3\nS @3 250 ack=4\nC @4 FIN ack=6\nS @6 FIN ack=5\nC @5 ack=7",
			"1 220 4|0 EHLO 5|1 250 6|close "},
		{"out of order", handshake + "C @4 MAIL ack=0\nC @0 EHLO ack=0", "0 EHLO 5|0 MAIL 4|close "},
		{"retransmission", handshake + "C @0 EHLO ack=0\nC @0 EHLO ack=0\nC @2 LOxx ack=0", "0 EHLO 4|0 xx 6|close "},
		{"a reply before its command", handshake + "S @0 220 ack=0\nS @3 250 ack=4\nC @0 EHLO ack=3", "1 220 4|0 EHLO 6|1 250 5|close "},
		{"a hole that was acknowledged", handshake + "C @0 EHLO ack=0\nC @8 RCPT ack=0\nS @0 ok ack=12\nC @12 QUIT ack=2 t=1100",
			"0 EHLO 4|0 gap 4|0 RCPT 5|1 ok 6|0 QUIT 7|close gap"},
		{"a hole that was not acknowledged waits", handshake + "C @0 EHLO ack=0\nC @8 RCPT ack=0\nS @0 ok ack=4\nC @4 MAIL ack=2 t=2000",
			"0 EHLO 4|1 ok 6|0 MAIL 7|0 RCPT 5|close "},
		{"a command that was not captured", handshake + "S @0 220 ack=0\nS @3 250 ack=4\nS @6 250 ack=4 t=1100",
			"1 220 4|0 gap 4|1 250 5|1 250 6|close gap"},
		{"one side only", "C SYN\nC @0 EHLO ack=30\nC @4 MAIL ack=60", "0 EHLO 2|0 MAIL 3|close one-sided"},
		{"one side only, a hole", "C SYN\nC @0 EHLO ack=30\nC @8 MAIL ack=60 t=5000", "0 EHLO 2|0 gap 4|0 MAIL 3|close one-sided gap"},
		{"server side only", "S SYN ack=0\nS @0 220 ack=0\nS @3 250 ack=4", "1 220 2|1 250 3|close midstream one-sided"},
		{"joined late", "C @100 MAIL ack=500\nS @500 250 ack=104", "0 MAIL 1|1 250 2|close midstream"},
		{"joined late, the reply first", "S @500 250 ack=104\nC @100 MAIL ack=500", "0 250 1|1 MAIL 2|close midstream"},
		{"joined late, bytes in flight", "C @100 MAIL ack=400\nS @500 250 ack=104", "0 MAIL 1|1 250 2|close midstream"},
		{"keep-alive probes", handshake + "C @0 NOOP ack=0\nS @0 ok ack=4\nC @3 \x00 ack=2 t=60000\nS @2 ack=4\nC @4 QUIT ack=2",
			"0 NOOP 4|1 ok 5|0 QUIT 8|close "},
		{"wrap", "C SYN isn=4294967293\nS SYN ack=0\nC @0 ab ack=0\nC @4 ef ack=0\nC @2 cd ack=0\nC @6 gh ack=0",
			"0 ab 3|0 cd 5|0 ef 4|0 gh 6|close "},
		{"data on SYN", "C SYN EHLO\nS SYN ack=4\nC @4 MAIL ack=0", "0 EHLO 1|0 MAIL 3|close "},
		{"cut by the snaplen", handshake + "C @0 EH ack=0 cut=2\nS @0 ok ack=4\nC @4 MAIL ack=2", "0 EH 4|0 gap 2|1 ok 5|0 MAIL 6|close gap truncated"},
		{"all payload cut", handshake + "C @0 ack=0 cut=20", "0 gap 20|close gap truncated"},
		{"FIN, then what was missing", handshake + "C @0 EHLO ack=0\nC @8 QUIT FIN ack=0\nC @4 MAIL ack=0\nS @0 ok FIN ack=13",
			"0 EHLO 4|0 MAIL 6|0 QUIT 5|1 ok 7|close "},
		{"reset", handshake + "C @0 EHLO ack=0\nS @0 RST ack=4\nC @4 late ack=0", "0 EHLO 4|close "},
		{"a forged reset", handshake + "C @0 EHLO ack=0\nS @900 RST\nC @4 MAIL ack=0", "0 EHLO 4|0 MAIL 6|close "},
		{"wild acknowledgement", handshake + "C @0 EHLO rawack=3000000000\nS @0 ok rawack=3000000000\nC @4 MAIL ack=2", "0 EHLO 4|1 ok 5|0 MAIL 6|close "},
		{"far out of the window", handshake + "C @0 EHLO ack=0\nC @1500000000 junk ack=0\nC @4 MAIL ack=0", "0 EHLO 4|0 MAIL 6|close "},
		{"overlap with other bytes", handshake + "C @4 MAIL ack=0\nC @4 EVIL ack=0\nC @0 EHLO ack=0", "0 EHLO 6|0 MAIL 4|close conflict"},
		{"overlaps on both sides", handshake + "C @2 cd ack=0\nC @6 gh ack=0\nC @1 bcdefghij ack=0\nC @0 a ack=0", "0 a 7|0 b 6|0 cd 4|0 ef 6|0 gh 5|0 ij 6|close "},
		{"the end was acknowledged but not captured", handshake + "C @0 EHLO ack=0\nS @0 ok ack=44", "0 EHLO 4|0 gap 40|1 ok 5|close gap"},
		{"port reuse after the end", handshake + "C @0 EHLO FIN ack=0\nS @0 FIN ack=5\nC SYN isn=70000\nS SYN isn=90000 ack=0\nC @0 HELO ack=0",
			"0 EHLO 4|close |2: 0 HELO 8|2: close "},
		{"port reuse without an end", handshake + "C @0 EHLO ack=0\nC SYN isn=7000000 t=9000\nS SYN isn=9000000 ack=0\nC @0 HELO ack=0",
			"0 EHLO 4|close |2: 0 HELO 7|2: close "},
		{"a forged SYN", handshake + "C @0 EHLO ack=0\nC SYN isn=7000000\nC isn=0 @4 MAIL ack=0", "0 EHLO 4|0 MAIL 6|close "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTrace(t)
			table := reassembly.New(reassembly.Limits{}, tr)
			var sc script
			for _, line := range strings.Split(tt.script, "\n") {
				if line != "" {
					table.Add(sc.segment(t, line))
				}
			}
			table.Flush()
			var want []string
			for _, w := range strings.Split(tt.want, "|") {
				want = append(want, expand(w))
			}
			if diff := cmp.Diff(want, tr.log); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if st := table.Stats(); st.Held != 0 || st.Open != 0 {
				t.Errorf("after the end: %d bytes held, %d flows open", st.Held, st.Open)
			}
		})
	}
}

// expand writes "0 EHLO 5" out as `0 "EHLO" packet 5`.
func expand(w string) string {
	prefix := ""
	if i := strings.Index(w, ": "); i >= 0 {
		prefix, w = w[:i+2], w[i+2:]
	}
	var dir, packet int
	var text string
	if n, _ := fmt.Sscanf(w, "%d %s %d", &dir, &text, &packet); n == 3 && text != "gap" {
		return fmt.Sprintf("%s%d %q packet %d", prefix, dir, text, packet)
	}
	return prefix + w
}

func TestTimeouts(t *testing.T) {
	tr := newTrace(t)
	table := reassembly.New(reassembly.Limits{Idle: time.Minute}, tr)
	var sc script
	for _, line := range strings.Split(strings.TrimSpace(handshake)+"\nC @0 EHLO ack=0", "\n") {
		table.Add(sc.segment(t, line))
	}
	table.Advance(sc.now + 59e9)
	if len(tr.log) != 1 {
		t.Fatalf("before the timeout: %q", tr.log)
	}
	table.Advance(sc.now + 62e9)
	if len(tr.log) != 2 || table.Stats().Open != 0 {
		t.Errorf("after the timeout: %q, %d open", tr.log, table.Stats().Open)
	}
}
