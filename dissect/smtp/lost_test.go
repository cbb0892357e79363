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
