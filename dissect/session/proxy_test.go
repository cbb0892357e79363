package session_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

// dialogue is what crosses behind a preface.
const dialogue = `
	1: 220 mx ESMTP
	0: EHLO pc
	1: 250 mx
	0: MAIL FROM:<a@b>
	1: 250 ok
	end`

func TestPreface(t *testing.T) {
	connect := "0- CONNECT mx:25 HTTP/1.1\\r\\nHost: mx\\r\\n\\r\\n\n1- HTTP/1.1 200 OK\\r\\n\\r\\n\n"
	tests := []struct {
		name, preface, want string
	}{
		{"CONNECT", connect, "http-connect"},
		{"SOCKS 4", `0- \x04\x01\x00\x19\x0a\x00\x00\x01joe\x00` + "\n" + `1- \x00\x5a\x00\x00\x00\x00\x00\x00`, "socks"},
		{"SOCKS 4A", `0- \x04\x01\x00\x19\x00\x00\x00\x01joe\x00mx\x00` + "\n" + `1- \x00\x5a\x00\x00\x00\x00\x00\x00`, "socks"},
		{"SOCKS 5", `
			0- \x05\x01\x00
			1- \x05\x00
			0- \x05\x01\x00\x01\x0a\x00\x00\x01\x00\x19
			1- \x05\x00\x00\x01\x0a\x00\x00\x01\x00\x19`, "socks"},
		{"SOCKS 5 with a password, by name, answered in IPv6", `
			0- \x05\x02\x00\x02
			1- \x05\x02
			0- \x01\x03joe\x02pw
			1- \x01\x00
			0- \x05\x01\x00\x03\x02mx\x00\x19
			1- \x05\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x19`, "socks"},
		{"PROXY 1", "0: PROXY TCP4 10.0.0.1 10.0.0.2 40000 25", "proxy"},
		{"PROXY 2", `0- \r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x0a\x00\x00\x01\x0a\x00\x00\x02\x9c\x40\x00\x19`, "proxy"},
	}
	for _, tt := range tests {
		for _, port := range []uint16{25, 1080} {
			for _, cut := range []int{0, 1, 2, 3, 5, 7} {
				t.Run(fmt.Sprintf("%s, port %d, cut %d", tt.name, port, cut), func(t *testing.T) {
					r := newRun(t, [2]uint16{40000, port}, false)
					r.cut = cut
					r.play(tt.preface)
					before := r.sent
					r.play(dialogue)
					want := []string{
						fmt.Sprintf(`client proxied 0-0 %q ""`, tt.want),
						fmt.Sprintf(`server greeting %d-%d "mx ESMTP" "220 mx ESMTP"`, before[1], before[1]+14),
						fmt.Sprintf(`client hello %d-%d "pc" "EHLO pc"`, before[0], before[0]+9),
					}
					if diff := cmp.Diff(want, r.kinds(dissect.Proxied, dissect.Greeting, dissect.Hello)); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
					if r.facts.MailCommand == nil || r.s.Server() != 1 {
						t.Errorf("no MAIL, or the server is %d", r.s.Server())
					}
				})
			}
		}
	}
}

// What a proxy refuses, and what only looks like a preface, is no session.
func TestNoPreface(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"CONNECT refused", "0- CONNECT mx:25 HTTP/1.1\\r\\n\\r\\n\n1: HTTP/1.1 403 No"},
		{"SOCKS 4 refused", `0- \x04\x01\x00\x19\x0a\x00\x00\x01\x00` + "\n" + `1- \x00\x5b\x00\x00\x00\x00\x00\x00`},
		{"SOCKS 4 BIND", `0- \x04\x02\x00\x19\x0a\x00\x00\x01\x00`},
		{"SOCKS 5 refused", `
			0- \x05\x01\x00
			1- \x05\x00
			0- \x05\x01\x00\x01\x0a\x00\x00\x01\x00\x19
			1- \x05\x05\x00\x01\x0a\x00\x00\x01\x00\x19`},
		{"SOCKS 5, another answer", "0- \\x05\\x01\\x00\n1- \\x00\\x00"},
		{"PROXY 1 too long", fmt.Sprintf("0- PROXY %0108d", 0)},
		{"PROXY 2 of version 1", `0- \r\n\r\n\x00\r\nQUIT\n\x11\x11\x00\x00`},
	} {
		r := newRun(t, [2]uint16{40000, 1080}, false).play(tt.text + "\nend")
		if r.s.Mail() {
			t.Errorf("%s: taken for mail", tt.name)
		}
	}
}
