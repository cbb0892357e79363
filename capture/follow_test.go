package capture_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
)

// waitAtMost bounds every wait for something that must come.
const waitAtMost = 30 * time.Second

// follower tells what a Follower gives, as story does of a Chain.
type follower struct {
	t      *testing.T
	folder string
	*capture.Follower
	told  map[int][]string // by capture
	n     int              // packets
	errs  []string
	idle  int // times that there was nothing
	limit time.Time
}

// follow begins to follow files and folders within a new folder.
func follow(t *testing.T, folder string, names ...string) *follower {
	t.Helper()
	for i := range names {
		names[i] = filepath.Join(folder, names[i])
	}
	f, err := capture.NewFollower(names)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &follower{t: t, folder: folder, Follower: f, told: map[int][]string{}, limit: time.Now().Add(waitAtMost)}
}

// step takes what comes next. It reports whether that was the end.
func (f *follower) step() bool {
	f.t.Helper()
	var p capture.Packet
	slot, err := f.Next(&p)
	switch err {
	case nil:
		f.n++
		name, _ := filepath.Rel(f.folder, f.Files()[p.File])
		f.told[slot] = append(f.told[slot], name+" "+strconv.FormatInt(p.Time/1e9, 10))
	case capture.ErrTimeout:
		f.idle++
		if time.Now().After(f.limit) {
			f.t.Fatalf("nothing comes any more: %v %v", f.told, f.errs)
		}
	case capture.ErrNewCapture:
		f.told[slot] = append(f.told[slot], "--")
	case io.EOF:
		return true
	default:
		f.errs = append(f.errs, strings.ReplaceAll(err.Error(), f.folder+"/", ""))
	}
	return false
}

// until goes on until n packets have come.
func (f *follower) until(n int) {
	f.t.Helper()
	for f.n < n {
		f.step()
	}
}

// quiet goes on until nothing comes for longer than a file takes to settle.
func (f *follower) quiet() {
	f.t.Helper()
	for n, idle := f.n, 0; idle < 12; idle++ {
		if f.step(); f.n != n {
			n, idle = f.n, 0
		}
	}
}

