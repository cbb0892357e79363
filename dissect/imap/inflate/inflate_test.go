package inflate_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	klauspost "github.com/klauspost/compress/flate"

	"github.com/mailtap/mailtap/dissect/imap/inflate"
)

// deflate compresses the parts, each flushed behind.
func deflate(t testing.TB, level int, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	for _, part := range parts {
		if err == nil {
			_, err = io.WriteString(w, part)
		}
		if err == nil {
			err = w.Flush()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// piece is what one call of Next gave.
type piece struct {
	text       string
	start, end uint64
}

// read inflates b, cut every cut bytes.
func read(b []byte, cut, limit int, byLine bool) (pieces []piece, err error) {
	r := inflate.New(0)
	for len(b) > 0 || r.Pending() {
		src := b[:min(cut, len(b))]
		b = b[len(src):]
		for {
			text, n, err := r.Next(src, limit, byLine)
			src = src[n:]
			if err != nil {
				return pieces, err
			}
			if len(text) == 0 {
				break
			}
			pieces = append(pieces, piece{string(text), r.Start, r.End})
		}
		if len(src) > 0 {
			panic("bytes left, and no text")
		}
	}
	return pieces, nil
}

func join(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

// random gives text of n bytes in which much repeats, far and near.
func random(n int) string {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "* %d FETCH (FLAGS (\\Seen) UID %d)\r\n%s", rng.IntN(1000), rng.Uint32(), strings.Repeat("=", rng.IntN(400)))
	}
	return b.String()[:n]
}

func TestReader(t *testing.T) {
	noise := make([]byte, 100_000)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	texts := map[string][]string{
		"nothing":     {""},
		"a line":      {"a1 NOOP\r\n"},
		"two flushes": {"a1 NOOP\r\n", "a2 NOOP\r\n"},
		"text":        {random(300_000), random(1000)},
		"noise":       {string(noise)},
		"a run":       {strings.Repeat("x", 100_000)},
	}
	levels := []int{flate.NoCompression, flate.HuffmanOnly, flate.BestSpeed, flate.BestCompression}
	for name, parts := range texts {
		for _, level := range levels {
			b := deflate(t, level, parts...)
			for _, cut := range []int{1, 7, 1448, len(b)} {
				pieces, err := read(b, cut, 4096, false)
				if got, want := join(pieces), strings.Join(parts, ""); got != want || err != nil {
					t.Errorf("%s, level %d, cut every %d: %d bytes, %v; want %d", name, level, cut, len(got), err, len(want))
				}
			}
		}
	}
}

// Each line is told with the bytes of the stream that it came in: behind a
// flush, with those behind it.
func TestPlaces(t *testing.T) {
	first, second := "a1 NOOP\r\n", "a2 SELECT INBOX\r\na2 SELECT INBOX\r\n"
	b := deflate(t, flate.BestCompression, first, second)
	flush := uint64(bytes.Index(b, []byte("\x00\x00\xff\xff")) + 4)
	pieces, err := read(b, len(b), 4096, true)
	if err != nil || len(pieces) != 3 {
		t.Fatalf("%v, %v", pieces, err)
	}
	if p := pieces[0]; p.start != 0 || p.end > flush-4 {
		t.Errorf("first line in [%d, %d), the flush ends at %d", p.start, p.end, flush)
	}
	if p := pieces[1]; p.start != flush || p.end <= flush {
		t.Errorf("second line in [%d, %d), the flush ends at %d", p.start, p.end, flush)
	}
	if p, before := pieces[2], pieces[1]; p.start+1 < before.end || p.end > uint64(len(b)) {
		t.Errorf("third line in [%d, %d), behind [%d, %d)", p.start, p.end, before.start, before.end)
	}
}

// A match may reach back to what its own text is about to overwrite, and be
// given in lines all the same.
func TestFarMatches(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, distance := range []int{32<<10 - 300, 32<<10 - 100, 32<<10 - 1, 32 << 10} {
		block := make([]byte, distance)
		for i := range block {
			block[i] = 'a' + byte(rng.IntN(26))
			if i%40 == 39 {
				block[i] = '\n'
			}
		}
		want := string(block) + string(block)
		pieces, err := read(deflate(t, flate.BestCompression, want), 1448, 4096, true)
		if got := join(pieces); got != want || err != nil {
			t.Errorf("distance %d: %d bytes that differ from byte %d, %v", distance, len(got), differs(got, want), err)
		}
	}
}

// differs is where two texts begin to differ.
func differs(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestEnds(t *testing.T) {
	var ended bytes.Buffer
	w, _ := flate.NewWriter(&ended, flate.BestSpeed)
	io.WriteString(w, "text")
	w.Close()
	tests := []struct {
		name string
		in   []byte
		want error
	}{
		{"ended", append(ended.Bytes(), 0), inflate.ErrEnded},
		{"reserved block", []byte{0x06}, inflate.ErrCorrupt},
		{"stored size", []byte{0x00, 1, 0, 1, 0}, inflate.ErrCorrupt},
		{"distance before the beginning", []byte{0x02, 0x02, 0x00}, inflate.ErrCorrupt},
		{"ratio", deflate(t, flate.BestCompression, strings.Repeat("x", 2*inflate.MaxAhead)), inflate.ErrRatio},
		{"open", []byte{0x00}, nil},
	}
	for _, tt := range tests {
		for _, cut := range []int{1, len(tt.in)} {
			if _, err := read(tt.in, cut, 4096, false); !errors.Is(err, tt.want) {
				t.Errorf("%s, cut every %d: %v, want %v", tt.name, cut, err, tt.want)
			}
		}
	}
}

// FuzzReader holds any cut to the same pieces, and the text against that of
// the standard library.
func FuzzReader(f *testing.F) {
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level += 3 {
		f.Add(deflate(f, level, "a1 NOOP\r\n", random(500)), uint8(1), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint8, byLine bool) {
		whole, err := read(b, max(1, len(b)), 1000, byLine)
		cuts, cutErr := read(b, 1+int(cut), 1000, byLine)
		if got, want := fmt.Sprint(join(cuts), cutErr), fmt.Sprint(join(whole), err); got != want {
			t.Fatalf("cut every %d: %q, whole: %q", 1+int(cut), got, want)
		}
		if byLine && err == nil {
			comparePlaces(t, lines(whole), lines(cuts))
		}
		want, oracleErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), inflate.MaxAhead))
		got := join(whole)
		if !errors.Is(err, inflate.ErrRatio) && !strings.HasPrefix(got, string(want)) {
			t.Fatalf("%q, the standard library reads %q", got, want)
		}
		if oracleErr == nil && errors.Is(err, inflate.ErrCorrupt) {
			t.Fatalf("%v, but the standard library reads it", err)
		}
	})
}

