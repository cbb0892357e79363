package smtp_test

import (
	"fmt"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/smtp"
)

// Where the client's side is not captured, a greeting tells LMTP from SMTP.
func TestGreetingNamesLMTP(t *testing.T) {
	for greeting, want := range map[string]dissect.Protocol{
		"220 mx.example Cyrus LMTP 3.6 server ready": dissect.LMTP,
		"220 mx.example ESMTP ready":                 dissect.SMTP,
		"220 lmtp.example ready":                     dissect.SMTP,
	} {
		s := smtp.New([2]uint64{}, false)
		s.Feed(nil, dissect.Server, []byte(greeting+"\r\n"))
		if got := s.Protocol(); got != want {
			t.Errorf("%q: %v, want %v", greeting, got, want)
		}
	}
}

// Where no hello of the client was seen, the replies to the end of content tell
// LMTP from SMTP.
func TestLateLMTP(t *testing.T) {
	mail := []string{"C: MAIL FROM:<a@x.example>\r\n", "S: 250 ok\r\n"}
	two := append(mail, "C: RCPT TO:<bob@x.example>\r\nRCPT TO:<eve@x.example>\r\nDATA\r\n", "S: 250 ok\r\n250 ok\r\n354 go\r\n", "C: hi\r\n.\r\n")
	tests := []struct {
		name string
		late bool
		said []string
		then []string
		want dissect.Protocol
	}{
		{"names-the-recipient", true, two, []string{"S: 250 2.0.0 <bob@x.example> saved\r\n"}, dissect.LMTP},
		{"names-another", true, two, []string{"S: 250 2.6.0 <1@x.example> queued\r\n"}, dissect.SMTP},
		{"one-reply", true, two, []string{"S: 250 ok\r\n", "C: QUIT\r\n", "S: 250 bye\r\n"}, dissect.SMTP},
		{"two-replies", true, two, []string{"S: 250 ok\r\n", "S: 452 full\r\n"}, dissect.LMTP},
		{"shuts-down", true, two, []string{"S: 250 ok\r\n", "S: 421 timeout\r\n"}, dissect.SMTP},
		{"the-next-command-is-answered", true, two, []string{"S: 250 ok\r\n", "C: RSET\r\n", "S: 250 ok\r\n"}, dissect.SMTP},
		{"said-EHLO", true, append([]string{"C: EHLO pc\r\n", "S: 250 mx\r\n"}, two...), []string{"S: 250 <bob@x.example>\r\n", "S: 250 ok\r\n"}, dissect.SMTP},
		{"names-the-second-recipient", true, two, []string{"S: 250 2.0.0 <eve@x.example> saved\r\n"}, dissect.LMTP},
		{"two-replies-behind-content-alone", true, []string{"S: 354 go\r\n", "C: Subject: x\r\n\r\n.\r\n"},
			[]string{"S: 250 ok\r\n", "S: 250 ok\r\n", "S: 550 no\r\n"}, dissect.LMTP},
		{"a-timeout-behind-content-alone", true, []string{"S: 354 go\r\n", "C: Subject: x\r\n\r\n.\r\n"},
			[]string{"S: 250 ok\r\n", "S: 451 timeout\r\n"}, dissect.SMTP},
		{"one-reply-behind-content-alone", true, []string{"S: 354 go\r\n", "C: Subject: x\r\n\r\n.\r\n"},
			[]string{"S: 250 ok\r\n", "C: NOOP\r\n", "S: 250 ok\r\n"}, dissect.SMTP},
		{"from-its-beginning", false, two, []string{"S: 250 ok\r\n", "S: 250 ok\r\n"}, dissect.SMTP},
		{"each-by-PRDR", true, two, []string{"S: 353 each\r\n250 ok\r\n550 no\r\n250 ok\r\n"}, dissect.SMTP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := smtp.New([2]uint64{}, tt.late)
			hear(t, s, tt.said...)
			hear(t, s, tt.then...)
			if got := s.Protocol(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// Where a server has refused EHLO, an LHLO behind it may be lost: its replies to the
// end of content tell. Where its answer is lost, the port does.
func TestLostLHLO(t *testing.T) {
	tests := []struct {
		name string
		port bool // it is that of LMTP
		said []string
		want dissect.Protocol
	}{
		{"refused", false, []string{"S: 220 lda ready\r\n", "C: EHLO pc\r\n", "S: 500 what\r\n", "lost"}, dissect.LMTP},
		{"refused, on its port", true, []string{"S: 220 lda ready\r\n", "C: EHLO pc\r\n", "S: 500 what\r\n", "lost"}, dissect.LMTP},
		{"answer lost", false, []string{"S: 220 lda ready\r\n", "C: EHLO pc\r\n", "lost"}, dissect.SMTP},
		{"answer lost, on its port", true, []string{"S: 220 lda ready\r\n", "C: EHLO pc\r\n", "lost"}, dissect.LMTP},
		{"accepted", false, []string{"S: 220 mx ready\r\n", "C: EHLO pc\r\n", "S: 250 mx\r\n", "lost"}, dissect.SMTP},
		{"refused, then HELO", true, []string{"S: 220 mx ready\r\n", "C: EHLO pc\r\n", "S: 500 what\r\n", "C: HELO pc\r\n", "S: 250 mx\r\n", "lost"}, dissect.SMTP},
		{"refused, nothing lost", false, []string{"S: 220 mx ready\r\n", "C: EHLO pc\r\n", "S: 500 what\r\n"}, dissect.SMTP},
	}
	for _, tt := range tests {
		s := smtp.New([2]uint64{}, false)
		if tt.port {
			s.ExpectLMTP()
		}
		for _, line := range tt.said {
			if line == "lost" {
				s.Gap(nil, dissect.Server, 20)
				s.Gap(nil, dissect.Client, 9)
				continue
			}
			hear(t, s, line)
		}
		hear(t, s, "C: MAIL FROM:<a@x.example>\r\n", "S: 250 ok\r\n", "C: RCPT TO:<bob@x.example>\r\nRCPT TO:<eve@x.example>\r\nDATA\r\n",
			"S: 250 ok\r\n250 ok\r\n354 go\r\n", "C: hi\r\n.\r\n", "S: 250 <bob@x.example> saved\r\n250 <eve@x.example> saved\r\n")
		if got := s.Protocol(); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A list behind a login that was not seen does not tell what is offered before.
func TestListBehindLostLogin(t *testing.T) {
	for code, want := range map[string]bool{"235": false, "535": true} {
		s := smtp.New([2]uint64{}, false)
		hear(t, s, "S: 220 mx\r\n", "C: EHLO pc\r\n")
		s.Gap(nil, dissect.Server, 40)
		s.Gap(nil, dissect.Client, 41)
		complete := false
		for _, e := range hear(t, s, "S: "+code+" so\r\n", "C: EHLO pc\r\n", "S: 250-mx\r\n250 SIZE\r\n") {
			complete = complete || e.Kind == dissect.ListEnd
		}
		if complete != want {
			t.Errorf("%s: complete %v, want %v", code, complete, want)
		}
	}
}

// Replies to commands that were lost are none to recipients.
func TestLossIsNoLMTP(t *testing.T) {
	for lost, want := range map[uint64]dissect.Protocol{0: dissect.LMTP, 60: dissect.SMTP} {
		s := smtp.New([2]uint64{}, true)
		hear(t, s, "C: MAIL FROM:<a@x.example>\r\n", "S: 250 ok\r\n",
			"C: RCPT TO:<bob@x.example>\r\nRCPT TO:<eve@x.example>\r\nDATA\r\n", "S: 250 ok\r\n250 ok\r\n354 go\r\n", "C: hi\r\n.\r\n")
		if lost > 0 {
			s.Gap(nil, dissect.Client, lost)
		}
		hear(t, s, "S: 250 ok\r\n250 ok\r\n250 ok\r\n")
		if got := s.Protocol(); got != want {
			t.Errorf("%d bytes lost: %v, want %v", lost, got, want)
		}
	}
}

// A 354 answers DATA alone: the replies before it are those to the RCPT commands,
// though others may have been taken for these.
func TestRecipientsBehindLoss(t *testing.T) {
	const rcpts = "RCPT TO:<4@x>\r\nRCPT TO:<5@x>\r\n"
	for _, tt := range []struct {
		name, said, replies, want string
	}{
		{"as many as are expected", "MAIL FROM:<b@x>\r\n" + rcpts, "250 1\r\n250 ok\r\n550 no\r\n250 ok\r\n", "[5@x]"},
		{"one more", "MAIL FROM:<b@x>\r\n" + rcpts, "250 1\r\n552 2\r\n250 ok\r\n550 no\r\n250 ok\r\n", "[5@x]"},
		{"another command stands between", "MAIL FROM:<b@x>\r\n" + rcpts + "NOOP\r\n", "250 1\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n", "[4@x 5@x]"},
	} {
		s := smtp.New([2]uint64{}, false)
		hear(t, s, "S: 220 lda LMTP\r\n", "C: LHLO pc\r\n", "S: 250 lda\r\n")
		s.Gap(nil, dissect.Client, 80)
		hear(t, s, "S: 250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n")
		events := hear(t, s, "C: Subject: m\r\n\r\n.\r\n"+tt.said+"DATA\r\n", "S: "+tt.replies+"354 go\r\n", "C: Subject: n\r\n\r\n.\r\n", "S: 250 4\r\n")
		list := messages(s.End(events))
		if len(list) != 2 || fmt.Sprint(list[1].To) != tt.want {
			t.Errorf("%s: %d messages, the last to %v, want %s", tt.name, len(list), list[len(list)-1].To, tt.want)
		}
	}
}
