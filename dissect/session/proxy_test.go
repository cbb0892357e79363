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

// The client that stands behind a proxy, as the PROXY protocol names it.
func TestRealClient(t *testing.T) {
	const v2 = `0- \r\n\r\n\x00\r\nQUIT\n`
	const ip6 = `\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07`
	tests := []struct{ name, preface, want string }{
		{"1, IPv4", "0: PROXY TCP4 192.0.2.7 198.51.100.1 51812 25", "192.0.2.7:51812"},
		{"1, IPv6", "0: PROXY TCP6 2001:db8::7 2001:db8::1 51812 25", "[2001:db8::7]:51812"},
		{"1, IPv4 in IPv6", "0: PROXY TCP6 ::ffff:192.0.2.7 ::1 51812 25", "192.0.2.7:51812"},
		{"1, unknown", "0: PROXY UNKNOWN", ""},
		{"1, unknown with addresses", "0: PROXY UNKNOWN 192.0.2.7 198.51.100.1 51812 25", ""},
		{"1, port too big", "0: PROXY TCP4 192.0.2.7 198.51.100.1 65536 25", ""},
		{"1, no address", "0: PROXY TCP4 mail.example 198.51.100.1 51812 25", ""},
		{"1, a zone", "0: PROXY TCP6 fe80::1%eth0 ::1 51812 25", ""},
		{"2, IPv4", v2 + `\x21\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\xca\x64\x00\x19`, "192.0.2.7:51812"},
		{"2, IPv6 and more", v2 + `\x21\x21\x00\x27` + ip6 + ip6 + `\xca\x64\x00\x19\x04\x00\x00`, "[2001:db8::7]:51812"},
		{"2, local", v2 + `\x20\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\xca\x64\x00\x19`, ""},
		{"2, UDP", v2 + `\x21\x12\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\xca\x64\x00\x19`, ""},
		{"2, too short", v2 + `\x21\x11\x00\x0b\xc0\x00\x02\x07\xc6\x33\x64\x01\xca\x64\x00`, ""},
		{"2, nothing", v2 + `\x21\x00\x00\x00`, ""},
		{"CONNECT", "0- CONNECT mx:25 HTTP/1.1\\r\\nHost: mx\\r\\n\\r\\n\n1- HTTP/1.1 200 OK\\r\\n\\r\\n\n", ""},
	}
	for _, tt := range tests {
		for _, cut := range []int{0, 1, 7} {
			r := newRun(t, [2]uint16{40000, 25}, false)
			r.cut = cut
			r.play(tt.preface + dialogue)
			got := ""
			if r.facts.Signs != nil {
				got = r.facts.Signs.RealClient
			}
			if got != tt.want || len(r.facts.Tunnel) != 1 || !r.facts.HasHello {
				t.Errorf("%s, cut %d: client %q, want %q; tunnel %v, hello %q", tt.name, cut, got, tt.want, r.facts.Tunnel, r.facts.Hello)
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
