package decode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

func TestFragments(t *testing.T) {
	f4 := func(from, to int) string { return frag4(packet4, 7, from, to) }
	f6 := func(from, to int) string { return frag6(packet6, 7, from, to) }
	const size = 42 // of the content of both
	changed4 := func(from, to int) string { return frag4(packet4[:20]+strings.Repeat("!", size), 7, from, to) }
	changed6 := func(from, to int) string { return frag6(packet6[:40]+strings.Repeat("!", size), 7, from, to) }
	inner := ip4(47, "", "\x00\x00\x08\x00"+packet4)
	option := ip6(60, "\x06\x00\x01\x04\x00\x00\x00\x00"+tcp6)
	for _, test := range []struct {
		name    string
		packets []string
		want    seen
		stats   decode.FragmentStats // but for Bytes
	}{
		{"in order", []string{f4(0, 24), f4(24, 42)}, v4, decode.FragmentStats{Joined: 1}},
		{"out of order", []string{f4(32, 42), f4(8, 32), f4(0, 8)}, v4, decode.FragmentStats{Joined: 1}},
		{"twice", []string{f4(0, 24), f4(0, 24), f4(24, 42)}, v4, decode.FragmentStats{Joined: 1, Duplicates: 1}},
		{"the last one twice", []string{f4(24, 42), f4(24, 42), f4(0, 24)}, v4, decode.FragmentStats{Joined: 1, Duplicates: 1}},
		{"a part missing", []string{f4(0, 16), f4(24, 42)}, fragment, decode.FragmentStats{Waiting: 1}},
		{"the end missing", []string{f4(0, 16), f4(16, 40)}, fragment, decode.FragmentStats{Waiting: 1}},
		{"an overlap, the same", []string{f4(0, 24), f4(8, 42)}, v4, decode.FragmentStats{Joined: 1}},
		{"an overlap, other bytes", []string{f4(0, 24), changed4(8, 32), f4(24, 42)}, seen{"tcp", v4.From, v4.To, payload[:4] + "!!!!!!!!" + payload[12:], 0, nil, nil},
			decode.FragmentStats{Joined: 1, Overlaps: 2}},
		{"one over all the others", []string{f4(8, 16), f4(24, 32), f4(0, 40), f4(40, 42)}, v4, decode.FragmentStats{Joined: 1}},
		{"whole after all", []string{f4(8, 16), packet4}, v4, decode.FragmentStats{Waiting: 1}},
		{"a forged one over all the others", []string{f4(8, 16), f4(24, 32), f4(0, 8), f4(32, 42), changed4(0, 32)},
			seen{"tcp", v4.From, v4.To, "!!!!" + payload[4:], 0, nil, nil}, decode.FragmentStats{Joined: 1, Overlaps: 1}},
		{"the last one over others", []string{f4(0, 40), f4(32, 42)}, v4, decode.FragmentStats{Joined: 1}},
		{"beyond the end", []string{f4(0, 24), f4(24, 42), f4(0, 24), f4(24, 42)}, fragment, decode.FragmentStats{Joined: 1, Duplicates: 2}},
		{"two ends", []string{f4(24, 42), frag4(packet4[:60], 7, 24, 40), f4(0, 24)}, v4, decode.FragmentStats{Joined: 1, Dropped: 1}},
		{"an end before others", []string{f4(16, 40), frag4(packet4[:50], 7, 24, 30), f4(0, 16)}, fragment, decode.FragmentStats{Waiting: 1, Dropped: 1}},
		{"more behind the end", []string{frag4(packet4[:50], 7, 24, 30), f4(24, 40), f4(0, 16)}, fragment, decode.FragmentStats{Waiting: 1, Dropped: 1}},
		{"an odd length", []string{f4(0, 29), f4(24, 42)}, v4, decode.FragmentStats{Joined: 1}},
		{"nothing but an odd rest", []string{f4(0, 7), f4(0, 24), f4(24, 42)}, v4, decode.FragmentStats{Joined: 1, Dropped: 1}},
		{"another identification", []string{f4(0, 24), frag4(packet4, 8, 24, 42)}, fragment, decode.FragmentStats{Waiting: 2}},
		{"another protocol", []string{f4(0, 24), frag4(with(packet4, 9, "\x11"), 7, 24, 42)}, fragment, decode.FragmentStats{Waiting: 2}},
		{"a broken header", []string{with(changed4(0, 24), 8, "\x01"), f4(0, 24), f4(24, 42)}, v4, decode.FragmentStats{Joined: 1, Dropped: 1}},
		{"without a length", []string{with(changed4(0, 24), 2, "\x00\x00"), f4(0, 24), f4(24, 42)}, v4, decode.FragmentStats{Joined: 1, Dropped: 1}},
		{"of ICMP", []string{frag4(with(packet4, 9, "\x01"), 7, 0, 24)}, notTCP, decode.FragmentStats{}},
		{"of UDP", []string{frag4(ip4(17, "", udp(53, "a long question")), 7, 0, 16), frag4(ip4(17, "", udp(53, "a long question")), 7, 16, 23)}, notTCP, decode.FragmentStats{Joined: 1}},
		{"too long", []string{frag4(with(packet4, 9, "\x06"), 7, 0, 24), with(with(packet4, 6, "\x3f\xff"), 10, "\x00\x00")}, fragment, decode.FragmentStats{Waiting: 1, Dropped: 1}},
		{"the identification used again", []string{f4(0, 24), f4(24, 42), changed4(0, 24), f4(0, 24)}, fragment,
			decode.FragmentStats{Joined: 1, Overlaps: 1, Waiting: 1}},

		{"IPv6", []string{f6(0, 24), f6(24, 42)}, v6, decode.FragmentStats{Joined: 1}},
		{"IPv6, out of order", []string{f6(24, 42), f6(0, 8), f6(8, 24)}, v6, decode.FragmentStats{Joined: 1}},
		{"IPv6, twice", []string{f6(0, 24), f6(0, 24), f6(24, 42)}, v6, decode.FragmentStats{Joined: 1, Duplicates: 1}},
		{"IPv6, an overlap", []string{f6(0, 24), f6(16, 42), f6(24, 42)}, fragment, decode.FragmentStats{Overlaps: 1, Dropped: 1}},
		{"IPv6, other bytes", []string{f6(0, 24), changed6(0, 24), f6(24, 42)}, fragment, decode.FragmentStats{Overlaps: 1, Dropped: 1}},
		{"IPv6, an odd length", []string{f6(0, 23), f6(0, 24), f6(24, 42)}, v6, decode.FragmentStats{Joined: 1, Dropped: 1}},
		{"IPv6, the first one's protocol counts", []string{with(f6(24, 42), 40, "\x11"), f6(0, 24)}, v6, decode.FragmentStats{Joined: 1}},
		{"IPv6, an extension header in fragments", []string{frag6(option, 7, 0, 8), frag6(option, 7, 8, 50)}, v6, decode.FragmentStats{Joined: 1}},
		{"IPv6, fragments of a fragment", []string{f6(24, 42), frag6(f6(0, 24), 8, 0, 16), frag6(f6(0, 24), 8, 16, 32)}, v6, decode.FragmentStats{Joined: 2}},

		{"of a tunnel", []string{frag4(inner, 7, 0, 32), frag4(inner, 7, 32, 66)}, v4.in("gre"), decode.FragmentStats{Joined: 1}},
		{"in a tunnel", []string{ip4(4, "", f4(0, 24)), ip4(4, "", f4(24, 42))}, v4.in("ipip"), decode.FragmentStats{Joined: 1}},
		{"in and out of a tunnel", []string{ip4(4, "", f4(0, 24)), f4(24, 42)}, fragment, decode.FragmentStats{Waiting: 2}},
		{"of a tunnel and in it", []string{ip4(4, "", f4(24, 42)), frag4(ip4(4, "", f4(0, 24)), 9, 24, 44), frag4(ip4(4, "", f4(0, 24)), 9, 0, 24)},
			v4.in("ipip"), decode.FragmentStats{Joined: 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decode.New()
			var got seen
			for _, p := range test.packets {
				got = decodeOne(d, raw, p, len(p))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			stats := d.FragmentStats()
			stats.Bytes = 0
			if diff := cmp.Diff(test.stats, stats); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A joined segment has the number and time of the packet that completed it,
// and its checksum is that of the whole.
func TestFragmentSegment(t *testing.T) {
	for _, test := range []struct {
		name        string
		first, last string
	}{
		{"IPv4", frag4(packet4, 7, 0, 24), frag4(packet4, 7, 24, 42)},
		{"IPv6", frag6(packet6, 7, 0, 24), frag6(packet6, 7, 24, 42)},
		{"within a fragmented tunnel", ip4(4, "", frag4(packet4, 7, 24, 42)), frag4(ip4(4, "", frag4(packet4, 7, 0, 24)), 9, 24, 44)},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decode.New()
			var s decode.Segment
			d.Decode(&capture.Packet{Data: []byte(test.first), Link: raw, Time: 1, Number: 2, File: 3}, &s)
			d.Decode(&capture.Packet{Data: []byte(frag4(ip4(4, "", frag4(packet4, 7, 0, 24)), 9, 0, 24)), Link: raw, Time: 1, Number: 3, File: 3}, &s)
			if r := d.Decode(&capture.Packet{Data: []byte(test.last), Link: raw, Time: 5, Number: 6, File: 7}, &s); r != decode.TCP {
				t.Fatal(r)
			}
			if s.Time != 5 || s.Packet != 6 || s.File != 7 {
				t.Errorf("packet %d of file %d at %d", s.Packet, s.File, s.Time)
			}
			if !d.Joined() {
				t.Error("joined, and not said so")
			}
			if !s.ChecksumOK() {
				t.Error("the checksum is wrong")
			}
			s.Payload[0]++
			if s.ChecksumOK() {
				t.Error("a wrong checksum is right")
			}
		})
	}
}

// What the capture cut off is missing from the first such byte on.
func TestFragmentSnaplen(t *testing.T) {
	f := []string{frag4(packet4, 7, 0, 32), frag4(packet4, 7, 32, 42)}
	for n := 20; n < 52; n++ {
		d := decode.New()
		decodeOne(d, raw, f[0][:n], len(f[0]))
		got := decodeOne(d, raw, f[1], len(f[1]))
		want := truncated
		if n >= 40 {
			want = v4
			want.Payload, want.Missing = payload[:n-40], len(payload)-(n-40)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d bytes captured (-want +got):\n%s", n, diff)
		}
	}
}

// Only packet time makes fragments old.
func TestFragmentAge(t *testing.T) {
	for _, test := range []struct {
		name string
		gap  time.Duration
		want decode.FragmentStats
	}{
		{"in time", decode.MaxFragmentAge, decode.FragmentStats{Joined: 1}},
		{"too late", decode.MaxFragmentAge + 1, decode.FragmentStats{TimedOut: 1, Waiting: 1}},
		{"a clock that is put back", -decode.MaxFragmentAge - 1, decode.FragmentStats{TimedOut: 1, Waiting: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decode.New()
			var s decode.Segment
			const start = int64(time.Hour)
			d.Decode(&capture.Packet{Data: []byte(frag4(packet4, 7, 0, 24)), Link: raw, Time: start}, &s)
			d.Decode(&capture.Packet{Data: []byte(frag4(packet4, 7, 24, 42)), Link: raw, Time: start + int64(test.gap)}, &s)
			got := d.FragmentStats()
			got.Bytes = 0
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestForget(t *testing.T) {
	d := decode.New()
	first, last := frag4(packet4, 7, 0, 24), frag4(packet4, 7, 24, 42)
	decodeOne(d, raw, first, len(first))
	d.Forget()
	if stats := d.FragmentStats(); stats.Waiting != 0 || stats.TimedOut != 0 {
		t.Errorf("%+v", stats)
	}
	if got := decodeOne(d, raw, last, len(last)); got.Result != "fragment" {
		t.Errorf("joined over the border of two captures: %+v", got)
	}
	if got := decodeOne(d, raw, first, len(first)); got.Result != "tcp" {
		t.Errorf("not joined afterwards: %+v", got)
	}
}

// A datagram may come in so many fragments and no more.
func TestTinyFragments(t *testing.T) {
	for _, test := range []struct {
		name  string
		count int
		want  string
		stats decode.FragmentStats
	}{
		{"as many as there may be", decode.MaxFragments, "tcp", decode.FragmentStats{Joined: 1}},
		{"one more", decode.MaxFragments + 1, "fragment", decode.FragmentStats{Evicted: 1}},
		{"many more", decode.MaxFragments + 10, "fragment", decode.FragmentStats{Evicted: 1, Dropped: 9}},
	} {
		t.Run(test.name, func(t *testing.T) {
			packet := ip4(6, "", tcp(pseudo4, "", strings.Repeat("x", test.count*8-20)))
			d := decode.New()
			var got seen
			for i := range test.count {
				f := frag4(packet, 7, i*8, i*8+8)
				got = decodeOne(d, raw, f, len(f))
			}
			stats := d.FragmentStats()
			stats.Bytes = 0
			if got.Result != test.want || len(got.Payload) > 0 && len(got.Payload) != test.count*8-20 {
				t.Errorf("%s with %d bytes", got.Result, len(got.Payload))
			}
			if diff := cmp.Diff(test.stats, stats); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The longest datagram is joined; a longer one cannot be.
func TestLongestDatagram(t *testing.T) {
	packet := ip4(6, "", tcp(pseudo4, "", strings.Repeat("x", decode.MaxDatagram-40)))
	d := decode.New()
	var got seen
	for from := 0; from < len(packet)-20; from += 1480 {
		f := frag4(packet, 7, from, min(from+1480, len(packet)-20))
		got = decodeOne(d, raw, f, len(f))
	}
	if got.Result != "tcp" || len(got.Payload) != decode.MaxDatagram-40 || got.Missing != 0 {
		t.Errorf("%s with %d bytes, %d missing", got.Result, len(got.Payload), got.Missing)
	}
}

// A flood of first fragments costs no more than the bounds allow, and what
// comes afterwards is joined.
func TestFragmentFlood(t *testing.T) {
	for _, test := range []struct {
		name    string
		from    int // of each fragment
		size    int
		waiting int // at most
	}{
		{"small", 0, 24, decode.MaxDatagrams},
		{"of Ethernet", 0, 1480, decode.MaxDatagrams},
		{"at the end", 65000, 24, decode.MaxDatagrams},
		{"large", 0, 60000, decode.MaxFragmentBytes >> 16},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decode.New()
			packet := ip4(6, "", strings.Repeat("x", 65500))
			for id := range uint16(3 * decode.MaxDatagrams) {
				f := frag4(packet, id, test.from, test.from+test.size)
				decodeOne(d, raw, f, len(f))
				if n := d.FragmentStats().Bytes; n > decode.MaxFragmentBytes {
					t.Fatalf("%d bytes after %d packets", n, id+1)
				}
			}
			stats := d.FragmentStats()
			if stats.Waiting != test.waiting || stats.Evicted != uint64(3*decode.MaxDatagrams-test.waiting) {
				t.Errorf("%+v", stats)
			}
			first, last := frag6(packet6, 7, 0, 24), frag6(packet6, 7, 24, 42)
			decodeOne(d, raw, first, len(first))
			if diff := cmp.Diff(v6, decodeOne(d, raw, last, len(last))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A datagram that grows makes room at the cost of others, even if it is the
// oldest.
func TestOldestGrows(t *testing.T) {
	d := decode.New()
	first, last := frag4(packet4, 7, 0, 24), frag4(packet4, 7, 24, 42)
	decodeOne(d, raw, first, len(first))
	long := ip4(6, "", strings.Repeat("x", 65500))
	fill := func(id uint16, size int) {
		f := frag4(long, id, 8, 8+size)
		decodeOne(d, raw, f, len(f))
	}
	for id := range uint16(decode.MaxFragmentBytes>>16 - 1) {
		fill(1000+id, 60000)
	}
	for id := range uint16(31) {
		fill(2000+id, 1000)
	}
	if stats := d.FragmentStats(); stats.Bytes != decode.MaxFragmentBytes || stats.Evicted != 0 {
		t.Fatalf("%+v", stats)
	}
	more := frag4(with(long, 9, "\x06"), 7, 48, 48+4000)
	decodeOne(d, raw, more, len(more))
	if stats := d.FragmentStats(); stats.Bytes > decode.MaxFragmentBytes || stats.Evicted != 1 {
		t.Errorf("%+v", stats)
	}
	if got := decodeOne(d, raw, last, len(last)); got.Result != "fragment" || d.FragmentStats().Dropped != 1 {
		t.Errorf("the oldest was evicted: %+v, %+v", got, d.FragmentStats())
	}
}