// ends finishes, and compares all that was told.
func (f *follower) ends(captures map[int][]string, errs ...string) {
	f.t.Helper()
	f.Finish()
	for !f.step() {
	}
	if diff := cmp.Diff(captures, f.told); diff != "" {
		f.t.Errorf("packets by capture (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(errs, f.errs); diff != "" {
		f.t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// grow appends to a file.
func grow(t *testing.T, name string, b []byte) {
	t.Helper()
	w, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// records are packets without a file header.
func records(seconds ...uint32) []byte { return at(1, seconds...)[24:] }

// Files are written in pieces, also within headers and records: every whole
// packet is read once, and no half of one is damage.
func TestFollowGrowing(t *testing.T) {
	n := (&ng{order: little}).section().iface(1, 0).enhanced(0, 10e6, "x").block(0x777, make([]byte, 100)).
		iface(101, 0).enhanced(1, 11e6, "abcdefg").section().iface(1, 0).enhanced(0, 12e6, "")
	for name, content := range map[string][]byte{"pcap": at(1, 10, 11, 12), "pcapng": n.b} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			write(t, folder, "a", nil)
			f := follow(t, folder, "a")
			go func() {
				for piece := range slices.Chunk(content, 3) {
					grow(t, folder+"/a", piece)
					time.Sleep(3 * time.Millisecond)
				}
			}()
			f.until(3)
			f.ends(map[int][]string{0: {"a 10", "a 11", "a 12"}})
			if list := f.Unfinished(); name == "pcap" && list != nil {
				t.Errorf("a whole file is unfinished: %v", list)
			}
		})
	}
}

// What is waited for is said, and so is a record that never became whole.
func TestFollowUnfinished(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	name := write(t, folder, "a", cutBy(1, at(1, 10, 11)))
	f := follow(t, folder, "a")
	if got := f.Waiting(); got != "" {
		t.Errorf("before the first packet: %q", got)
	}
	for f.idle == 0 {
		f.step()
	}
	if got, want := f.Waiting(), "waiting for more of "+name; got != want {
		t.Errorf("at the end of the file: %q, want %q", got, want)
	}
	if read, total := f.Progress(); read != int64(len(at(1, 10, 11)))-1 || total != -1 {
		t.Errorf("read %d bytes of %d", read, total)
	}
	f.ends(map[int][]string{0: {"a 10"}})
	list := f.Unfinished()
	if len(list) != 1 || list[0].Error() != name+": packet 2 at byte 41: the file is cut off here" {
		t.Errorf("unfinished: %v", list)
	}
}

func TestFollowFolder(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(t *testing.T, folder string, f *follower)
		want map[int][]string
		errs []string
	}{
		{"what was there is read as a chain reads it", func(t *testing.T, folder string, f *follower) {
			for name, content := range map[string][]byte{
				"d/b": at(1, 12, 15), "d/a": at(1, 10, 12), "d/late": at(1, 14, 30), "d/raw": at(101, 13),
				"d/deep/c": at(1, 20), "d/README": []byte("Dear Sir,"), "d/.hidden": at(1, 10), "d/none": at(1),
				"d/half": cutBy(1, at(1, 13)), "d/z.gz": gzipped(at(1, 40, 41)),
			} {
				write(t, folder, name, content)
			}
			f.until(9)
		}, map[int][]string{
			0: {"d/a 10", "d/a 12", "d/b 12", "d/b 15", "d/deep/c 20", "d/z.gz 40", "d/z.gz 41"},
			1: {"d/raw 13"}, 2: {"d/late 14", "d/late 30"},
		}, nil},
		{"a ring of files", func(t *testing.T, folder string, f *follower) {
			write(t, folder, "d/r0", at(1, 10, 11))
			f.until(2)
			write(t, folder, "d/r1", at(1, 12))
			f.until(3)
			grow(t, folder+"/d/r1", records(13))
			f.until(4)
			write(t, folder, "d/r0", at(1, 14)) // the first one written anew
			f.until(5)
			write(t, folder, "d/r1", at(1, 16, 17, 18, 19)) // and longer than it was
			f.until(9)
		}, map[int][]string{0: {"d/r0 10", "d/r0 11", "d/r1 12", "d/r1 13", "d/r0 14", "d/r1 16", "d/r1 17", "d/r1 18", "d/r1 19"}}, nil},
		{"what came before the next file is read first", func(t *testing.T, folder string, f *follower) {
			write(t, folder, "d/a", at(1, 10))
			f.until(1)
			f.quiet()
			grow(t, folder+"/d/a", records(11, 12))
			write(t, folder, "d/b", at(1, 13))
			f.until(4)
		}, map[int][]string{0: {"d/a 10", "d/a 11", "d/a 12", "d/b 13"}}, nil},
		{"two captures at a time", func(t *testing.T, folder string, f *follower) {
			write(t, folder, "d/a", at(1, 10))
			write(t, folder, "d/b", at(101, 10))
			f.until(2)
			grow(t, folder+"/d/b", records(11))
			grow(t, folder+"/d/a", records(12))
			f.until(4)
			write(t, folder, "d/b2", at(101, 13))
			f.until(5)
		}, map[int][]string{0: {"d/a 10", "d/a 12"}, 1: {"d/b 10", "d/b 11", "d/b2 13"}}, nil},
		{"a file that goes on after another continued it", func(t *testing.T, folder string, f *follower) {
			write(t, folder, "d/a", at(1, 10, 11))
			write(t, folder, "d/b", at(1, 12))
			f.until(3)
			grow(t, folder+"/d/a", records(13))
			f.until(4)
			grow(t, folder+"/d/a", records(14))
			grow(t, folder+"/d/b", records(15))
			f.until(6)
		}, map[int][]string{0: {"d/a 10", "d/a 11", "d/b 12", "d/b 15"}, 1: {"d/a 13", "d/a 14"}}, nil},
		{"a file renamed, and another one in its place", func(t *testing.T, folder string, f *follower) {
			write(t, folder, "d/a", at(1, 10))
			f.until(1)
			rename(t, folder+"/d/a", folder+"/d/a.1")
			write(t, folder, "d/a", at(1, 12))
			grow(t, folder+"/d/a.1", records(11))
			f.until(3)
		}, map[int][]string{0: {"d/a 10", "d/a 11", "d/a 12"}}, nil},
		{"a file removed while it is read", func(t *testing.T, folder string, f *follower) {
			write(t, folder, "d/a", at(1, 10))
			f.until(1)
			w, err := os.OpenFile(folder+"/d/a", os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			remove(t, folder+"/d/a")
			if _, err := w.Write(records(11)); err != nil {
				t.Fatal(err)
			}
			f.until(2)
			f.quiet()
			write(t, folder, "d/b", at(1, 12))
			f.until(3)
		}, map[int][]string{0: {"d/a 10", "d/a 11", "d/b 12"}}, nil},
		{"files that are compressed when they are whole", func(t *testing.T, folder string, f *follower) {
			write(t, folder, "d/a", at(1, 10, 11))
			f.until(2)
			packed := gzipped(at(1, 10, 11))
			write(t, folder, "d/a.gz", packed[:20])
			f.quiet()
			grow(t, folder+"/d/a.gz", packed[20:])
			remove(t, folder+"/d/a")
			write(t, folder, "d/b.zst", zstandard(at(1, 12)))
			f.until(3)
			f.quiet()
		}, map[int][]string{0: {"d/a 10", "d/a 11", "d/b.zst 12"}}, nil},
		{"a record that is never whole is damage once another file follows", func(t *testing.T, folder string, f *follower) {
			write(t, folder, "d/a", cutBy(1, at(1, 10, 11)))
			f.until(1)
			write(t, folder, "d/b", at(1, 12))
			f.until(2)
		}, map[int][]string{0: {"d/a 10", "d/b 12"}}, []string{"d/a: packet 2 at byte 41: the file is cut off here"}},
		{"damage", func(t *testing.T, folder string, f *follower) {
			write(t, folder, "d/a", append(at(1, 10), "these are not the bytes of a record"...))
			f.until(1)
			f.quiet()
			grow(t, folder+"/d/a", records(11))
			write(t, folder, "d/b", at(1, 12))
			f.until(2)
		}, map[int][]string{0: {"d/a 10", "d/b 12"}}, []string{"d/a: packet 2 at byte 41: a packet of 1869488229 bytes, and no packet is longer than 327680"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if err := os.Mkdir(folder+"/d", 0o755); err != nil {
				t.Fatal(err)
			}
			f := follow(t, folder, "d")
			test.do(t, folder, f)
			f.ends(test.want, test.errs...)
		})
	}
}

// More captures at a time than are followed: the longest silent makes room.
func TestMaxFollowed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	want := map[int][]string{}
	for i := range capture.MaxFollowed {
		name := string(rune('a' + i))
		write(t, folder, name, at(1, 10, 20))
		want[i] = []string{name + " 10", name + " 20"}
	}
	write(t, folder, "z", at(1, 10, 20))
	want[0] = append(want[0], "--", "z 10", "z 20")
	f := follow(t, folder, ".")
	f.until(2 * (capture.MaxFollowed + 1))
	f.ends(want)
}

