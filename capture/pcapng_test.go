package capture_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
)

func TestPcapng(t *testing.T) {
	begin := func() *ng { return (&ng{order: little}).section() }
	long := strings.Repeat("x", 70_000)
	for _, test := range []struct {
		name   string
		file   []byte
		want   []packet
		broken string
	}{
		{"no packets", begin().b, nil, ""},
		{"an enhanced packet", begin().iface(1, 0).enhanced(0, 1_000_002, "abc").b,
			[]packet{{1_000_002_000, 1, 0, 1, 3, "abc"}}, ""},
		{"big-endian", (&ng{order: binary.BigEndian}).section().iface(1, 0).enhanced(0, 1_000_002, "abc").b,
			[]packet{{1_000_002_000, 1, 0, 1, 3, "abc"}}, ""},
		{"an obsolete packet", begin().iface(1, 0).iface(101, 0).obsolete(1, 1<<40, "abc").b,
			[]packet{{1 << 40 * 1000, 1, 0, 101, 3, "abc"}}, ""},
		{"a simple packet", begin().iface(1, 0).enhanced(0, 5, "a").simple(3, "abc").b,
			[]packet{{5000, 1, 0, 1, 1, "a"}, {5000, 2, 0, 1, 3, "abc"}}, ""},
		{"a simple packet cut by snaplen", begin().iface(1, 2).simple(1500, "ab").b,
			[]packet{{0, 1, 0, 1, 1500, "ab"}}, ""},
		{"a simple packet cut by its block", begin().iface(1, 0).simple(1500, "abcd").b,
			[]packet{{0, 1, 0, 1, 1500, "abcd"}}, ""},
		{"two interfaces", begin().iface(1, 0).iface(276, 0).enhanced(1, 0, "a").enhanced(0, 0, "b").b,
			[]packet{{0, 1, 0, 276, 1, "a"}, {0, 2, 0, 1, 1, "b"}}, ""},
		{"an interface that appears late", begin().iface(1, 0).enhanced(0, 0, "a").iface(101, 0).enhanced(1, 0, "b").b,
			[]packet{{0, 1, 0, 1, 1, "a"}, {0, 2, 0, 101, 1, "b"}}, ""},
		{"two sections, two byte orders",
			append(begin().iface(1, 0).enhanced(0, 1, "a").b, (&ng{order: binary.BigEndian}).section().iface(101, 0).enhanced(0, 2, "b").b...),
			[]packet{{1000, 1, 0, 1, 1, "a"}, {2000, 2, 0, 101, 1, "b"}}, ""},
		{"the interfaces of a section end with it", begin().iface(1, 0).section().enhanced(0, 1, "a").b,
			nil, ": packet 1 at byte 76: interface 0 was not described"},
		{"unknown blocks", begin().iface(1, 0).block(0x777, []byte(long)).enhanced(0, 1, "a").block(4, nil).b,
			[]packet{{1000, 1, 0, 1, 1, "a"}}, ""},
		{"a block longer than memory", begin().iface(1, 0).block(10, make([]byte, 3<<20)).enhanced(0, 1, "a").b,
			[]packet{{1000, 1, 0, 1, 1, "a"}}, ""},
		{"blocks that Wireshark numbers", begin().iface(1, 0).block(9, []byte("MESSAGE=x")).block(0xbad, []byte("abcd")).enhanced(0, 1, "a").b,
			[]packet{{1000, 3, 0, 1, 1, "a"}}, ""},
		{"cut in a packet", cutBy(9, begin().iface(1, 0).enhanced(0, 1, "a").enhanced(0, 1, "bcd").b),
			[]packet{{1000, 1, 0, 1, 1, "a"}}, ": packet 2 at byte 84: the file is cut off here"},
		{"cut in a skipped block", cutBy(9, begin().iface(1, 0).block(0x777, []byte(long)).b),
			nil, ": packet 1 at byte 70051: the file is cut off here"},
		{"lengths that differ", append(begin().iface(1, 0).b, "\x06\x00\x00\x00\x0c\x00\x00\x00\x0d\x00\x00\x00"...),
			nil, ": packet 1 at byte 48: a block of impossible length"},
		{"a block whose trailer differs", append(begin().iface(1, 0).b, "\x77\x00\x00\x00\x0c\x00\x00\x00\x0d\x00\x00\x00"...),
			nil, ": packet 1 at byte 56: a block whose two lengths differ"},
		{"a packet longer than its block", begin().iface(1, 0).block(6, append(make([]byte, 12), "\x05\x00\x00\x00\x05\x00\x00\x00abcd"...)).b,
			nil, ": packet 1 at byte 48: a packet longer than its block"},
		{"an interface too short", begin().block(1, make([]byte, 4)).b,
			nil, ": packet 1 at byte 28: a block of impossible length"},
		{"a section of version 2", append(begin().b, (&ng{order: little}).block(0x0a0d0d0a, []byte("\x4d\x3c\x2b\x1a\x02\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff")).b...),
			nil, ": packet 1 at byte 28: a section of version 2"},
		{"cut in the first block", begin().b[:20], nil, "not a capture file: pcapng, cut off after 20 bytes"},
		{"unknown byte order", append([]byte("\x0a\x0d\x0d\x0a"), make([]byte, 24)...), nil, "not a capture file: pcapng with a section of unknown byte order"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, broken := read(bytes.NewReader(test.file))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("packets (-want +got):\n%s", diff)
			}
			if broken != test.broken {
				t.Errorf("ended with %q, want %q", broken, test.broken)
			}
		})
	}
}

