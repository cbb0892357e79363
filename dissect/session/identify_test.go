package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/session"
)

// what says what a connection was taken for, and which direction is the
// server's.
func (r *run) what() string {
	switch {
	case r.s.Ignored():
		return "none"
	case !r.s.Mail():
		return "undecided"
	}
	w := fmt.Sprintf("%s %d", r.s.Protocol(), r.s.Server())
	if r.facts.Transport != dissect.Plain {
		w = r.facts.Transport.String() + " " + w
	}
	if !r.s.StandardPort() {
		w += " odd"
	}
	return w
}

func TestIdentify(t *testing.T) {
	const odd = 12345
	tests := []struct {
		name string
		port uint16 // of direction 1; that of direction 0 is 40000
		late bool
		text string
		want string
	}{
		{"smtp", 25, false, "1: 220 mx.example.org", "smtp 1"},
		{"smtp submission", 587, false, "1: 220 mx ESMTP\n0: EHLO pc", "smtp 1"},
		{"smtp at an odd port", odd, false, "1: 220 mx.example.org ESMTP", "smtp 1 odd"},
		{"smtp at an odd port, shy", odd, false, "1: 220 mx.example.org\n0: HELO pc", "smtp 1 odd"},
		{"smtp refuses", 25, false, "1: 554 go away\n0: QUIT", "smtp 1"},
		{"lmtp at its port", 24, false, "1: 220 hi\n0: LHLO pc", "lmtp 1"},
		{"lmtp at an odd port", odd, false, "1: 220 hi LMTP\n0: LHLO pc", "lmtp 1 odd"},
		{"a lone QUIT at the port of lmtp", 24, false, "0: QUIT", "lmtp 1"},
		{"smtp at the port of lmtp", 24, false, "1: 220 hi\n0: EHLO pc", "smtp 1 odd"},
		{"late, at the port of lmtp", 24, true, "0: RCPT TO:<a@b>\n1: 250 ok", "lmtp 1"},
		{"imap", 143, false, "1: * OK ready", "imap 1"},
		{"imap at an odd port", odd, false, "1: * OK ready", "imap 1 odd"},
		{"imap at the port of smtp", 25, false, "1: * OK ready", "imap 1 odd"},
		{"pop3", 110, false, "1: +OK ready", "pop3 1"},
		{"pop3 at an odd port", odd, false, "1: +OK ready\n0: USER joe", "pop3 1 odd"},
		{"managesieve", 4190, false, `1: "IMPLEMENTATION" "x"`, "managesieve 1"},
		{"managesieve, its name not first", 4190, false, "1: \"SASL\" \"PLAIN\"\n1: OK", "managesieve 1"},
		{"managesieve at an odd port", odd, false, `1: "IMPLEMENTATION" "x"`, "managesieve 1 odd"},
		{"imap that cannot work", 143, false, "1: * BAD no network\n0: a LOGIN joe pass", "imap 1"},
		{"an odd greeting of imap", 143, false, "1: Welcome!\n0: a LOGIN joe pass", "imap 1"},
		{"an odd greeting of pop3", 110, false, "1: Welcome!\n0: USER joe\n1: +OK", "pop3 1"},
		{"an odd greeting of smtp", 25, false, "1: Welcome!\n0: EHLO pc\n1: 250 mx", "smtp 1"},
		{"an odd greeting at an odd port", odd, false, "1: Welcome!\n0: USER joe", "none"},
		{"an odd greeting, and no mail", 143, false, "1: Welcome!\n0: GET / HTTP/1.0", "none"},
		{"in clear at a TLS port", 993, false, "1: * OK ready", "imap 1"},

		{"a client of smtp at the port of imap", 143, false, "0: EHLO pc\n1: * OK ready\n1: EHLO BAD what", "imap 1"},
		{"a client of smtp at the port of imap, alone", 143, false, "0: EHLO pc\n0: QUIT", "smtp 1 odd"},
		{"smtp at the port of imap, the client first", 143, false, "0: EHLO pc\n1: 220 mx ESMTP", "smtp 1 odd"},
		{"a scanner that does not wait", 25, false, "0: SSH-2.0-Go\n1: 220 mx ESMTP", "smtp 1"},
		{"a scanner that does not wait, of imap", 143, false, "0: GET / HTTP/1.0\n1: * OK ready", "imap 1"},
		{"a scanner and a server of something else", 25, false, "0: SSH-2.0-Go\n1: SSH-2.0-Go", "none"},
		{"a scanner and a weak greeting", 25, false, "0: SSH-2.0-Go\n1: 220 ready", "none"},

		{"ftp host of smtp", odd, false, "1: 220 ftp.example.org ready\n0: EHLO pc", "smtp 1 odd"},
		{"ftp says so on 25", 25, false, "1: 220 ftp.example.org FTP server ready", "none"},
		{"proftpd on 25", 25, false, "1: 220 ProFTPD Server (Debian) [10.0.0.2]\n0: USER joe", "none"},
		{"vsftpd on 25", 25, false, "1: 220 (vsFTPd 3.0.3)\n0: USER joe", "none"},
		{"smtp of a machine called ftp", 25, false, "1: 220 ftp ESMTP", "smtp 1"},
		{"filezilla on 25", 25, false, "1: 220-FileZilla Server 1.8.0\n1: 220 Please visit https://filezilla-project.example/\n0: USER joe\n1: 331 Please, specify the password.\n0: PASS secret\n1: 230 Login successful.", "none"},
		{"pure-ftpd on 25", 25, false, "1: 220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\n0: USER joe", "none"},
		{"iis on 25", 25, false, "1: 220 Microsoft FTP Service\n0: USER joe", "none"},
		{"wu-ftpd on 25", 25, false, "1: 220 files.example.org FTP server (Version wu-2.6.2(1) Mon Jan 1 10:00:00 UTC 2024) ready.\n0: USER joe", "none"},
		{"ftp that does not say so, on 25", 25, false, "1: 220 files.example.org ready\n0: USER joe\n1: 331 password\n0: PASS x\n1: 230 ok", "none"},
		{"ftp that does not say so, on 587", 587, false, "1: 220 welcome\n0: AUTH TLS\n1: 500 what\n0: USER joe\n1: 331 password", "none"},
		{"ftp that does not say so, help first", 25, false, "1: 220 welcome\n0: NOOP\n1: 200 ok\n0: FEAT\n1: 211 end", "none"},
		{"ftp that does not say so, on 110", 110, false, "1: 220 welcome\n0: USER joe\n1: 331 password\n0: PASS x\n1: 230 ok", "none"},
		{"ftp that does not say so, server only", 25, false, "1: 220 welcome\n1: 331 password\n1: 230 ok", "none"},
		{"a greeting and no smtp", 25, false, "1: 220 hello\n0: open sesame\n1: what", "none"},
		{"a greeting and nothing", 25, false, "1: 220 hello", "smtp 1"},
		{"a greeting and a typing error", 25, false, "1: 220 hello\n0: elho pc\n1: 500 what\n0: EHLO pc\n1: 250 hi", "smtp 1"},
		{"a greeting and a masked command", 25, false, "1: 220 ****\n0: XXXX pc\n1: 500 what\n0: HELO pc", "smtp 1"},
		{"a greeting, server only", 25, false, "1: 220 mx.example.org\n1: 250 hi\n1: 221 bye", "smtp 1"},
		{"nntp on 25", 25, false, "1: 200 news.example.org ready, posting allowed\n0: MODE READER\n1: 200 ok\n0: QUIT", "none"},
		{"nntp on 25, no posting", 25, false, "1: 201 news.example.org ready\n0: HELP\n1: 100 help\n0: QUIT", "none"},
		{"irc on 25", 25, false, "0: NICK joe\n0: USER joe 0 * :Joe\n1: :irc.example.org 001 joe :Welcome", "none"},
		{"irc that speaks first on 25", 25, false, "1: :irc.example.org NOTICE AUTH :*** Looking up your hostname\n0: NICK joe", "none"},
		{"ftp with TLS-C", 21, false, "1: 220 welcome\n0: AUTH TLS-C\n1: 234 go", "none"},
		{"ftp with GSSAPI", 21, false, "1: 220 welcome\n0: AUTH GSSAPI\n1: 334 go", "none"},
		{"ftp asks for features", 21, false, "1: 220 welcome\n0: FEAT\n1: 211 end", "none"},
		{"nntp that refuses", 119, false, "1: 502 no\n0: QUIT", "none"},
		{"nntp with STARTTLS", 119, false, "1: 200 news\n0: CAPABILITIES\n1: 101 list\n1: STARTTLS\n1: .\n0: STARTTLS\n1: 382 go", "none"},
		{"dict", 2628, false, "1: 220 dict.example dictd 1.12 <auth> <1@x>\n0: CLIENT x\n1: 250 ok\n0: QUIT", "none"},
		{"mupdate", 3905, false, `1: * AUTH "PLAIN"` + "\n" + `1: * OK MUPDATE "x"`, "none"},
		{"sip", 5060, false, "0: REGISTER sip:example.org SIP/2.0\n1: SIP/2.0 401 Unauthorized", "none"},
		{"sip options", 5060, false, "0: OPTIONS sip:example.org SIP/2.0\n1: SIP/2.0 200 OK", "none"},
		{"mysql", 3306, false, `1- \x4a\x00\x00\x00\x0a8.0.30\x00`, "none"},
		{"xmpp", 5222, false, "0- <?xml version='1.0'?><stream:stream>\n1- <stream:features><starttls/></stream:features>\n0- <starttls/>", "none"},
		{"socks to something else", 1080, false, "0- \\x05\\x01\\x00\n1- \\x05\\x00\n0- \\x05\\x01\\x00\\x01\\x0a\\x00\\x00\\x01\\x00\\x50\n1- \\x05\\x00\\x00\\x01\\x0a\\x00\\x00\\x01\\x00\\x50\n0: GET / HTTP/1.1\n1: HTTP/1.1 200 OK", "none"},
		{"telnet", 23, false, `1- \xff\xfd\x18\xff\xfd\x20`, "none"},
		{"ftp", 21, false, "1: 220 (vsFTPd 3.0.3)\n0: USER joe\n1: 331 password", "none"},
		{"ftp that does not say so", 21, false, "1: 220 welcome\n0: USER joe\n1: 331 password\n0: PASS x", "none"},
		{"ftp with TLS", 21, false, "1: 220 welcome\n0: AUTH TLS", "none"},
		{"http", 80, false, "0: GET / HTTP/1.1\n1: HTTP/1.1 200 OK", "none"},
		{"http at the port of smtp", 25, false, "0: GET / HTTP/1.1\n1: HTTP/1.1 200 OK", "none"},
		{"http to a server of smtp", 25, false, "0: GET / HTTP/1.1\n1: 220 mx", "none"},
		{"ssh", 22, false, "1: SSH-2.0-x\n0: SSH-2.0-y", "none"},
		{"redis", 6379, false, "0: *1\n0: $4\n0: PING\n1: +PONG\n0: *2\n1: +OK", "none"},
		{"redis in lines", 6379, false, "0: AUTH hunter22\n1: +OK", "none"},
		{"nntp", 119, false, "1: 200 news\n0: LIST\n1: 215 list", "none"},
		{"nntp, client only", 119, false, "0: LIST\n0: QUIT", "none"},
		{"irc", 6667, false, "0: NICK joe\n0: USER joe 0 * :joe", "none"},
		{"mpd", 6600, false, "1: OK MPD 0.23\n0: status", "none"},
		{"TLS on 443", 443, false, "0- " + hello + "\n1- " + answer, "none"},
		{"binary on 25", 25, false, `0- \x03\x00\x00\x13\x0e\xe0`, "none"},

		{"server only", 143, false, "1: * OK ready\n1: a1 OK done", "imap 1"},
		{"client only, smtp", 25, false, "0: EHLO pc", "smtp 1"},
		{"client only, imap", 143, false, "0: a1 LOGIN joe x", "imap 1"},
		{"client only, pop3", 110, false, "0: USER joe", "pop3 1"},
		{"client only at an odd port", odd, false, "0: USER joe", "none"},
		{"client first, smtp", 25, false, "0: EHLO pc\n1: 220 mx", "smtp 1"},
		{"client first, imap at an odd port", odd, false, "0: a1 LOGIN joe x\n1: * OK ready", "imap 1 odd"},
		{"lone QUIT", 25, false, "0: QUIT", "smtp 1"},
		{"half a greeting", 25, false, "1- 220 m", "smtp 1"},
		{"nothing that was captured", 25, false, "", "smtp 1"},

		{"late, in a dialogue", 25, true, "0: RCPT TO:<a@b>\n1: 250 ok", "smtp 1"},
		{"late, in a message", 25, true, "0: some text\n0: and more", "smtp 1"},
		{"late, server first", 143, true, "1: * 5 EXISTS", "imap 1"},
		{"late, text at an odd port", odd, true, "0: some text\n0: EHLO pc\n1: yes", "none"},
		{"late, both agree at an odd port", odd, true, "0: a1 NOOP\n1: a1 OK done", "imap 1 odd"},
		{"late, TLS on 993", 993, true, `0- \xf0\x05\x17\x99\n1- \x00\x01\x02\x03`, "tls imap 1"},
		{"late, TLS on 993, server only", 993, true, `1- \x00\x01\x02\x03\xff`, "tls imap 1"},
		{"late, text on 993", 993, true, "0: some text", "none"},
		{"late, binary on 143", 143, true, `1- \x00\x01\x02\x03\xff`, "none"},

		{"TLS on 465", 465, false, "0- " + hello + "\n1- " + answer, "tls smtp 1"},
		{"TLS on 993", 993, false, "0- " + hello + "\n1- " + answer, "tls imap 1"},
		{"TLS on 995", 995, false, "0- " + hello + "\n1- " + answer, "tls pop3 1"},
		{"TLS on 25", 25, false, "0- " + hello + "\n1- " + answer, "tls smtp 1"},
		{"TLS on 993, client only", 993, false, "0- " + hello, "tls imap 1"},
		{"TLS on 993, server only", 993, false, "1- " + answer, "tls imap 1"},
		{"SSLv2 on 995", 995, false, `0- \x80\x2e\x01\x00\x02\x00\x15` + "\n1- " + answer, "tls pop3 1"},
		{"hello answered in clear", 25, false, "0- " + hello + "\n1: 220 mx", "smtp 1"},
		{"hello answered in clear, joined late", 25, true, "0- " + hello + "\n1: 500 what", "smtp 1"},
		{"hello answered by something else", 993, false, "0- " + hello + "\n1: HTTP/1.1 400 Bad Request", "none"},
		{"hello behind text, joined late", 25, true, "1: 220 ready for TLS\n0- " + hello + "\n1- " + answer, "starttls smtp 1"},
		{"hello answered in clear on 993", 993, false, "0- " + hello + "\n1: * OK ready", "imap 1"},
	}
	for _, tt := range tests {
		for cut := range 4 {
			t.Run(fmt.Sprintf("%s cut %d", tt.name, cut), func(t *testing.T) {
				r := newRun(t, [2]uint16{40000, tt.port}, tt.late)
				r.cut = cut
				if got := r.play(tt.text + "\nend").what(); got != tt.want {
					t.Errorf("got %q, want %q\n%s", got, tt.want, strings.Join(r.events, "\n"))
				}
			})
		}
	}
}