// lines joins the pieces of each line.
func lines(pieces []piece) []piece {
	var joined []piece
	open := false
	for _, p := range pieces {
		if open {
			last := &joined[len(joined)-1]
			last.text += p.text
			last.end = p.end
		} else {
			joined = append(joined, p)
		}
		open = !strings.HasSuffix(p.text, "\n")
	}
	return joined
}

func comparePlaces(t *testing.T, whole, cuts []piece) {
	t.Helper()
	for i, p := range whole {
		if p != cuts[i] {
			t.Fatalf("line %d: %v, cut: %v", i, p, cuts[i])
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	r, next := repeated(t)
	if n := testing.AllocsPerRun(10, func() { drain(r, next) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// repeated returns a stream and a part of it that may come again and again.
func repeated(t testing.TB) (*inflate.Reader, []byte) {
	text := random(60_000)
	both := deflate(t, flate.DefaultCompression, text, text)
	first := deflate(t, flate.DefaultCompression, text)
	r := inflate.New(0)
	drain(r, first)
	return r, both[len(first):]
}

func drain(r *inflate.Reader, src []byte) (size int) {
	for {
		text, n, _ := r.Next(src, 4096, false)
		src = src[n:]
		if len(text) == 0 {
			return size
		}
		size += len(text)
	}
}

func BenchmarkNext(b *testing.B) {
	r, next := repeated(b)
	b.SetBytes(int64(drain(r, next)))
	b.ReportAllocs()
	for b.Loop() {
		drain(r, next)
	}
}

// BenchmarkText inflates streams of their own beside other readers: text in
// which much repeats, and BASE64, of which each byte has a code.
func BenchmarkText(b *testing.B) {
	noise := make([]byte, 600_000)
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	for _, kind := range []struct{ name, text string }{
		{"lists", random(1 << 20)},
		{"base64", base64.StdEncoding.EncodeToString(noise)},
	} {
		text, packed := kind.text, deflate(b, flate.DefaultCompression, kind.text)
		run := func(reader string, one func()) {
			b.Run(kind.name+"/"+reader, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					one()
				}
			})
		}
		run("mailtap", func() { drain(inflate.New(0), packed) })
		standard := flate.NewReader(nil)
		run("compress", func() {
			standard.(flate.Resetter).Reset(bytes.NewReader(packed), nil)
			io.Copy(io.Discard, standard)
		})
		other := klauspost.NewReader(nil)
		run("klauspost", func() {
			other.(klauspost.Resetter).Reset(bytes.NewReader(packed), nil)
			io.Copy(io.Discard, other)
		})
	}
}
