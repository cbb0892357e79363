package decode_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

func TestChecksumOK(t *testing.T) {
	// partial returns the sum of a pseudo-header, as a sender leaves it to its
	// network card.
	partial := func(addresses string, length int) string {
		pseudo := append([]byte(addresses), 0, 0, byte(length>>8), byte(length), 0, 6)
		return string(binary.BigEndian.AppendUint16(nil, onesSum(pseudo)))
	}
	odd := ip4(6, "", tcp(pseudo4, "", "odd"))
	for _, test := range []struct {
		name string
		data string
		want bool
	}{
		{"IPv4", packet4, true},
		{"IPv6", packet6, true},
		{"an odd length", odd, true},
		{"no payload", ip4(6, "", tcp(pseudo4, "", "")), true},
		{"long", ip4(6, "", tcp(pseudo4, "", strings.Repeat("\xff\xfe\x7f", 20_000))), true},
		{"options", ip4(6, "\x94\x04\x00\x00", tcp(pseudo4, "\x01\x01\x01\x00", payload)), true},
		{"padding", packet4 + "\x01\x02\x03", true},
		{"a payload byte changed", with(packet4, 41, "!"), false},
		{"the last odd byte changed", with(odd, len(odd)-1, "!"), false},
		{"an address changed", with(packet6, 39, "\x07"), false},
		{"a wrong sum", with(packet4, 36, "\x12\x34"), false},
		{"the IP header changed", with(packet4, 8, "\x01"), false},
		{"the IP header's sum is left to the card", with(packet4, 10, "\x00\x00"), true},
		{"not filled in", with(packet4, 36, "\x00\x00"), true},
		{"left to the card", with(packet4, 36, partial(pseudo4, len(tcp4))), true},
		{"left to the card, without the length", with(packet4, 36, partial(pseudo4, 0)), true},
		{"left to the card, IPv6", with(packet6, 56, partial(pseudo6, len(tcp6))), true},
		{"cut", with(packet4, 41, "!")[:len(packet4)-1], true},
		{"on the way to another address", ip6(43, "\x06\x02\x04\x01\x00\x00\x00\x00"+pseudo6[16:]+with(tcp6, 21, "!")), true},
		{"with the last address reached", ip6(43, "\x06\x02\x04\x00\x00\x00\x00\x00"+pseudo6[16:]+with(tcp6, 21, "!")), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decode.New()
			var s decode.Segment
			// One that was hidden must not hide the next.
			d.Decode(&capture.Packet{Data: []byte(ip6(43, "\x06\x00\x04\x01\x00\x00\x00\x00"+tcp6)), Link: raw}, &s)
			if r := d.Decode(&capture.Packet{Data: []byte(test.data), Link: raw}, &s); r != decode.TCP {
				t.Fatal(r)
			}
			if got := s.ChecksumOK(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// Whatever its length, each byte of a segment counts.
func TestChecksumLengths(t *testing.T) {
	d := decode.New()
	ok := func(packet string) bool {
		var s decode.Segment
		if r := d.Decode(&capture.Packet{Data: []byte(packet), Link: raw}, &s); r != decode.TCP {
			t.Fatal(r)
		}
		return s.ChecksumOK()
	}
	const text = "a text that is longer than two turns of thirty-two bytes, and by one byte more"
	for n := range len(text) {
		packet := ip4(6, "", tcp(pseudo4, "", text[:n]))
		if !ok(packet) {
			t.Errorf("%d bytes: wrong", n)
		}
		for i := range n {
			if ok(with(packet, 40+i, "~")) {
				t.Errorf("byte %d of %d changed: right", i, n)
			}
		}
	}
}
