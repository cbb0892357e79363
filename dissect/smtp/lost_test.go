package smtp_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/smtp"
)

// What was lost about a content decides where it begins and ends: of what may be
// commands as well, no message is made.
func TestLostAboutContent(t *testing.T) {
	const sent = "MAIL FROM:<eve@example.org>\r\n"
	tests := []struct {
		name string
		said []string // "S! 5" loses five bytes of the server
		want []string
	}{
		{"the refusal of DATA, and a strange command", []string{"S! 9", "C: XTND what\r\n", "S: 500 what\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"}, nil},
		{"the refusal of DATA, and many", []string{"S! 9", "C: XTND what\r\n", "S: 500 what\r\n", "C: XADDR\r\n", "S: 500 what\r\n", "C: NOOP\r\n", "S: 250 ok\r\n"}, nil},
		{"the refusal of DATA, a strange command, and DATA again",
			[]string{"S! 9", "C: XTND what\r\n", "S: 500 what\r\n", "C: DATA\r\n", "S: 354 go\r\n", "C: text\r\n.\r\n", "S: 250 ok\r\n"},
			[]string{`ann@example.org "" size 6 complete true accepted`}},
		{"the answer to DATA, and content with a head", []string{"S! 8", "C: Subject: one\r\n\r\ntext\r\n.\r\n", "S: 250 ok\r\n"},
			[]string{`ann@example.org "one" size 22 complete true unknown`}},
		{"the answer to DATA, and content without a head", []string{"S! 8", "C: text\r\n", "C: more\r\n.\r\n", "S: 250 ok\r\n"},
			[]string{`ann@example.org "" size 12 complete true unknown`}},
		{"the answer to DATA, and content with a head that is refused before its end",
			[]string{"S! 8", "C: Subject: one\r\n\r\n", "S: 552 too large\r\n"},
			[]string{`ann@example.org "one" size 16 complete false unknown`}},

		{"the end of content", []string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n", "C! 3", "S: 250 ok\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"},
			[]string{`ann@example.org "one" size 22 complete false accepted`}},
		{"the end of content behind its dot", []string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n.", "C! 2", "S: 250 ok\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"},
			[]string{`ann@example.org "one" size 22 complete false accepted`}},
		{"the end of content behind its CR", []string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n.\r", "C! 1", "S: 250 ok\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"},
			[]string{`ann@example.org "one" size 22 complete false accepted`}},
		{"the end of the connection, behind a dot", []string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n."},
			[]string{`ann@example.org "one" size 22 complete false unknown`}},
		{"what stands behind a dot amid a line", []string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext.", "C! 4", "S: 250 ok\r\n"},
			[]string{`ann@example.org "one" size 21 complete false accepted`}},
		{"the end of content and its answer, then QUIT",
			[]string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n", "C! 3", "S! 8", "C: QUIT\r\n", "S: 221 bye\r\n"},
			[]string{`ann@example.org "one" size 22 complete false unknown`}},
		{"the end of content and its answer, then another message",
			[]string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n", "C! 3", "S! 8", "C: " + sent, "S: 250 ok\r\n",
				"C: RCPT TO:<bob@example.net>\r\n", "S: 250 ok\r\n", "C: DATA\r\n", "S: 354 go\r\n", "C: Subject: two\r\n.\r\n", "S: 250 ok\r\n"},
			[]string{`ann@example.org "one" size 22 complete false unknown`, `eve@example.org "two" size 14 complete true accepted`}},
		{"the end of content and its answer, then another message sent ahead",
			[]string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n", "C! 3", "S! 8", "C: " + sent + "RCPT TO:<bob@example.net>\r\nDATA\r\n",
				"S: 250 ok\r\n250 ok\r\n354 go\r\n", "C: Subject: two\r\n.\r\n", "S: 250 ok\r\n"},
			[]string{`ann@example.org "one" size 22 complete false unknown`, `eve@example.org "two" size 14 complete true accepted`}},
		{"the end of content and all answers as far as the next content",
			[]string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n", "C! 3", "S! 24", "C: " + sent + "RCPT TO:<bob@example.net>\r\nDATA\r\n",
				"S: 354 go\r\n", "C: Subject: two\r\n.\r\n", "S: 250 ok\r\n"},
			[]string{`ann@example.org "one" size 22 complete false unknown`, `eve@example.org "two" size 14 complete true accepted`}},
		{"the end of content and its answer, then QUIT that nobody answers",
			[]string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n", "C! 3", "S! 8", "C: QUIT\r\n"},
			[]string{`ann@example.org "one" size 22 complete false unknown`}},
		{"the end of content, and what came is not QUIT alone",
			[]string{"S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n", "C! 3", "C: QUIT it\r\n"},
			[]string{`ann@example.org "one" size 31 complete false unknown`}},
		{"the refusal of DATA, and RSET", []string{"S! 9", "C! 6", "S: 250 reset\r\n", "C: " + sent, "S: 250 ok\r\n", "C: QUIT\r\n", "S: 221 bye\r\n"}, nil},
		{"the answer to DATA and a part of the content", []string{"S! 8", "C! 16", "C: text\r\n.\r\n", "S: 250 ok\r\n"},
			[]string{`ann@example.org "" size 6 complete false unknown`}},
		{"the answer to DATA, all of the content, and its answer", []string{"S! 8", "C! 25", "S! 8", "C: QUIT\r\n", "S: 221 bye\r\n"}, nil},
		{"the end of content, with a part of its last line",
			[]string{"S: 354 go\r\n", "C: Subject: one\r\n\r\n", "C! 7", "C: \n" + sent, "S: 250 ok\r\n250 ok\r\n", "C: QUIT\r\n"},
			[]string{`ann@example.org "one" size 16 complete false accepted`}},
		{"of content only a part, in which a command stands",
			[]string{"S: 354 go\r\n", "C: Subject: one\r\n\r\n", "C! 7", "C: text\r\nDATA\r\ntext\r\n.\r\n", "S: 250 ok\r\n"},
			[]string{`ann@example.org "one" size 34 complete false accepted`}},
	}
	for _, tt := range tests {
		s := smtp.New([2]uint64{}, false)
		hear(t, s, "S: 220 hi\r\n", "C: EHLO pc\r\n", "S: 250 mx\r\n", "C: MAIL FROM:<ann@example.org>\r\n", "S: 250 ok\r\n",
			"C: RCPT TO:<bob@example.net>\r\n", "S: 250 ok\r\n", "C: DATA\r\n")
		var events []dissect.Event
		for _, turn := range tt.said {
			number, lost := strings.CutPrefix(turn[1:], "! ")
			if !lost {
				events = append(events, hear(t, s, turn)...)
				continue
			}
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			side := dissect.Client
			if turn[0] == 'S' {
				side = dissect.Server
			}
			events = s.Gap(events, side, uint64(n))
		}
		if diff := cmp.Diff(tt.want, told(s.End(events))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Where DATA itself is all that was lost, the content is not: a 354 tells.
func TestLostDATA(t *testing.T) {
	for lost, want := range map[uint64]string{
		6:  `ann@example.org "one" size 22 complete true accepted`,
		5:  `ann@example.org "" size 22 complete false accepted`,
		30: `ann@example.org "" size 22 complete false accepted`,
	} {
		s := smtp.New([2]uint64{}, false)
		events := hear(t, s, "S: 220 mx\r\n", "C: MAIL FROM:<ann@example.org>\r\n", "S: 250 ok\r\n", "C: RCPT TO:<bob@example.net>\r\n", "S: 250 ok\r\n")
		events = s.Gap(events, dissect.Client, lost)
		events = append(events, hear(t, s, "S: 354 go\r\n", "C: Subject: one\r\n\r\ntext\r\n.\r\n", "S: 250 ok\r\n")...)
		if diff := cmp.Diff([]string{want}, told(s.End(events))); diff != "" {
			t.Errorf("%d bytes (-want +got):\n%s", lost, diff)
		}
	}
}

// With no server to tell, the end of content was lost where a whole transaction
// follows the lost bytes, and only there.
func TestLostEndClientAlone(t *testing.T) {
	const next = "MAIL FROM:<eve@example.org>\r\nRCPT TO:<bob@example.net>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n"
	const two = "Subject: two\r\n\r\nmore\r\n.\r\n"
	one, other := `ann@example.org "one" size 22 complete false unknown`, `eve@example.org "two" size 22 complete true unknown`
	tests := []struct {
		name, said string
		want       []string
	}{
		{"a transaction", next + two, []string{one, other}},
		{"RSET before it", "RSET\r\n" + next + two, []string{one, other}},
		{"its MAIL lost", "RCPT TO:<bob@example.net>\r\nDATA\r\n" + two, []string{one, ` "two" size 22 complete true unknown`}},
		{"QUIT behind it", next + two + "QUIT\r\n", []string{one, other}},
		{"no DATA", "MAIL FROM:<eve@example.org>\r\nRCPT TO:<bob@example.net>\r\nNOOP\r\ntext\r\n.\r\n",
			[]string{`ann@example.org "one" size 90 complete false unknown`}},
		{"text before it", "text\r\n" + next + ".\r\n", []string{`ann@example.org "one" size 117 complete false unknown`}},
		{"text between", "MAIL FROM:<eve@example.org>\r\ntext\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n.\r\n",
			[]string{`ann@example.org "one" size 90 complete false unknown`}},
	}
	for _, tt := range tests {
		for _, cut := range []int{1, 3, len(tt.said)} {
			s := smtp.New([2]uint64{}, false)
			events := alone(s, nil, "EHLO pc\r\nMAIL FROM:<ann@example.org>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\nSubject: one\r\n\r\ntext\r\n", 100)
			events = alone(s, s.Gap(events, dissect.Client, 3), tt.said, cut)
			if diff := cmp.Diff(tt.want, told(s.End(events))); diff != "" {
				t.Errorf("%s, cut %d (-want +got):\n%s", tt.name, cut, diff)
			}
		}
	}
}

// alone feeds what a client says whom nobody answers.
func alone(s *smtp.Session, events []dissect.Event, said string, cut int) []dissect.Event {
	for len(said) > 0 {
		n := 0
		events, n = s.Feed(events, dissect.Client, []byte(said[:min(cut, len(said))]))
		said = said[n:]
		if n == 0 {
			s.Proceed()
		}
	}
	return events
}
