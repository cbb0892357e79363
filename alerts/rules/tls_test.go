package rules_test

import "github.com/mailtap/mailtap/dissect"

func dhBits(n int) func(*dissect.TLSFacts) { return func(t *dissect.TLSFacts) { t.DHBits = n } }

func compressed(name string) func(*dissect.TLSFacts) {
	return func(t *dissect.TLSFacts) { t.Compression = name }
}

func renegotiation(a dissect.Answer) func(*dissect.TLSFacts) {
	return func(t *dissect.TLSFacts) { t.Renegotiation = a }
}

func heartbleed(t *dissect.TLSFacts) { t.Heartbleed = true }
func ofServer(t *dissect.TLSFacts)   { t.HeartbeatSide = dissect.Server }

func upTo(version string) func(*dissect.TLSFacts) {
	return func(t *dissect.TLSFacts) { t.Offered = version }
}

const (
	goodSuite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
	rsaSuite  = "TLS_RSA_WITH_AES_128_CBC_SHA"
)

// cipher is a near miss, or one hit, of a suite at a port.
func cipher(suite string, port uint16, want ...string) ruleTest {
	return ruleTest{"tls-weak-cipher", suite, facts(dissect.SMTP, port, hello("TLS 1.2", suite)), want}
}

func secrecy(suite string, want ...string) ruleTest {
	return ruleTest{"tls-no-forward-secrecy", suite, facts(dissect.IMAP, 993, hello("TLS 1.2", suite)), want}
}

