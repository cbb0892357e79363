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
