package decode_test

import (
	"testing"
	"unsafe"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

// FuzzDecode checks that no frame makes Decode or ChecksumOK panic, that a
// payload lies within its frame and nothing is missing less than nothing, and
// that what was decoded before changes nothing.
func FuzzDecode(f *testing.F) {
	for _, seed := range []struct {
		link capture.LinkType
		data string
	}{
		{ether, eth4 + packet4},
		{ether, eth6 + ip6(0, "\x3c\x00\x01\x04\x00\x00\x00\x00\x06\x00\x01\x04\x00\x00\x00\x00"+tcp6)},
		{ether, string(tags(1, 2))},
		{ether, macs + "\x00\x50\xaa\xaa\x03\x00\x00\x00\x08\x00" + packet4},
		{null, "\x02\x00\x00\x00" + packet4},
		{loop, "\x00\x00\x00\x18" + packet6},
		{raw, ip4(51, "", "\x06\x04"+string(make([]byte, 22))+tcp4)},
		{capture.LinkRawBSD, packet4},
		{capture.LinkRawOpen, packet4},
		{capture.LinkIPv4, packet4},
		{capture.LinkIPv6, ip6(44, "\x06\x00\x00\x00\x00\x00\x00\x01"+tcp6)},
		{ppp, "\xff\x03\x21" + packet4},
		{hdlc, "\x0f\x00\x08\x00" + packet4},
		{cooked, sll("\x00\x01", "\x08\x00") + packet4},
		{cooked2, sll2("\x00\x01", "\x86\xdd") + packet6},
	} {
		f.Add(uint16(seed.link), []byte(seed.data), uint16(0))
		f.Add(uint16(seed.link), []byte(seed.data[:len(seed.data)-5]), uint16(5))
	}
	used := decode.New()
	f.Fuzz(func(t *testing.T, link uint16, data []byte, cut uint16) {
		p := capture.Packet{Data: data, Length: len(data) + int(cut), Link: capture.LinkType(link)}
		var s, again decode.Segment
		fresh := decode.New()
		r := used.Decode(&p, &s)
		if got := fresh.Decode(&p, &again); got != r {
			t.Fatalf("%v, by a new Decoder %v", r, got)
		}
		if r != decode.TCP {
			return
		}
		if used.ChecksumOK() != fresh.ChecksumOK() || string(s.Payload) != string(again.Payload) || s.Missing != again.Missing ||
			s.Src() != again.Src() || s.Dst() != again.Dst() {
			t.Errorf("%+v, by a new Decoder %+v", s, again)
		}
		if s.Missing < 0 {
			t.Errorf("%d bytes missing", s.Missing)
		}
		if !within(s.Payload, data) {
			t.Errorf("a payload of %d bytes is not within the frame", len(s.Payload))
		}
	})
}

// within tells whether a is a part of b's memory.
func within(a, b []byte) bool {
	if len(a) == 0 {
		return true
	}
	from := uintptr(unsafe.Pointer(unsafe.SliceData(a))) - uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return from < uintptr(len(b)) && from+uintptr(len(a)) <= uintptr(len(b))
}
