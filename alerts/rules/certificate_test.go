package rules_test

import (
	"fmt"
	"time"

	"github.com/mailtap/mailtap/dissect"
)

const daySeconds = 24 * 60 * 60

// crossed is when the certificate was seen.
var crossed = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// certified gives a session a certificate without fault, seen at crossed.
func certified(changes ...func(*dissect.Certificate)) change {
	return func(f *dissect.Facts) {
		hello("TLS 1.2", goodSuite)(f)
		c := &dissect.Certificate{
			Subject: "CN=mail.example,O=Example", Issuer: "CN=CA", Names: []string{"mail.example"},
			NotBefore: crossed.Unix() - 30*daySeconds, NotAfter: crossed.Unix() + 60*daySeconds,
			Key: "RSA 2048", Signature: "SHA256-RSA",
		}
		for _, set := range changes {
			set(c)
		}
		f.TLS.Certificate = c
		f.TLS.Seen.Certificate = dissect.Stamp{Time: crossed.UnixNano(), Packet: 12}
	}
}

func until(seconds int64) func(*dissect.Certificate) {
	return func(c *dissect.Certificate) { c.NotAfter = seconds }
}

func from(seconds int64) func(*dissect.Certificate) {
	return func(c *dissect.Certificate) { c.NotBefore = seconds }
}

func selfSigned(c *dissect.Certificate) { c.SelfSigned = true }

func named(subject string, names ...string) func(*dissect.Certificate) {
	return func(c *dissect.Certificate) { c.Subject, c.Names = subject, names }
}

func made(key, signature string) func(*dissect.Certificate) {
	return func(c *dissect.Certificate) { c.Key, c.Signature = key, signature }
}

func sni(name string) change { return func(f *dissect.Facts) { f.TLS.SNI = name } }

// chain adds a certificate behind the server's own.
func chain(c dissect.Certificate) change {
	return func(f *dissect.Facts) { f.TLS.Chain = append(f.TLS.Chain, c) }
}

func notSeen(f *dissect.Facts) { f.TLS.Seen.Certificate = dissect.Stamp{} }

// mismatch is a session whose client asked for a server's name.
func mismatch(name, server string, set func(*dissect.Certificate), want ...string) ruleTest {
	return ruleTest{"certificate-name-mismatch", name, facts(dissect.IMAP, 993, certified(set), sni(server)), want}
}

func weakKey(key string, want ...string) ruleTest {
	return ruleTest{"certificate-weak-key", key, facts(dissect.IMAP, 993, certified(made(key, "SHA256-RSA"))), want}
}

func weakSignature(algorithm string, want ...string) ruleTest {
	return ruleTest{"certificate-weak-signature", algorithm,
		facts(dissect.IMAP, 993, certified(made("RSA 2048", algorithm))), want}
}

func mismatched(server, names string) string {
	return fmt.Sprintf("medium - not for the name that was asked for [sni=%s] [names=%s]", server, names)
}

func manyNames() []string {
	names := make([]string, 256)
	for i := range names {
		names[i] = fmt.Sprintf("m%d.example", i)
	}
	return names
}