// Time stamps of interfaces with if_tsresol (option 9) and if_tsoffset (14).
func TestPcapngTime(t *testing.T) {
	resolution := func(n byte) option { return option{9, []byte{n}} }
	offset := func(s int64) option { return option{14, little.AppendUint64(nil, uint64(s))} }
	for _, test := range []struct {
		name    string
		options []option
		ticks   uint64
		want    int64
	}{
		{"microseconds by default", nil, 1_500_000, 1.5e9},
		{"microseconds after another option", []option{{2, []byte("eth0")}, resolution(6)}, 1_500_000, 1.5e9},
		{"milliseconds", []option{resolution(3)}, 1500, 1.5e9},
		{"seconds", []option{resolution(0)}, 3, 3e9},
		{"nanoseconds", []option{resolution(9)}, 1_500_000_000, 1.5e9},
		{"picoseconds", []option{resolution(12)}, 1_500_000_000_000, 1.5e9},
		{"finer than can be told", []option{resolution(127)}, math.MaxUint64, 1},
		{"binary thousandths", []option{resolution(0x80 | 10)}, 1536, 1.5e9},
		{"32 binary digits", []option{resolution(0x80 | 32)}, 3 << 31, 1.5e9},
		{"64 binary digits", []option{resolution(0x80 | 64)}, 1 << 63, 5e8},
		{"the finest binary", []option{resolution(0x80 | 127)}, math.MaxUint64, 0},
		{"an offset", []option{offset(100)}, 1_500_000, 101.5e9},
		{"a negative offset", []option{offset(-100)}, 1_500_000, -98.5e9},
		{"beyond all time", []option{resolution(0)}, math.MaxUint64, math.MaxInt64},
		{"an offset beyond all time", []option{offset(math.MaxInt64)}, 1 << 60, math.MaxInt64},
		{"an offset before all time", []option{offset(math.MinInt64)}, 0, -math.MaxInt64 / int64(1e9) * 1e9},
		{"nothing after the end of options", []option{{0, nil}, resolution(9)}, 1_500_000, 1.5e9},
		{"an option of wrong size", []option{{9, []byte{9, 9}}}, 1_500_000, 1.5e9},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := (&ng{order: little}).section().iface(1, 0, test.options...).enhanced(0, test.ticks, "")
			want := []packet{{Time: test.want, Number: 1, Link: 1}}
			got, broken := read(bytes.NewReader(n.b))
			if diff := cmp.Diff(want, got); diff != "" || broken != "" {
				t.Errorf("%s (-want +got):\n%s", broken, diff)
			}
		})
	}
}

// A section describes no more interfaces than are believed.
func TestMaxInterfaces(t *testing.T) {
	const most = 64 << 10
	n := (&ng{order: little}).section()
	for range most {
		n.iface(1, 0)
	}
	n.enhanced(most-1, 0, "a").iface(1, 0)
	got, broken := read(bytes.NewReader(n.b))
	if len(got) != 1 || !strings.Contains(broken, "more interfaces than are believed") {
		t.Errorf("%d packets, then %q", len(got), broken)
	}
}

// Once a reader stands, a packet costs no allocation.
func TestNextAllocates(t *testing.T) {
	n := (&ng{order: little}).section().iface(1, 0)
	for range 3000 {
		n.enhanced(0, 1, "some data")
	}
	frames := make([]frame, 3000)
	for _, file := range [][]byte{n.b, pcapFile(little, micro, 1, frames...)} {
		r, err := capture.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		var p capture.Packet
		if allocs := testing.AllocsPerRun(2000, func() {
			if err := r.Next(&p); err != nil {
				t.Fatal(err)
			}
		}); allocs != 0 {
			t.Errorf("%v allocations a packet", allocs)
		}
	}
}
