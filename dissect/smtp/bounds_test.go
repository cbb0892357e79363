package smtp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/smtp"
)

func count(events []dissect.Event, kind dissect.Kind) int {
	n := 0
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func TestMaxRecipients(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	hear(t, s, "S: 220 hi\r\n", "C: MAIL FROM:<ann@example.org>\r\n", "S: 250 ok\r\n")
	for i := range dissect.MaxRecipients + 5 {
		hear(t, s, fmt.Sprintf("C: RCPT TO:<u%d@example.net>\r\n", i), "S: 250 ok\r\n")
	}
	got := messages(hear(t, s, "C: DATA\r\n", "S: 354 go\r\n", "C: .\r\n", "S: 250 ok\r\n"))
	if len(got) != 1 || len(got[0].To) != dissect.MaxRecipients || got[0].ToDropped != 5 {
		t.Errorf("got %d messages, want one with %d recipients and 5 dropped", len(got), dissect.MaxRecipients)
	}
}

// Over MaxPending the oldest command counts as never answered: its recipient
// stays, and so does everything that is answered later.
func TestMaxPending(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	hear(t, s, "S: 220 hi\r\n", "C: MAIL FROM:<ann@example.org>\r\n", "S: 250 ok\r\n")
	const over = 2
	for i := range smtp.MaxPending + over - 1 {
		hear(t, s, fmt.Sprintf("C: RCPT TO:<u%d@example.net>\r\n", i))
	}
	hear(t, s, "C: DATA\r\n")
	hear(t, s, "S: "+strings.Repeat("550 no\r\n", smtp.MaxPending-1)+"354 go\r\n")
	got := messages(hear(t, s, "C: .\r\n", "S: 250 ok\r\n"))
	if len(got) != 1 || len(got[0].To) != over {
		t.Fatalf("got %+v, want one with %d recipients", got, over)
	}
}

func TestMaxReplyLines(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	hear(t, s, "S: 220 hi\r\n", "C: EHLO pc\r\n")
	events := hear(t, s, "S: 250-mx\r\n"+strings.Repeat("250-X\r\n", 2*smtp.MaxReplyLines)+"250 X\r\n")
	if n := count(events, dissect.Capability); n != smtp.MaxReplyLines-1 {
		t.Errorf("%d capabilities, want %d", n, smtp.MaxReplyLines-1)
	}
	if count(events, dissect.ListEnd) != 0 {
		t.Errorf("a list that was not read to its end counts as complete")
	}
}

func TestMaxOddities(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	events := hear(t, s, "S: 220 hi\r\n", "C: "+strings.Repeat("what\r\n", 2*smtp.MaxOddities))
	if n := count(events, dissect.Unexpected); n != smtp.MaxOddities {
		t.Errorf("%d events, want %d", n, smtp.MaxOddities)
	}
}

// Commands that wait for confirmation are forgotten when they become too many.
func TestMaxHeld(t *testing.T) {
	noop := "NOOP " + strings.Repeat("x", 1000) + "\r\n"
	for _, n := range []int{smtp.MaxHeld/len(noop) - 1, smtp.MaxHeld/len(noop) + 1} {
		s := smtp.New([2]uint64{}, true)
		hear(t, s, "C: no command\r\n", "C: MAIL FROM:<ann@example.org>\r\n"+strings.Repeat(noop, n))
		got := count(hear(t, s, "S: 250 ok\r\n"), dissect.MailCommand) == 1
		if want := n < smtp.MaxHeld/len(noop); got != want {
			t.Errorf("%d lines: confirmed %v, want %v", n, got, want)
		}
	}
}

// A line without an end is cut, and what stands behind it is read.
func TestLongLine(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	events := hear(t, s, "S: 220 hi\r\n", "C: "+strings.Repeat("x", 1<<20), "C: \r\nQUIT\r\n")
	if count(events, dissect.Unexpected) != 1 || count(events, dissect.Bye) != 1 {
		t.Errorf("got %+v, want the line and QUIT", events)
	}
}

func TestProtocolAndOffsets(t *testing.T) {
	for verb, want := range map[string]dissect.Protocol{"EHLO": dissect.SMTP, "LHLO": dissect.LMTP, "lhlo": dissect.LMTP} {
		s := smtp.New([2]uint64{1000, 2000}, false)
		events := hear(t, s, "S: 220 hi\r\n", "C: "+verb+" pc\r\n")
		if got := s.Protocol(); got != want {
			t.Errorf("%s: got %v, want %v", verb, got, want)
		}
		if hear(t, s, "S: 500 what\r\n"); s.Protocol() != dissect.SMTP {
			t.Errorf("%s, which is refused: got %v, want %v", verb, s.Protocol(), dissect.SMTP)
		}
		if events[0].Start != 2000 || events[1].Start != 1000 || events[1].End != 1009 {
			t.Errorf("%s: offsets %d, %d-%d; want 2000, 1000-1009", verb, events[0].Start, events[1].Start, events[1].End)
		}
	}
}

// Behind TURN the caller keeps nothing of the side that now sends commands. What
// waits for a reply that does not come is read without it.
func TestMaxHeldTurned(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	hear(t, s, "S: 220 a\r\n", "C: TURN\r\n", "S: 250 ok\r\n", "C: 220 b\r\n")
	events := hear(t, s, "S: MAIL FROM:<ann@example.org>\r\nDATA\r\n", "S: Subject: turned\r\n\r\n")
	if n := count(events, dissect.MessageBegin); n != 0 {
		t.Fatalf("%d messages begun before the answer to DATA", n)
	}
	if need := s.Need(); need != dissect.NeedNothing {
		t.Fatalf("it needs %d of a caller that cannot give it", need)
	}
	events = hear(t, s, "S: "+strings.Repeat("text\r\n", smtp.MaxHeld/6+1)+".\r\n", "C: 250 ok\r\n250 ok\r\n")
	got := messages(s.End(events))
	if len(got) != 1 || got[0].Subject != "turned" || !got[0].Complete {
		t.Errorf("got %+v, want the message", got)
	}
}

// Behind what is searched for bare line ends, those of a mark are found where they
// stand, however the content is cut.
func TestBareEndBehindSurvey(t *testing.T) {
	tests := []struct {
		content string
		want    uint64 // behind the long line
	}{
		{"\ntext\n.\nmore\r\n.\r\n", 5},
		{"\r\ntext\r\n.\nmore\r\n.\r\n", 9},
		{"\r\ntext\n.\r\nmore\r\n.\r\n", 6},
		{"\r\ntext\r\n.\rmore\r\n.\r\n", 9},
	}
	long := strings.Repeat("x", 9000)
	for _, tt := range tests {
		for _, cut := range []int{1, 2, 3, 26, 10000} {
			s := smtp.New([2]uint64{}, false)
			hear(t, s, "S: 220 hi\r\n", "C: MAIL FROM:<ann@example.org>\r\n", "S: 250 ok\r\n", "C: DATA\r\n", "S: 354 go\r\n")
			from := uint64(len("MAIL FROM:<ann@example.org>\r\nDATA\r\n") + len(long))
			events := []dissect.Event{}
			for rest := long + tt.content; len(rest) > 0; {
				n := min(cut, len(rest))
				events = append(events, hear(t, s, "C: "+rest[:n])...)
				rest = rest[n:]
			}
			if n := count(events, dissect.BareEnd); n != 1 {
				t.Errorf("%q, cut %d: %d bare ends", tt.content, cut, n)
			}
			for _, e := range events {
				if e.Kind == dissect.BareEnd && e.Start != from+tt.want {
					t.Errorf("%q, cut %d: at %d, want %d", tt.content, cut, e.Start-from, tt.want)
				}
			}
		}
	}
}
