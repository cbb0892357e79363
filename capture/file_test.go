package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
)

func TestOpen(t *testing.T) {
	folder := t.TempDir()
	pcap := pcapFile(little, nano, 1, frame{1, 5, 0, "ab"}, frame{2, 0, 0, "cd"})
	pcapng := (&ng{order: binary.BigEndian}).section().iface(1, 0, option{9, []byte{9}}).
		enhanced(0, 1_000_000_005, "ab").enhanced(0, 2e9, "cd").b
	skippable := append([]byte("\x50\x2a\x4d\x18\x02\x00\x00\x00??"), zstandard(pcap)...)
	half := len(pcap) / 2
	want := []packet{{1_000_000_005, 1, 0, 1, 2, "ab"}, {2e9, 2, 0, 1, 2, "cd"}}
	for _, test := range []struct {
		name    string
		content []byte
	}{
		{"pcap", pcap},
		{"pcap.gz", gzipped(pcap)},
		{"pcap.zst", zstandard(pcap)},
		{"skippable.zst", skippable},
		{"two-members.gz", append(gzipped(pcap[:half]), gzipped(pcap[half:])...)},
		{"pcapng", pcapng},
		{"pcapng.gz", gzipped(pcapng)},
		{"named-otherwise.txt", zstandard(pcapng)},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := capture.Open(write(t, folder, test.name, test.content))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if f.First != want[0].Time || f.Link != 1 || f.Empty {
				t.Errorf("first at %d, link %d, empty %v", f.First, f.Link, f.Empty)
			}
			got, broken := readAll(f.Next)
			if diff := cmp.Diff(want, got); diff != "" || broken != "" {
				t.Errorf("%s (-want +got):\n%s", broken, diff)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "text", []byte("Dear Sir,"))
	write(t, folder, "text.gz", gzipped([]byte("Dear Sir,")))
	write(t, folder, "twice.gz", gzipped(gzipped(pcapFile(little, micro, 1))))
	write(t, folder, "header.gz", []byte("\x1f\x8b\x07\x07"))
	write(t, folder, "cut.zst", zstandard(pcapFile(little, micro, 1))[:8])
	for _, test := range []struct {
		name, want string
		notCapture bool
	}{
		{"missing", "no such file or directory", false},
		{"", "a folder, not a file", false},
		{"text", "not a capture file: it looks like text", true},
		{"text.gz", "not a capture file: it looks like text", true},
		{"twice.gz", "not a capture file: it looks like a file compressed twice; unpack it first", true},
		{"header.gz", "not a capture file: it looks like gzip, but unexpected EOF", true},
		{"cut.zst", "the compressed file is cut off here", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := folder + "/" + test.name
			_, err := capture.Open(name)
			if err == nil {
				t.Fatal("no error")
			}
			damage, ok := errors.AsType[*capture.Damage](err)
			if !ok || damage.File != name || damage.Packet != 0 {
				t.Errorf("not told as a file that cannot be opened: %#v", err)
			}
			if want := name + ": " + test.want; err.Error() != want {
				t.Errorf("got  %q\nwant %q", err, want)
			}
			if errors.Is(err, capture.ErrNotCapture) != test.notCapture {
				t.Errorf("%v: is ErrNotCapture: %v", err, !test.notCapture)
			}
		})
	}
}

// A capture is read up to the damage, and the damage tells its place.
func TestDamage(t *testing.T) {
	folder := t.TempDir()
	pcap := pcapFile(little, micro, 1, frame{data: "ab"}, frame{data: "cd"})
	for _, test := range []struct {
		name    string
		content []byte
		packet  uint64
		offset  int64
		want    string
	}{
		{"cut.pcap", cutBy(1, pcap), 2, 42, "the file is cut off here"},
		{"cut.pcap.gz", gzipped(cutBy(1, pcap)), 2, 42, "the file is cut off here"},
		{"cut-gzip.gz", cutBy(9, gzipped(pcap)), 3, 60, "the compressed file is cut off here"},
		{"checksum.gz", append(cutBy(8, gzipped(pcap[:50])), "12345678"...), 2, 42, "gzip: invalid checksum"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := capture.Open(write(t, folder, test.name, test.content))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var p capture.Packet
			for err == nil {
				err = f.Next(&p)
			}
			got, ok := errors.AsType[*capture.Damage](err)
			if !ok || got.File != f.Name || got.Err.Error() != test.want {
				t.Fatalf("ended with %v", err)
			}
			if got.Packet != test.packet || got.Offset != test.offset {
				t.Errorf("packet %d at byte %d", got.Packet, got.Offset)
			}
		})
	}
}

// A capture without packets, and one that breaks at its first.
func TestOpenEmpty(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct {
		name    string
		content []byte
		broken  string
	}{
		{"none.pcap", pcapFile(little, micro, 1), ""},
		{"none.pcapng", (&ng{order: little}).section().b, ""},
		{"cut.pcap", cutBy(1, pcapFile(little, micro, 1, frame{data: "a"})), "packet 1 at byte 24: the file is cut off here"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := capture.Open(write(t, folder, test.name, test.content))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got, broken := readAll(f.Next)
			if !f.Empty || got != nil || !strings.HasSuffix(broken, test.broken) || broken == "" != (test.broken == "") {
				t.Errorf("empty %v, packets %v, ended with %q", f.Empty, got, broken)
			}
		})
	}
}

// Standard input is told by content, too, and a file may be closed while its
// decompression runs ahead.
func TestStdin(t *testing.T) {
	content := gzipped(benchmarkFile()[:8<<20])
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = r
	t.Cleanup(func() { os.Stdin = stdin; r.Close() })
	go func() {
		bytes.NewReader(content).WriteTo(w)
		w.Close()
	}()
	f, err := capture.Open(capture.Stdin)
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	for range 100 {
		if err := f.Next(&p); err != nil {
			t.Fatal(err)
		}
	}
	if p.Number != 100 || p.Time != 99e9 {
		t.Errorf("packet %d at %d", p.Number, p.Time)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
