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

// trace writes down what a Table gives. A connection is named by its number,
// the first has none. It awaits what the client sends into a reset.
type trace struct {
	log    []string
	opened int
	open   map[*reassembly.Flow]*traced
	t      testing.TB
}

type traced struct {
	name string
	ends [2]uint64
}

func newTrace(t testing.TB) *trace { return &trace{open: map[*reassembly.Flow]*traced{}, t: t} }

func (tr *trace) say(f *reassembly.Flow, format string, args ...any) {
	tr.t.Helper()
	if tr.open[f] == nil {
		tr.t.Fatalf("a call before Open: "+format, args...)
	}
	tr.log = append(tr.log, tr.open[f].name+fmt.Sprintf(format, args...))
}

func (tr *trace) Open(f *reassembly.Flow) {
	if tr.open[f] != nil {
		tr.t.Error("opened twice")
	}
	tr.opened++
	tr.open[f] = &traced{}
	f.Await(0, true)
	if tr.opened > 1 {
		tr.open[f].name = fmt.Sprintf("%d: ", tr.opened)
	}
}

// follow checks that n bytes at off are the next ones.
func (tr *trace) follow(f *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	end := &tr.open[f].ends[dir]
	if off != *end {
		tr.t.Errorf("direction %d: %d bytes at %d, want them at %d", dir, n, off, *end)
	}
	*end = off + n
}

func (tr *trace) Data(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	_, packet, _ := f.At(dir, off)
	tr.say(f, "%d %q packet %d", dir, b, packet)
	tr.follow(f, dir, off, uint64(len(b)))
}

func (tr *trace) Gap(f *reassembly.Flow, dir reassembly.Direction, off, n uint64) {
	tr.say(f, "%d gap %d", dir, n)
	tr.follow(f, dir, off, n)
}

func (tr *trace) Again(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	tr.say(f, "%d again %d %s", dir, off, b)
}

// Clash may come before Open: it is the first connection's, then.
func (tr *trace) Clash(f *reassembly.Flow, dir reassembly.Direction, off uint64, first, again reassembly.Version) {
	tr.log = append(tr.log, fmt.Sprintf("%d clash %d %s %s packets %d %d", dir, off, first.Text, again.Text, first.Packet, again.Packet))
}

func (tr *trace) Close(f *reassembly.Flow) {
	tr.say(f, "close %s", flagNames(f.Flags()))
	delete(tr.open, f)
}

