package session_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

// mails gives the messages of a session.
func (r *run) mails() []string {
	got := []string{}
	for _, m := range r.facts.Messages {
		got = append(got, fmt.Sprintf("%q %q %q %d", m.From, m.To, m.Subject, m.Size))
	}
	return got
}

// Where a conversation is joined before its DATA and the replies are lost, the 354
// is that to the DATA which the client has sent before.
func TestLostRepliesBeforeContent(t *testing.T) {
	const (
		envelope = `0- MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n` + "\n"
		content  = `0- Subject: x\r\n\r\ntext\r\n.\r\n` + "\n1: 250 ok\n0: QUIT\n1: 221 bye\nend"
		go354    = "1: 354 go\n"
	)
	tests := []struct {
		name, text string
		want       []string
	}{
		{"all replies", "0: HELO pc\n" + envelope + "0: DATA\n" + go354 + content, []string{`"a@b" ["c@d"] "x" 20`}},
		{"all replies, sent at once", `0- HELO pc\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n` + "\n" + go354 + content, []string{`"a@b" ["c@d"] "x" 20`}},
		{"all replies, and DATA", "0: HELO pc\n" + envelope + go354 + content, []string{`"" [] "x" 20`}},
	}
	for _, tt := range tests {
		for _, cut := range []int{0, 1, 3} {
			r := newRun(t, [2]uint16{40000, 25}, true)
			r.cut = cut
			if diff := cmp.Diff(tt.want, r.play(tt.text).mails()); diff != "" {
				t.Errorf("%s, cut %d (-want +got):\n%s", tt.name, cut, diff)
			}
		}
	}
}

