package rules

import (
	"slices"
	"strconv"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var handshake = []Rule{
	{
		ID:       "tls-old-version",
		Group:    TLS,
		Severity: alerts.Critical,
		Blame:    alerts.BlameServer,
		Who:      ByEither,
		Needs:    TLSSeen,
		Title:    "server agreed to an old version of TLS",
		Why: "SSL 2.0 and 3.0 are broken, TLS 1.0 and 1.1 rest on MD5 and SHA-1 and have known attacks. A server that " +
			"still agrees to them lets clients stay as old as they are.",
		Fix: "Allow TLS 1.2 and 1.3 only for submission and access. At port 25 TLS 1.0 is still better than none, SSL " +
			"2.0 and 3.0 are not.",
		Config: newVersions,
		Refs:   []string{"RFC 8996, section 4", "RFC 8996, section 5", "RFC 8997, section 3", "RFC 7568, section 3", "RFC 6176, section 3"},
		Judge:  judgeVersion,
	},
	{
		ID:       "tls-weak-cipher",
		Group:    TLS,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByEither,
		Needs:    TLSSeen,
		Title:    "server chose a weak cipher suite",
		Why: "NULL does not encrypt, EXPORT and DES keys are found by trying, RC4 gives texts away that are sent often, " +
			"anonymous suites let anybody be the server, and blocks of 64 bits repeat in long sessions.",
		Fix:    "Take these suites out of the server's list.",
		Config: strongCiphers,
		Refs:   []string{"RFC 9325, section 4.1", "RFC 7465, section 2", "RFC 5469, section 4", "CVE-2015-0204", "CVE-2016-2183"},
		Judge:  judgeCipher,
	},
	{
		ID:       "tls-no-forward-secrecy",
		Group:    TLS,
		Severity: alerts.Low,
		Blame:    alerts.BlameServer,
		Who:      ByListener,
		Needs:    TLSSeen,
		Title:    "recorded sessions open with the server's key",
		Why: "The secret of the session is sent under the key of the certificate. Whoever records it and gets the key " +
			"years later, from a backup or an old disk, reads all of it.",
		Fix:    "Prefer suites with ECDHE, and take those with RSA key exchange out of the server's list.",
		Config: strongCiphers,
		Refs:   []string{"RFC 9325, section 4.1"},
		Judge:  judgeForwardSecrecy,
	},
	{
		ID:       "tls-small-dh",
		Group:    TLS,
		Severity: alerts.High,
		Blame:    alerts.BlameServer,
		Who:      ByEither,
		Needs:    TLSSeen,
		Title:    "Diffie-Hellman group is too small",
		Why: "A prime of 512 or 768 bits is broken with little means, one of 1024 bits by a state, and once for all servers " +
			"that share it.",
		Fix:    "Use ECDHE, or a group of 2048 bits and more, such as ffdhe2048.",
		Config: largeGroups,
		Refs:   []string{"RFC 9325, section 4.5", "RFC 7919, section 4", "CVE-2015-4000"},
		Judge:  judgeGroup,
	},
	{
		ID:       "tls-compression",
		Group:    TLS,
		Severity: alerts.Medium,
		Blame:    alerts.BlameServer,
		Who:      ByListener,
		Needs:    TLSSeen,
		Title:    "TLS compresses what it encrypts",
		Why: "The length of what is sent tells what is repeated in it. Somebody who can have text of his own sent in the " +
			"same session finds a password letter by letter.",
		Fix: "Turn compression off in TLS. Dovecot 2.3 and newer compresses only where ssl_options says so, Exchange " +
			"never.",
		Config: noCompression,
		Refs:   []string{"RFC 9325, section 3.3", "CVE-2012-4929"},
		Judge:  judgeCompression,
	},
	{
		ID:       "tls-insecure-renegotiation",
		Group:    TLS,
		Severity: alerts.Medium,
		Blame:    alerts.BlameServer,
		Who:      ByAttacker,
		Needs:    TLSSeen,
		Title:    "server does not know secure renegotiation",
		Why: "Somebody on the way can put commands of his own in front of a client's session, and the server takes both " +
			"for one.",
		Fix:    "Bring the server's TLS library up to date: all have it since 2010.",
		Config: secureRenegotiation,
		Refs:   []string{"RFC 5746, section 3.6", "RFC 9325, section 3.5", "CVE-2009-3555"},
		Judge:  judgeRenegotiation,
	},
	{
		ID:       "tls-handshake-failed",
		Group:    TLS,
		Severity: alerts.Medium,
		Blame:    alerts.BlameClient,
		Who:      ByAttacker,
		Needs:    TLSSeen,
		Title:    "TLS handshake failed",
		Why: "One side broke the handshake off. A client that may go on without TLS now sends in clear; one that may " +
			"not gets no service.",
		Fix: "The alert says why. One of the client about a certificate: it does not trust the server's. One of the server: " +
			"it found nothing that both can do. In TLS 1.3 most alerts are encrypted: then the log of the side that broke " +
			"off says why; of a client it is most often the certificate.",
		Config: logHandshakes,
		Refs:   []string{"RFC 8446, section 6.2", "RFC 5246, section 7.2.2"},
		Judge:  judgeFailed,
	},
	{
		ID:       "heartbleed",
		Group:    TLS,
		Severity: alerts.Critical,
		Blame:    alerts.BlameServer,
		Who:      ByAnybody,
		Needs:    TLSSeen,
		Title:    "heartbeat that reads the other side's memory",
		Why: "A heartbeat said to be longer than it is makes a faulty OpenSSL answer with its memory: passwords, " +
			"mail, the key of the certificate. A faulty client can be asked by a server, too.",
		Fix:    "Bring OpenSSL up to date, then replace key and certificate and have passwords changed. Find out who sent it.",
		Config: mendedOpenSSL,
		Refs:   []string{"CVE-2014-0160", "RFC 6520, section 4"},
		Judge:  judgeHeartbleed,
	},
}

// versions are the versions of the protocol, the oldest first.
var versions = []string{"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"}

// rank orders versions; -1 is not known.
func rank(version string) int { return slices.Index(versions, version) }

// helloLine shows the server's choice.
func helloLine(t *dissect.TLSFacts) *dissect.Quote {
	text := "ServerHello: " + t.Version
	if t.Cipher != "" {
		text += ", " + t.Cipher
	}
	return shown(dissect.Server, t.Seen.ServerHello, text)
}

// offerLine shows what the client asked for.
func offerLine(t *dissect.TLSFacts) *dissect.Quote {
	text := "ClientHello"
	if t.Offered != "" {
		text += ": up to " + t.Offered
	}
	if t.Fallback {
		text += ", TLS_FALLBACK_SCSV"
	}
	return shown(dissect.Client, t.Seen.ClientHello, text)
}

// alertLine shows the alert that ended the handshake.
func alertLine(t *dissect.TLSFacts) *dissect.Quote {
	if t.Alert == "" {
		return nil
	}
	text := "Alert: " + t.Alert
	if t.Forsaken {
		text += ", after the server had closed"
	}
	return shown(t.AlertSide, t.Seen.Alert, text)
}

// chosen makes the hit of what the server chose in its hello.
func chosen(t *dissect.TLSFacts, s alerts.Severity, why string, detail ...dissect.Pair) Hit {
	return Hit{Severity: s, Why: why, Detail: detail, Quotes: telling(helloLine(t))}
}

func judgeVersion(f *dissect.Facts, hits []Hit) []Hit {
	if f.TLS == nil {
		return hits
	}
	var s alerts.Severity
	why := f.TLS.Version + " was agreed on"
	switch f.TLS.Version {
	case "SSL 2.0":
		s = alerts.Critical
	case "SSL 3.0":
		s = alerts.High
	case "TLS 1.0", "TLS 1.1":
		s = alerts.Medium
		if betweenMTAs(f) {
			s = alerts.Low
			why += ", between mail servers"
		}
	default:
		return hits
	}
	return append(hits, chosen(f.TLS, s, why, dissect.Pair{Key: "version", Value: f.TLS.Version}))
}

func judgeGroup(f *dissect.Facts, hits []Hit) []Hit {
	const weak, small = 2048, 1024
	if f.TLS == nil || f.TLS.DHBits == 0 || f.TLS.DHBits >= weak {
		return hits
	}
	bits := strconv.Itoa(f.TLS.DHBits)
	h := Hit{
		Severity: alerts.Medium,
		Why:      "Diffie-Hellman with " + bits + " bits",
		Detail:   []dissect.Pair{{Key: "bits", Value: bits}},
	}
	if f.TLS.DHBits < small {
		h.Severity = alerts.High
	}
	exchange := shown(dissect.Server, f.TLS.Seen.KeyExchange, "ServerKeyExchange: prime of "+bits+" bits")
	h.Quotes = inOrder(telling(helloLine(f.TLS), exchange))
	return append(hits, h)
}

func judgeCompression(f *dissect.Facts, hits []Hit) []Hit {
	if f.TLS == nil || f.TLS.Compression == "" {
		return hits
	}
	why := "compression with " + f.TLS.Compression + " was agreed on"
	return append(hits, chosen(f.TLS, alerts.Medium, why, dissect.Pair{Key: "compression", Value: f.TLS.Compression}))
}

func judgeRenegotiation(f *dissect.Facts, hits []Hit) []Hit {
	if f.TLS == nil || f.TLS.Renegotiation != dissect.No {
		return hits
	}
	return append(hits, chosen(f.TLS, alerts.Medium, "the client asked for secure renegotiation, and the server did not answer"))
}

func judgeHeartbleed(f *dissect.Facts, hits []Hit) []Hit {
	if f.TLS == nil || !f.TLS.Heartbleed {
		return hits
	}
	side := f.TLS.HeartbeatSide
	line := shown(side, f.TLS.Seen.Heartbeat, "Heartbeat: asks for more than it holds, or gives more than was asked for")
	return append(hits, Hit{
		Severity: alerts.Critical,
		Why:      "a heartbeat of the " + side.String() + " asks for more than it holds, or gives more than was asked for",
		Detail:   []dissect.Pair{{Key: "side", Value: side.String()}},
		Quotes:   telling(line),
	})
}
