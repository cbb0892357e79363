package smtp_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/smtp"
)

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
