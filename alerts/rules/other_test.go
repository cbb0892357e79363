package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

var otherTests = []ruleTest{
	{"imap-preauth", "greeting", facts(dissect.IMAP, 143, preauth), []string{"high - IMAP greeting PREAUTH"}},
	{"imap-preauth", "then-a-message", facts(dissect.IMAP, 143, preauth, mail(dissect.Unprotected)),
		[]string{"high - IMAP greeting PREAUTH"}},
	{"imap-preauth", "ok", facts(dissect.IMAP, 143, list(), mail(dissect.Unprotected)), nil},

	{"mail-on-unusual-port", "probe", facts(dissect.SMTP, 2526, list(), flag(dissect.NonStandardPort)),
		[]string{"info - SMTP on port 2526"}},
	{"mail-on-unusual-port", "login", facts(dissect.IMAP, 10143, login("LOGIN-CMD", "joe"), flag(dissect.NonStandardPort)),
		[]string{"low - IMAP on port 10143, with a login"}},
	{"mail-on-unusual-port", "its-own-port", facts(dissect.SMTP, 587, login("PLAIN", "joe")), nil},
	{"mail-on-unusual-port", "nothing-proves-the-protocol",
		facts(dissect.SMTP, 2424, unheard, flag(dissect.NonStandardPort|dissect.Midstream), mail(dissect.Unprotected)), nil},
	{"mail-on-unusual-port", "joined-late-before-the-list",
		facts(dissect.SMTP, 2526, unheard, list(), flag(dissect.NonStandardPort|dissect.Midstream)),
		[]string{"info - SMTP on port 2526"}},
	{"mail-on-unusual-port", "no-mail", facts(dissect.NoProtocol, 2526, flag(dissect.NonStandardPort)), nil},
}

// evidence returns the lines of a rule's only hit.
func evidence(t *testing.T, id string, f *dissect.Facts) []string {
	hits := rules.Find(id).Judge(f, nil)
	if len(hits) != 1 {
		t.Fatalf("%s: %d hits, want 1", id, len(hits))
	}
	var lines []string
	for _, q := range hits[0].Quotes {
		lines = append(lines, q.Text)
	}
	return lines
}

func TestEvidence(t *testing.T) {
	serverOnly := func(a *dissect.Attempt) { a.Quotes = a.Quotes[1:2] }
	tests := []struct {
		name, rule string
		facts      *dissect.Facts
		want       []string
	}{
		{"what-the-client-sent", "base64-password", facts(dissect.SMTP, 25, login("LOGIN", "joe")), []string{"log in joe", "secret"}},
		{"client-not-seen", "base64-password", facts(dissect.SMTP, 25, login("LOGIN", "joe", serverOnly)), []string{"challenge"}},
		{"offer-then-use", "starttls-not-used", facts(dissect.SMTP, 25, offered, list(), mailCommand, mail(dissect.Unprotected)),
			[]string{"STARTTLS", "MAIL"}},
		{"asked-refused-used", "starttls-refused",
			facts(dissect.SMTP, 587, offered, asked(dissect.No), login("PLAIN", "joe"), mailCommand),
			[]string{"STARTTLS", "please", "the answer", "log in joe", "MAIL"}},
		{"list-then-login", "starttls-not-offered", facts(dissect.POP3, 110, list(), login("USER", "joe")),
			[]string{"the list", "log in joe"}},
		{"server-hello", "tls-old-version", facts(dissect.IMAP, 993, hello("TLS 1.0", "TLS_RSA_WITH_RC4_128_SHA")),
			[]string{"ServerHello: TLS 1.0, TLS_RSA_WITH_RC4_128_SHA"}},
		{"both-hellos", "tls-downgrade-sentinel",
			facts(dissect.IMAP, 993, hello("TLS 1.2", goodSuite, cutDown("TLS 1.3", "TLS 1.2", fatal(dissect.Client, "illegal_parameter")))),
			[]string{"ClientHello: up to TLS 1.3", "ServerHello: TLS 1.2, " + goodSuite, "Alert: illegal_parameter"}},
		{"fallback", "tls-fallback-retry", facts(dissect.IMAP, 993, hello("TLS 1.1", "", retried)),
			[]string{"ClientHello: up to TLS 1.1, TLS_FALLBACK_SCSV"}},
		{"key-exchange", "tls-small-dh", facts(dissect.IMAP, 993, hello("TLS 1.2", "", dhBits(1024))),
			[]string{"ServerHello: TLS 1.2", "ServerKeyExchange: prime of 1024 bits"}},
		{"certificates", "certificate-weak-signature",
			facts(dissect.IMAP, 993, certified(made("RSA 1024", "SHA1-RSA")), chain(dissect.Certificate{Subject: "CN=CA", Signature: "MD5-RSA"})),
			[]string{"Certificate: CN=mail.example,O=Example, RSA 1024, SHA1-RSA", "Certificate: CN=CA, MD5-RSA"}},
		{"long-subject", "certificate-self-signed",
			facts(dissect.IMAP, 993, certified(selfSigned, named(strings.Repeat("A", dissect.MaxText)))),
			[]string{"Certificate: " + strings.Repeat("A", dissect.MaxQuote-len("Certificate: "))}},
		{"content-has-no-text", "conflicting-segments", facts(dissect.SMTP, 25, overlap(false, "")),
			[]string{"12 bytes at 40", "12 bytes at 40"}},
		{"changed-lines-first", "conflicting-segments", facts(dissect.SMTP, 25, overlap(false, ""), overlap(true, "250 STARTTLS")),
			[]string{"250 STARTTLS", "250 STARTTLS"}},
		{"token-and-url", "cleartext-token", facts(dissect.SMTP, 587, login("XOAUTH2", "joe"), url("joe")),
			[]string{"log in joe", "secret", "BURL imap://x.example/;urlauth=submit+ann:internal:91354a473744909de610943775f92038"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, evidence(t, tt.rule, tt.facts)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A session of a thousand guesses, and one of a thousand messages, stay small.
func TestBounds(t *testing.T) {
	var changes []change
	for i := range dissect.MaxAttempts {
		mechanism := "X-" + strings.Repeat("A", i%20)
		changes = append(changes, login(mechanism, "joe"), mail(dissect.Unprotected))
	}
	f := facts(dissect.SMTP, 587, changes...)
	for _, id := range []string{"auth-without-encryption", "message-in-clear"} {
		if got := len(evidence(t, id, f)); got != rules.MaxEvidence {
			t.Errorf("%s: %d lines of evidence, want %d", id, got, rules.MaxEvidence)
		}
	}
	hit := rules.Find("auth-without-encryption").Judge(f, nil)[0]
	if got := strings.Count(hit.Detail[0].Value, ", ") + 1; got != 8 {
		t.Errorf("%d mechanisms listed, want 8: %s", got, hit.Detail[0].Value)
	}

	long := strings.Repeat("A", 10*dissect.MaxText)
	f = facts(dissect.SMTP, 587, list(long), login(long, "joe"))
	for _, id := range []string{"auth-without-encryption", "auth-offered-in-clear"} {
		hit := rules.Find(id).Judge(f, nil)[0]
		if got := len(hit.Detail[0].Value); got != dissect.MaxText {
			t.Errorf("%s: a detail of %d bytes, want %d", id, got, dissect.MaxText)
		}
	}
}