// Every style of greeting is recognised, at the protocol's port by itself, and
// at any other together with the client's first command. Where FTP may greet so,
// too, it takes the client's word, or its silence, at the port.
func TestGreetings(t *testing.T) {
	tests := []struct{ name, greeting, command, want string }{
		{"Exchange", "220 mail.example.org Microsoft ESMTP MAIL Service ready at Mon, 1 Jan 2024 10:00:00 +0100", "EHLO pc", "smtp"},
		{"Exchange 5.5", "220 mail.example.org ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2650.21) ready", "HELO pc", "smtp"},
		{"Postfix", "220 mail.example.org ESMTP Postfix (Debian/GNU)", "EHLO pc", "smtp"},
		{"Exim in lines", "220-mail.example.org ESMTP Exim 4.96 Mon, 1 Jan 2024\n1: 220-We do not authorize\n1: 220 and/or bulk mail.", "EHLO pc", "smtp"},
		{"Sendmail", "220 mail.example.org ESMTP Sendmail 8.17.1/8.17.1; Mon, 1 Jan 2024 10:00:00 GMT", "EHLO pc", "smtp"},
		{"qmail", "220 mail.example.org ESMTP", "HELO pc", "smtp"},
		{"Courier", "220 mail.example.org ESMTP", "EHLO pc", "smtp"},
		{"hMailServer", "220 MAILSERVER ESMTP", "EHLO pc", "smtp"},
		{"hMailServer, own words", "220 welcome", "EHLO pc", "smtp"},
		{"MailEnable", "220 example.org ESMTP MailEnable Service, Version: 10.30-- ready at 01/01/24 10:00:00", "EHLO pc", "smtp"},
		{"Domino", "220 mail.example.org ESMTP Service (Lotus Domino Release 8.5.3FP6) ready at Mon, 1 Jan 2024", "EHLO pc", "smtp"},
		{"Zimbra", "220 zimbra.example.org ESMTP Postfix", "EHLO pc", "smtp"},
		{"GreenMail", "220 /127.0.0.1 GreenMail SMTP Service v1.6.1 ready", "EHLO pc", "smtp"},
		{"James", "220 james.example.org SMTP Server (JAMES SMTP Server 3.7) ready", "EHLO pc", "smtp"},
		{"masked", "220 *************************************2******0*00", "EHLO pc", "smtp"},
		{"nothing but the code", "220", "EHLO pc", "smtp"},
		{"busy", "421 too many connections", "QUIT\n0: EHLO pc", "smtp"},
		{"refused", "554 5.7.1 your address is listed", "EHLO pc", "smtp"},
		{"Dovecot LMTP", "220 mail.example.org Dovecot (Debian) ready.", "LHLO mx", "lmtp"},
		{"Cyrus LMTP", "220 mail.example.org LMTP Cyrus v2.4.17 ready", "LHLO mx", "lmtp"},

		{"Exchange", "* OK The Microsoft Exchange IMAP4 service is ready. [TQBBAEkATAA=]", "a CAPABILITY", "imap"},
		{"Dovecot", "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN] Dovecot ready.", "a LOGIN joe x", "imap"},
		{"Courier", "* OK [CAPABILITY IMAP4rev1 UIDPLUS] Courier-IMAP ready. Copyright 1998-2022 Double Precision, Inc.", "a NOOP", "imap"},
		{"Cyrus", "* OK [CAPABILITY IMAP4 IMAP4rev1 LITERAL+ ID STARTTLS] mail.example.org Cyrus IMAP v2.4.17 server ready", "a ID NIL", "imap"},
		{"hMailServer", "* OK IMAPrev1", "a CAPABILITY", "imap"},
		{"MailEnable", "* OK IMAP4rev1 server ready at 01/01/24 10:00:00", "a CAPABILITY", "imap"},
		{"Domino", "* OK Domino IMAP4 Server Release 8.5.3FP6 ready Mon, 1 Jan 2024 10:00:00 +0100", "0 LOGIN joe x", "imap"},
		{"Zimbra", "* OK IMAP4rev1 proxy server ready", "a CAPABILITY", "imap"},
		{"GreenMail", "* OK IMAP4rev1 Server GreenMail v1.6.1 ready", "a LOGIN joe x", "imap"},
		{"authenticated", "* PREAUTH ready", "a SELECT INBOX", "imap"},
		{"refused", "* BYE go away", "a LOGOUT", "imap"},

		{"Exchange", "+OK The Microsoft Exchange POP3 service is ready.", "CAPA", "pop3"},
		{"Exchange 2003", "+OK Microsoft Exchange Server 2003 POP3 server version 6.5.6944.0 (mail.example.org) ready.", "USER joe", "pop3"},
		{"Dovecot", "+OK Dovecot (Debian) ready. <1.1.5f.x==@mail.example.org>", "APOP joe 0123456789abcdef0123456789abcdef", "pop3"},
		{"Courier", "+OK Hello there.", "USER joe", "pop3"},
		{"Cyrus", "+OK mail.example.org Cyrus POP3 v2.4.17 server ready <1.1@mail.example.org>", "CAPA", "pop3"},
		{"qpopper", "+OK Qpopper (version 4.1.0) at mail.example.org starting.", "AUTH", "pop3"},
		{"hMailServer", "+OK POP3", "USER joe", "pop3"},
		{"MailEnable", "+OK Welcome to MailEnable POP3 Server", "USER joe", "pop3"},
		{"Domino", "+OK Lotus Notes POP3 server version X2.0 ready <1@mail.example.org>.", "USER joe", "pop3"},
		{"GreenMail", "+OK POP3 GreenMail Server v1.6.1 ready", "USER joe", "pop3"},
		{"nothing but the word", "+OK", "STLS", "pop3"},
		{"busy", "-ERR maximum number of connections reached", "QUIT", "pop3"},

		{"Dovecot", `"IMPLEMENTATION" "Dovecot Pigeonhole"` + "\n1: OK", `AUTHENTICATE "PLAIN" "AGEAYg=="`, "managesieve"},
		{"Cyrus", `"IMPLEMENTATION" "Cyrus timsieved v2.4.17"` + "\n" + `1: OK`, "LOGOUT", "managesieve"},
		{"name not first", `"SIEVE" "fileinto"` + "\n1: OK", "CAPABILITY", "managesieve"},
	}
	port := map[string]uint16{"smtp": 25, "lmtp": 24, "imap": 143, "pop3": 110, "managesieve": 4190}
	for _, tt := range tests {
		t.Run(tt.want+" "+tt.name, func(t *testing.T) {
			alone := newRun(t, [2]uint16{40000, port[tt.want]}, false).play("1: " + tt.greeting)
			want := tt.want + " 1"
			if strings.HasPrefix(tt.greeting, "220") && !strings.Contains(tt.greeting, "SMTP") {
				want = "undecided"
			}
			if got := alone.what(); tt.want != "lmtp" && got != want {
				t.Errorf("at its port, alone: %q, want %q", got, want)
			}
			if got := alone.play("end").what(); tt.want != "lmtp" && got != tt.want+" 1" {
				t.Errorf("at its port, alone to the end: %q", got)
			}
			told := newRun(t, [2]uint16{40000, port[tt.want]}, false).play("1: " + tt.greeting + "\n0: " + tt.command)
			if got := told.what(); tt.command != "QUIT" && got != tt.want+" 1" {
				t.Errorf("at its port, with the client's word: %q", got)
			}
			for _, cut := range []int{0, 1, 5} {
				r := newRun(t, [2]uint16{40000, 12345}, false)
				r.cut = cut
				if got := r.play("1: " + tt.greeting + "\n0: " + tt.command).what(); got != tt.want+" 1 odd" {
					t.Errorf("at another port, cut %d: %q", cut, got)
				}
			}
		})
	}
}

