package line_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect/line"
)

func split(text string, cut int) []string {
	var s line.Splitter
	got := []string{}
	b := []byte(text)
	for len(b) > 0 {
		piece := b[:min(cut, len(b))]
		b = b[len(piece):]
		for len(piece) > 0 {
			text, n, whole := s.Next(piece)
			piece = piece[n:]
			if whole {
				got = append(got, fmt.Sprintf("%d %s", s.Start, text))
			}
		}
	}
	return append(got, "rest "+string(s.Part()))
}

func TestSplitter(t *testing.T) {
	text := "EHLO a\r\n\r\nbare\nlone\rcr\r\nhalf"
	want := []string{"0 EHLO a", "8 ", "10 bare", "15 lone\rcr", "rest half"}
	for cut := 1; cut <= len(text); cut++ {
		if diff := cmp.Diff(want, split(text, cut)); diff != "" {
			t.Errorf("cut every %d bytes (-want +got):\n%s", cut, diff)
		}
	}
}

// A joined line stays whole while the rest of the same bytes is read.
func TestSplitterKeepsLine(t *testing.T) {
	var s line.Splitter
	s.Next([]byte("EH"))
	b := []byte("LO\r\nMAIL")
	first, n, _ := s.Next(b)
	s.Next(b[n:])
	if string(first) != "EHLO" || string(s.Part()) != "MAIL" {
		t.Errorf("got %q and %q", first, s.Part())
	}
}

func TestSplitterLongLine(t *testing.T) {
	text := []byte(strings.Repeat("x", 3*line.MaxLength) + "\r\nnext\r\n")
	for _, cut := range []int{1000, len(text)} {
		var s line.Splitter
		var got []int
		for b := text; len(b) > 0; {
			piece := b[:min(cut, len(b))]
			text, n, whole := s.Next(piece)
			b = b[n:]
			if whole {
				got = append(got, len(text))
				if s.Long != (len(got) == 1) {
					t.Errorf("cut %d: line %d: Long = %v", cut, len(got), s.Long)
				}
			}
		}
		if diff := cmp.Diff([]int{line.MaxLength, 4}, got); diff != "" {
			t.Errorf("cut %d (-want +got):\n%s", cut, diff)
		}
	}
}

func TestSplitterLoseAndSkip(t *testing.T) {
	var s line.Splitter
	s.Next([]byte("half"))
	s.Lose(10)
	text, _, whole := s.Next([]byte("whole\r\n"))
	if !whole || string(text) != "whole" || s.Start != 14 {
		t.Errorf("got %q %v at %d", text, whole, s.Start)
	}
	s.Skip(5)
	if _, _, whole = s.Next([]byte("a\n")); !whole || s.Start != 26 {
		t.Errorf("after Skip: at %d, want 26", s.Start)
	}
}

func TestDot(t *testing.T) {
	tests := []struct {
		name, in string
		want     int // bytes taken; 0: no end
	}{
		{"plain", "a\r\n.\r\nQUIT\r\n", 6},
		{"empty block", ".\r\nQUIT", 3},
		{"stuffed dot", "a\r\n..\r\nb\r\n.\r\n", 13},
		{"bare LF", "a\n.\nrest", 4},
		{"dot in text", "a.\r\nb.\n c\r\n", 0},
		{"dot CR text", "a\r\n.\rb\r\n.\r\n", 11},
		{"two ends", ".\r\n.\r\n", 3},
		{"unfinished", "a\r\n.", 0},
		{"dot LF dot", "a\n.b\n.\n", 7},
		{"dots in a row", "a\r\nto be...\r\n....\r\n...b\r\n.\r\nQ", 28},
	}
	for _, tt := range tests {
		for cut := 1; cut <= len(tt.in); cut++ {
			var d line.Dot
			taken, end := 0, false
			for taken < len(tt.in) && !end {
				var n int
				n, end = d.Take([]byte(tt.in[taken:min(taken+cut, len(tt.in))]))
				taken += n
			}
			if want := tt.want; end != (want > 0) || end && taken != want {
				t.Errorf("%s, cut every %d: took %d, end %v, want %d", tt.name, cut, taken, end, want)
			}
		}
	}
}

