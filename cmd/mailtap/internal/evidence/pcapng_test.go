package evidence_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
)

// Packets are read as they were written: link types of 16 bits, nanoseconds,
// and packets that the capture has cut.
func TestWriterRoundTrip(t *testing.T) {
	want := []capture.Packet{
		{Data: []byte("abc"), Length: 3, Time: 1e18 + 1, Number: 1, Link: capture.LinkEthernet},
		{Data: []byte("cut"), Length: 1500, Time: 1e18 + 2, Number: 2, Link: capture.LinkSLL2},
		{Data: bytes.Repeat([]byte{1}, 300_000), Length: 300_000, Time: 1, Number: 3, Link: capture.LinkEthernet},
		{Data: []byte{}, Length: 60, Time: 0, Number: 4, Link: capture.LinkRaw},
	}
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, "mailtap", "a section")
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if err := w.Packet(&want[i], "a comment", "another"); err != nil {
			t.Fatal(err)
		}
	}
	if w.Size() != int64(out.Len()) {
		t.Errorf("size %d of %d bytes", w.Size(), out.Len())
	}
	r, err := capture.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range want {
		var got capture.Packet
		if err := r.Next(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if err := r.Next(&capture.Packet{}); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// A comment holds nothing that a terminal would obey, and has a bound.
func TestCommentsAreClean(t *testing.T) {
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, "mail\x1btap", "evil\x1b[31m\r\n\u202e\xff")
	if err != nil {
		t.Fatal(err)
	}
	comments := []string{"red\x1b[31m", strings.Repeat("ä", 5000)}
	for range 100 {
		comments = append(comments, "more")
	}
	if err := w.Packet(&capture.Packet{Data: []byte("x"), Link: capture.LinkRaw}, comments...); err != nil {
		t.Fatal(err)
	}
	if i := bytes.IndexAny(out.Bytes(), "\x1b"); i >= 0 || bytes.Contains(out.Bytes(), []byte("\u202e")) {
		t.Errorf("control characters at %d", i)
	}
	if out.Len() > 8<<10 {
		t.Errorf("%d bytes", out.Len())
	}
	if n := bytes.Count(out.Bytes(), []byte("more")); n != 14 {
		t.Errorf("%d comments are left", n)
	}
}