func flagNames(f reassembly.Flags) string {
	var names []string
	for i, n := range []string{"midstream", "one-sided", "gap", "duplicated", "evicted", "truncated"} {
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
		case w == "PSH":
			s.Flags |= decode.PSH
		case w == "v6":
			s.SrcAddr[0], s.DstAddr[0] = 0x20, 0x20
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
		{"retransmission", handshake + "C @0 EHLO ack=0\nC @0 EHLO ack=0\nC @2 LOxx ack=0", "0 EHLO 4|0 again 0 EHLO|0 again 2 LO|0 xx 6|close "},
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
		{"joined late, an answer is missing", "C @100 MAIL ack=500\nC @104 RCPT ack=503\nS @503 250 ack=108", "0 MAIL 1|0 RCPT 2|1 gap 3|1 250 3|close midstream gap"},
		{"joined late, acknowledgements of what had passed", "C @100 ack=400\nC @100 ack=450\nC @100 MAIL ack=500\nS @500 250 ack=104", "0 MAIL 3|1 250 4|close midstream"},
		{"joined late, the answer came behind the next command", "C @100 MAIL ack=500\nC @104 RCPT ack=503\nS @500 250 ack=104\nS @503 250 ack=108", "0 MAIL 1|0 RCPT 2|1 250 3|1 250 4|close midstream"},
		{"joined late, bytes from before are sent again", "C @108 RCPT ack=500\nC @100 MAIL ack=500\nS @500 ack=104\nC @104 FROM ack=500\nS @500 250 ack=112", "0 RCPT 1|1 250 5|close midstream"},
		{"joined late, the first bytes are sent again", "C @104 ack=500\nS @500 250 ack=100\nC @100 MAIL ack=503\nS @503 ok ack=104", "1 250 2|0 MAIL 3|1 ok 4|close midstream"},
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
		{"reset", handshake + "C @0 EHLO ack=0\nS @0 RST ack=4", "0 EHLO 4|close "},
		{"sent before the reset was heard of", handshake + "C @0 EHLO ack=0\nS @0 RST ack=4\nC @4 MAIL ack=0 t=900\nC @8 RCPT FIN ack=0 t=900", "0 EHLO 4|0 MAIL 6|0 RCPT 7|close "},
		{"nobody wants what is sent into a reset", handshake + "C @0 EHLO ack=0\nC @4 RST\nS @0 ok ack=4 t=3", "0 EHLO 4|close "},
		{"but it came before", handshake + "C @0 EHLO ack=0\nC @4 RST\nS @0 ok ack=4", "0 EHLO 4|1 ok 6|close "},
		{"too late for that", handshake + "C @0 EHLO ack=0\nS @0 RST ack=4\nC @4 late ack=0 t=1200", "0 EHLO 4|close "},
		{"a reset overtakes what the other end sent", handshake + "S @0 220 ack=0\nS @3 RST\nC @0 EHLO ack=3\nC @4 MAIL ack=3 t=3", "1 220 4|0 EHLO 6|0 MAIL 7|close "},
		{"a reset after a reset", handshake + "S @0 220 ack=0\nS @3 RST\nC @0 EHLO ack=3\nS @3 RST\nC @4 MAIL ack=3", "1 220 4|0 EHLO 6|0 MAIL 8|close "},
		{"port reuse after a reset", handshake + "C @0 EHLO ack=0\nS @0 RST ack=4\nC SYN isn=70000\nS SYN isn=90000 ack=0\nC @0 HELO ack=0", "0 EHLO 4|close |2: 0 HELO 8|2: close "},
		{"a forged reset", handshake + "C @0 EHLO ack=0\nS @900 RST\nC @4 MAIL ack=0", "0 EHLO 4|0 MAIL 6|close "},
		{"wild acknowledgement", handshake + "C @0 EHLO rawack=3000000000\nS @0 ok rawack=3000000000\nC @4 MAIL ack=2", "0 EHLO 4|1 ok 5|0 MAIL 6|close "},
		{"far out of the window", handshake + "C @0 EHLO ack=0\nC @1500000000 junk ack=0\nC @4 MAIL ack=0", "0 EHLO 4|0 MAIL 6|close "},
		{"overlap with other bytes", handshake + "C @4 MAIL ack=0\nC @4 EVIL ack=0\nC @0 EHLO ack=0", "0 clash 4 MAIL EVIL packets 4 5|0 EHLO 6|0 MAIL 4|close "},
		{"overlaps on both sides", handshake + "C @2 cd ack=0\nC @6 gh ack=0\nC @1 bcdefghij ack=0\nC @0 a ack=0", "0 a 7|0 b 6|0 cd 4|0 ef 6|0 gh 5|0 ij 6|close "},
		{"the end was acknowledged but not captured", handshake + "C @0 EHLO ack=0\nS @0 ok ack=44", "0 EHLO 4|0 gap 40|1 ok 5|close gap"},
		{"port reuse after the end", handshake + "C @0 EHLO FIN ack=0\nS @0 FIN ack=5\nC SYN isn=70000\nS SYN isn=90000 ack=0\nC @0 HELO ack=0",
			"0 EHLO 4|close |2: 0 HELO 8|2: close "},
		{"another connection after the end, its handshake not captured", handshake + "C @0 EHLO FIN ack=0\nS @0 ok FIN ack=5\n" +
			"C isn=90000000 @0 rawack=70000001 t=9000\nS isn=70000000 @0 220 ack=0\nS @3 ok ack=4\nC @4 MAIL ack=5\nC @0 HELO ack=3",
			"0 EHLO 4|1 ok 5|close |2: 1 220 7|2: 0 HELO 10|2: 1 ok 8|2: 0 MAIL 9|2: close midstream"},
		{"what comes late after the end", handshake + "C @0 EHLO FIN ack=0\nS @0 ok FIN ack=5\nC @0 EHLO ack=0\nC @900 junk ack=0\nS @2 junk rawack=3000000000",
			"0 EHLO 4|1 ok 5|close "},
		{"the handshake again after the end", handshake + "C @0 EHLO FIN ack=0\nS @0 ok FIN ack=5\nC SYN\nS SYN ack=0\nC @0 EHLO ack=0\nS @0 ok ack=4",
			"0 EHLO 4|1 ok 5|close "},
		{"port reuse after the end, numbers far behind", "C SYN isn=9000000\nS SYN isn=7000000 ack=0\nC @0 EHLO FIN ack=0\nS @0 ok FIN ack=5\nC SYN isn=1000\nS SYN isn=2000 ack=0\nC @0 HELO ack=0",
			"0 EHLO 3|1 ok 4|close |2: 0 HELO 7|2: close "},
		{"port reuse after the end, numbers a little behind", "C SYN isn=9000000\nS SYN isn=7000000 ack=0\nC @0 EHLO FIN ack=0\nS @0 ok FIN ack=5\nC SYN isn=8999000\nS SYN isn=7000000 ack=0\nC @0 HELO ack=0",
			"0 EHLO 3|1 ok 4|close |2: 0 HELO 7|2: close "},
		{"port reuse without an end, numbers a little behind", "C SYN isn=9000000\nS SYN isn=7000000 ack=0\nC @0 EHLO ack=0\nS @0 ok ack=4\nC SYN isn=8999000 t=2000\nS SYN isn=6990000 ack=0\nC @0 HELO ack=0",
			"0 EHLO 3|1 ok 4|close |2: 0 HELO 7|2: close "},
		{"sent again together with what followed", handshake + "S @0 220 ack=0\nS @3 334 ack=4\nC @0 AUTHjoe ack=6\nS @6 ok ack=7",
			"1 220 4|0 AUTH 6|1 334 5|0 joe 6|1 ok 7|close "},
		{"a server's words, the same", handshake + "S @0 220 ack=0\nC @0 EHLO ack=5\nS @3 okno ack=4\nC @4 QUIT ack=7",
			"1 220 4|1 ok 6|0 EHLO 5|1 no 6|0 QUIT 7|close "},
		{"a refused SYN again, which is accepted", "C SYN\nS isn=4294967295 @0 RST ack=0\nC SYN\nS SYN isn=77 ack=0\nC @0 EHLO ack=0", "0 EHLO 5|close "},
		{"port reuse without an end", handshake + "C @0 EHLO ack=0\nC SYN isn=7000000 t=9000\nS SYN isn=9000000 ack=0\nC @0 HELO ack=0",
			"0 EHLO 4|close |2: 0 HELO 7|2: close "},
		{"a hole of which a part was acknowledged", handshake + "C @0 EHLO ack=0\nC @8 RCPT ack=0\nS @0 ok ack=6\nC @6 IL ack=2 t=1100",
			"0 EHLO 4|0 gap 2|1 ok 6|0 IL 7|0 RCPT 5|close gap"},
		{"an old acknowledgement proves nothing", handshake + "C @0 EHLO ack=0\nC @8 RCPT ack=0\nS @0 ack=900\nS @0 ok ack=4\nC @4 MAIL ack=2 t=2000",
			"0 EHLO 4|1 ok 7|0 MAIL 8|0 RCPT 5|close "},
		{"an answer that was given up comes late", handshake + "S @0 220 ack=0\nC @0 EHLO ack=6\nC @4 MAIL ack=6 t=1100\nS @3 250 ack=4\nC @8 RCPT ack=6\nS @6 ok ack=8",
			"1 220 4|1 gap 3|0 EHLO 5|0 MAIL 6|0 RCPT 8|1 ok 9|close gap"},
		{"an acknowledgement that was forged is taken back", handshake + "S @0 220 ack=0\nC @0 EVIL ack=5003\nS @3 250 ack=4 t=1100\nC @0 ack=6\nS @6 ok ack=4\nC @0 ack=8",
			"1 220 4|1 gap 5000|0 EVIL 5|1 ok 8|close gap"},
		{"bytes that overlap what was declared lost", handshake + "S @0 220 ack=0\nC @0 EHLO ack=10\nS @1 20-250 ack=4 t=1100\nS @7 endok ack=4",
			"1 220 4|1 gap 7|0 EHLO 5|1 ok 7|close gap"},
		{"bytes that overlap what a forged acknowledgement declared lost", handshake + "S @0 220 ack=0\nC @0 EVIL ack=10\nC @4 ack=3 t=1100\nS @1 20-250 ack=4\nC @4 ack=7\nS @7 end ack=4",
			"1 220 4|1 gap 7|0 EVIL 5|1 -250 7|1 end 9|close gap"},
		{"bytes behind a gap come with the lost ones", handshake + "C @0 EHLO ack=0\nC @8 RCPT ack=0\nS @0 ok ack=12\nC @4 MAILRCPTQUIT ack=2 t=1100",
			"0 EHLO 4|0 gap 4|0 RCPT 5|1 ok 6|0 again 8 RCPT|0 QUIT 7|close gap"},
		{"a forged jump", handshake + "S @0 220 ack=0\nS @50000 junk ack=0\nC @0 ack=50004\nS @3 250 ack=0 t=1100\nC @0 ack=6\nS @6 ok ack=0\nS @8 hi ack=0",
			"1 220 4|1 gap 49997|1 junk 5|close gap|2: 1 ok 9|2: 1 hi 10|2: close midstream"},
		{"a forged SYN before the first bytes", handshake + "C SYN isn=7000000\nC isn=0 @0 EHLO ack=0\nS @0 ok ack=4", "0 EHLO 5|1 ok 6|close "},
		{"a forged SYN-ACK", handshake + "S SYN isn=7000000 ack=0\nS isn=0 @0 220 ack=0\nC @0 EHLO ack=3", "1 220 5|0 EHLO 6|close "},
		{"a SYN again with another number", "C SYN\nC SYN isn=7000000\nS SYN ack=0\nC @0 ack=0\nS @0 220 ack=0\nC @0 EHLO ack=3", "1 220 5|0 EHLO 6|close "},
		{"a SYN again with the same number", "C SYN\nC SYN t=1000\nS SYN ack=0\nS SYN ack=0\nC @0 ack=0\nC @0 EHLO ack=0", "0 EHLO 6|close "},
		{"the SYN-ACK lost", "C SYN\nC @0 ack=0\nS @0 220 ack=0\nC @0 EHLO ack=3", "1 220 3|0 EHLO 4|close "},
		{"the SYN-ACK and the first bytes lost", "C SYN\nC @0 EHLO ack=3\nS @3 250 ack=4", "0 EHLO 2|1 250 3|close gap"},
		{"the same, the answer first", "C SYN\nC @0 ack=3\nS @3 250 ack=4\nC @0 EHLO ack=3", "0 EHLO 4|1 250 3|close gap"},
		{"both open at once", "C SYN\nS SYN\nC SYN ack=0\nS SYN ack=0\nC @0 EHLO ack=0\nS @0 ok ack=4", "0 EHLO 5|1 ok 6|close "},
		{"the SYN-ACK first", "S SYN ack=0\nC SYN\nC @0 EHLO ack=0\nS @0 ok ack=4", "0 EHLO 3|1 ok 4|close "},
		{"port reuse soon, numbers a little ahead", handshake + "C @0 EHLO ack=0\nC SYN isn=7000\nS SYN isn=9000 ack=0\nC @0 HELO ack=0",
			"0 EHLO 4|close |2: 0 HELO 7|2: close "},
		{"port reuse, its SYN was not captured", handshake + "C @0 EHLO ack=0\nC isn=7000000 @0 t=1\nS SYN isn=9000000 ack=0\nC @0 ack=0\nC @0 HELO ack=0",
			"0 EHLO 4|close |2: 0 HELO 8|2: close midstream"},
		{"port reuse, no handshake captured", handshake + "C @0 EHLO ack=0\nC isn=2000000000 @0 USER ack=0\nS isn=3000000000 @0 ok ack=4\nC @4 PASS ack=2",
			"0 EHLO 4|close |2: 1 ok 6|2: 0 PASS 7|2: close midstream"},
		{"port reuse, one side only", "C SYN\nC @0 EHLO ack=0\nC SYN isn=7000000\nC @0 HELO ack=0", "0 EHLO 2|close one-sided|2: 0 HELO 4|2: close one-sided"},
		{"a forged SYN and its bytes", handshake + "C @0 EHLO ack=0\nC SYN isn=2000000000\nC @0 EVIL ack=0\nC isn=0 @4 MAIL ack=0", "0 EHLO 4|0 MAIL 7|close "},
		{"a forged FIN", handshake + "S @0 220 ack=0\nS @3 FIN ack=0\nS @3 250 ack=0\nC @0 EHLO ack=6", "1 220 4|1 250 6|0 EHLO 7|close "},
		{"a forged FIN ahead", handshake + "S @9 FIN ack=0\nS @0 220 ack=0\nS @3 250 FIN ack=0\nC @0 FIN ack=7\nS @7 ack=1\nC @1 late ack=7", "1 220 5|1 250 6|close "},
		{"one side closed long ago", handshake + "C @0 QUIT FIN ack=0\nS @0 ok ack=5 t=600000\nS @2 ok ack=5 t=600000\nS @4 FIN ack=5", "0 QUIT 4|1 ok 5|1 ok 6|close "},
		{"one side closed, the other came later", "C SYN\nC @0 QUIT FIN ack=0\nS @0 ok ack=5\nS @2 ok ack=5 t=20000", "0 QUIT 2|1 ok 3|1 ok 4|close gap"},
		{"the last bytes come behind both FINs", handshake + "C @0 EHLO ack=0\nC @8 FIN ack=0\nS @0 FIN ack=9\nC @9 ack=1\nC @4 QUIT ack=1 t=900", "0 EHLO 4|0 QUIT 8|close "},
		{"the last bytes were not captured", handshake + "C @0 EHLO ack=0\nC @8 FIN ack=0\nS @0 FIN ack=9\nC @9 ack=1\nC @4 QUIT ack=1 t=2000",
			"0 EHLO 4|0 gap 4|close gap"},
		{"a FIN was not captured, and the port is used again", handshake + "C @0 EHLO FIN ack=0\nS @0 ack=5\nC @5 ack=1\nC SYN isn=7 t=2000\nC @0 HELO ack=0",
			"0 EHLO 4|close |2: 0 HELO 8|2: close one-sided"},
		{"the FINs cross", handshake + "S @2 FIN ack=4\nC @0 QUIT FIN ack=0\nS @0 ok ack=4\nC @5 ack=3", "0 QUIT 5|1 ok 6|close "},
		{"the last FIN again, and its ACK", handshake + "C @0 QUIT FIN ack=0\nS @0 FIN ack=5\nC @5 ack=1\nS @0 FIN ack=5 t=200\nC @5 ack=1", "0 QUIT 4|close "},
		{"the last bytes again after the end", handshake + "C @0 QUIT FIN ack=0\nS @0 FIN ack=5\nC @0 QUIT ack=0\nS @1 ack=4", "0 QUIT 4|close "},
		{"both ends forged", handshake + "C @0 FIN ack=0\nS @0 FIN ack=0\nC @0 EHLO ack=0\nS @0 250 ack=4\nC @4 MAIL ack=3",
			"1 250 7|0 MAIL 8|close midstream"},
		{"bytes behind FIN", handshake + "C @0 QUIT FIN ack=0\nC @9 junk ack=0\nS @0 FIN ack=5", "0 QUIT 4|close "},
		{"a reset in answer to the SYN", "C SYN\nS isn=4294967295 @0 RST ack=0\nC SYN isn=5000\nS SYN isn=77 ack=0\nC @0 EHLO ack=0", "0 EHLO 5|close "},
		{"a reset before the other end was seen", "C SYN\nS @77 RST\nS SYN ack=0\nC @0 ack=0\nC @0 EHLO ack=0", "0 EHLO 5|close "},
		{"a reset after FIN overtakes the answer", handshake + "C @0 QUIT FIN ack=0\nC @5 RST\nS @0 ok ack=5", "0 QUIT 4|1 ok 6|close "},
		{"a reset with a text", handshake + "C @0 EHLO ack=0\nS @0 go-away RST ack=4", "0 EHLO 4|close "},
		{"a forged reset, then silence", handshake + "S @0 220 ack=0\nS @900 RST\nS @3 250 ack=0 t=10\nC @0 EHLO ack=6 t=60000", "1 220 4|1 250 6|0 EHLO 7|close "},
		{"a reset of which the number is off, then silence", handshake + "S @0 220 ack=0\nS @900 RST\nC @0 EHLO ack=3 t=10\nC @4 MAIL ack=3 t=60000",
			"1 220 4|0 EHLO 6|close |2: 0 MAIL 7|2: close midstream one-sided"},
		{"a forged reset with the right number", handshake + "S @0 220 ack=0\nS @3 RST\nS @3 250 ack=0\nC @0 ack=6\nC @0 EHLO ack=6",
			"1 220 4|1 250 6|0 EHLO 8|close "},
		{"joined late at a keep-alive probe", "C @99 \x00 ack=500\nS @500 ack=100\nC @100 MAIL PSH ack=500", "0 MAIL 3|close midstream"},
		{"joined late at an answered keep-alive probe", "S @500 ack=100\nC @99 \x00 ack=500\nC @100 MAIL PSH ack=500", "1 MAIL 3|close midstream"},
		{"joined late, one letter", "C @99 x PSH ack=500", "0 x 1|close midstream one-sided"},
		{"joined late, two bytes", "C @98 xy PSH ack=500", "0 xy 1|close midstream one-sided"},
		{"the first bytes before the SYN", "C @0 EHLO ack=0\nC SYN\nS SYN ack=0\nS @0 220 ack=4", "0 EHLO 1|1 220 4|close "},
		{"only acknowledgements", handshake + "S @0 ack=0\nC @0 ack=0 t=2000", ""},
		{"a zero-window probe", handshake + "C @0 DATA ack=0\nS @0 ack=4\nC @4 x ack=0\nS @0 ack=4\nC @4 xyz ack=0\nS @0 ack=7", "0 DATA 4|0 x 6|0 again 4 x|0 yz 8|close "},
		{"packets captured twice", handshake + "C @0 EHLO ack=0\nC @0 EHLO ack=0 t=0\nS @0 ok ack=4\nS @0 ok ack=4 t=0", "0 EHLO 4|0 again 0 EHLO|1 ok 6|1 again 0 ok|close duplicated"},
		{"held packets captured twice", handshake + "C @4 MAIL ack=0\nC @4 MAIL ack=0 t=0\nC @0 EHLO ack=0", "0 EHLO 6|0 MAIL 4|close duplicated"},
		{"IPv6", "C v6 SYN\nS v6 SYN ack=0\nC v6 @0 EHLO ack=0\nS v6 @0 ok ack=4", "0 EHLO 3|1 ok 4|close "},
		{"a hole before held bytes is filled and passed", handshake + "C @2 cd ack=0\nC @0 abXXef ack=0", "0 clash 2 cd XX packets 4 5|0 ab 5|0 cd 4|0 ef 5|close "},
		{"a retransmission that differs", handshake + "S @0 250-STARTTLS ack=0\nS @0 250-XXXXXXXX ack=0 t=300",
			"1 250-STARTTLS 4|1 again 0 250-XXXXXXXX|close "},
		{"again, partly new, after others", handshake + "C @0 EHLO ack=0\nC @4 MAIL ack=0\nC @2 loMAilRCPT ack=0", "0 EHLO 4|0 MAIL 5|0 again 2 loMAil|0 RCPT 6|close "},
		{"a conflict of which a part was given", handshake + "C @0 EH ack=0\nC @4 MAIL ack=0\nC @0 ehLOmaILrcpt ack=0",
			"0 EH 4|0 again 0 eh|0 clash 4 MAIL maIL packets 5 6|0 LO 6|0 MAIL 5|0 rcpt 6|close "},
		{"a held keep-alive differs from what it repeats", handshake + "C @4 MAIL ack=0\nC @7 \x00 ack=0\nC @0 EHLO ack=0", "0 EHLO 6|0 MAIL 4|close "},
		{"a cut packet again", handshake + "C @0 EHLO ack=0\nC @0 XX ack=0 cut=2\nC @8 RCPT ack=0\nC @8 XX ack=0 cut=2\nC @4 MAIL ack=0",
			"0 EHLO 4|0 MAIL 8|0 RCPT 6|close truncated"},
		{"what was lost was not given before", handshake + "C @0 EHLO ack=0\nC @8 RCPT ack=0\nS @0 ok ack=12\nC @12 QUIT ack=2 t=1100\nC @0 EHLOMAILRCPTQUITx ack=2",
			"0 EHLO 4|0 gap 4|0 RCPT 5|1 ok 6|0 QUIT 7|0 again 8 RCPTQUIT|0 x 8|close gap"},
		{"a clock that goes back", handshake + "C @0 EHLO ack=0\nC @8 RCPT ack=0 t=-60000\nS @0 ok ack=12\nC @12 QUIT ack=2 t=1100\nC @16 x ack=2 t=1100",
			"0 EHLO 4|0 gap 4|0 RCPT 5|1 ok 6|0 QUIT 7|0 x 8|close gap"},
		{"a repetition that begins before the SYN", handshake + "C @0 USER ack=0\nC @-2 ..USER ack=0\nS @0 ok ack=4\nC @4 PASS ack=2", "0 USER 4|1 ok 6|0 PASS 7|close "},
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
			for w := range strings.SplitSeq(tt.want, "|") {
				if w != "" {
					want = append(want, expand(w))
				}
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
	if n, _ := fmt.Sscanf(w, "%d %s %d", &dir, &text, &packet); n == 3 && text != "gap" && text != "again" && text != "clash" {
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