// Where answers were lost, those that come belong to nothing before: outcomes that
// nobody saw are not told.
func TestLostAnswers(t *testing.T) {
	tests := []struct {
		name string
		port uint16
		late bool
		text string
		want []string // log-ins
	}{
		{"managesieve, of an exchange", 4190, false, `
			0: AUTHENTICATE "LOGIN"
			0: "am9l"
			0- {8+}\r\nc2VjcmV0\r\n
			0: STARTTLS
			1! 500
			1: NO "what"
			0: LISTSCRIPTS
			1: OK`, []string{"LOGIN joe secret unknown"}},
		{"smtp, of an exchange, with all up to the text of a mail", 25, false, begun + `
			0: AUTH CRAM-MD5
			1: 334 PDFAeD4=
			0: am9lIGQ3MWM1NDRhMGFmMGIzMzgyMTA0NGNkNjkzMjRmMTQz
			1! 60
			0! 80
			0- write:\r\nAUTH PLAIN AGpvZQBzZWNyZXQ=\r\n.\r\n
			1: 250 queued
			0: QUIT
			1: 221 bye`, []string{"CRAM-MD5 joe d71c544a0af0b33821044cd69324f143 unknown"}},
		{"smtp, of an exchange, then another", 25, false, begun + `
			0: AUTH CRAM-MD5
			1: 334 PDFAeD4=
			0! 50
			1! 8
			0: AUTH PLAIN AGpvZQBzZWNyZXQ=
			1: 235 in`, []string{"CRAM-MD5   unknown", "PLAIN joe secret accepted"}},
		{"smtp, and the client sends ahead", 25, false, begun + `
			1! 8
			0- AUTH PLAIN AGpvZQBzZWNyZXQ=\r\nRSET\r\n
			1: 235 in`, []string{"PLAIN joe secret unknown"}},
		{"smtp, of EHLO", 25, false, `
			1: 220 mx ESMTP
			0: EHLO pc
			0: AUTH PLAIN AGpvZQBzZWNyZXQ=
			1! 30
			1: 550 who are you`, []string{"PLAIN joe secret unknown"}},
		{"smtp, of STARTTLS", 25, false, begun + `
			0: STARTTLS
			1! 30
			0: EHLO pc
			1- 250-mx\r\n250 AUTH PLAIN\r\n
			0: AUTH PLAIN AGpvZQBzZWNyZXQ=
			1: 235 in`, []string{"PLAIN joe secret accepted"}},
		{"smtp, of an exchange, which the client gives up", 25, false, begun + `
			0: AUTH LOGIN
			1! 18
			0: am9l
			1: 334 UGFzc3dvcmQ6
			0: c2VjcmV0
			1! 8
			0: QUIT
			1: 221 bye`, []string{"LOGIN joe secret unknown"}},
		{"smtp, and another AUTH with them", 25, true, `
			1: 220 mx ESMTP
			0: EHLO pc
			1- 250-mx\r\n
			1! 24
			0: AUTH PLAIN AGpvZQBzZWNyZXQ=
			0! 25
			1: 235 in`, []string{"PLAIN joe secret unknown"}},
		{"smtp, before two AUTH at once", 25, false, `
			1! 22
			0: EHLO pc
			1! 32
			0: AUTH LOGIN
			0: AUTH PLAIN AGpvZQBzZWNyZXQ=
			1: 235 in`, []string{"LOGIN   unknown"}},
		{"smtp, none, but what the client said behind two AUTH", 25, false, begun + `
			0- AUTH PLAIN AGpvZQB3cm9uZw==\r\nAUTH PLAIN\r\nAGpvZQBzZWNyZXQ=\r\n
			0! 194
			1: 535 no
			1: 334
			1: 235 in`, []string{"PLAIN joe wrong unknown", "PLAIN joe secret unknown"}},
		{"managesieve, of STARTTLS and behind it", 4190, false, `
			0: STARTTLS
			0: LISTSCRIPTS
			1! 90
			1: OK "Listscripts completed."`, []string{}},
		{"pop3, of PASS", 110, false, `
			1: +OK POP3
			0- STLS\r\nUSER joe\r\n
			1! 60
			0: PASS secret
			1: +OK Password required.`, []string{"USER joe secret unknown"}},
		{"pop3, joined late, the client sends ahead", 110, true, `
			1: -ERR
			0: PASS secret
			0: QUIT
			1: -ERR`, []string{"USER  secret unknown"}},
		{"pop3, joined late, the client waits", 110, true, `
			1: +OK
			0: PASS secret
			1: -ERR
			0: QUIT`, []string{"USER  secret rejected"}},
	}
	for _, tt := range tests {
		for _, cut := range []int{0, 1, 3} {
			r := newRun(t, [2]uint16{40000, tt.port}, tt.late)
			r.cut = cut
			if diff := cmp.Diff(tt.want, r.play(tt.text+"\nend").logins()); diff != "" {
				t.Errorf("%s, cut %d (-want +got):\n%s", tt.name, cut, diff)
			}
			if len(r.kinds(dissect.Injected)) > 0 || r.facts.STARTTLS.Accepted == dissect.Yes {
				t.Errorf("%s, cut %d: %q", tt.name, cut, r.events)
			}
		}
	}
}

// A subject that may have gone on where the connection ends is not told; with the
// beginning of the next field it is.
func TestSubjectBrokenOff(t *testing.T) {
	for _, tt := range []struct {
		name   string
		port   uint16
		before string
		side   string // who sends the message
	}{
		{"DATA", 25, "1: 220 mx ESMTP\n0: MAIL FROM:<a@x>\n1: 250 ok\n0: RCPT TO:<b@x>\n1: 250 ok\n0: DATA\n1: 354 go\n", "0"},
		{"BDAT", 25, "1: 220 mx ESMTP\n0: MAIL FROM:<a@x>\n1: 250 ok\n0: RCPT TO:<b@x>\n1: 250 ok\n0: BDAT 90 LAST\n", "0"},
		{"APPEND", 143, "1: * OK IMAP\n0: a APPEND x {90+}\n", "0"},
		{"FETCH", 143, "1: * OK IMAP\n0: a FETCH 1 BODY[]\n1: * 1 FETCH (BODY[] {90}\n", "1"},
		{"RETR", 110, "1: +OK POP3 ready\n0: RETR 1\n1: +OK\n", "1"},
	} {
		for more, want := range map[string]string{``: "", ` two\r\n`: "", ` two\r\nT`: "one two"} {
			r := newRun(t, [2]uint16{40000, tt.port}, false).play(tt.before + tt.side + `- Subject: one\r\n` + more + "\nend\n")
			var got []string
			for _, m := range r.facts.Messages {
				got = append(got, m.Subject)
			}
			if diff := cmp.Diff([]string{want}, got); diff != "" {
				t.Errorf("%s, %q: subjects (-want +got):\n%s", tt.name, more, diff)
			}
		}
	}
}

