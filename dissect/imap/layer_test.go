package imap_test

import (
	"encoding/base64"
	"encoding/binary"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
)

func TestLayer(t *testing.T) {
	dialogue.Layers(t, machine, dialogue.LayerWords{
		Greeting: "* OK ready\r\n", LogIn: "a1 AUTHENTICATE GSS-SPNEGO eA==\r\n",
		Accepted: "a1 OK done\r\n", Refused: "a1 NO no\r\n", Again: "a9 AUTHENTICATE PLAIN AGpvZQBodW50ZXIyMg==\r\n",
	})
}

func TestHurtLayers(t *testing.T) { dialogue.HurtFrames(t, "testdata", machine) }

// signed returns a session behind a login with DIGEST-MD5 and integrity (RFC 2831,
// section 2.3), and what makes the server's next frame.
func signed(t testing.TB) (*imap.Session, func(text string) []byte) {
	t.Helper()
	s := imap.New([2]uint64{}, false)
	response := base64.StdEncoding.EncodeToString([]byte(`username="joe",qop=auth-int,response=1`))
	for _, turn := range []struct {
		side dissect.Side
		text string
	}{
		{dissect.Server, "* OK ready\r\n"},
		{dissect.Client, "a1 AUTHENTICATE DIGEST-MD5\r\n"},
		{dissect.Server, "+ bm9uY2U9MQ==\r\n"},
		{dissect.Client, response + "\r\n"},
		{dissect.Server, "a1 OK in\r\n"},
	} {
		if _, n := s.Feed(nil, turn.side, []byte(turn.text)); n != len(turn.text) {
			t.Fatalf("%q: took %d bytes", turn.text, n)
		}
	}
	number := uint32(0)
	return s, func(text string) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(text)+16))
		b = append(append(b, text...), "0123456789\x00\x01"...)
		number++
		return binary.BigEndian.AppendUint32(b, number-1)
	}
}

// What is lost within a frame leaves the frames behind it readable; with a
// frame's beginning the rest is lost.
func TestLayerGap(t *testing.T) {
	const message = "* 1 FETCH (BODY[] {35}\r\nSubject: one\r\n\r\nsome twenty bytes\r\n"
	tests := []struct {
		name     string
		from, to int // of the frame with the message
		want     string
	}{
		{"nothing", 0, 0, "layered message-begin message-end"},
		{"text", 50, 60, "layered message-begin lost message-end"},
		{"text and some of its end", 50, 65, "layered message-begin lost message-end"},
		{"checksum", len(message) + 4 + 2, len(message) + 4 + 16, "layered message-begin lost message-end"},
		{"length", 0, 3, "lost"},
		{"into the next frame", 50, len(message) + 4 + 16 + 1, "layered message-begin lost message-end"},
	}
	for _, tt := range tests {
		s, frame := signed(t)
		sent := append(frame(message), frame(")\r\n")...)
		events, _ := s.Feed(nil, dissect.Server, sent[:tt.from])
		if tt.to > tt.from {
			events = s.Gap(events, dissect.Server, uint64(tt.to-tt.from))
		}
		events, _ = s.Feed(events, dissect.Server, sent[tt.to:])
		behind, _ := s.Feed(nil, dissect.Server, frame("* BYE\r\n"))
		got := kinds(s.End(events))
		if got != tt.want || (len(behind) == 1) != (tt.name != "length" && tt.name != "into the next frame") {
			t.Errorf("%s: %q, then %q", tt.name, got, kinds(behind))
		}
	}
}

// inSignedBody returns a session within a message, and a frame that goes on with
// it again and again.
func inSignedBody(t testing.TB) (*imap.Session, []byte) {
	s, frame := signed(t)
	s.Feed(nil, dissect.Server, frame("* 1 FETCH (BODY[] {4294967295}\r\nSubject: one\r\n\r\n"))
	return s, frame(string(mailText[:60_000]))
}

// feedFrame feeds a frame with the number that is due.
func feedFrame(s *imap.Session, events []dissect.Event, frame []byte) []dissect.Event {
	events, _ = s.Feed(events[:0], dissect.Server, frame)
	number := frame[len(frame)-4:]
	binary.BigEndian.PutUint32(number, binary.BigEndian.Uint32(number)+1)
	return events
}

func TestSignedBodyAllocatesNothing(t *testing.T) {
	s, frame := inSignedBody(t)
	var events []dissect.Event
	if n := testing.AllocsPerRun(100, func() { events = feedFrame(s, events, frame) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if got := kinds(s.End(nil)); got != "message-end" {
		t.Errorf("at the end: %q", got)
	}
}

// BenchmarkSignedBody feeds a message of four megabytes in frames.
func BenchmarkSignedBody(b *testing.B) {
	s, frame := signed(b)
	const frames = 70
	text := string(mailText[:60_000])
	begin, body, end := frame("* 1 FETCH (BODY[] {4200000}\r\n"), frame(text), frame(")\r\n")
	number := uint32(0)
	b.SetBytes(frames * int64(len(body)))
	b.ReportAllocs()
	var events []dissect.Event
	feed := func(frame []byte) {
		binary.BigEndian.PutUint32(frame[len(frame)-4:], number)
		number++
		events, _ = s.Feed(events[:0], dissect.Server, frame)
	}
	for b.Loop() {
		feed(begin)
		for range frames {
			feed(body)
		}
		feed(end)
	}
}
