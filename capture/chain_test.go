package capture_test

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
)

// at builds a capture with a packet at each of these seconds.
func at(network uint32, seconds ...uint32) []byte {
	var frames []frame
	for _, s := range seconds {
		frames = append(frames, frame{sec: s, data: "x"})
	}
	return pcapFile(little, micro, network, frames...)
}

// story tells what a Chain gives: "a 10" is a packet of file a at second 10.
func story(folder string, c *capture.Chain, batch int) []string {
	var told []string
	ps := make([]capture.Packet, batch)
	for {
		n, err := c.Batch(ps)
		for _, p := range ps[:n] {
			name := filepath.Base(c.Files()[p.File])
			told = append(told, name+" "+strconv.FormatInt(p.Time/1e9, 10))
		}
		switch err {
		case nil:
		case io.EOF:
			return told
		case capture.ErrNewCapture:
			told = append(told, "--")
		default:
			told = append(told, strings.ReplaceAll(err.Error(), folder+"/", ""))
		}
	}
}

func TestChain(t *testing.T) {
	folder := t.TempDir()
	files := map[string][]byte{
		"a":     at(1, 10, 12),
		"b":     at(1, 12, 15), // begins when a ends
		"c":     at(1, 20, 21),
		"late":  at(1, 14, 30), // overlaps with b
		"wild":  at(1, 10, 40, 11),
		"raw":   at(101, 13),
		"none":  at(1),
		"text":  []byte("Dear Sir,"),
		"cut":   cutBy(1, at(1, 10, 11, 12)),
		"a.gz":  gzipped(at(1, 10, 12)),
		"empty": {},
	}
	for name, content := range files {
		write(t, folder, name, content)
	}
	for _, test := range []struct {
		name  string
		files string
		want  []string
	}{
		{"nothing", "", nil},
		{"one", "a", []string{"a 10", "a 12"}},
		{"rotated, in any order", "c b a", []string{"a 10", "a 12", "b 12", "b 15", "c 20", "c 21"}},
		{"an overlap", "a b late c", []string{"a 10", "a 12", "b 12", "b 15", "c 20", "c 21", "--", "late 14", "late 30"}},
		{"the same file twice", "a a", []string{"a 10", "a 12", "--", "a 10", "a 12"}},
		{"compressed, sorted by name", "a.gz a", []string{"a 10", "a 12", "--", "a.gz 10", "a.gz 12"}},
		{"another link type", "a raw b", []string{"a 10", "a 12", "b 12", "b 15", "--", "raw 13"}},
		{"the latest time counts, not the last", "wild c late", []string{"wild 10", "wild 40", "wild 11", "--", "late 14", "late 30", "--", "c 20", "c 21"}},
		{"a capture without packets", "none a none", []string{"a 10", "a 12"}},
		{"files that are no captures", "text a empty", []string{
			"text: not a capture file: it looks like text", "empty: not a capture file: it is empty", "a 10", "a 12"}},
		{"a missing file", "a missing", []string{"missing: no such file or directory", "a 10", "a 12"}},
		{"damage, then the next file of the capture", "cut b", []string{
			"cut 10", "cut 11", "cut: packet 3 at byte 58: the file is cut off here", "b 12", "b 15"}},
		{"damage at the end", "cut", []string{"cut 10", "cut 11", "cut: packet 3 at byte 58: the file is cut off here"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var names []string
			for _, name := range strings.Fields(test.files) {
				names = append(names, filepath.Join(folder, name))
			}
			for _, batch := range []int{1, 2, 32} {
				c := capture.NewChain(names)
				defer c.Close()
				if diff := cmp.Diff(test.want, story(folder, c, batch)); diff != "" {
					t.Errorf("%d at a time: -want +got:\n%s", batch, diff)
				}
				if read, total := c.Progress(); read != total {
					t.Errorf("read %d bytes of %d at the end", read, total)
				}
				if n, err := c.Batch(make([]capture.Packet, batch)); n != 0 || err != io.EOF {
					t.Errorf("after the end: %d packets, %v", n, err)
				}
			}
		})
	}
}

// Pipes are captures of their own, come last and have no known size.
func TestChainStdin(t *testing.T) {
	folder := t.TempDir()
	file := write(t, folder, "a", at(1, 10, 12))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = r
	t.Cleanup(func() { os.Stdin = stdin; r.Close() })
	if _, err := w.Write(at(1, 5, 20)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	c := capture.NewChain([]string{capture.Stdin, file})
	want := []string{"a 10", "a 12", "--", "- 5", "- 20"}
	if diff := cmp.Diff(want, story(folder, c, 32)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if read, total := c.Progress(); total != -1 || read == 0 {
		t.Errorf("progress %d of %d", read, total)
	}
}

// Progress counts bytes as stored and may be asked from elsewhere.
func TestProgress(t *testing.T) {
	content := gzipped(benchmarkFile()[:8<<20])
	name := write(t, t.TempDir(), "a.gz", content)
	c := capture.NewChain([]string{name})
	defer c.Close()
	asked, done := make(chan int64), make(chan struct{})
	go func() {
		var most int64
		for {
			select {
			case <-done:
				asked <- most
				return
			default:
				read, total := c.Progress()
				if total != int64(len(content)) {
					t.Errorf("total %d, want %d", total, len(content))
				}
				most = max(most, read)
			}
		}
	}()
	for ps := make([]capture.Packet, 32); ; {
		if _, err := c.Batch(ps); err != nil {
			break
		}
	}
	read, _ := c.Progress()
	close(done)
	if most := <-asked; most > int64(len(content)) || read != int64(len(content)) {
		t.Errorf("at most %d, at the end %d, of %d", most, read, len(content))
	}
}

// The files of a folder may be thousands, and small: what one takes is not more
// than a few times what is in it.
func TestChainSmallFiles(t *testing.T) {
	const files = 100
	folder := t.TempDir()
	var names []string
	for i := range uint32(files) {
		names = append(names, write(t, folder, strconv.Itoa(int(i)), at(1, i, i)))
	}
	c := capture.NewChain(names)
	defer c.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if n := len(story(folder, c, 32)); n != 2*files {
		t.Errorf("%d packets", n)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / files; each > 256<<10 {
		t.Errorf("a file takes %d bytes of memory", each)
	}
}
