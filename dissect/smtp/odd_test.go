package smtp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/smtp"
)

// oddEnds are the ends of content that are none by RFC 5321, section 4.1.1.4.
var oddEnds = []struct{ name, bytes string }{
	{"LF . LF", "\n.\n"},
	{"LF . CRLF", "\n.\r\n"},
	{"LF . CR", "\n.\r"},
	{"CR . LF", "\r.\n"},
	{"CR . CRLF", "\r.\r\n"},
	{"CR . CR", "\r.\r"},
	{"CRLF . LF", "\r\n.\n"},
	{"CRLF . CR", "\r\n.\r"},
}

const (
	before   = "Subject: one\r\n\r\ntext"
	smuggled = "MAIL FROM:<admin@example.org>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\nSubject: two\r\n\r\npay\r\n.\r\n"
)

// inContent returns a session whose client waits for nothing to send content.
func inContent(t *testing.T) *smtp.Session {
	t.Helper()
	s := smtp.New([2]uint64{}, false)
	hear(t, s, "S: 220 hi\r\n", "C: EHLO pc\r\n", "S: 250 mx\r\n", "C: MAIL FROM:<ann@example.org>\r\n", "S: 250 ok\r\n",
		"C: RCPT TO:<bob@example.net>\r\n", "S: 250 ok\r\n", "C: DATA\r\n", "S: 354 go\r\n")
	return s
}

// told gives what a session says about messages and their ends.
func told(events []dissect.Event) []string {
	var list []string
	for _, e := range events {
		switch e.Kind {
		case dissect.OddEnd, dissect.Smuggled:
			list = append(list, fmt.Sprintf("%s %s%s", e.Kind.String(), e.Text, e.Line))
		case dissect.MessageEnd:
			m := e.Message
			list = append(list, fmt.Sprintf("%s %q size %d complete %v %s", m.From, m.Subject, m.Size, m.Complete, m.Outcome))
		}
	}
	return list
}

// cutEvery plays a turn of the client in pieces.
func cutEvery(t *testing.T, s *smtp.Session, text string, cut int) []dissect.Event {
	t.Helper()
	var events []dissect.Event
	for text != "" {
		n := min(cut, len(text))
		events = append(events, hear(t, s, "C: "+text[:n])...)
		text = text[n:]
	}
	return events
}

func TestOddEnds(t *testing.T) {
	const smuggledLine = "smuggled MAIL FROM:<admin@example.org>"
	for _, odd := range oddEnds {
		end := odd.bytes
		size := len(before) + strings.Index(end, ".")
		first := fmt.Sprintf("ann@example.org \"one\" size %d complete true ", size)
		whole := fmt.Sprintf("ann@example.org \"one\" size %d complete true ", len(before+end+smuggled)-len(".\r\n"))
		tests := []struct {
			name    string
			content string
			then    []string
			want    []string
		}{
			{"taken", before + end + smuggled,
				[]string{"S: 250 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n554 no\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"},
				[]string{"odd-end " + odd.name + ".", first + "accepted", smuggledLine, "admin@example.org \"two\" size 21 complete true rejected"}},
			{"taken, then more mail", before + end + smuggled,
				[]string{"S: 250 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n", "C: MAIL FROM:<joe@example.org>\r\n", "S: 250 ok\r\n"},
				[]string{"odd-end " + odd.name + ".", first + "accepted", smuggledLine, "admin@example.org \"two\" size 21 complete true accepted"}},
			{"ignored", before + end + smuggled,
				[]string{"S: 250 queued\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"},
				[]string{"odd-end " + odd.name + ".", smuggledLine, whole + "accepted"}},
			{"refused as one", before + end + smuggled,
				[]string{"S: 550 spam\r\n", "C: MAIL FROM:<joe@example.org>\r\n", "S: 250 ok\r\n"},
				[]string{"odd-end " + odd.name + ".", smuggledLine, whole + "rejected"}},
			{"end of the content, nothing hidden", before + end,
				[]string{"S: 250 queued\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"},
				[]string{"odd-end " + odd.name + ".", first + "accepted"}},
			{"text behind it", before + end + "more\r\n.\r\n",
				[]string{"S: 250 queued\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"},
				[]string{fmt.Sprintf("ann@example.org \"one\" size %d complete true accepted", len(before+end+"more\r\n"))}},
			{"stuffed dot", before + strings.Replace(end, ".", "..", 1) + smuggled,
				[]string{"S: 250 queued\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"},
				[]string{fmt.Sprintf("ann@example.org \"one\" size %d complete true accepted", len(before+end+smuggled)-len(".\r\n")+1)}},
		}
		for _, tt := range tests {
			for _, cut := range []int{1, 2, 3, 7, 1000} {
				s := inContent(t)
				events := cutEvery(t, s, tt.content, cut)
				events = append(events, hear(t, s, tt.then...)...)
				events = s.End(events)
				if diff := cmp.Diff(tt.want, told(events)); diff != "" {
					t.Errorf("%s, %s, cut every %d bytes (-want +got):\n%s", odd.name, tt.name, cut, diff)
				}
			}
		}
	}
}

