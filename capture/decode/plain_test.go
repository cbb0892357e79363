package decode_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

// FuzzPlain checks that IPv4 in Ethernet, of which the usual packet is taken in
// one step, comes out as the same IPv4 without Ethernet does, whose headers are
// read one by one.
func FuzzPlain(f *testing.F) {
	for _, packet := range []string{
		packet4,
		packet4 + "padding",
		packet4[:len(packet4)-3],
		ip4(6, "\x94\x04\x00\x00", tcp4),
		ip4(6, "", tcp(pseudo4, "\x01\x01\x01\x00", payload)),
		ip4(17, "", udp(53, "query")),
		with(packet4, 2, "\x00\x00"), // left to the card
		with(packet4, 2, "\xff\xff"),
		with(packet4, 2, "\x00\x28"),
		with(packet4, 2, "\x00\x14"),
		with(packet4, 6, "\x20\x00"), // the first fragment
		with(packet4, 32, "\xf0"),    // TCP options that fill the payload
		with(packet4, 32, "\x10"),
		with(packet4, 36, "\x12\x34"),
	} {
		f.Add([]byte(packet), uint16(0))
		f.Add([]byte(packet), uint16(9))
	}
	f.Fuzz(func(t *testing.T, packet []byte, cut uint16) {
		if len(packet) == 0 || packet[0]>>4 != 4 {
			return // without Ethernet it would be no IPv4
		}
		framed := capture.Packet{Data: append([]byte(eth4), packet...), Link: ether, Time: 5, Number: 3, File: 2}
		bare := capture.Packet{Data: packet, Link: raw, Time: 5, Number: 3, File: 2}
		framed.Length, bare.Length = len(framed.Data)+int(cut), len(bare.Data)+int(cut)
		// What is there of a segment before must not stay.
		want, got := decode.Segment{Missing: 1, TTL: 1}, decode.Segment{Missing: 2, Path: 7}
		r, same := decode.New().Decode(&bare, &want), decode.New().Decode(&framed, &got)
		if r != same {
			t.Fatalf("in Ethernet %v, without %v", same, r)
		}
		if r != decode.TCP {
			return
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(decode.Segment{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("in Ethernet (-without +with):\n%s", diff)
		}
		if want.ChecksumOK() != got.ChecksumOK() {
			t.Errorf("in Ethernet the checksum is right: %v", got.ChecksumOK())
		}
	})
}
