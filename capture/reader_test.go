package capture_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
)

func TestPcap(t *testing.T) {
	long := strings.Repeat("j", 262144+500) // over any snaplen that is in use
	big := binary.BigEndian
	for _, test := range []struct {
		name   string
		file   []byte
		want   []packet
		broken string
	}{
		{"no packets", pcapFile(little, micro, 1), nil, ""},
		{"microseconds", pcapFile(little, micro, 1, frame{1, 2, 0, "ab"}),
			[]packet{{1_000_002_000, 1, 0, 1, 2, "ab"}}, ""},
		{"big-endian", pcapFile(big, micro, 101, frame{1, 2, 0, "ab"}),
			[]packet{{1_000_002_000, 1, 0, 101, 2, "ab"}}, ""},
		{"nanoseconds", pcapFile(little, nano, 1, frame{1, 2, 0, "ab"}),
			[]packet{{1_000_000_002, 1, 0, 1, 2, "ab"}}, ""},
		{"big-endian nanoseconds", pcapFile(big, nano, 1, frame{1, 2, 0, "ab"}),
			[]packet{{1_000_000_002, 1, 0, 1, 2, "ab"}}, ""},
		{"Kuznetzov's records", pcapFile(little, kuzn, 1, frame{1, 2, 0, "ab"}, frame{3, 4, 0, "c"}),
			[]packet{{1_000_002_000, 1, 0, 1, 2, "ab"}, {3_000_004_000, 2, 0, 1, 1, "c"}}, ""},
		{"big-endian Kuznetzov", pcapFile(big, kuzn, 1, frame{1, 2, 0, "ab"}),
			[]packet{{1_000_002_000, 1, 0, 1, 2, "ab"}}, ""},
		{"Linux SLL2", pcapFile(little, micro, 276, frame{data: "ab"}),
			[]packet{{0, 1, 0, capture.LinkSLL2, 2, "ab"}}, ""},
		{"frame check sequence bits", pcapFile(little, micro, 0x24000001, frame{data: "ab"}),
			[]packet{{0, 1, 0, capture.LinkEthernet, 2, "ab"}}, ""},
		{"cut by snaplen", pcapFile(little, micro, 1, frame{0, 0, 1500, "ab"}),
			[]packet{{0, 1, 0, 1, 1500, "ab"}}, ""},
		{"an empty packet", pcapFile(little, micro, 1, frame{}, frame{data: "a"}),
			[]packet{{0, 1, 0, 1, 0, ""}, {0, 2, 0, 1, 1, "a"}}, ""},
		{"a packet over the snaplen", pcapFile(little, micro, 1, frame{data: long}, frame{data: "b"}),
			[]packet{{0, 1, 0, 1, len(long), long}, {0, 2, 0, 1, 1, "b"}}, ""},
		{"a fraction over a second", pcapFile(little, nano, 1, frame{1, 2e9, 0, ""}),
			[]packet{{3e9, 1, 0, 1, 0, ""}}, ""},
		{"a negative fraction", pcapFile(little, micro, 1, frame{1, math.MaxUint32, 0, ""}),
			[]packet{{1e9 - 1000, 1, 0, 1, 0, ""}}, ""},
		{"the last second of 2106", pcapFile(little, micro, 1, frame{math.MaxUint32, 0, 0, ""}),
			[]packet{{math.MaxUint32 * 1e9, 1, 0, 1, 0, ""}}, ""},
		{"cut in a packet", cutBy(1, pcapFile(little, micro, 1, frame{data: "ab"}, frame{data: "cd"})),
			[]packet{{0, 1, 0, 1, 2, "ab"}}, ": packet 2 at byte 42: the file is cut off here"},
		{"cut in a record header", cutBy(3, pcapFile(little, micro, 1, frame{data: "ab"}, frame{})),
			[]packet{{0, 1, 0, 1, 2, "ab"}}, ": packet 2 at byte 42: the file is cut off here"},
		{"a record that cannot be true",
			append(pcapFile(little, micro, 1, frame{data: "ab"}), strings.Repeat("\xff", 40)...),
			[]packet{{0, 1, 0, 1, 2, "ab"}}, ": packet 2 at byte 42: a packet of 4294967295 bytes, and no packet is longer than 327680"},
		{"cut in the file header", pcapFile(little, micro, 1)[:23], nil, "not a capture file: pcap, cut off after 23 bytes"},
		{"another version", append([]byte{0xd4, 0xc3, 0xb2, 0xa1, 7}, make([]byte, 19)...), nil, "not a capture file: pcap of version 7"},
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

func cutBy(n int, b []byte) []byte { return b[:len(b)-n] }

// The longest packet, and one byte more.
func TestMaxPacket(t *testing.T) {
	long := strings.Repeat("j", capture.MaxPacket)
	for _, file := range [][]byte{
		pcapFile(little, micro, 1, frame{data: long}, frame{data: long + "j"}),
		(&ng{order: little}).section().iface(1, 0).enhanced(0, 0, long).enhanced(0, 0, long+"j").b,
	} {
		got, broken := read(bytes.NewReader(file))
		if len(got) != 1 || len(got[0].Data) != capture.MaxPacket || !strings.Contains(broken, "a packet of 327681 bytes") {
			t.Errorf("%d packets, then %q", len(got), broken)
		}
	}
}

// An error of the source is told, and what came before it is read.
func TestReadError(t *testing.T) {
	file := pcapFile(little, micro, 1, frame{data: "ab"})
	got, broken := read(iotest.TimeoutReader(bytes.NewReader(file)))
	if len(got) != 1 || broken != ": packet 2 at byte 42: timeout" {
		t.Errorf("%d packets, then %q", len(got), broken)
	}
	if _, err := capture.NewReader(iotest.ErrReader(iotest.ErrTimeout)); err != iotest.ErrTimeout {
		t.Errorf("a source that cannot be read: %v", err)
	}
}

func TestNotCapture(t *testing.T) {
	erf := append([]byte{0, 0, 0, 0, 0, 0, 0, 0x60, 2, 0, 0, 80, 0, 0, 0, 64}, make([]byte, 64)...)
	for _, test := range []struct{ name, file, want string }{
		{"empty", "", "it is empty"},
		{"short", "\x01\x02", "it begins with the bytes 01 02"},
		{"text", "Dear Sir,\n", "it looks like text"},
		{"long text", strings.Repeat("ä", 4000), "it looks like text"},
		{"snoop", "snoop\x00\x00\x00\x00\x00\x00\x02", "it looks like a Solaris snoop capture; convert it with: editcap -F pcap"},
		{"ERF", string(erf), "it looks like an ERF capture; convert it with: editcap -F pcap"},
		{"xz", "\xfd7zXZ\x00\x00", "it looks like an xz file; unpack it first"},
		{"other", "\x7fELF\x02\x01", "it begins with the bytes 7f 45 4c 46"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, broken := read(strings.NewReader(test.file))
			if want := "not a capture file: " + test.want; broken != want {
				t.Errorf("got %q, want %q", broken, want)
			}
		})
	}
}