// A client that ends its commands with LF ends its content like that, too.
func TestBareLFClient(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	events := hear(t, s, "S: 220 hi\r\n", "C: MAIL FROM:<ann@example.org>\n", "S: 250 ok\r\n", "C: DATA\n", "S: 354 go\r\n",
		"C: Subject: a\n\n.\nMAIL FROM:<joe@example.org>\nDATA\n", "S: 250 ok\r\n", "S: 250 ok\r\n", "S: 354 go\r\n",
		"C: Subject: b\n\n.\n", "S: 250 ok\r\n")
	want := []string{
		`ann@example.org "a" size 12 complete true accepted`,
		`joe@example.org "b" size 12 complete true accepted`,
	}
	if diff := cmp.Diff(want, told(events)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := count(events, dissect.BareEnd); n != 1 {
		t.Errorf("%d bare ends told, want 1", n)
	}
}

// Where more stands behind an odd end than is held, the message before still
// ends there if the server says so, and what follows is not made up.
func TestMaxHeldBehindOddEnd(t *testing.T) {
	long := strings.Repeat("x", smtp.MaxHeld)
	content := before + "\n.\n" + strings.Replace(smuggled, "pay", long, 1)
	tests := []struct {
		name, content string
		want          []string
	}{
		{"answered", strings.TrimSuffix(content, ".\r\n"), []string{
			"odd-end LF . LF.", `ann@example.org "one" size 21 complete true accepted`,
		}},
		{"ended", content, []string{
			"odd-end LF . LF.", "smuggled MAIL FROM:<admin@example.org>",
			fmt.Sprintf(`ann@example.org "one" size %d complete false accepted`, len(content)-len(".\r\n")),
		}},
	}
	for _, tt := range tests {
		for _, cut := range []int{100, smtp.MaxHeld, 1 << 20} {
			s := inContent(t)
			events := cutEvery(t, s, tt.content, cut)
			events = append(events, hear(t, s, "S: 250 queued\r\n")...)
			if diff := cmp.Diff(tt.want, told(s.End(events))); diff != "" {
				t.Errorf("%s, cut every %d bytes (-want +got):\n%s", tt.name, cut, diff)
			}
		}
	}
}

// Behind an odd end the server's next replies decide, so what the client says
// is kept, but not without a bound.
func TestMaxHeldInDoubt(t *testing.T) {
	s := inContent(t)
	events := hear(t, s, "C: "+before+"\n.\n"+smuggled, "S: 250 queued\r\n")
	if len(told(events)) != 0 {
		t.Fatalf("told %q before anything was known", told(events))
	}
	s = inContent(t)
	events = hear(t, s, "C: "+before+"\n.\n"+smuggled, "C: "+strings.Repeat("NOOP\r\n", smtp.MaxHeld))
	want := []string{
		"odd-end LF . LF.", "smuggled MAIL FROM:<admin@example.org>",
	}
	if diff := cmp.Diff(want, told(events)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBareEnds(t *testing.T) {
	tests := []struct {
		name, content string
		want          string // the first one, and where
	}{
		{"none", "a\r\n\r\nb\r\n.\r\n", ""},
		{"LF", "a\r\nb\nc\nd\r\n.\r\n", "LF 4"},
		{"CR", "a\r\nb\rc\nd\r\n.\r\n", "CR 4"},
		{"LF first", "\na\r\n.\r\n", "LF 0"},
		{"CR first", "\ra\r\n.\r\n", "CR 0"},
		{"CR CR LF", "a\r\r\n.\r\n", "CR 1"},
		{"LF CR", "a\n\r\n.\r\n", "LF 1"},
		{"as many CRs as LFs", "a\rb\nc\r\n.\r\n", "CR 1"},
		{"in the end mark", "a\r\n.\n", "LF 4"},
	}
	for _, tt := range tests {
		for cut := 1; cut <= len(tt.content); cut++ {
			s := inContent(t)
			start := uint64(len("EHLO pc\r\nMAIL FROM:<ann@example.org>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"))
			events := cutEvery(t, s, tt.content, cut)
			events = append(events, hear(t, s, "S: 250 ok\r\n")...)
			var got []string
			for _, e := range events {
				if e.Kind == dissect.BareEnd {
					got = append(got, fmt.Sprintf("%s %d", e.Text, e.Start-start))
				}
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("%s, cut every %d bytes: got %q, want %q", tt.name, cut, got, tt.want)
			}
		}
	}
}
