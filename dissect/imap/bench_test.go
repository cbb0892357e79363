package imap_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
)

// inBody returns a session in which the server has begun to send a message of
// very many bytes.
func inBody() *imap.Session {
	s := imap.New([2]uint64{}, false)
	s.Feed(nil, dissect.Server, []byte("* OK ready\r\n* 1 FETCH (BODY[] {4294967295}\r\nSubject: one\r\n\r\nhello\r\n"))
	return s
}

var mailText = bytes.Repeat([]byte(strings.Repeat("mail", 18)+"\r\n"), 1000)

func TestBodyAllocatesNothing(t *testing.T) {
	s := inBody()
	var events []dissect.Event
	if n := testing.AllocsPerRun(100, func() { events, _ = s.Feed(events[:0], dissect.Server, mailText) }); n > 0 {
		t.Errorf("%v allocations for %d bytes of a message", n, len(mailText))
	}
}

// BenchmarkFetchBody feeds a message in pieces of the size of a TCP segment.
func BenchmarkFetchBody(b *testing.B) {
	segment := mailText[:1448]
	var text bytes.Buffer
	fmt.Fprintf(&text, "* 1 FETCH (BODY[] {%d}\r\n", 1000*len(segment))
	begin, end := text.Bytes(), []byte(")\r\n")
	b.SetBytes(int64(len(begin) + 1000*len(segment) + len(end)))
	b.ReportAllocs()
	s := imap.New([2]uint64{}, false)
	var events []dissect.Event
	for b.Loop() {
		events, _ = s.Feed(events[:0], dissect.Server, begin)
		for range 1000 {
			events, _ = s.Feed(events[:0], dissect.Server, segment)
		}
		events, _ = s.Feed(events[:0], dissect.Server, end)
	}
}

// BenchmarkFetchFlags feeds what a client gets that asks for the flags of a large
// mailbox.
func BenchmarkFetchFlags(b *testing.B) {
	var text bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&text, "* %d FETCH (UID %d FLAGS (\\Seen \\Answered))\r\n", i+1, i+100)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	s := imap.New([2]uint64{}, false)
	s.Feed(nil, dissect.Server, []byte("* OK ready\r\n"))
	var events []dissect.Event
	for b.Loop() {
		events, _ = s.Feed(events[:0], dissect.Server, text.Bytes())
	}
}

func BenchmarkLogin(b *testing.B) {
	turns := []struct {
		side dissect.Side
		text []byte
	}{
		{dissect.Server, []byte("* OK [CAPABILITY IMAP4rev1 SASL-IR STARTTLS AUTH=PLAIN AUTH=LOGIN] ready\r\n")},
		{dissect.Client, []byte("a1 LOGIN \"joe@example.org\" \"hunter22\"\r\n")},
		{dissect.Server, []byte("a1 OK [CAPABILITY IMAP4rev1 IDLE] welcome\r\n")},
		{dissect.Client, []byte("a2 SELECT INBOX\r\n")},
		{dissect.Server, []byte("* 0 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\na2 OK [READ-WRITE] done\r\n")},
		{dissect.Client, []byte("a3 LOGOUT\r\n")},
		{dissect.Server, []byte("* BYE see you\r\na3 OK done\r\n")},
	}
	size := 0
	for _, turn := range turns {
		size += len(turn.text)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var events []dissect.Event
	for b.Loop() {
		s := imap.New([2]uint64{}, false)
		for _, turn := range turns {
			events, _ = s.Feed(events[:0], turn.side, turn.text)
		}
		events = s.End(events[:0])
	}
}
