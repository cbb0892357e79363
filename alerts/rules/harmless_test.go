package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts/rules"
)

// Sessions that an admin does not want to hear of. "C: " and "S: " begin what a
// side says, each line ends with CRLF, and "TLS 1.2" and "TLS 1.3" stand for a
// whole connection by that version. What is said all the same is wanted.
var harmless = []struct {
	name     string
	port     uint16
	dialogue string
	want     string
}{
	{"mta-with-tls", 25, `
S: 220 mx.example ESMTP
C: EHLO mail.other.example
S: 250-mx.example
S: 250-STARTTLS
S: 250 CHUNKING
C: STARTTLS
S: 220 go ahead
TLS 1.2`, ""},
	{"submission", 587, `
S: 220 mx.example ESMTP
C: EHLO [192.0.2.7]
S: 250-mx.example
S: 250-PIPELINING
S: 250-STARTTLS
S: 250 ENHANCEDSTATUSCODES
C: STARTTLS
S: 220 2.0.0 Ready to start TLS
TLS 1.3`, ""},
	{"imap-with-starttls", 143, `
S: * OK [CAPABILITY IMAP4rev1 SASL-IR ID STARTTLS LOGINDISABLED] ready
C: a1 ID ("name" "x")
S: * ID ("name" "Dovecot")
S: a1 OK done
C: a2 CAPABILITY
S: * CAPABILITY IMAP4rev1 SASL-IR ID LOGINDISABLED STARTTLS
S: a2 OK done
C: a3 STARTTLS
S: a3 OK begin
TLS 1.2`, ""},
	{"pop3-with-stls", 110, `
S: +OK ready <1896.697170952@mx.example>
C: CAPA
S: +OK
S: UIDL
S: STLS
S: .
C: STLS
S: +OK begin
TLS 1.3`, ""},
	{"managesieve-with-starttls", 4190, `
S: "IMPLEMENTATION" "Dovecot Pigeonhole"
S: "SIEVE" "fileinto"
S: "SASL" ""
S: "STARTTLS"
S: OK "ready"
C: STARTTLS
S: OK "begin"
TLS 1.2`, ""},
	{"tls-ports", 993, "TLS 1.2", ""},
	{"tls-1.3", 465, "TLS 1.3", ""},
	{"monitoring-of-a-greeting", 25, `
S: 220 mx.example ESMTP
C: QUIT
S: 221 bye`, ""},
	{"monitoring-of-an-offer", 587, `
S: 220 mx.example ESMTP
C: EHLO probe
S: 250-mx.example
S: 250 STARTTLS
C: NOOP
S: 250 ok
C: QUIT
S: 221 bye`, ""},
	{"monitoring-that-hangs-up-before-tls", 25, `
S: 220 mx.example ESMTP
C: ehlo probe
S: 250-mx.example
S: 250 starttls
C: starttls
S: 220 go`, ""},
	{"imap-says-nothing-before-login", 143, `
S: * OK ready
C: a1 CAPABILITY
S: * CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED
S: a1 OK done
C: a2 NOOP
S: * ID NIL
S: a2 OK done
C: a3 LOGOUT
S: * BYE idle for too long
S: a3 OK bye`, ""},
	{"frame-around-the-greeting", 25, `
S: 220-**********************
S: 220-* no spam, please    *
S: 220 **********************
C: QUIT
S: 221 bye`, ""},
	{"too-busy", 25, `
S: 421 4.7.0 mx.example too many connections, try again later`, ""},
	{"esmtp-refused", 25, `
S: 220 mx.example
C: EHLO mail.other.example
S: 500 what?
C: HELO mail.other.example
S: 250 mx.example
C: QUIT
S: 221 bye`, ""},
	{"ehlo-twice", 25, `
S: 220 mx.example ESMTP
C: EHLO a
S: 501 5.5.4 invalid domain name
C: EHLO mail.other.example
S: 250-mx.example
S: 250-STARTTLS
S: 250 SIZE 1000
C: EHLO mail.other.example
S: 250-mx.example
S: 250-SIZE 1000
S: 250 STARTTLS
C: STARTTLS
S: 220 go
TLS 1.3`, ""},
	{"scanner-that-speaks-plainly-to-a-tls-port", 465, `
C: EHLO scanner.example`, ""},
	{"scanner-that-gets-an-alert", 465, `
C: EHLO scanner.example
alert`, ""},
	{"tls-to-a-plain-port", 143, `
S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready
hello
S: * BAD invalid characters in atom`, ""},
	{"refused-service-at-a-tls-port", 993, `
S: * BYE Maximum number of connections exceeded`, "clear-on-tls-port low"},
	{"behind-a-proxy-that-names-the-client", 25, `
S: 220 mx.example ESMTP
C: EHLO proxy.example
S: 250-mx.example
S: 250-XCLIENT NAME ADDR
S: 250 STARTTLS
C: XCLIENT ADDR=192.0.2.7
S: 220 mx.example ESMTP
C: EHLO mail.other.example
S: 250-mx.example
S: 250 STARTTLS
C: STARTTLS
S: 220 go
TLS 1.3`, ""},
	{"nothing-but-a-greeting", 110, `
S: +OK ready
C: QUIT
S: +OK bye`, ""},
}

func TestHarmless(t *testing.T) {
	now := time.Now()
	for _, tt := range harmless {
		t.Run(tt.name, func(t *testing.T) {
			f := watch(t, tt.port, tt.dialogue, now)
			var got []string
			for _, r := range rules.Rules {
				if r.Judge == nil {
					continue
				}
				for _, h := range r.Judge(f, nil) {
					got = append(got, r.ID+" "+h.Severity.String())
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, f)
			}
		})
	}
}