var tlsTests = []ruleTest{
	{"tls-old-version", "ssl2", facts(dissect.IMAP, 993, hello("SSL 2.0", "")),
		[]string{"critical - SSL 2.0 was agreed on [version=SSL 2.0]"}},
	{"tls-old-version", "ssl3", facts(dissect.IMAP, 993, hello("SSL 3.0", "")),
		[]string{"high - SSL 3.0 was agreed on [version=SSL 3.0]"}},
	{"tls-old-version", "ssl3-between-mtas", facts(dissect.SMTP, 25, hello("SSL 3.0", ""), over(dissect.STARTTLS)),
		[]string{"high - SSL 3.0 was agreed on [version=SSL 3.0]"}},
	{"tls-old-version", "tls10", facts(dissect.SMTP, 587, hello("TLS 1.0", ""), over(dissect.STARTTLS)),
		[]string{"medium - TLS 1.0 was agreed on [version=TLS 1.0]"}},
	{"tls-old-version", "tls11-between-mtas", facts(dissect.SMTP, 25, hello("TLS 1.1", ""), over(dissect.STARTTLS)),
		[]string{"low - TLS 1.1 was agreed on, between mail servers [version=TLS 1.1]"}},
	{"tls-old-version", "login-at-port-25", facts(dissect.SMTP, 25, login("CRAM-MD5", "joe"), hello("TLS 1.1", ""), over(dissect.STARTTLS)),
		[]string{"medium - TLS 1.1 was agreed on [version=TLS 1.1]"}},
	{"tls-old-version", "tls12", facts(dissect.IMAP, 993, hello("TLS 1.2", "")), nil},
	{"tls-old-version", "offered-only", facts(dissect.IMAP, 993, hello("", "", upTo("TLS 1.0"))), nil},

	cipher("TLS_RSA_WITH_NULL_SHA", 465, "high - TLS_RSA_WITH_NULL_SHA was chosen: NULL [cipher=TLS_RSA_WITH_NULL_SHA]"),
	cipher("TLS_NULL_WITH_NULL_NULL", 465, "high - TLS_NULL_WITH_NULL_NULL was chosen: NULL [cipher=TLS_NULL_WITH_NULL_NULL]"),
	cipher("TLS_SHA256_SHA256", 465, "high - TLS_SHA256_SHA256 was chosen: NULL [cipher=TLS_SHA256_SHA256]"),
	cipher("TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", 465,
		"high - TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5 was chosen: EXPORT, RC2 [cipher=TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5]"),
	cipher("TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA", 465,
		"high - TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA was chosen: EXPORT, DES [cipher=TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA]"),
	cipher("TLS_ECDHE_RSA_WITH_RC4_128_SHA", 25,
		"high - TLS_ECDHE_RSA_WITH_RC4_128_SHA was chosen: RC4 [cipher=TLS_ECDHE_RSA_WITH_RC4_128_SHA]"),
	cipher("TLS_DH_anon_WITH_AES_128_CBC_SHA", 465,
		"high - TLS_DH_anon_WITH_AES_128_CBC_SHA was chosen: anonymous [cipher=TLS_DH_anon_WITH_AES_128_CBC_SHA]"),
	cipher("TLS_ECDH_anon_WITH_AES_256_CBC_SHA", 25,
		"info - TLS_ECDH_anon_WITH_AES_256_CBC_SHA was chosen: anonymous, between mail servers [cipher=TLS_ECDH_anon_WITH_AES_256_CBC_SHA]"),
	cipher("TLS_DH_anon_WITH_RC4_128_MD5", 25,
		"high - TLS_DH_anon_WITH_RC4_128_MD5 was chosen: anonymous, between mail servers, RC4 [cipher=TLS_DH_anon_WITH_RC4_128_MD5]"),
	cipher("TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", 465,
		"medium - TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA was chosen: 3DES [cipher=TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA]"),
	cipher("TLS_RSA_WITH_IDEA_CBC_SHA", 465, "medium - TLS_RSA_WITH_IDEA_CBC_SHA was chosen: IDEA [cipher=TLS_RSA_WITH_IDEA_CBC_SHA]"),
	cipher("SSL_CK_DES_192_EDE3_CBC_WITH_MD5", 465,
		"medium - SSL_CK_DES_192_EDE3_CBC_WITH_MD5 was chosen: 3DES [cipher=SSL_CK_DES_192_EDE3_CBC_WITH_MD5]"),
	cipher("SSL_CK_DES_64_CBC_WITH_MD5", 465, "high - SSL_CK_DES_64_CBC_WITH_MD5 was chosen: DES [cipher=SSL_CK_DES_64_CBC_WITH_MD5]"),
	cipher("SSL_CK_RC4_128_EXPORT40_WITH_MD5", 465,
		"high - SSL_CK_RC4_128_EXPORT40_WITH_MD5 was chosen: RC4, EXPORT [cipher=SSL_CK_RC4_128_EXPORT40_WITH_MD5]"),
	cipher(goodSuite, 465),
	cipher(rsaSuite, 465),
	cipher("TLS_AES_128_GCM_SHA256", 993),
	cipher("TLS_RSA_WITH_SEED_CBC_SHA", 993),
	cipher("0x1A2B", 993),
	cipher("", 993),

	secrecy(rsaSuite, "low - "+rsaSuite+" has no forward secrecy [cipher="+rsaSuite+"]"),
	secrecy("TLS_RSA_EXPORT1024_WITH_RC4_56_SHA",
		"low - TLS_RSA_EXPORT1024_WITH_RC4_56_SHA has no forward secrecy [cipher=TLS_RSA_EXPORT1024_WITH_RC4_56_SHA]"),
	secrecy("TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA",
		"low - TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA has no forward secrecy [cipher=TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA]"),
	secrecy("SSL_CK_RC4_128_WITH_MD5", "low - SSL_CK_RC4_128_WITH_MD5 has no forward secrecy [cipher=SSL_CK_RC4_128_WITH_MD5]"),
	secrecy(goodSuite),
	secrecy("TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
	secrecy("TLS_DH_anon_WITH_AES_128_CBC_SHA"),
	secrecy("TLS_AES_256_GCM_SHA384"),
	secrecy(""),

	{"tls-small-dh", "512", facts(dissect.IMAP, 993, hello("TLS 1.2", "", dhBits(512))),
		[]string{"high - Diffie-Hellman with 512 bits [bits=512]"}},
	{"tls-small-dh", "1023", facts(dissect.IMAP, 993, hello("TLS 1.2", "", dhBits(1023))),
		[]string{"high - Diffie-Hellman with 1023 bits [bits=1023]"}},
	{"tls-small-dh", "1024", facts(dissect.SMTP, 25, hello("TLS 1.2", "", dhBits(1024))),
		[]string{"medium - Diffie-Hellman with 1024 bits [bits=1024]"}},
	{"tls-small-dh", "2048", facts(dissect.IMAP, 993, hello("TLS 1.2", "", dhBits(2048))), nil},
	{"tls-small-dh", "not-known", facts(dissect.IMAP, 993, hello("TLS 1.2", goodSuite)), nil},

	{"tls-compression", "deflate", facts(dissect.IMAP, 993, hello("TLS 1.2", "", compressed("DEFLATE"))),
		[]string{"medium - compression with DEFLATE was agreed on [compression=DEFLATE]"}},
	{"tls-compression", "none", facts(dissect.IMAP, 993, hello("TLS 1.2", "")), nil},

	{"tls-insecure-renegotiation", "not-answered", facts(dissect.IMAP, 993, hello("TLS 1.2", "", renegotiation(dissect.No))),
		[]string{"medium - the client asked for secure renegotiation, and the server did not answer"}},
	{"tls-insecure-renegotiation", "answered", facts(dissect.IMAP, 993, hello("TLS 1.2", "", renegotiation(dissect.Yes))), nil},
	{"tls-insecure-renegotiation", "not-known", facts(dissect.IMAP, 993, hello("TLS 1.2", "")), nil},

	{"tls-handshake-failed", "server", facts(dissect.SMTP, 25, hello("", "", fatal(dissect.Server, "handshake_failure"))),
		[]string{"medium - server broke off: handshake_failure [alert=handshake_failure] [from=server]"}},
	{"tls-handshake-failed", "distrust", facts(dissect.IMAP, 993, hello("TLS 1.2", "", fatal(dissect.Client, "unknown_ca"))),
		[]string{"medium - client broke off: unknown_ca, it does not trust the certificate [alert=unknown_ca] [from=client]"}},
	{"tls-handshake-failed", "client-certificate", facts(dissect.IMAP, 993, hello("TLS 1.2", "", fatal(dissect.Server, "unknown_ca"))),
		[]string{"medium - server broke off: unknown_ca [alert=unknown_ca] [from=server]"}},
	{"tls-handshake-failed", "closed", facts(dissect.IMAP, 993, hello("", "", fatal(dissect.Client, "decode_error"), func(t *dissect.TLSFacts) { t.Forsaken = true })),
		[]string{"medium - server closed without a word, the client said decode_error [alert=decode_error] [from=client] [closed=server]"}},
	{"tls-handshake-failed", "after-the-handshake", facts(dissect.IMAP, 993,
		hello("TLS 1.2", "", fatal(dissect.Client, "internal_error"), func(t *dissect.TLSFacts) { t.Established = true })), nil},
	{"tls-handshake-failed", "no-alert", facts(dissect.IMAP, 993, hello("TLS 1.2", "", fatal(dissect.Client, ""))), nil},

	{"heartbleed", "asked", facts(dissect.IMAP, 993, hello("TLS 1.2", "", heartbleed)),
		[]string{"critical - a heartbeat of the client asks for more than it holds, or gives more than was asked for [side=client]"}},
	{"heartbleed", "answered", facts(dissect.IMAP, 993, hello("TLS 1.2", "", heartbleed, ofServer)),
		[]string{"critical - a heartbeat of the server asks for more than it holds, or gives more than was asked for [side=server]"}},
	{"heartbleed", "no-heartbeat", facts(dissect.IMAP, 993, hello("TLS 1.2", "")), nil},
}
