package engine_test

import (
	"bytes"
	stdcmp "cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// skewSeeds is how many random sets of packets are swapped of each capture.
const skewSeeds = 20

// manyPairs is the number of pairs from which they are swapped in sets alone.
const manyPairs = 300

// skewed are dialogues in which it matters what was said first.
var skewed = []struct {
	name string
	port uint16
	text string
}{
	{"STARTTLS refused between logins", 587, `S: 220 mx ESMTP
C: EHLO pc
S: 250 STARTTLS
C: AUTH PLAIN AGFubgBzZWNyZXQ=
S: 535 no
C: STARTTLS
S: 454 not now
C: AUTH PLAIN AGpvZQBzZXNhbWU=
S: 235 in
C: MAIL FROM:<a@x.example>
S: 250 ok
C: QUIT
S: 221 Bye
`},
	{"nothing after STARTTLS was refused", 587, `S: 220 mx ESMTP
C: EHLO pc
S: 250 STARTTLS
C: MAIL FROM:<a@x.example>
S: 250 ok
C: STARTTLS
S: 502 what
C: QUIT
S: 221 Bye
`},
	{"STARTTLS mangled", 25, `S: 220 mx ESMTP
C: EHLO pc
S: 250 STARTTLS
C: STARTTLX
S: 502 what
C: MAIL FROM:<a@x.example>
S: 250 ok
C: RCPT TO:<b@y.example>
S: 250 ok
C: DATA
S: 354 go
C: Subject: hi
C: 
C: text
C: .
S: 250 ok
C: QUIT
S: 221 Bye
`},
	{"STARTTLS accepted, then clear", 25, `S: 220 mx ESMTP
C: EHLO pc
S: 250 STARTTLS
C: STARTTLS
S: 220 go
C: EHLO pc
S: 250-mx
S: 250 AUTH LOGIN
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: am9l
S: 334 UGFzc3dvcmQ6
C: c2VzYW1l
S: 235 in
`},
	{"an alert before the login", 143, `S: * OK ready
C: a1 CAPABILITY
S: * OK [ALERT] call us
S: a1 OK
C: a2 LOGIN joe sesame
S: a2 OK in
C: a3 SELECT INBOX
S: a3 OK
`},
	{"an alert after the login, LOGINDISABLED before it", 143, `S: * OK ready
C: a1 CAPABILITY
S: * CAPABILITY IMAP4rev1 LOGINDISABLED STARTTLS
S: a1 OK
C: a2 LOGIN joe sesame
S: a2 OK in
C: a3 CAPABILITY
S: * CAPABILITY IMAP4rev1 IDLE
S: a3 OK
C: a4 NOOP
S: * OK [ALERT] over quota
S: a4 OK
`},
	{"two logins, the first refused", 110, `S: +OK ready
C: CAPA
S: +OK
S: STLS
S: .
C: STLS
S: -ERR no
C: USER joe
S: +OK
C: PASS wrong
S: -ERR no
C: USER joe
S: +OK
C: PASS sesame
S: +OK
C: RETR 1
S: +OK
S: From: a@x.example
S: 
S: text
S: .
C: QUIT
S: +OK
`},
	{"a login that scripts follow", 4190, `S: "IMPLEMENTATION" "x"
S: "SASL" "PLAIN"
S: "STARTTLS"
S: OK
C: AUTHENTICATE "PLAIN" "AGpvZQBzZXNhbWU="
S: OK
C: LISTSCRIPTS
S: OK
C: LOGOUT
S: OK
`},
}

// TestSkewedDialogues: a mirror port may deliver what a side said behind the
// answer to it. The order of the dialogue counts, not that of the packets.
func TestSkewedDialogues(t *testing.T) {
	for _, tt := range skewed {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(tt.port)
			w.keep = true
			w.open()
			w.talk(tt.text)
			checkSkew(t, w.sent)
		})
	}
}

// TestSkewedSamples does the same for samples.
func TestSkewedSamples(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for name, packets := range sampleFiles(t) {
		t.Run(name, func(t *testing.T) { checkSkew(t, packets) })
	}
}

