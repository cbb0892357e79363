package decode_test

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

// FuzzDecode checks that no frame makes Decode or ChecksumOK panic, that a
// payload lies within its frame and nothing is missing less than nothing, and
// that what was decoded before changes nothing, once fragments are forgotten.
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
	for _, test := range prefixTests {
		f.Add(uint16(test.link), []byte(test.data), uint16(0))
	}
	for _, test := range tunnelTests {
		f.Add(uint16(ether), []byte(test.frame), uint16(0))
	}
	f.Add(uint16(raw), []byte(frag4(packet4, 7, 24, 42)), uint16(0))
	f.Add(uint16(raw), []byte(frag6(packet6, 7, 0, 24)), uint16(0))
	used := decode.New()
	f.Fuzz(func(t *testing.T, link uint16, data []byte, cut uint16) {
		p := capture.Packet{Data: data, Length: len(data) + int(cut), Link: capture.LinkType(link)}
		var s, again decode.Segment
		fresh := decode.New()
		used.Forget()
		r := used.Decode(&p, &s)
		if got := fresh.Decode(&p, &again); got != r {
			t.Fatalf("%v, by a new Decoder %v", r, got)
		}
		if r != decode.TCP {
			return
		}
		if s.ChecksumOK() != again.ChecksumOK() || string(s.Payload) != string(again.Payload) || s.Missing != again.Missing ||
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

// FuzzFragments cuts one datagram as plan says, among fragments of others and
// forged ones, and checks that it comes out as it was or not at all, whatever
// the order and however often each fragment comes. Each three bytes of plan
// are a fragment: its offset, its length, and what is special about it.
func FuzzFragments(f *testing.F) {
	f.Add(false, []byte{0, 3, 0, 3, 200, 0})
	f.Add(true, []byte{3, 200, 0, 0, 3, 0})
	f.Add(false, []byte{0, 3, 0, 0, 3, 0, 2, 4, 0, 3, 200, 0, 3, 200, 0})
	f.Add(true, []byte{0, 3, 0, 2, 4, 0, 3, 200, 0})
	f.Add(false, []byte{0, 3, 1, 0, 3, 2, 0, 3, 0, 3, 200, 3, 3, 200, 0})
	f.Add(true, []byte{0, 1, 0, 1, 1, 4, 1, 1, 0, 2, 9, 0})
	d := decode.New() // one for all: what went before must not come out
	f.Fuzz(func(t *testing.T, six bool, plan []byte) {
		const other, broken, late, cut = 1, 2, 4, 8
		want, packet, header := v4, packet4, 20
		if six {
			want, packet, header = v6, packet6, 40
		}
		d.Forget()
		now := int64(0)
		overlaps := d.FragmentStats().Overlaps
		for ; len(plan) >= 3; plan = plan[3:] {
			from := int(plan[0]) % ((len(packet) - header + 7) / 8) * 8
			to := min(len(packet)-header, from+8+int(plan[1])*8)
			id := uint16(7 + plan[2]&other)
			fragment := frag4(packet, id, from, to)
			if six {
				fragment = frag6(packet, uint32(id), from, to)
			} else if plan[2]&broken != 0 && to-from < len(packet)-header {
				fragment = with(frag4(packet[:20]+strings.Repeat("!", len(packet)-20), id, from, to), 10, "\xff\xff")
			}
			now += int64(plan[2]&late) * int64(decode.MaxFragmentAge/8)
			p := capture.Packet{Data: []byte(fragment), Length: len(fragment), Link: raw, Time: now}
			if plan[2]&cut != 0 {
				p.Data = p.Data[:len(p.Data)-min(5, to-from)]
			}
			var s decode.Segment
			switch r := d.Decode(&p, &s); r {
			case decode.Fragment, decode.Truncated:
			case decode.TCP:
				if got := string(s.Payload); got != want.Payload[:len(got)] || s.Missing != len(payload)-len(got) {
					t.Errorf("%q, %d missing", got, s.Missing)
				}
				if s.Src().String() != want.From || s.Dst().String() != want.To || !s.ChecksumOK() {
					t.Errorf("%v to %v, checksum %v", s.Src(), s.Dst(), s.ChecksumOK())
				}
			default:
				t.Errorf("%v", r)
			}
			if stats := d.FragmentStats(); stats.Overlaps > overlaps && !six || stats.Bytes > decode.MaxFragmentBytes {
				t.Fatalf("%+v", stats)
			}
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