// Of more files than are known at a time the last are not read, which is told.
func TestMaxFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for i := range capture.MaxFiles {
		write(t, folder, fmt.Sprintf("%06d", i), nil)
	}
	write(t, folder, "a", at(1, 10))
	write(t, folder, "b", at(1, 10))
	f := follow(t, folder, ".")
	f.ends(map[int][]string{}, fmt.Sprintf("a: not read: there are more than %d files", capture.MaxFiles))
}

// The latest names are remembered.
func TestMaxFileNames(t *testing.T) {
	f := follow(t, t.TempDir())
	for i := range capture.MaxFileNames + 2 {
		if n := f.Name(strconv.Itoa(i)); f.Files()[n] != strconv.Itoa(i) {
			t.Fatalf("name %d is %q", i, f.Files()[n])
		}
	}
	if list := f.Files(); len(list) != capture.MaxFileNames || list[1] != strconv.Itoa(capture.MaxFileNames+1) || list[2] != "2" {
		t.Errorf("%d names: %q ...", len(list), list[:3])
	}
}

func TestFollowErrors(t *testing.T) {
	folder := t.TempDir()
	for arg, want := range map[string]string{
		"-":                 "standard input cannot be followed: it is read to its end as it is",
		folder + "/missing": folder + "/missing: no such file or directory",
		"/dev/null":         "/dev/null: cannot be followed: neither a file nor a folder",
	} {
		if _, err := capture.NewFollower([]string{arg}); err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %q", arg, err, want)
		}
	}
	name := write(t, folder, "a", []byte("Dear Sir,"))
	f := follow(t, folder, "a")
	f.ends(map[int][]string{}, "a: not a capture file: it looks like text")
	if _, err := f.Next(&capture.Packet{}); !errors.Is(err, io.EOF) {
		t.Errorf("after the end of %s: %v", name, err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

// While nothing is written, the clock of a capture goes on from its packets,
// however old their stamps are; not before its file was seen to grow, and not
// further than its writer has held packets back.
func TestFollowClock(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "a", at(1, 10))
	f := follow(t, folder, "a")
	f.quiet()
	if now, ok := f.Clock(0); ok {
		t.Errorf("the clock of a file that never grew tells %d", now)
	}
	grow(t, folder+"/a", records(20))
	f.until(2)
	for f.clock(t) < 20e9 {
		f.step()
	}
	grow(t, folder+"/a", records(10)) // later than any before
	f.until(3)
	if now := f.clock(t); now >= 20e9 {
		t.Errorf("the clock tells %d, but packets come later than that", now)
	}
	f.Finish()
	if now, ok := f.Clock(0); ok {
		t.Errorf("the clock tells %d at the end", now)
	}
}

// clock returns what the clock of the first capture tells.
func (f *follower) clock(t *testing.T) int64 {
	t.Helper()
	now, ok := f.Clock(0)
	for ; !ok; now, ok = f.Clock(0) {
		f.step()
	}
	return now
}
