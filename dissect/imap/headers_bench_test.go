package imap_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
)

// BenchmarkFetchHeaders feeds what a client gets that lists a large mailbox.
func BenchmarkFetchHeaders(b *testing.B) {
	const header = "From: ann@example.org\r\nTo: joe@example.org\r\nSubject: a subject of the common kind\r\n\r\n"
	var text bytes.Buffer
	for i := range 10_000 {
		fmt.Fprintf(&text, "* %d FETCH (UID %d BODY[HEADER.FIELDS (FROM TO SUBJECT)] {%d}\r\n%s)\r\n", i+1, i+100, len(header), header)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	var events []dissect.Event
	for b.Loop() {
		s := imap.New([2]uint64{}, false)
		s.Feed(nil, dissect.Server, []byte("* OK ready\r\n"))
		events, _ = s.Feed(events[:0], dissect.Server, text.Bytes())
	}
}