// checkSkew swaps each pair of packets from different sides, and random sets of
// pairs.
func checkSkew(t *testing.T, packets []capture.Packet) {
	pairs := opposite(packets)
	whole := factsOf(packets)
	want := findingsOf(whole)
	if len(pairs) == 0 || len(whole) == 0 {
		t.Fatalf("%d pairs, %d sessions", len(pairs), len(whole))
	}
	check := func(what string, swap ...[2]int) {
		all := factsOf(swapped(packets, swap...))
		if diff := cmp.Diff(whole, all, sameButPlace); diff != "" {
			t.Errorf("%s swapped, facts (-in order +got):\n%s", what, diff)
		} else if diff := cmp.Diff(want, findingsOf(all)); diff != "" {
			t.Errorf("%s swapped, findings (-in order +got):\n%s", what, diff)
		}
	}
	if len(pairs) < manyPairs {
		for _, p := range pairs {
			check(fmt.Sprintf("packets %d and %d", p[0]+1, p[1]+1), p)
		}
	}
	for seed := range uint64(skewSeeds) {
		r := rand.New(rand.NewPCG(seed, 2))
		some := slices.DeleteFunc(slices.Clone(pairs), func([2]int) bool { return r.IntN(20) > 0 })
		check(fmt.Sprintf("seed %d: some", seed), some...)
	}
}

// sameButPlace compares Facts but for when and where their lines were captured,
// and for how many packets came before a connection counted as closed.
var sameButPlace = cmp.Options{
	sameFacts, cmpopts.IgnoreTypes(dissect.Stamp{}), cmpopts.IgnoreFields(dissect.Facts{}, "End", "Packets"),
}

// sampleFiles returns the packets of each sample.
func sampleFiles(t *testing.T) map[string][]capture.Packet {
	t.Helper()
	names, err := filepath.Glob("../../../../samples/*.pcap")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d samples, %v", len(names), err)
	}
	files := map[string][]capture.Packet{}
	for _, name := range names {
		files[filepath.Base(name)] = packetsOf(t, name)
	}
	return files
}

func packetsOf(t *testing.T, name string) (packets []capture.Packet) {
	t.Helper()
	file, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var p capture.Packet
	for err = file.Next(&p); err == nil; err = file.Next(&p) {
		p.Data = bytes.Clone(p.Data)
		packets = append(packets, p)
	}
	return packets
}

// maxSkew is how late a mirror port may deliver a packet, in ns: one that is sent
// again after a while does not come before what it waited for.
const maxSkew = 100e6

// opposite returns the pairs of packets that soon follow one another in a
// connection and come from different sides.
func opposite(packets []capture.Packet) (pairs [][2]int) {
	type last struct {
		i    int
		from netip.AddrPort
		time int64
	}
	flows := map[[2]netip.AddrPort]last{}
	decoder := decode.New()
	for i := range packets {
		var s decode.Segment
		if decoder.Decode(&packets[i], &s) != decode.TCP {
			continue
		}
		ends := [2]netip.AddrPort{s.Src(), s.Dst()}
		if ends[1].Compare(ends[0]) < 0 {
			ends[0], ends[1] = ends[1], ends[0]
		}
		if before, ok := flows[ends]; ok && before.from != s.Src() && s.Time-before.time < maxSkew {
			pairs = append(pairs, [2]int{before.i, i})
		}
		flows[ends] = last{i, s.Src(), s.Time}
	}
	return pairs
}

// swapped returns the packets with the two of each pair in each other's place.
func swapped(packets []capture.Packet, pairs ...[2]int) []capture.Packet {
	out := slices.Clone(packets)
	for _, p := range pairs {
		a, b := &out[p[0]], &out[p[1]]
		*a, *b = *b, *a
		a.Time, b.Time = b.Time, a.Time
		a.Number, b.Number = b.Number, a.Number
	}
	return out
}

// factsOf returns the sessions of a capture, in the order in which they began.
func factsOf(packets []capture.Packet) (all []*dissect.Facts) {
	e := engine.New(func() []string { return []string{"test.pcap"} }, func(f *dissect.Facts) { all = append(all, f) })
	for i := range packets {
		e.Packet(&packets[i])
	}
	e.Flush()
	slices.SortFunc(all, func(a, b *dissect.Facts) int { return stdcmp.Compare(a.Start, b.Start) })
	return all
}

// findingsOf writes what rules say of sessions by themselves. Evidence stands in
// the order of packets, so it is sorted.
func findingsOf(all []*dissect.Facts) (lines []string) {
	for _, f := range all {
		for _, one := range judge.Session(alerts.Clone(f)).Findings {
			var shown []string
			for _, e := range one.Evidence {
				shown = append(shown, e.From.String()+": "+e.Text)
			}
			slices.Sort(shown)
			lines = append(lines, fmt.Sprintf("%v %s %v %q %s %v\n%s",
				f.Client, one.Rule, one.Severity, one.Account, one.Why, one.Detail, strings.Join(shown, "\n")))
		}
	}
	return lines
}
