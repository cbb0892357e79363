package smtp_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/smtp"
)

// inBody returns a session within the content of a message.
func inBody(tb testing.TB) *smtp.Session {
	tb.Helper()
	s := smtp.New([2]uint64{}, false)
	for _, turn := range []struct {
		side dissect.Side
		text string
	}{
		{dissect.Server, "220 mx.example.org\r\n"},
		{dissect.Client, "MAIL FROM:<ann@example.org>\r\nDATA\r\n"},
		{dissect.Server, "250 ok\r\n354 go\r\n"},
		{dissect.Client, "Subject: long\r\n\r\ntext\r\n"},
	} {
		if _, n := s.Feed(nil, turn.side, []byte(turn.text)); n != len(turn.text) {
			tb.Fatalf("%q: took %d bytes", turn.text, n)
		}
	}
	return s
}

var mailBody = bytes.Repeat([]byte(strings.Repeat("mail", 18)+"\r\n"), 1000)

func TestBodyAllocates(t *testing.T) {
	s := inBody(t)
	var events []dissect.Event
	allocs := testing.AllocsPerRun(100, func() {
		events, _ = s.Feed(events[:0], dissect.Client, mailBody)
	})
	if allocs != 0 || len(events) != 0 {
		t.Errorf("%v allocations and %d events, want none", allocs, len(events))
	}
}

func BenchmarkFeedBody(b *testing.B) {
	s := inBody(b)
	b.SetBytes(int64(len(mailBody)))
	b.ReportAllocs()
	var events []dissect.Event
	for b.Loop() {
		events, _ = s.Feed(events[:0], dissect.Client, mailBody)
	}
}

// BenchmarkFeedSession: a session with a short message, as a relay sees it.
func BenchmarkFeedSession(b *testing.B) {
	turns := []struct {
		side dissect.Side
		text []byte
	}{
		{dissect.Server, []byte("220 mx.example.org ESMTP\r\n")},
		{dissect.Client, []byte("EHLO pc7.example.org\r\n")},
		{dissect.Server, []byte("250-mx.example.org\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SIZE 10240000\r\n")},
		{dissect.Client, []byte("MAIL FROM:<ann@example.org>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")},
		{dissect.Server, []byte("250 ok\r\n250 ok\r\n354 go\r\n")},
		{dissect.Client, []byte("Subject: short\r\nFrom: ann@example.org\r\n\r\ntext\r\n.\r\nQUIT\r\n")},
		{dissect.Server, []byte("250 queued\r\n221 bye\r\n")},
	}
	size := 0
	for _, turn := range turns {
		size += len(turn.text)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var events []dissect.Event
	for b.Loop() {
		s := smtp.New([2]uint64{}, false)
		for _, turn := range turns {
			events, _ = s.Feed(events[:0], turn.side, turn.text)
		}
		events = s.End(events[:0])
	}
}

// BenchmarkFeedText: text has dots, and short lines.
func BenchmarkFeedText(b *testing.B) {
	s := inBody(b)
	text := bytes.Repeat([]byte("Dear Ann,\r\nthe forecast for Q3 is attached. See page 4.\r\nPlease answer to joe@example.org today...\r\n\r\n"), 600)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var events []dissect.Event
	for b.Loop() {
		events, _ = s.Feed(events[:0], dissect.Client, text)
	}
}
