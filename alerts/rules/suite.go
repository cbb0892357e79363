package rules

import (
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

func judgeCipher(f *dissect.Facts, hits []Hit) []Hit {
	if f.TLS == nil {
		return hits
	}
	s, faults := suiteFaults(f.TLS.Cipher, betweenMTAs(f))
	if len(faults) == 0 {
		return hits
	}
	why := f.TLS.Cipher + " was chosen: " + strings.Join(faults, ", ")
	return append(hits, chosen(f.TLS, s, why, dissect.Pair{Key: "cipher", Value: f.TLS.Cipher}))
}

// suiteFaults names what is weak in a suite, by its IANA name. Mail servers
// trust no certificate anyway, so an anonymous suite costs nothing between them
// (RFC 7435, section 3).
func suiteFaults(suite string, mtas bool) (s alerts.Severity, faults []string) {
	fault := func(severity alerts.Severity, what string) {
		s = max(s, severity)
		faults = addOnce(faults, what)
	}
	if suite == "TLS_SHA256_SHA256" || suite == "TLS_SHA384_SHA384" {
		fault(alerts.High, "NULL") // TLS 1.3 without encryption: RFC 9150
	}
	// SSL 2.0 spells 3DES as DES_192_EDE3.
	tripleDES := strings.Contains(suite, "3DES") || strings.Contains(suite, "EDE3")
	for word := range strings.SplitSeq(suite, "_") {
		switch {
		case word == "NULL", word == "RC4":
			fault(alerts.High, word)
		case strings.HasPrefix(word, "EXPORT"):
			fault(alerts.High, "EXPORT")
		case word == "anon" && mtas:
			fault(alerts.Info, "anonymous, between mail servers")
		case word == "anon":
			fault(alerts.High, "anonymous")
		case (word == "DES" || word == "DES40") && !tripleDES:
			fault(alerts.High, "DES")
		case word == "3DES", word == "EDE3":
			fault(alerts.Medium, "3DES")
		case word == "IDEA", word == "RC2":
			fault(alerts.Medium, word) // blocks of 64 bits, as 3DES
		}
	}
	return s, faults
}

// judgeForwardSecrecy goes by the suite's name, which ends the key exchange
// before WITH. A resumed session has the suite, and the secret, of its first.
func judgeForwardSecrecy(f *dissect.Facts, hits []Hit) []Hit {
	if f.TLS == nil || !staticKey(f.TLS.Cipher) {
		return hits
	}
	why := f.TLS.Cipher + " has no forward secrecy"
	return append(hits, chosen(f.TLS, alerts.Low, why, dissect.Pair{Key: "cipher", Value: f.TLS.Cipher}))
}

// staticKey tells a suite whose secret hangs on the key of the certificate:
// RSA, and Diffie-Hellman with a fixed key. All of SSL 2.0 is RSA.
func staticKey(suite string) bool {
	if strings.HasPrefix(suite, "SSL_CK_") || strings.HasPrefix(suite, "SSL_RSA_FIPS_") {
		return true
	}
	exchange, _, _ := strings.Cut(strings.TrimPrefix(suite, "TLS_"), "_WITH_")
	exchange = strings.TrimSuffix(strings.TrimSuffix(exchange, "_EXPORT"), "_EXPORT1024")
	switch exchange {
	case "RSA", "RSA_PSK", "DH_RSA", "DH_DSS", "ECDH_RSA", "ECDH_ECDSA":
		return true
	}
	return false
}
