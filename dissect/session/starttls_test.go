package session_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

// begun is a session up to its STARTTLS, which begins behind 9 bytes of the
// client; its answer behind 36 of the server.
const begun = `
	1: 220 mx ESMTP
	0: EHLO pc
	1- 250-mx\r\n250 STARTTLS\r\n
	`

// complaint is the alert of a server that waits for a hello and gets text.
const complaint = `\x15\x03\x03\x00\x02\x01\x00`

func TestSTARTTLS(t *testing.T) {
	const asked, ready = "0: STARTTLS\n", "1: 220 go\n"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"then TLS", asked + ready + "0- " + hello + "\n1- " + answer, []string{
			`client tls-begin 19-19 "after text" ""`,
		}},
		{"refused", asked + "1: 454 not now\n0: MAIL FROM:<a@b>\n1: 250 ok", []string{
			`client mail-command 19-36 "MAIL" "MAIL FROM:<a@b>"`,
		}},
		{"then clear", asked + ready + "0: MAIL FROM:<a@b>\n1: 250 ok", []string{
			`client clear-after-tls 19-36 "" "MAIL FROM:<a@b>"`,
			`client mail-command 19-36 "MAIL" "MAIL FROM:<a@b>"`,
		}},
		{"a command behind it, then TLS", `0- STARTTLS\r\nRSET\r\n` + "\n" + ready + "0- " + hello + "\n1- " + answer, []string{
			`client injected 19-25 "" "RSET"`,
			`client tls-begin 25-25 "after text" ""`,
		}},
		{"a command behind it, then clear", `0- STARTTLS\r\nMAIL FROM:<a@b>\r\n` + "\n" + ready + "1: 250 ok\n0: QUIT", []string{
			`client injected 19-36 "" "MAIL FROM:<a@b>"`,
			`server injected 44-52 "" "250 ok"`,
			`client clear-after-tls 36-42 "" "QUIT"`,
			`client mail-command 19-36 "MAIL" "MAIL FROM:<a@b>"`,
		}},
		{"a command behind it, refused", `0- STARTTLS\r\nMAIL FROM:<a@b>\r\n` + "\n1: 454 no\n1: 250 ok", []string{
			`client mail-command 19-36 "MAIL" "MAIL FROM:<a@b>"`,
		}},
		{"clear bytes behind the answer, then TLS", asked + `1- 220 go\r\n250 evil\r\n` + "\n0- " + hello + "\n1- " + answer, []string{
			`server injected 44-54 "" "250 evil"`,
			`client tls-begin 19-19 "after text" ""`,
		}},
		{"an early hello", asked + "0- " + hello + "\n" + ready + "1- " + answer, []string{
			`client tls-begin 19-19 "after text" ""`,
		}},
		{"an early hello, in the same bytes", `0- STARTTLS\r\n` + hello + "\n" + ready + "1- " + answer, []string{
			`client tls-begin 19-19 "after text" ""`,
		}},
		{"an early hello, refused", asked + "0- " + hello + "\n1: 454 no", []string{}},
		{"an early hello, the answer lost", asked + "0- " + hello + "\n1! 8\n1- " + answer, []string{
			`server lost 36-44 "" ""`,
			`client tls-begin 19-19 "after text" ""`,
		}},
		{"the answer lost, then TLS", asked + "1! 8\n0- " + hello + "\n1- " + answer, []string{
			`server lost 36-44 "" ""`,
			`client tls-begin 19-19 "after text" ""`,
		}},
		{"the answer lost, then clear", asked + "1! 8\n0: MAIL FROM:<a@b>\n1: 250 ok", []string{
			`server lost 36-44 "" ""`,
			`client mail-command 19-36 "MAIL" "MAIL FROM:<a@b>"`,
		}},
		{"half a hello lost", asked + ready + "0! 5\n0- " + `\x01\x00\x00\x01\x03` + "\n1- " + answer, []string{
			`client lost 19-24 "" ""`,
			`client tls-begin 24-24 "after text" ""`,
		}},
		{"a hello lost, the server's stays", asked + ready + "0! 10\n1- " + answer, []string{
			`client lost 19-29 "" ""`,
			`client tls-begin 29-29 "after text" ""`,
		}},
		{"bytes lost, then clear", asked + ready + "0! 10\n0: MAIL FROM:<a@b>\n1: 250 ok", []string{
			`client lost 19-29 "" ""`,
			`client clear-after-tls 29-46 "" "MAIL FROM:<a@b>"`,
			`client mail-command 29-46 "MAIL" "MAIL FROM:<a@b>"`,
		}},
		{"bytes lost, enough for a hello, then clear", asked + ready + "0! 50\n0: MAIL FROM:<a@b>\n1: 250 ok", []string{
			`client lost 19-69 "" ""`,
			`client mail-command 69-86 "MAIL" "MAIL FROM:<a@b>"`,
		}},
		{"the answer lost, then a command in clear that the server answers", asked + "1! 8\n0: MAIL FROM:<a@b>\n1: 250 ok\n0: RCPT TO:<c@d>\n1: 250 ok", []string{
			`server lost 36-44 "" ""`,
			`client mail-command 19-36 "MAIL" "MAIL FROM:<a@b>"`,
		}},
		{"the refusal lost, then asked again", asked + "1! 11\n" + asked + ready + "0- " + hello + "\n1- " + answer, []string{
			`server lost 36-47 "" ""`,
			`client tls-begin 29-29 "after text" ""`,
		}},
		{"then clear, and the server complains", asked + ready + "0: MAIL FROM:<a@b>\n1- " + complaint + "\n1: 500 what", []string{
			`client clear-after-tls 19-36 "" "MAIL FROM:<a@b>"`,
			`client mail-command 19-36 "MAIL" "MAIL FROM:<a@b>"`,
		}},
		{"bytes lost, and the server complains", asked + ready + "0! 17\n1- " + complaint + "\n1: 500 what", []string{
			`client lost 19-36 "" ""`,
		}},
		{"no client", asked + ready + "1- " + answer, []string{
			`client tls-begin 19-19 "after text" ""`,
		}},
	}
	for _, tt := range tests {
		for _, cut := range []int{0, 1, 2, 3, 5} {
			t.Run(fmt.Sprintf("%s, cut %d", tt.name, cut), func(t *testing.T) {
				r := newRun(t, [2]uint16{40000, 25}, false)
				r.cut = cut
				r.play(begun + tt.text + "\nend")
				got := r.kinds(dissect.Injected, dissect.ClearAfterTLS, dissect.TLSBegin, dissect.Lost, dissect.MailCommand)
				want := slices.Clone(tt.want)
				if cut > 0 {
					// How much of a line is told depends on the bytes that came at once.
					keepStarts(got)
					keepStarts(want)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestLostSTARTTLS: where the request or its answer may be lost, a record of TLS
// still tells that TLS has begun.
func TestLostSTARTTLS(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"the request lost", "0! 10\n1: 220 go\n0- " + hello + "\n1- " + answer, []string{`client tls-begin 19-19 "after text" ""`}},
		{"both lost", "0! 10\n1! 8\n0- " + hello + "\n1- " + answer, []string{`client tls-begin 19-19 "after text" ""`}},
		{"the hello lost, too", "0! 20\n1! 8\n1- " + answer, []string{`client tls-begin 29-29 "after text" ""`}},
		{"the hello answered in clear", "0! 10\n1! 8\n0- " + hello + "\n1: 500 what\n1: 500 what", []string{}},
		{"the hello answered with an alert", "0! 10\n1! 8\n0- " + hello + "\n1- " + complaint, []string{`client tls-begin 19-19 "after text" ""`}},
		{"the hello, and the rest lost", "0! 10\n1! 8\n0- " + hello + "\n1! 20\n1- " + answer, []string{`client tls-begin 19-19 "after text" ""`}},
		{"the hello, and no answer", "0! 10\n1! 8\n0- " + hello, []string{`client tls-begin 19-19 "after text" ""`}},
		{"nothing lost", "0- " + hello + "\n1- " + answer, []string{}},
		{"text", "0! 10\n1: 220 go\n0: MAIL FROM:<a@b>\n1: 250 ok", []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(t, [2]uint16{40000, 25}, false)
			r.play(begun + tt.text + "\nend")
			if diff := cmp.Diff(tt.want, r.kinds(dissect.TLSBegin)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOneSidedSTARTTLS: where the client's side is not captured, a record of
// the server tells that TLS has begun.
func TestOneSidedSTARTTLS(t *testing.T) {
	tests := []struct {
		name string
		port uint16
		text string
		want []string
	}{
		{"smtp", 25, "1: 220 mx ESMTP\n1- 250-mx\\r\\n250 STARTTLS\\r\\n\n1: 220 go\n1- " + answer, []string{`client tls-begin 0-0 "after text" ""`}},
		{"imap", 143, "1: * OK ready\n1: a OK begin\n1- " + answer, []string{`client tls-begin 0-0 "after text" ""`}},
		{"pop3", 110, "1: +OK ready\n1: +OK\n1- " + answer, []string{`client tls-begin 0-0 "after text" ""`}},
		{"managesieve", 4190, "1: \"SIEVE\" \"fileinto\"\n1: OK\n1: OK begin\n1- " + answer, []string{`client tls-begin 0-0 "after text" ""`}},
		{"a message", 110, "1: +OK ready\n1: +OK\n1: Subject: x\n1: \n1: .", []string{}},
	}
	for _, tt := range tests {
		r := newRun(t, [2]uint16{40000, tt.port}, false).play(tt.text + "\nend")
		if diff := cmp.Diff(tt.want, r.kinds(dissect.TLSBegin)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if len(tt.want) > 0 && (len(r.facts.Messages) > 0 || r.facts.Transport != dissect.STARTTLS) {
			t.Errorf("%s: %d messages, %s", tt.name, len(r.facts.Messages), r.facts.Transport)
		}
	}
}

var ends = regexp.MustCompile(`-\d.*`)

func keepStarts(events []string) {
	for i, e := range events {
		events[i] = ends.ReplaceAllString(e, "")
	}
}

// TestLateTransport: where TLS is met late, the port tells how it began; an alert
// in clear of a server tells of no TLS where the session begins in clear.
func TestLateTransport(t *testing.T) {
	const data = `\x17\x03\x03\x00\x05ABCDE`
	tests := []struct {
		name string
		port uint16
		late bool
		text string
		want dissect.Transport
	}{
		{"imap", 143, true, "0- " + data + "\n1- " + data, dissect.STARTTLS},
		{"submission", 587, true, "1- " + data, dissect.STARTTLS},
		{"imaps", 993, true, "0- " + data + "\n1- " + data, dissect.TLS},
		{"the beginning lost", 25, false, "1! 40\n0! 50\n0- " + data + "\n1- " + data, dissect.STARTTLS},
		{"from the first byte", 25, false, "0- " + hello + "\n1- " + answer, dissect.TLS},
		{"a hello that nobody is seen to answer", 25, false, "0- " + hello, dissect.TLS},
		{"a hello, what the server says is lost", 25, false, "0- " + hello + "\n1! 40", dissect.TLS},
		{"a hello, the greeting is lost", 25, false, "0- " + hello + "\n1! 40\n1: 500 what", dissect.Plain},
		{"a hello, the greeting is lost, and a log-in", 143, false, "0- " + hello + "\n1! 40\n1: * BAD what\n0: a LOGIN joe secret\n1: a OK", dissect.Plain},
		{"a hello, an alert before the answer is lost", 110, false, "0- " + hello + "\n1! 7\n1- " + answer, dissect.TLS},
		{"a hello, the beginning of the answer is lost", 110, false, "0- " + hello + "\n1! 7\n1- \\x99\\x01\\x02\\x03\\x04", dissect.TLS},
		{"a complaint", 143, true, "1- " + complaint, dissect.Plain},
		{"a complaint and words", 143, true, "1- " + complaint + "\n1: * CAPABILITY IMAP4rev1", dissect.Plain},
		{"a complaint on a TLS port", 993, true, "1- " + complaint, dissect.TLS},
		{"an alert of the client", 143, true, "0- " + complaint, dissect.STARTTLS},
	}
	for _, tt := range tests {
		for _, cut := range []int{0, 1, 3} {
			r := newRun(t, [2]uint16{40000, tt.port}, tt.late)
			r.cut = cut
			if r.play(tt.text + "\nend"); !r.s.Mail() || r.facts.Transport != tt.want {
				t.Errorf("%s, cut %d: mail %t, %s, want %s", tt.name, cut, r.s.Mail(), r.facts.Transport, tt.want)
			}
		}
	}
}

// TestUnaskedSTARTTLS: where the request was not read, or the client is not
// heard, nothing is known to stand behind it.
func TestUnaskedSTARTTLS(t *testing.T) {
	tests := []struct {
		name, text string
		late       bool
	}{
		{"joined late", "0: EHLO pc\n0: STARTTLS\n1! 30\n1: 220 2.0.0 Ready to start TLS\n0- " + hello + "\n1- " + answer, true},
		{"joined late, the hello sent ahead", "0: EHLO pc\n0: STARTTLS\n0- " + hello + "\n1! 30\n1: 220 2.0.0 Ready to start TLS\n1- " + answer, true},
		{"server only, then clear", "1: 220 mx ESMTP\n1: 220 2.0.0 Ready to start TLS\n1- 250-mx\\r\\n250 AUTH PLAIN\\r\\n", false},
	}
	for _, tt := range tests {
		r := newRun(t, [2]uint16{40000, 25}, tt.late).play(tt.text + "\nend")
		if diff := cmp.Diff([]string{}, r.kinds(dissect.Injected, dissect.ClearAfterTLS)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if want := dissect.STARTTLS; !strings.Contains(tt.name, "clear") && r.facts.Transport != want {
			t.Errorf("%s: %s, want %s", tt.name, r.facts.Transport, want)
		}
	}
}

// TestLateHello: a hello behind a greeting, where the request for it may have been
// lost. What the server says to it tells.
func TestLateHello(t *testing.T) {
	const begin = "1: 220 mx ESMTP\n0- " + hello + "\n"
	for text, want := range map[string]dissect.Transport{
		begin + "1- " + answer:    dissect.STARTTLS,
		begin + "1- " + complaint: dissect.STARTTLS,
		begin:                     dissect.STARTTLS,
		begin + "1: 500 what":     dissect.Plain,
		begin + "1: 500 what\n0: EHLO pc\n1: 250 mx": dissect.Plain,
	} {
		r := newRun(t, [2]uint16{40000, 25}, true)
		if r.play(text + "\nend"); r.facts.Transport != want {
			t.Errorf("%q: %s, want %s", text, r.facts.Transport, want)
		}
	}
}
