package tls_test

import (
	cryptotls "crypto/tls"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

// pack writes turns as one side byte, two bytes of length and the data each.
func pack(turns []turn) (b []byte) {
	for _, next := range turns {
		for data := next.data; len(data) > 0; {
			n := min(len(data), 0xffff)
			b = append(append(b, byte(next.side), byte(n>>8), byte(n)), data[:n]...)
			data = data[n:]
		}
	}
	return b
}

func unpack(b []byte) (turns []turn) {
	for len(b) >= 3 {
		n := min(int(b[1])<<8|int(b[2]), len(b)-3)
		turns = append(turns, turn{dissect.Side(b[0] & 1), b[3 : 3+n]})
		b = b[3+n:]
	}
	return turns
}

// mostKept is the longest message that each side may have begun: a certificate
// of 64 KiB, and what a slice grows ahead.
const mostKept = 2 * 2 * 64 << 10

// Any cut gives the same, a gap anywhere does not panic, and little is kept.
func FuzzFeed(f *testing.F) {
	certificate := sign(f, template(), rsaKey())
	for _, version := range []uint16{cryptotls.VersionTLS10, cryptotls.VersionTLS12, cryptotls.VersionTLS13} {
		client, server := configs(f, version, certificate)
		f.Add(pack(record(f, client, server)), uint8(3), uint16(200))
	}
	f.Add(pack([]turn{
		{dissect.Client, clientHelloV2(2, 7, 0, 0xc0)}, {dissect.Server, serverHelloV2(certificate.Certificate[0])},
		{dissect.Client, append(masterKey, encryptedV2...)}, {dissect.Server, append(encryptedV2, encryptedV2...)},
	}), uint8(1), uint16(0))
	f.Add(pack([]turn{{dissect.Client, browser().record()}, {dissect.Server, plain(21, []byte{2, 40})}}), uint8(7), uint16(9))
	for i, file := range recordings(f) {
		f.Add(pack(turnsOf(f, readRecording(f, file).Files[0].Data)), uint8(i), uint16(100*i))
	}
	f.Add(pack([]turn{
		{dissect.Client, append(browser().record(), beat(1, 0x4000, 0)...)},
		{dissect.Server, append(serverHello{0x0302, 0x0033, empty(0xff01)}.with(rest{mark: "DOWNGRD\x00", compression: 1}), exchange(number(1024, 8))...)},
	}), uint8(2), uint16(300))
	f.Fuzz(func(t *testing.T, packed []byte, cut uint8, gap uint16) {
		turns := unpack(packed)
		facts, events := play(turns, 0)
		cutFacts, cutEvents := play(turns, 1+int(cut))
		if diff := cmp.Diff(facts, cutFacts); diff != "" {
			t.Errorf("facts, cut every %d bytes (-whole +cut):\n%s", 1+int(cut), diff)
		}
		if diff := cmp.Diff(events, cutEvents); diff != "" {
			t.Errorf("events, cut every %d bytes (-whole +cut):\n%s", 1+int(cut), diff)
		}
		s := tls.New([2]uint64{})
		for _, turn := range turns {
			n := min(int(gap), len(turn.data))
			s.Feed(nil, turn.side, turn.data[:n])
			s.Gap(nil, turn.side, uint64(cut))
			s.Feed(nil, turn.side, turn.data[n:])
			if kept := s.Kept(); kept > mostKept {
				t.Fatalf("%d bytes kept, want at most %d", kept, mostKept)
			}
		}
		if len(facts.Chain) > dissect.MaxChain || len(facts.SNI) > dissect.MaxText {
			t.Errorf("%d certificates, a name of %d bytes", len(facts.Chain), len(facts.SNI))
		}
	})
}