// Where the server's first words were lost and the client's were not, what the
// client sends as literals is read.
func TestLostGreetingBeforeLiterals(t *testing.T) {
	for _, tt := range []struct {
		port                uint16
		first, login, reply string
		want                []string
	}{
		{143, "a0 CAPABILITY\r\n", "a1 LOGIN {3+}\r\njoe {8+}\r\nsesame 1\r\n", "a1 OK in\r\n", []string{"LOGIN-CMD joe sesame 1 accepted"}},
		{143, "", "a1 LOGIN joe {8+}\r\nsesame 1\r\n", "a1 NO no\r\n", []string{"LOGIN-CMD joe sesame 1 rejected"}},
		{4190, "CAPABILITY\r\n", "AUTHENTICATE \"PLAIN\" {16+}\r\nAGpvZQBzZXNhbWU=\r\n", "OK\r\n", []string{"PLAIN joe sesame accepted"}},
	} {
		for _, cut := range []int{0, 1, 3} {
			r := newRun(t, [2]uint16{40000, tt.port}, false)
			r.cut = cut
			r.lose(1, 56)
			if tt.first != "" {
				r.feed(0, []byte(tt.first))
				r.lose(1, 61)
			}
			r.feed(0, []byte(tt.login))
			r.feed(1, []byte(tt.reply))
			r.end()
			if diff := cmp.Diff(tt.want, r.logins()); diff != "" {
				t.Errorf("port %d, %q, cut %d (-want +got):\n%s", tt.port, tt.first, cut, diff)
			}
		}
	}
}

// A client that is out of step may still log in with literals. Where what seems
// to is the text of a mail, it hides no log-in behind it.
func TestLiteralsOutOfStep(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"the second log-in", `
			1: * OK IMAP4rev1 ready
			0! 14
			1: + OK
			0: joe {5}
			1: + OK
			0: wrong
			1: a1 NO no
			0- a2 LOGIN {3+}\r\njoe {8+}\r\nsesame 1\r\n
			1: a2 OK in`, []string{"LOGIN-CMD joe sesame 1 accepted"}},
		{"in the text of a mail, and behind it", `
			1: * OK IMAP4rev1 ready
			0! 500
			0: x9 LOGIN {30+}
			0: is how they log in
			0: a2 LOGIN joe sesame
			1: a2 OK in`, []string{"LOGIN-CMD joe sesame accepted"}},
		{"in the text of a mail, whose end is answered", `
			1: * OK IMAP4rev1 ready
			0! 500
			0: x9 LOGIN {30+}
			0: is how they log in
			1: a1 OK appended
			0: a2 LOGIN joe sesame
			1: a2 OK in`, []string{"LOGIN-CMD joe sesame accepted"}},
	} {
		for _, cut := range []int{0, 1, 3} {
			r := newRun(t, [2]uint16{40000, 143}, false)
			r.cut = cut
			if diff := cmp.Diff(tt.want, r.play(tt.text+"\nend").logins()); diff != "" {
				t.Errorf("%s, cut %d (-want +got):\n%s", tt.name, cut, diff)
			}
		}
	}
}