// FuzzDot holds Take against a reading line by line.
func FuzzDot(f *testing.F) {
	f.Add([]byte("a\r\n.\r\nrest"), 3)
	f.Add([]byte(".\n"), 1)
	f.Add([]byte("a...\n...\r\n.\r\n"), 2)
	f.Add([]byte("x\r\n.\r.\r\n.\n"), 2)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		want, found := 0, false
		for _, l := range bytes.SplitAfter(b, []byte("\n")) {
			want += len(l)
			if s := string(l); s == ".\r\n" || s == ".\n" {
				found = true
				break
			}
		}
		cut = 1 + (cut&0xff)%max(1, len(b))
		var d line.Dot
		taken, end := 0, false
		for taken < len(b) && !end {
			var n int
			n, end = d.Take(b[taken:min(taken+cut, len(b))])
			taken += n
		}
		if end != found || end && taken != want {
			t.Errorf("%q cut every %d: took %d, end %v; want %d, %v", b, cut, taken, end, want, found)
		}
	})
}

func BenchmarkDot(b *testing.B) {
	mail := bytes.Repeat([]byte(strings.Repeat("mail", 18)+"\r\n"), 1000)
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	var d line.Dot
	for b.Loop() {
		d.Take(mail)
	}
}

// BenchmarkDotText: text has dots, and short lines.
func BenchmarkDotText(b *testing.B) {
	const text = "Dear Ann,\r\nthe forecast for Q3 is attached. See page 4.\r\nPlease answer to joe@example.org today...\r\n\r\n"
	mail := bytes.Repeat([]byte(text), 600)
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	var d line.Dot
	for b.Loop() {
		d.Take(mail)
	}
}

// BenchmarkDots: a dot every other byte, as nobody writes who means well.
func BenchmarkDots(b *testing.B) {
	mail := bytes.Repeat([]byte("x."), 30_000)
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	var d line.Dot
	for b.Loop() {
		d.Take(mail)
	}
}

func BenchmarkSplitter(b *testing.B) {
	mail := bytes.Repeat([]byte("EHLO client.example\r\n"), 1000)
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	var s line.Splitter
	for b.Loop() {
		for piece := mail; len(piece) > 0; {
			_, n, _ := s.Next(piece)
			piece = piece[n:]
		}
	}
}

// What belongs to a layer beneath moves the offset, within a line too, and is no
// part of its size.
func TestPass(t *testing.T) {
	s := line.Splitter{Offset: 10}
	s.Pass(4)
	s.Next([]byte("one"))
	s.Pass(20)
	s.Next([]byte(" more"))
	s.Pass(3)
	text, _, whole := s.Next([]byte("\r\n"))
	if string(text) != "one more" || !whole || s.Start != 14 || s.Offset != 47 || s.Size() != 10 {
		t.Errorf("%q, [%d, %d), size %d", text, s.Start, s.Offset, s.Size())
	}
	s.Pass(5)
	s.Next([]byte("two\n"))
	if s.Start != 52 || s.Offset != 56 || s.Size() != 4 {
		t.Errorf("then [%d, %d), size %d", s.Start, s.Offset, s.Size())
	}
}

// A dot that begins a line is found wherever it stands, behind any others.
func TestNextDot(t *testing.T) {
	first := func(b []byte, from int) int {
		for i := from; i < len(b); i++ {
			if b[i] == '.' && (i == 0 || b[i-1] == '\n' || b[i-1] == '\r') {
				return i
			}
		}
		return len(b)
	}
	for name, text := range map[string]string{
		"text":                 "a line, and another line without any ",
		"dots":                 "a.b..c...d",
		"dots behind controls": "\t.\x0b.\x00.\x8a.\x8d.",
		"line ends":            "a\r\nb\rc\nd.",
	} {
		text = strings.Repeat(text, 1+600/len(text))
		for at := range 330 {
			for _, end := range []string{"\r\n.", "\n.", "\r.", "\n..", ""} {
				b := []byte(text[:at] + end + text[at:])
				for _, from := range []int{0, 1, at, at + len(end)} {
					if got, want := line.NextDot(b, from), first(b, from); got != want {
						t.Fatalf("%s, %q behind %d bytes, from %d: found at %d, want %d", name, end, at, from, got, want)
					}
				}
			}
		}
	}
}
