package smtp_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/smtp"
)

// The events of a dialogue do not show outcomes, but for those of logins.
func TestOutcomes(t *testing.T) {
	lmtp := []string{
		"S: 220 hi\r\n", "C: LHLO pc\r\n", "S: 250 lda\r\n", "C: MAIL FROM:<>\r\n", "S: 250 ok\r\n",
		"C: RCPT TO:<bob>\r\n", "S: 250 ok\r\n", "C: RCPT TO:<eve>\r\n", "S: 250 ok\r\n", "C: DATA\r\n", "S: 354 go\r\n", "C: x\r\n.\r\n",
	}
	smtpDATA := []string{"S: 220 hi\r\n", "C: MAIL FROM:<>\r\n", "S: 250 ok\r\n", "C: DATA\r\n", "S: 354 go\r\n", "C: x\r\n.\r\n"}
	chunks := []string{"S: 220 hi\r\n", "C: MAIL FROM:<>\r\n", "S: 250 ok\r\n", "C: BDAT 2\r\nabBDAT 2 LAST\r\ncd"}
	tests := []struct {
		name string
		said []string
		then []string
		want []string
	}{
		{"accepted", smtpDATA, []string{"S: 250 queued\r\n"}, []string{"message-end accepted"}},
		{"rejected", smtpDATA, []string{"S: 554 spam\r\n"}, []string{"message-end rejected"}},
		{"deferred", smtpDATA, []string{"S: 451 later\r\n"}, []string{"message-end rejected"}},
		{"never answered", smtpDATA, nil, []string{"message-end unknown"}},
		{"chunks accepted", chunks, []string{"S: 250 ok\r\n", "S: 250 queued\r\n"}, []string{"message-end accepted"}},
		{"chunks rejected", chunks, []string{"S: 250 ok\r\n", "S: 552 too large\r\n"}, []string{"message-end rejected"}},
		{"LMTP: one of two", lmtp, []string{"S: 550 no\r\n", "S: 250 ok\r\n"}, []string{"message-end accepted"}},
		{"LMTP: the first of two", lmtp, []string{"S: 250 ok\r\n", "S: 550 no\r\n"}, []string{"message-end accepted"}},
		{"LMTP: none of two", lmtp, []string{"S: 550 no\r\n", "S: 452 full\r\n"}, []string{"message-end rejected"}},
		{"LMTP: one answer is missing", lmtp, []string{"S: 550 no\r\n"}, []string{"message-end rejected"}},
		{"addresses", []string{"S: 220 hi\r\n"},
			[]string{
				"C: VRFY ann\r\n", "S: 250 yes\r\n", "C: VRFY ann\r\n", "S: 251 there\r\n", "C: VRFY bob\r\n", "S: 252 maybe\r\n",
				"C: EXPN eve\r\n", "S: 550 no\r\n", "C: MAIL FROM:<>\r\nRCPT TO:<a>\r\nRCPT TO:<b>\r\n", "S: 250 ok\r\n450 later\r\n553 no\r\n",
			},
			[]string{
				"address-test VRFY unknown", "address-test VRFY accepted", "address-test VRFY unknown", "address-test VRFY accepted",
				"address-test VRFY unknown", "address-test VRFY unknown", "address-test EXPN unknown", "address-test EXPN rejected",
				"address-test RCPT rejected",
			}},
		{"turns", []string{"S: 220 hi\r\n"},
			[]string{"C: ETRN x\r\n", "S: 251 nothing waits\r\n", "C: etrn x\r\n", "S: 459 no\r\n", "C: ATRN x\r\n", "S: 453 no mail\r\n", "C: TURN\r\n", "S: 250 ok\r\n"},
			[]string{
				"turned ETRN unknown", "turned ETRN accepted", "turned ETRN unknown", "turned ETRN rejected",
				"turned ATRN unknown", "turned ATRN rejected", "turned TURN unknown", "turned TURN accepted",
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := smtp.New([2]uint64{}, false)
			hear(t, s, tt.said...)
			var got []string
			for _, e := range s.End(hear(t, s, tt.then...)) {
				switch e.Kind {
				case dissect.AddressTest, dissect.Turned:
					got = append(got, fmt.Sprintf("%s %s %s", e.Kind.String(), e.Text, e.Outcome))
				case dissect.MessageEnd:
					got = append(got, fmt.Sprintf("%s %s", e.Kind.String(), e.Message.Outcome))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// recorded is a session with its Dialogue.
type recorded struct {
	*smtp.Session
	d *dissect.Dialogue
}

// TestNoContentRecorded: whatever is lost of a dialogue, no line of a message is
// kept.
func TestNoContentRecorded(t *testing.T) {
	for _, dir := range seedDirs {
		var all []recorded
		record := func(late bool) dialogue.Machine {
			r := recorded{smtp.New([2]uint64{}, late), new(dissect.Room).New()}
			r.Record(r.d)
			all = append(all, r)
			return r
		}
		if dir == "testdata" {
			dialogue.Hurt(t, dir, record)
		}
		dialogue.Golden(t, dir, func() dialogue.Machine { return record(dir == "testdata/late") })
		kept := 0
		for _, r := range all {
			lines := r.d.Lines()
			kept += len(lines)
			for i := range lines {
				if text := string(r.d.Text(&lines[i])); isContent(text) {
					t.Errorf("%s: kept %q", dir, text)
				}
			}
		}
		if kept == 0 {
			t.Errorf("%s: no line was kept", dir)
		}
	}
}

// isContent tells lines that the dialogues have in messages only.
func isContent(text string) bool {
	for _, prefix := range []string{"Subject:", "text", "pay", "page", "."} {
		if len(text) >= len(prefix) && text[:len(prefix)] == prefix {
			return true
		}
	}
	return false
}

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

// What was lost behind AUTH may have been another one: nobody knows who was let
// in. A challenge shows that the attempt went on.
func TestOutcomeWithLossBehindAuth(t *testing.T) {
	for challenge, want := range map[string]dissect.Outcome{"": dissect.OutcomeUnknown, "334 VXNlcm5hbWU6\r\n": dissect.Accepted} {
		s := smtp.New([2]uint64{}, false)
		hear(t, s, "S: 220 mx\r\n", "C: EHLO pc\r\n", "S: 250 mx\r\n", "C: AUTH LOGIN\r\n", "S: "+challenge)
		events := s.Gap(nil, dissect.Client, 30)
		events = append(events, hear(t, s, "S: 235 in\r\n")...)
		got := events[len(events)-1]
		if got.Kind != dissect.AuthEnd || got.Outcome != want {
			t.Errorf("challenge %q: %v %v, want the end of the attempt, %v", challenge, got.Kind, got.Outcome, want)
		}
	}
}

// A name and a password make a whole LOGIN: a server that asks for more behind a
// loss asks in another attempt, and lets somebody else in.
func TestLossBetweenAttempts(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	hear(t, s, "S: 220 mx\r\n", "C: EHLO pc\r\n", "S: 250 mx\r\n", "C: AUTH LOGIN\r\n", "S: 334 \r\n", "C: YW5u\r\n", "S: 334 \r\n", "C: d3Jvbmc=\r\n")
	s.Gap(nil, dissect.Server, 8)
	s.Gap(nil, dissect.Client, 12)
	var got []string
	for _, e := range hear(t, s, "S: 334 \r\n", "C: Ym9i\r\n", "S: 334 \r\n", "C: cmlnaHQ=\r\n", "S: 235 in\r\n") {
		got = append(got, fmt.Sprintf("%s %s", e.Kind, e.Outcome))
	}
	if diff := cmp.Diff([]string{"auth-end unknown"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Where RSET was lost, and MAIL is not confirmed because RCPT came with it, the
// sender is not that of the transaction before.
func TestLossBeforeMail(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	hear(t, s, "S: 220 mx\r\n", "C: EHLO pc\r\n", "S: 250 mx\r\n", "C: MAIL FROM:<>\r\nRCPT TO:<no@x.example>\r\n", "S: 250 ok\r\n550 no\r\n")
	s.Gap(nil, dissect.Client, uint64(len("RSET\r\n")))
	hear(t, s, "S: 250 reset\r\n")
	said := []byte("MAIL FROM:<a@x.example>\r\nRCPT TO:<bob@x.example>\r\nDATA\r\n")
	for _, reply := range []string{"S: 250 ok\r\n", "S: 250 ok\r\n354 go\r\n"} {
		_, n := s.Feed(nil, dissect.Client, said)
		said = said[n:]
		hear(t, s, reply)
	}
	list := messages(hear(t, s, "C: hi\r\n.\r\n", "S: 250 ok\r\n"))
	if len(list) != 1 || list[0].HasFrom {
		t.Errorf("got %d messages, %+v; want one whose sender is not known", len(list), list)
	}
}

// Where the end of an exchange was lost on both sides, the next AUTH is none of
// its answers.
func TestLossBeforeAuth(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	hear(t, s, "S: 220 mx\r\n", "C: EHLO pc\r\n", "S: 250 mx\r\n", "C: AUTH CRAM-MD5\r\n", "S: 334 PDFAeD4=\r\n")
	s.Gap(nil, dissect.Client, uint64(len("*\r\n")))
	s.Gap(nil, dissect.Server, uint64(len("501 cancelled\r\n")))
	var got []string
	for _, e := range hear(t, s, "C: AUTH PLAIN AGFubgB3cm9uZw==\r\n", "S: 535 no\r\n") {
		got = append(got, fmt.Sprintf("%s %s %s", e.Kind, e.Attempt.Mechanism, e.Outcome))
	}
	want := []string{"auth-end CRAM-MD5 unknown", "auth-begin PLAIN unknown", "auth-end PLAIN rejected"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Where the answer to a whole login was lost, and bytes of the client behind it,
// those may have been another login, and the next answer its own.
func TestLossOfAnswerAndLogin(t *testing.T) {
	for _, tt := range []struct {
		name string
		lost []dissect.Side
		want string
	}{
		{"both", []dissect.Side{dissect.Server, dissect.Client}, "auth-end unknown"},
		{"the client's bytes alone", []dissect.Side{dissect.Client}, "auth-end accepted"},
	} {
		s := smtp.New([2]uint64{}, false)
		hear(t, s, "S: 220 mx\r\n", "C: EHLO pc\r\n", "S: 250 mx\r\n", "C: AUTH PLAIN AGFubgB3cm9uZw==\r\n")
		for _, side := range tt.lost {
			s.Gap(nil, side, 30)
		}
		var got []string
		for _, e := range hear(t, s, "S: 235 in\r\n") {
			got = append(got, fmt.Sprintf("%s %s", e.Kind, e.Outcome))
		}
		if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Two commands that were lost, and taken, may have been RSET and MAIL; one may
// not.
func TestLossOfMail(t *testing.T) {
	for _, tt := range []struct {
		replies string
		want    string
	}{
		{"S: 250 ok\r\n354 go\r\n", "ann@example.org true"},
		{"S: 250 ok\r\n250 ok\r\n354 go\r\n", " false"},
		{"S: 250 ok\r\n550 no\r\n354 go\r\n", "ann@example.org true"},
	} {
		s := smtp.New([2]uint64{}, false)
		hear(t, s, "S: 220 mx\r\n", "C: EHLO pc\r\n", "S: 250 mx\r\n", "C: MAIL FROM:<ann@example.org>\r\n", "S: 250 ok\r\n")
		s.Gap(nil, dissect.Client, 60)
		list := messages(hear(t, s, tt.replies, "C: Subject: x\r\n\r\n.\r\n", "S: 250 ok\r\n"))
		var got []string
		for _, m := range list {
			got = append(got, fmt.Sprintf("%s %v", m.From, m.HasFrom))
		}
		if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.replies, diff)
		}
	}
}
