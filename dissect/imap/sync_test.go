package imap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
)

// replay plays a short text to a session: "C: ", "S: " and a line, "C- " and
// bytes with \r and \n (what is not taken waits for the server), "C! 5" for five lost bytes, "proceed" and "end". It gives what became of logins, lists,
// STARTTLS and messages.
func replay(t *testing.T, s *imap.Session, text string) []string {
	t.Helper()
	f := dissect.Facts{Protocol: dissect.IMAP}
	parked := ""
	for step := range strings.Lines(text) {
		step = strings.TrimSpace(step)
		var events []dissect.Event
		side := dissect.Client
		if strings.HasPrefix(step, "S") {
			side = dissect.Server
		}
		switch {
		case step == "":
		case step == "proceed":
			s.Proceed()
		case step == "end":
			events = s.End(nil)
		case step[1] == '!':
			var n uint64
			if _, err := fmt.Sscan(step[2:], &n); err != nil {
				t.Fatal(err)
			}
			events = s.Gap(nil, side, n)
		default:
			line := strings.TrimPrefix(step[2:], " ")
			if step[1] == ':' {
				line += `\r\n`
			}
			line = strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(line)
			var n int
			events, n = s.Feed(nil, side, []byte(line))
			if n < len(line) {
				parked += line[n:]
			} else if parked != "" && s.Need() == dissect.NeedNothing {
				events, _ = s.Feed(events, dissect.Client, []byte(parked))
				parked = ""
			}
		}
		for i := range events {
			f.Add(&events[i])
		}
	}
	return summary(&f)
}

func summary(f *dissect.Facts) []string {
	got := []string{}
	if f.STARTTLS.Offered != dissect.Unknown {
		got = append(got, fmt.Sprintf("starttls offered %v", f.STARTTLS.Offered == dissect.Yes))
	}
	for _, a := range f.Auth {
		got = append(got, fmt.Sprintf("%s %q %q %s", a.Mechanism, a.Account, a.Secret.Reveal(), a.Outcome))
	}
	if f.Signs != nil && f.Signs.EarlyData != nil {
		got = append(got, "early "+f.Signs.EarlyData.Text)
	}
	for _, m := range f.Messages {
		got = append(got, fmt.Sprintf("%q %v", m.Subject, m.Complete))
	}
	return got
}

