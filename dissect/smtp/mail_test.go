package smtp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/smtp"
)

// hear feeds what both sides say, in turns that begin with "C: " or "S: ", and
// returns all events. Lines of events are copied.
func hear(tb testing.TB, s *smtp.Session, said ...string) []dissect.Event {
	tb.Helper()
	var events []dissect.Event
	for _, turn := range said {
		side := dissect.Client
		if turn[0] == 'S' {
			side = dissect.Server
		}
		got, n := s.Feed(nil, side, []byte(turn[len("C: "):]))
		if want := len(turn) - len("C: "); n != want {
			tb.Fatalf("%q: took %d of %d bytes", turn, n, want)
		}
		events = append(events, got...)
	}
	return events
}

func messages(events []dissect.Event) []*dissect.Message {
	var list []*dissect.Message
	for _, e := range events {
		if e.Kind == dissect.MessageEnd {
			list = append(list, e.Message)
		}
	}
	return list
}

func TestPaths(t *testing.T) {
	tests := []struct{ name, arg, want string }{
		{"plain", "<ann@example.org>", "ann@example.org"},
		{"null sender", "<>", ""},
		{"nothing", "", ""},
		{"space after the colon", "  <ann@example.org>", "ann@example.org"},
		{"parameters", "<ann@example.org> SIZE=100 BODY=8BITMIME", "ann@example.org"},
		{"parameter without a space", "<ann@example.org>SIZE=100", "ann@example.org"},
		{"no brackets", "ann@example.org", "ann@example.org"},
		{"no brackets, parameters", "ann@example.org SIZE=100", "ann@example.org"},
		{"no end", "<ann@example.org", "ann@example.org"},
		{"two brackets", "<<ann@example.org>>", "ann@example.org"},
		{"source route", "<@one.example,@two.example:ann@example.org>", "ann@example.org"},
		{"source route of a literal", "<@[IPv6:2001:db8::1]:ann@example.org>", "ann@example.org"},
		{"quoted", `<"a > b"@example.org>`, `"a > b"@example.org`},
		{"quoted with a quote", `<"a\"> b"@example.org> SIZE=1`, `"a\"> b"@example.org`},
		{"quoted without brackets", `"a b"@example.org SIZE=1`, `"a b"@example.org`},
		{"display name", "Ann Smith <ann@example.org>", "ann@example.org"},
		{"local user", "<root>", "root"},
		{"literal", "<ann@[192.0.2.1]>", "ann@[192.0.2.1]"},
		{"UTF-8", "<änn@example.org>", "änn@example.org"},
		{"too long", "<" + strings.Repeat("x", 1000) + ">", strings.Repeat("x", dissect.MaxText)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := smtp.New([2]uint64{}, false)
			got := messages(hear(t, s, "S: 220 hi\r\n",
				"C: MAIL FROM:"+tt.arg+"\r\n", "S: 250 ok\r\n",
				"C: RCPT TO:"+tt.arg+"\r\n", "S: 250 ok\r\n",
				"C: DATA\r\n", "S: 354 go\r\n", "C: .\r\n", "S: 250 ok\r\n"))
			if len(got) != 1 || !got[0].HasFrom {
				t.Fatalf("got %d messages, want 1 with a sender", len(got))
			}
			if diff := cmp.Diff([]string{tt.want, tt.want}, append([]string{got[0].From}, got[0].To...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The size counts what stands before the end mark, however that is written and
// wherever it is cut.
func TestSize(t *testing.T) {
	tests := []struct {
		content string
		want    uint64
	}{
		{".\r\n", 0},
		{".\n", 0},
		{"a\r\n.\r\n", 3},
		{"a\r\n.\n", 3},
		{"a\n.\r\n", 2},
		{"..\r\n.\r\n", 4},
		{"a\r\n.\rb\r\n.\r\n", 8},
	}
	for _, tt := range tests {
		for cut := 1; cut <= len(tt.content); cut++ {
			s := smtp.New([2]uint64{}, false)
			hear(t, s, "S: 220 hi\r\n", "C: MAIL FROM:<>\r\nDATA\r\n", "S: 250 ok\r\n354 go\r\n")
			var got []*dissect.Message
			for b := tt.content; b != ""; {
				n := min(cut, len(b))
				got = append(got, messages(hear(t, s, "C: "+b[:n]))...)
				b = b[n:]
			}
			got = append(got, messages(hear(t, s, "S: 250 ok\r\n"))...)
			if len(got) != 1 || got[0].Size != tt.want || !got[0].Complete {
				t.Errorf("%q cut every %d bytes: got %+v, want size %d", tt.content, cut, got, tt.want)
			}
		}
	}
}

func TestGapInChunk(t *testing.T) {
	tests := []struct {
		name     string
		lost     uint64
		then     string
		want     uint64 // size
		complete bool
	}{
		{"within the chunk", 50, strings.Repeat("b", 50), 150, false},
		{"up to its end", 100, "", 100, false},
		{"beyond its end", 101, "b\r\n", 100, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := smtp.New([2]uint64{}, false)
			events := hear(t, s, "S: 220 hi\r\n", "C: MAIL FROM:<ann@example.org>\r\n", "S: 250 ok\r\n",
				"C: BDAT 200 LAST\r\n"+strings.Repeat("a", 100))
			events = s.Gap(events, dissect.Client, tt.lost)
			if tt.then != "" {
				events = append(events, hear(t, s, "C: "+tt.then)...)
			}
			events = append(events, hear(t, s, "S: 250 ok\r\n", "C: QUIT\r\n", "S: 221 Bye\r\n")...)
			got := messages(events)
			if len(got) != 1 || got[0].Size != tt.want || got[0].Complete != tt.complete {
				t.Errorf("got %+v, want one of size %d, complete %v", got, tt.want, tt.complete)
			}
			if last := events[len(events)-1]; last.Kind != dissect.Bye {
				t.Errorf("the last event is %d, want Bye", last.Kind)
			}
		})
	}
}

// A gap that swallows the end of the content is noticed at the server's reply.
func TestGapOverEndOfData(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	events := hear(t, s, "S: 220 hi\r\n", "C: MAIL FROM:<ann@example.org>\r\n", "S: 250 ok\r\n",
		"C: DATA\r\n", "S: 354 go\r\n", "C: Subject: one\r\n\r\nMAIL FROM:<decoy@example.com>\r\n")
	events = s.Gap(events, dissect.Client, 100)
	events = append(events, hear(t, s, "S: 250 queued\r\n",
		"C: MAIL FROM:<bob@example.net>\r\n", "S: 250 ok\r\n",
		"C: DATA\r\n", "S: 354 go\r\n", "C: Subject: two\r\n\r\n.\r\n", "S: 250 ok\r\n")...)
	var got []string
	for _, m := range messages(events) {
		got = append(got, m.From+" "+m.Subject)
	}
	if diff := cmp.Diff([]string{"ann@example.org one", "bob@example.net two"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