var certificateTests = []ruleTest{
	{"certificate-expired", "yesterday", facts(dissect.IMAP, 993, certified(until(crossed.Unix()-daySeconds))),
		[]string{"high - expired on 2024-04-30 [not_after=2024-04-30]"}},
	{"certificate-expired", "between-mtas", facts(dissect.SMTP, 25, certified(until(crossed.Unix()-1))),
		[]string{"low - expired on 2024-05-01, between mail servers [not_after=2024-05-01]"}},
	{"certificate-expired", "in-its-last-second", facts(dissect.IMAP, 993, certified(until(crossed.Unix()))), nil},
	{"certificate-expired", "time-not-read", facts(dissect.IMAP, 993, certified(until(0))), nil},
	{"certificate-expired", "packet-not-known", facts(dissect.IMAP, 993, certified(until(1)), notSeen), nil},
	{"certificate-expired", "hidden", facts(dissect.IMAP, 993, hello("TLS 1.3", "TLS_AES_128_GCM_SHA256")), nil},

	{"certificate-not-yet-valid", "tomorrow", facts(dissect.IMAP, 993, certified(from(crossed.Unix()+daySeconds))),
		[]string{"high - valid from 2024-05-02 [not_before=2024-05-02]"}},
	{"certificate-not-yet-valid", "between-mtas", facts(dissect.SMTP, 25, certified(from(crossed.Unix()+daySeconds))),
		[]string{"low - valid from 2024-05-02, between mail servers [not_before=2024-05-02]"}},
	{"certificate-not-yet-valid", "since-now", facts(dissect.IMAP, 993, certified(from(crossed.Unix()))), nil},

	{"certificate-expiring", "in-14-days", facts(dissect.IMAP, 993, certified(until(crossed.Unix()+14*daySeconds))),
		[]string{"low - expires on 2024-05-15 [not_after=2024-05-15]"}},
	{"certificate-expiring", "now", facts(dissect.IMAP, 993, certified(until(crossed.Unix()))),
		[]string{"low - expires on 2024-05-01 [not_after=2024-05-01]"}},
	{"certificate-expiring", "of-six-days", facts(dissect.IMAP, 993, certified(from(crossed.Unix()-5*daySeconds), until(crossed.Unix()+daySeconds))),
		[]string{"low - expires on 2024-05-02 [not_after=2024-05-02]"}},
	{"certificate-expiring", "of-six-days-and-new", facts(dissect.IMAP, 993, certified(from(crossed.Unix()-daySeconds), until(crossed.Unix()+5*daySeconds))), nil},
	{"certificate-expiring", "later", facts(dissect.IMAP, 993, certified(until(crossed.Unix()+14*daySeconds+1))), nil},
	{"certificate-expiring", "expired", facts(dissect.IMAP, 993, certified(until(crossed.Unix()-1))), nil},

	{"certificate-self-signed", "access", facts(dissect.IMAP, 993, certified(selfSigned)),
		[]string{"medium - signed with its own key"}},
	{"certificate-self-signed", "between-mtas", facts(dissect.SMTP, 25, certified(selfSigned)),
		[]string{"info - signed with its own key, between mail servers"}},
	{"certificate-self-signed", "root-sent-along", facts(dissect.IMAP, 993, certified(), chain(dissect.Certificate{SelfSigned: true})), nil},
	{"certificate-self-signed", "signed-by-another", facts(dissect.IMAP, 993, certified()), nil},

	mismatch("other-name", "imap.example", named("", "mail.example", "pop.example"), mismatched("imap.example", "mail.example, pop.example")),
	mismatch("two-labels", "a.b.example", named("", "*.example"), mismatched("a.b.example", "*.example")),
	mismatch("wildcard-without-label", "example", named("", "*.example"), mismatched("example", "*.example")),
	mismatch("part-of-a-label", "mail.example", named("", "m*.example"), mismatched("mail.example", "m*.example")),
	mismatch("common-name-does-not-count", "mail.example", named("CN=mail.example", "pop.example"), mismatched("mail.example", "pop.example")),
	mismatch("other-common-name", "mail.example", named("CN=pop.example,O=Example"), mismatched("mail.example", "pop.example")),
	mismatch("other-address", "192.0.2.1", named("", "192.0.2.2"), mismatched("192.0.2.1", "192.0.2.2")),
	mismatch("wildcard-and-address", "192.0.2.1", named("", "*.0.2.1"), mismatched("192.0.2.1", "*.0.2.1")),
	{"certificate-name-mismatch", "between-mtas", facts(dissect.SMTP, 25, certified(), sni("mx.example")),
		[]string{"info - not for the name that was asked for, between mail servers [sni=mx.example] [names=mail.example]"}},
	mismatch("same", "MAIL.example.", named("", "pop.example", "mail.EXAMPLE")),
	mismatch("one-label", "mail.example", named("", "*.example")),
	mismatch("common-name-alone", "mail.example", named("OU=x+CN=mail.example,O=Example")),
	mismatch("wildcard-common-name", "mail.example", named("CN=*.example")),
	mismatch("same-address", "2001:DB8:0::1", named("", "2001:db8::1")),
	mismatch("no-name-was-read", "mail.example", named("O=Example")),
	mismatch("more-names-than-are-read", "mail.example", named("", manyNames()...)),
	mismatch("client-named-none", "", named("", "mail.example")),

	weakKey("RSA 1024", "high - key RSA 1024 [key=RSA 1024]"),
	weakKey("RSA 2047", "high - key RSA 2047 [key=RSA 2047]"),
	weakKey("DSA 2048", "high - key DSA 2048 [key=DSA 2048]"),
	weakKey("DSA", "high - key DSA [key=DSA]"),
	weakKey("ECDSA P-192", "high - key ECDSA P-192 [key=ECDSA P-192]"),
	weakKey("ECDSA secp160r1", "high - key ECDSA secp160r1 [key=ECDSA secp160r1]"),
	{"certificate-weak-key", "intermediate", facts(dissect.IMAP, 993, certified(),
		chain(dissect.Certificate{Subject: "CN=CA", Key: "RSA 1024"})),
		[]string{"high - key RSA 1024 of an intermediate certificate [key=RSA 1024]"}},
	{"certificate-weak-key", "root", facts(dissect.IMAP, 993, certified(),
		chain(dissect.Certificate{Subject: "CN=CA", Key: "RSA 1024", SelfSigned: true})), nil},
	weakKey("RSA 2048"),
	weakKey("RSA"),
	weakKey("ECDSA P-224"),
	weakKey("ECDSA P-256"),
	weakKey("ECDSA brainpoolP256r1"),
	weakKey("ECDSA 1.3.132.0.9"),
	weakKey("ECDSA"),
	weakKey("Ed25519"),
	weakKey("1.2.3.4"),
	weakKey(""),

	weakSignature("SHA1-RSA", "medium - signature SHA1-RSA [signature=SHA1-RSA]"),
	weakSignature("ECDSA-SHA1", "medium - signature ECDSA-SHA1 [signature=ECDSA-SHA1]"),
	weakSignature("MD5-RSA", "medium - signature MD5-RSA [signature=MD5-RSA]"),
	weakSignature("MD2-RSA", "medium - signature MD2-RSA [signature=MD2-RSA]"),
	{"certificate-weak-signature", "intermediates", facts(dissect.SMTP, 25, certified(),
		chain(dissect.Certificate{Subject: "CN=A", Signature: "SHA1-RSA"}),
		chain(dissect.Certificate{Subject: "CN=B", Signature: "SHA1-RSA"})),
		[]string{"medium - signature SHA1-RSA of an intermediate certificate [signature=SHA1-RSA]"}},
	{"certificate-weak-signature", "self-signed-leaf", facts(dissect.IMAP, 993, certified(made("RSA 2048", "SHA1-RSA"), selfSigned)),
		[]string{"medium - signature SHA1-RSA [signature=SHA1-RSA]"}},
	{"certificate-weak-signature", "root", facts(dissect.IMAP, 993, certified(),
		chain(dissect.Certificate{Subject: "CN=CA", Signature: "SHA1-RSA", SelfSigned: true})), nil},
	weakSignature("SHA256-RSA"),
	weakSignature("ECDSA-SHA384"),
	weakSignature("SHA256-RSAPSS"),
	weakSignature(""),
}