func TestFindsItsFeet(t *testing.T) {
	tests := []struct {
		name string
		late bool
		text string
		want []string
	}{
		{"joined late in IDLE", true, `
			S: * 2 EXISTS
			C: DONE
			S: 11 OK done
			C: 12 LOGIN joe hunter22
			S: 12 OK welcome
			C: 13 FETCH 1 BODY[HEADER]
			S: * 1 FETCH (BODY[HEADER] {14}
			S: Subject: one
			S: )
			S: 13 OK done
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`, `"one" true`}},
		{"message behind the first reply", true, `
			C: 12 NOOP
			S: 12 OK done
			C: 13 FETCH 1 BODY[HEADER]
			S: * 1 FETCH (BODY[HEADER] {14}
			S: Subject: one
			S: )
			end`, []string{`"one" true`}},
		{"late, but the greeting is there", true, `
			S: * OK [CAPABILITY IMAP4rev1] ready
			C: a1 LOGIN joe hunter22
			end`, []string{"starttls offered false", `LOGIN-CMD "joe" "hunter22" unknown`}},
		{"late in IDLE, no greeting", true, `
			S: * OK Still here
			S: * CAPABILITY IMAP4rev1
			end`, []string{}},
		{"late, client only, first line", true, `
			C: a7 LOGIN joe hunter22
			proceed
			C: a8 SELECT INBOX
			end`, []string{`LOGIN-CMD "joe" "hunter22" unknown`}},
		{"late, client only, behind DONE", true, `
			C: DONE
			C: a7 LOGIN joe hunter22
			proceed
			end`, []string{`LOGIN-CMD "joe" "hunter22" unknown`}},
		{"late, client only, not the first line", true, `
			C: and he wrote:
			C: a7 LOGIN joe hunter22
			C: a8 SELECT INBOX
			end`, []string{}},
		{"late in a body, the server says otherwise", true, `
			C: a7 LOGIN eve decoy
			S: a3 OK APPEND completed
			C: a4 LOGIN joe hunter22
			S: a4 OK welcome
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`}},
		{"late in a body, the server is there but silent", true, `
			S: * 5 EXISTS
			C: a7 LOGIN eve decoy
			proceed
			C: and so on
			end`, []string{}},
		{"late, LOGIN with literals", true, `
			C: more text
			C: a7 LOGIN {3}
			S: + go on
			C: joe {8}
			S: + go on
			C: hunter22
			S: a7 OK welcome
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`}},
		{"late, LOGIN with literals at once", true, `
			C- a7 LOGIN {3+}\r\njoe {8+}\r\nhunter22\r\n
			S: a7 OK welcome
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`}},
		{"gap before LOGIN with literals", false, `
			S: * OK ready
			C! 15
			S: * CAPABILITY IMAP4rev1
			S: a0 OK done
			C- a1 LOGIN {3+}\r\njo
			C- e {8+}\r\nhun
			C- ter22\r\n
			S: a1 OK welcome
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`}},
		{"gap before LOGIN with literals of both kinds", false, `
			S: * OK ready
			C! 15
			C- a1 LOGIN {3+}\r\njoe {8}\r\n
			S: + go on
			C: hunter22
			S: a1 OK welcome
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`}},
		{"gap, then a mail with LOGIN and literals", false, `
			S: * OK ready
			C! 500
			C- a1 LOGIN {3+}\r\neve {5+}\r\ndecoy\r\nand so on\r\n
			S: a1 OK APPEND completed
			end`, []string{}},
		{"gap, then a mail with LOGIN and literals, more later", false, `
			S: * OK ready
			C! 500
			C- a1 LOGIN {3+}\r\neve {5+}\r\ndecoy\r\n
			C: and so on
			S: a1 OK APPEND completed
			end`, []string{}},
		{"gap, then a mail with LOGIN, and the server's tag is another", false, `
			S: * OK ready
			C! 500
			C- a7 LOGIN {3+}\r\neve {5+}\r\ndecoy\r\n
			S: a1 OK APPEND completed
			C: a2 LOGIN joe hunter22
			S: a2 OK welcome
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`}},
		{"gap, then a mail whose literals hide the next command", false, `
			S: * OK ready
			C! 500
			C- a7 LOGIN {42+}\r\nthe end of the mail\r\na1 LOGIN joe hunter22\r\n
			S: a1 OK welcome
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`}},
		{"gap in an exchange, then a mail with LOGIN", false, `
			S: * OK ready
			C: a1 AUTHENTICATE CRAM-MD5
			S: + PDFAeD4=
			C: am9lIDAw
			S! 9
			C! 25
			S: + go on
			C: From: eve@x.example
			C: a LOGIN eve decoy
			C: and so on
			S: a2 OK APPEND completed
			C: a3 LOGIN joe hunter22
			S: a3 OK welcome
			end`, []string{`CRAM-MD5 "joe" "00" unknown`, `LOGIN-CMD "joe" "hunter22" accepted`}},
		{"gap over the end of LOGIN, then a mail with LOGIN", false, `
			S: * OK ready
			C: a1 LOGIN {3}
			S: + go on
			C: joe {8}
			S: + go on
			C! 42
			S: a1 OK welcome
			S: + go on
			C: From: eve@x.example
			C: a LOGIN eve decoy
			C: and so on
			S: a2 OK APPEND completed
			C: a3 SELECT INBOX
			S: a3 OK done
			end`, []string{`LOGIN-CMD "joe" "" accepted`}},
		{"gap over the end of LOGIN, then another", false, `
			S: * OK ready
			C: a1 LOGIN {3}
			S: + go on
			C: joe {8}
			S: + go on
			C! 10
			S: a1 NO wrong
			C: a2 LOGIN joe hunter22
			S: a2 OK welcome
			end`, []string{`LOGIN-CMD "joe" "" rejected`, `LOGIN-CMD "joe" "hunter22" accepted`}},
		{"exchange cancelled before its challenge came", false, `
			S: * OK ready
			C: a1 AUTHENTICATE PLAIN
			S! 4
			proceed
			C: *
			S: + 
			C: a2 AUTHENTICATE PLAIN
			S: a1 BAD aborted
			S: + 
			C: AGpvZQBodW50ZXIyMg==
			S: a2 OK welcome
			end`, []string{`PLAIN "" "" cancelled`, `PLAIN "joe" "hunter22" accepted`}},
		{"late, an alert that speaks of IMAP is no greeting", true, `
			S: * OK [ALERT] Your IMAP client is old
			S: * 3 EXISTS
			C: a4 NOOP
			S: a4 OK done
			end`, []string{}},
		{"late, a proxy takes up a connection", true, `
			S: * OK [XPROXYREUSE] IMAP connection reused by imapproxy
			S: * 3 EXISTS
			C: a4 NOOP
			S: a4 OK done
			end`, []string{}},
		{"gap in a literal of the server", false, `
			S: * PREAUTH ready
			C: a1 FETCH 1:2 BODY[]
			S: * 1 FETCH (BODY[] {30}
			S: Subject: one
			S: X: y
			S! 10
			S: )
			S: * 2 FETCH (BODY[] {14}
			S: Subject: two
			S: )
			S: a1 OK done
			end`, []string{`"one" false`, `"two" true`}},
		{"gap over the end of a literal", false, `
			S: * PREAUTH ready
			C: a1 FETCH 1 BODY[]
			S: * 1 FETCH (BODY[] {30}
			S: Subject: one
			S: X: y
			S! 11
			S: * 2 FETCH (BODY[] {5}
			S: Subject: nested
			S: a1 OK done
			C: a2 FETCH 2 BODY[]
			S: * 2 FETCH (BODY[] {14}
			S: Subject: two
			S: )
			end`, []string{`"one" false`, `"two" true`}},
		{"gap in the subject of an ENVELOPE", false, `
			S: * PREAUTH ready
			C: a1 FETCH 1:2 ENVELOPE
			S: * 1 FETCH (ENVELOPE (NIL {5}
			S: s
			S! 2
			S: NIL NIL NIL NIL NIL NIL NIL NIL))
			S: * 2 FETCH (ENVELOPE (NIL "two" NIL NIL NIL NIL NIL NIL NIL NIL))
			S: a1 OK done
			end`, []string{`"" false`, `"two" true`}},
		{"mailbox data behind a gap that may have held a login", false, `
			S: * OK ready
			C! 30
			S: * 3 EXISTS
			end`, []string{}},
		{"mailbox data behind a lost reply to a login", false, `
			S: * OK ready
			C: a1 LOGIN joe hunter22
			S! 12
			S: * 3 EXISTS
			C: a2 NOOP
			end`, []string{`LOGIN-CMD "joe" "hunter22" unknown`}},
		{"mailbox data behind a gap, client missing", false, `
			S: * OK ready
			S! 12
			S: a2 OK done
			S: * 3 EXISTS
			end`, []string{}},
		{"mailbox data behind a refused login", false, `
			S: * OK ready
			C: a1 LOGIN joe hunter22
			S: a1 NO no
			S: * 3 EXISTS
			end`, []string{`LOGIN-CMD "joe" "hunter22" rejected`, "early * 3 EXISTS"}},
		{"COMPRESS with its answer lost", false, `
			S: * OK ready
			C: a1 COMPRESS DEFLATE
			S! 12
			C- 2\x04LOGIN joe hunter22\r\n
			end`, []string{}},
		{"COMPRESS with its answer found late", false, `
			S: * OK ready
			C: a1 COMPRESS DEFLATE
			S! 12
			C: a2 LOGIN joe hunter22
			S: a1 OK active
			C: a3 LOGIN joe hunter22
			end`, []string{}},
		{"list behind a gap that may have held a login", false, `
			S: * OK ready
			C! 30
			S: a1 OK welcome
			C: a2 CAPABILITY
			S: * CAPABILITY IMAP4rev1
			S: a2 OK done
			end`, []string{}},
		{"list behind a gap with no login open", false, `
			S: * OK ready
			C: a1 NOOP
			S! 12
			C: a2 CAPABILITY
			S: a2 OK [CAPABILITY IMAP4rev1] done
			end`, []string{"starttls offered false"}},
		{"go-ahead lost", false, `
			S: * OK ready
			C: a1 LOGIN joe {8}
			S! 6
			C: hunter22
			S: a1 OK welcome
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`}},
		{"go-ahead or refusal lost", false, `
			S: * OK ready
			C: a1 LOGIN joe {8}
			S! 6
			C: a2 LOGIN joe hunter22
			S: a2 OK welcome
			end`, []string{`LOGIN-CMD "joe" "" unknown`, `LOGIN-CMD "joe" "hunter22" accepted`}},
		{"a literal miscounted", false, `
			S: * OK ready
			C: a1 LOGIN joe {4+}
			C: hunter22
			S: a1 BAD what
			C: a2 LOGIN joe hunter33
			S: a2 OK welcome
			end`, []string{`LOGIN-CMD "joe" "" rejected`, `LOGIN-CMD "joe" "hunter33" accepted`}},
		{"challenge or refusal lost", false, `
			S: * OK ready
			C: a1 AUTHENTICATE PLAIN
			S! 6
			C: a2 LOGIN joe hunter22
			S: a2 OK welcome
			end`, []string{`PLAIN "" "" unknown`, `LOGIN-CMD "joe" "hunter22" accepted`}},
		{"answer lost", false, `
			S: * OK ready
			C: a1 AUTHENTICATE LOGIN
			S: + VXNlcm5hbWU6
			C! 6
			S: + UGFzc3dvcmQ6
			C: aHVudGVyMjI=
			S: a1 OK welcome
			C: a2 SELECT INBOX
			end`, []string{`LOGIN "" "" accepted`}},
		{"reply to STARTTLS lost, then clear", false, `
			S: * OK ready
			C: a1 STARTTLS
			S! 15
			S: a2 NO not yet
			C: a3 LOGIN joe hunter22
			S: a3 OK welcome
			end`, []string{`LOGIN-CMD "joe" "hunter22" accepted`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := replay(t, imap.New([2]uint64{100, 2000}, tt.late), tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