// Direction 0 is the side that was seen first: in the middle, it may be the
// server.
func TestIdentifyServerFirst(t *testing.T) {
	for _, tt := range []struct {
		ports      [2]uint16
		text, want string
	}{
		{[2]uint16{143, 40000}, "0: * 5 EXISTS\n1: DONE", "imap 0"},
		{[2]uint16{25, 40000}, "0: 250 ok\n1: DATA", "smtp 0"},
		{[2]uint16{12345, 40000}, "0: 250 ok\n1: MAIL FROM:<a@b>", "smtp 0 odd"},
		{[2]uint16{993, 40000}, `0- \x17\x03\x03\x00\x05`, "tls imap 0"},
	} {
		if got := newRun(t, tt.ports, true).play(tt.text + "\nend").what(); got != tt.want {
			t.Errorf("%v %q: got %q, want %q", tt.ports, tt.text, got, tt.want)
		}
	}
}

// What was not said within the bounds is not waited for.
func TestIdentifyBounds(t *testing.T) {
	long := strings.Repeat("x", session.MaxHead)
	for _, tt := range []struct {
		name string
		port uint16
		late bool
		text string
		want string
	}{
		{"text at an odd port", 12345, false, "0- " + long, "none"},
		{"late, a long body", 25, true, "0- " + long, "smtp 1"},
		{"late, many short lines of a body", 25, true, strings.Repeat("0: x\n", session.MaxLooks+1), "smtp 1"},
		{"a long hello", 993, false, "0- " + hello + long, "tls imap 1"},
		{"a preface without end", 1080, false, "0: CONNECT a\n1- " + long, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRun(t, [2]uint16{40000, tt.port}, tt.late).play(tt.text)
			if got := r.what(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Foreign may say no more than a Session would.
func TestForeign(t *testing.T) {
	tests := []struct {
		name string
		port uint16
		late bool
		dir  uint8
		text string
		want bool
	}{
		{"TLS on 443", 443, false, 0, "\x16\x03\x01", true},
		{"http", 80, false, 0, "GET / HTTP/1.1\r\n", true},
		{"http answer", 80, false, 1, "HTTP/1.1 200 OK\r\n", true},
		{"ssh", 22, false, 1, "SSH-2.0-x\r\n", true},
		{"TLS on 993", 993, false, 0, "\x16\x03\x01", false},
		{"http on 25", 25, false, 0, "GET / HTTP/1.1\r\n", false},
		{"greeting", 12345, false, 1, "220 mx\r\n", false},
		{"late text", 12345, true, 0, "{some text\r\n", false},
		{"late binary", 12345, true, 0, "\x00\x01", true},
		{"socks 4", 1080, false, 0, "\x04\x01", false},
		{"socks 5", 1080, false, 0, "\x05\x01\x00", false},
		{"socks from the server", 1080, false, 1, "\x05\x00", true},
		{"PROXY 2", 12345, false, 0, "\r\n\r\n\x00\r\nQUIT\n", false},
		{"CONNECT", 3128, false, 0, "CONNECT a:25 HTTP/1.1\r\n", false},
	}
	for _, tt := range tests {
		if got := session.Foreign([2]uint16{40000, tt.port}, tt.late, tt.dir, []byte(tt.text)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
