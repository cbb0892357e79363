//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"regexp"
	"testing"
)

// scene is one deed of a man in the middle, at an address of his own.
type scene struct {
	name   string
	port   int
	to     int    // the server's port, where it is another
	across string // the address from which he speaks with the server where that is seen, too
	alarms string // the rules of a downgrade that must be raised, and no other
	play   func(*actors)
}

var scenes = []scene{
	{"unchanged-smtp", 587, 0, "", "", func(a *actors) {
		a.swaks("--tls")
		a.swaks("--tls")
	}},
	{"unchanged-across", 587, 0, "198.51.100.10", "", func(a *actors) { a.swaks("--tls") }},
	{"strip-smtp", 587, 0, "", "starttls-vanished", func(a *actors) {
		for range 3 {
			a.swaks("--tls-optional")
		}
		a.does(tampering{server: withoutOffer})
		a.swaks("--tls-optional")
	}},
	{"strip-imap", 143, 0, "", "starttls-vanished", func(a *actors) {
		for range 3 {
			a.curl("imap", "--ssl")
		}
		a.does(tampering{server: withoutOffer})
		a.curl("imap", "--ssl")
	}},
	{"strip-pop3", 110, 0, "", "starttls-vanished", func(a *actors) {
		for range 3 {
			a.curl("pop3", "--ssl")
		}
		a.does(tampering{server: withoutOffer})
		a.curl("pop3", "--ssl")
	}},
	{"strip-both-sides", 587, 0, "198.51.100.11", "", func(a *actors) {
		a.does(tampering{server: withoutOffer})
		a.swaks("--tls-optional")
	}},
	{"strip-one-client", 587, 0, "", "starttls-vanished", func(a *actors) { // the others go on as before
		for range 3 {
			a.swaks("--tls", "--local-interface", "198.51.100.14")
			a.swaks("--tls", "--local-interface", "198.51.100.15")
		}
		a.does(tampering{server: withoutOffer})
		a.swaks("--tls-optional", "--local-interface", "198.51.100.14")
		a.does(tampering{})
		a.swaks("--tls", "--local-interface", "198.51.100.15")
		a.does(tampering{server: withoutOffer})
		a.swaks("--tls-optional", "--local-interface", "198.51.100.14")
	}},
	{"mask", 25, 0, "", "starttls-masked", func(a *actors) {
		a.does(tampering{server: masked})
		a.swaks("--tls-optional")
	}},
	{"mask-command", 587, 0, "198.51.100.12", "starttls-masked", func(a *actors) {
		a.does(tampering{client: overwritten("STARTTLS")})
		a.swaks("--tls-optional")
	}},
	{"refuse-454", 587, 0, "", "", func(a *actors) {
		a.does(tampering{answer: "454 4.7.0 TLS not available due to local problem\r\n"})
		a.swaks("--tls-optional")
	}},
	{"refuse-502", 587, 0, "", "", func(a *actors) {
		a.does(tampering{answer: "502 5.5.1 Error: command not implemented\r\n"})
		a.curl("smtp", "--ssl", "--mail-from", "otto@shop.example", "--mail-rcpt", "bob@shop.example", "-T", "/dev/null")
	}},
	{"refuse-imap", 143, 0, "", "", func(a *actors) {
		a.does(tampering{answer: "TAG BAD TLS support is not enabled.\r\n"})
		a.curl("imap", "--ssl")
	}},
	{"refuse-pop3", 110, 0, "", "", func(a *actors) {
		a.does(tampering{answer: "-ERR TLS support is not enabled.\r\n"})
		a.curl("pop3", "--ssl")
	}},
	{"break-tls", 587, 0, "", "tls-failed-then-clear", func(a *actors) { // then the client, or its owner, does without
		a.does(tampering{answer: "220 2.0.0 Ready to start TLS\r\n", garbage: []byte("421 4.3.2 Service shutting down\r\n")})
		a.fails(a.swaksLine("--tls"))
		a.does(tampering{})
		a.swaks()
	}},
	{"break-tls-imap", 143, 0, "", "tls-failed-then-clear", func(a *actors) {
		a.does(tampering{answer: "TAG OK Begin TLS negotiation now.\r\n", garbage: []byte("* BYE\r\n")})
		a.fails(a.curlLine("imap", "--ssl-reqd"))
		a.does(tampering{})
		a.curl("imap")
	}},
	{"break-tls-mta", 25, 0, "", "tls-failed-then-clear", func(a *actors) { // a mail server that takes TLS where there is any
		a.does(tampering{answer: "220 2.0.0 Ready to start TLS\r\n", garbage: []byte("421 4.3.2 Service shutting down\r\n")})
		a.delivers()
	}},
	{"forged-distrusted", 143, 0, "", "", func(a *actors) {
		a.does(tampering{answer: "TAG OK Begin TLS negotiation now.\r\n", forged: a.forgery()})
		a.fails(a.curlLine("imap", "--ssl-reqd"))
	}},
	{"forged-accepted", 143, 0, "", "certificate-changed", func(a *actors) { // by one client; others still get the server's
		again := []string{"--ssl-reqd", "-k", "--tls-max", "1.2", "--interface", "198.51.100.16"}
		forged := tampering{answer: "TAG OK Begin TLS negotiation now.\r\n", forged: a.forgery()}
		a.curl("imap", again...)
		a.does(forged)
		a.fails(a.curlLine("imap", again...))
		a.does(tampering{})
		a.curl("imap", "--ssl-reqd", "--tls-max", "1.2", "--interface", "198.51.100.17")
		a.curl("imap", "--ssl-reqd", "--tls-max", "1.2", "--interface", "198.51.100.18")
		a.does(forged)
		a.fails(a.curlLine("imap", again...))
	}},
	{"preauth", 143, 0, "", "imap-preauth", func(a *actors) {
		a.does(tampering{login: "m LOGIN " + wireUser + " " + wirePassword + "\r\n",
			greet: "* PREAUTH [CAPABILITY IMAP4rev1] Logged in as mallory\r\n"})
		a.curl("imap", "--ssl")
	}},
	{"inject-response", 587, 0, "", "starttls-response-injection", func(a *actors) {
		a.does(tampering{server: behind("Ready to start TLS\r\n", "250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n")})
		a.fails(a.curlLine("smtp", "--ssl-reqd", "--mail-from", "otto@shop.example", "--mail-rcpt", "bob@shop.example", "-T", "/dev/null"))
	}},
	{"inject-command", 587, 0, "198.51.100.13", "starttls-command-injection", func(a *actors) {
		a.does(tampering{client: behind("STARTTLS\r\n", "RSET\r\n")})
		a.swaks("--tls")
	}},
	{"drop-auth-smtp", 587, 0, "", "", func(a *actors) { // nobody can tell it from a server that is set up so
		a.does(tampering{server: onlyPlain})
		a.swaks()
	}},
	{"drop-auth-imap", 143, 0, "", "capability-contradiction", func(a *actors) { // the greeting has had them
		a.does(tampering{server: func(text []byte) []byte {
			if bytes.HasPrefix(text, []byte("* CAPABILITY")) {
				return onlyPlain(text)
			}
			return text
		}})
		a.curl("imap")
	}},
	{"cut-tls-1.3", 143, 0, "", "tls-downgrade-sentinel", func(a *actors) { // the server must think that the client knows TLS 1.2 only
		a.does(tampering{client: func(text []byte) []byte { return offersTLS13.ReplaceAll(text, unknownExtension) }})
		a.fails(a.curlLine("imap", "--ssl-reqd"))
	}},
	{"clear-on-465", 465, 587, "", "", func(a *actors) { a.swaks() }}, // a relay of the owner, set up wrongly
	{"forge-mailbox", 143, 0, "", "alert-before-tls mailbox-data-before-login", func(a *actors) {
		a.does(tampering{server: func(text []byte) []byte {
			if bytes.HasPrefix(text, []byte("* CAPABILITY")) {
				return append([]byte("* 1 EXISTS\r\n* OK [ALERT] Your password expires today\r\n"), text...)
			}
			return text
		}})
		a.curl("imap", "--ssl-reqd")
	}},
	{"mask-imap", 143, 0, "", "starttls-masked", func(a *actors) {
		a.does(tampering{server: overwritten("STARTTLS")})
		a.curl("imap", "--ssl")
	}},
	{"mask-pop3", 110, 0, "", "starttls-masked", func(a *actors) {
		a.does(tampering{server: overwritten("STLS")})
		a.curl("pop3", "--ssl")
	}},
	{"break-tls-pop3", 110, 0, "", "tls-failed-then-clear", func(a *actors) {
		a.does(tampering{answer: "+OK Begin TLS negotiation now.\r\n", garbage: []byte("-ERR [SYS/TEMP] Service shutting down\r\n")})
		a.fails(a.curlLine("pop3", "--ssl-reqd"))
		a.does(tampering{})
		a.curl("pop3")
	}},
	{"inject-response-imap", 143, 0, "", "starttls-response-injection", func(a *actors) {
		a.does(tampering{server: behind("Begin TLS negotiation now.\r\n", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")})
		a.fails(a.curlLine("imap", "--ssl-reqd"))
	}},
	{"inject-response-pop3", 110, 0, "", "starttls-response-injection", func(a *actors) {
		a.does(tampering{server: behind("Begin TLS negotiation now.\r\n", "+OK\r\nSASL PLAIN\r\n.\r\n")})
		a.fails(a.curlLine("pop3", "--ssl-reqd"))
	}},
	{"inject-command-imap", 143, 0, "198.51.100.20", "starttls-command-injection", func(a *actors) { // Dovecot hangs up
		a.does(tampering{client: behind("STARTTLS\r\n", "z NOOP\r\n")})
		a.fails(a.curlLine("imap", "--ssl-reqd"))
	}},
	{"inject-command-pop3", 110, 0, "198.51.100.21", "starttls-command-injection", func(a *actors) {
		a.does(tampering{client: behind("STLS\r\n", "NOOP\r\n")})
		a.fails(a.curlLine("pop3", "--ssl-reqd"))
	}},
}

// offersTLS13 is the extension of a ClientHello that offers TLS 1.3 and less
// (RFC 8446, section 4.2.1). unknownExtension makes one of it that no server
// knows.
var offersTLS13, unknownExtension = regexp.MustCompile(`(?s)\x00\x2b(\x00..\x03\x04)`), []byte("\x7f\x2b$1")

// withoutOffer takes the offer of TLS out of the lists of SMTP, POP3 and IMAP.
func withoutOffer(text []byte) []byte {
	for _, offer := range []string{"250-STARTTLS\r\n", "STLS\r\n", " STARTTLS"} {
		text = bytes.ReplaceAll(text, []byte(offer), nil)
	}
	return text
}

// overwritten writes X's over a word.
func overwritten(word string) func([]byte) []byte {
	return func(text []byte) []byte {
		return bytes.Replace(text, []byte(word), bytes.Repeat([]byte("X"), len(word)), 1)
	}
}

// behind adds lines behind what is said.
func behind(said, lines string) func([]byte) []byte {
	return func(text []byte) []byte {
		return bytes.Replace(text, []byte(said), []byte(said+lines), 1)
	}
}

var (
	greeting       = regexp.MustCompile(`^220 .*ESMTP.*\r\n`)
	unknownKeyword = regexp.MustCompile(`(?m)^250([- ])(STARTTLS|SMTPUTF8|CHUNKING)\r$`)
	mechanisms     = regexp.MustCompile(`(AUTH=?) ?(PLAIN|LOGIN|CRAM-MD5|SCRAM-SHA-256)( (PLAIN|LOGIN|CRAM-MD5|SCRAM-SHA-256))+`)
	imapMechanism  = regexp.MustCompile(` AUTH=(LOGIN|CRAM-MD5|SCRAM-SHA-256)`)
)

// masked does what a firewall that inspects SMTP does: asterisks over the
// greeting, X's over the keywords it does not know, lettered at their end.
func masked(text []byte) []byte {
	if greeting.Match(text) {
		return append(append([]byte("220 "), bytes.Repeat([]byte("*"), len(text)-6)...), "\r\n"...)
	}
	letter := byte('A')
	return unknownKeyword.ReplaceAllFunc(text, func(line []byte) []byte {
		line = bytes.Clone(line)
		for i := 4; i < len(line)-2; i++ {
			line[i] = 'X'
		}
		line[len(line)-2] = letter
		letter++
		return line
	})
}

// onlyPlain leaves the mechanism PLAIN in the lists of SMTP and IMAP.
func onlyPlain(text []byte) []byte {
	return imapMechanism.ReplaceAll(mechanisms.ReplaceAll(text, []byte("$1 PLAIN")), nil)
}

// forgery is a certificate for the server's name that nobody else has signed.
func forgery(t *testing.T) *tls.Config {
	t.Helper()
	pair := selfSigned(t, wireServerName, "Example Inspection")
	return &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: tls.VersionTLS12}
}
