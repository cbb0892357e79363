package judge_test

import (
	"net/netip"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/dissect"
)

func attempt(mechanism string, sent bool) []*dissect.Attempt {
	a := &dissect.Attempt{Mechanism: mechanism}
	if sent {
		a.Secret = dissect.NewSecret([]byte("sesame"))
	}
	return []*dissect.Attempt{a}
}

func message(p dissect.Protection) []*dissect.Message { return []*dissect.Message{{Protection: p}} }

func TestVerdict(t *testing.T) {
	established := &dissect.TLSFacts{Established: true}
	unfinished := &dissect.TLSFacts{}
	failed := &dissect.TLSFacts{Alert: "handshake_failure"}
	crossed := dissect.Stamp{Time: 1e18, Packet: 9}
	seen := dissect.TLSSeen{ServerHello: crossed, Certificate: crossed, Heartbeat: crossed}
	certified := func(c dissect.Certificate) *dissect.TLSFacts {
		return &dissect.TLSFacts{Established: true, Version: "TLS 1.2", Certificate: &c, Seen: seen}
	}
	tests := []struct {
		name  string
		facts dissect.Facts
		want  alerts.Verdict
	}{
		{"password", dissect.Facts{Auth: attempt("LOGIN-CMD", true)}, alerts.Exposed},
		{"base64", dissect.Facts{Auth: attempt("PLAIN", true)}, alerts.Exposed},
		{"token", dissect.Facts{Auth: attempt("XOAUTH2", true)}, alerts.Exposed},
		{"password-seen-from-one-side", dissect.Facts{Auth: attempt("USER", true), Flags: dissect.OneSided}, alerts.Exposed},
		{"password-before-starttls",
			dissect.Facts{Auth: attempt("PLAIN", true), Transport: dissect.STARTTLS, TLS: established}, alerts.Exposed},
		{"message", dissect.Facts{Messages: message(dissect.Unprotected)}, alerts.Exposed},
		{"one-of-two-messages", dissect.Facts{Messages: append(message(dissect.PGP), message(dissect.Unprotected)...)}, alerts.Exposed},
		{"protected-message", dissect.Facts{Messages: message(dissect.SMIME)}, alerts.Clear},
		{"challenge", dissect.Facts{Auth: attempt("CRAM-MD5", true)}, alerts.Weak},
		{"proof", dissect.Facts{Auth: attempt("SCRAM-SHA-1", true)}, alerts.Weak},
		{"challenge-before-starttls",
			dissect.Facts{Auth: attempt("NTLM", true), Transport: dissect.STARTTLS, TLS: established}, alerts.Weak},
		{"cancelled-login", dissect.Facts{Auth: attempt("LOGIN", false)}, alerts.Clear},
		{"probe", dissect.Facts{Banner: "ready"}, alerts.Clear},
		{"refused-starttls", dissect.Facts{STARTTLS: dissect.StartTLSFacts{Requested: true, Accepted: dissect.No}}, alerts.Clear},
		{"probe-midstream", dissect.Facts{Banner: "ready", Flags: dissect.Midstream}, alerts.UnknownVerdict},
		{"probe-with-a-gap", dissect.Facts{Banner: "ready", Flags: dissect.Gap}, alerts.UnknownVerdict},
		{"probe-one-sided", dissect.Facts{HasHello: true, Flags: dissect.OneSided}, alerts.UnknownVerdict},
		{"probe-evicted", dissect.Facts{Banner: "ready", Flags: dissect.Evicted}, alerts.UnknownVerdict},
		{"duplicated-probe", dissect.Facts{Banner: "ready", Flags: dissect.Duplicated}, alerts.Clear},
		{"nothing", dissect.Facts{}, alerts.UnknownVerdict},
		{"words-without-facts", dissect.Facts{Protocol: dissect.POP3}, alerts.Clear},
		{"tls", dissect.Facts{Transport: dissect.TLS, TLS: established}, alerts.Protected},
		{"starttls", dissect.Facts{Transport: dissect.STARTTLS, TLS: established, Banner: "ready"}, alerts.Protected},
		{"tls-midstream", dissect.Facts{Transport: dissect.TLS, TLS: established, Flags: dissect.Midstream}, alerts.Protected},
		{"plain-mechanisms-offered-before-tls", dissect.Facts{
			Transport: dissect.STARTTLS, TLS: established, Protocol: dissect.SMTP,
			Offer: dissect.Offer{Complete: true, Mechanisms: []string{"PLAIN"}},
		}, alerts.Protected},
		{"forged-preauth-then-tls", dissect.Facts{
			Transport: dissect.STARTTLS, TLS: established, Protocol: dissect.IMAP, Preauth: &dissect.Quote{Text: "* PREAUTH"},
		}, alerts.Weak},
		{"handshake-never-finished", dissect.Facts{Transport: dissect.TLS, TLS: unfinished}, alerts.Weak},
		{"handshake-seen-in-part", dissect.Facts{Transport: dissect.TLS, TLS: unfinished, Flags: dissect.Midstream}, alerts.UnknownVerdict},
		{"handshake-one-sided", dissect.Facts{Transport: dissect.TLS, TLS: unfinished, Flags: dissect.OneSided}, alerts.UnknownVerdict},
		{"handshake-failed-in-part", dissect.Facts{Transport: dissect.TLS, TLS: failed, Flags: dissect.Gap}, alerts.Weak},
		{"tls-13-hides-the-certificate",
			dissect.Facts{Transport: dissect.TLS, TLS: &dissect.TLSFacts{Established: true, Version: "TLS 1.3", Seen: seen}}, alerts.Protected},
		{"tls-10", dissect.Facts{Transport: dissect.TLS, TLS: &dissect.TLSFacts{Established: true, Version: "TLS 1.0", Seen: seen}}, alerts.Weak},
		{"null-cipher-shows-nothing-yet", dissect.Facts{
			Transport: dissect.TLS, TLS: &dissect.TLSFacts{Established: true, Cipher: "TLS_RSA_WITH_NULL_SHA", Seen: seen},
		}, alerts.Weak},
		{"null-cipher-shows-the-password", dissect.Facts{
			Transport: dissect.TLS, TLS: &dissect.TLSFacts{Established: true, Cipher: "TLS_RSA_WITH_NULL_SHA", Seen: seen},
			Auth: attempt("LOGIN-CMD", true),
		}, alerts.Exposed},
		{"no-forward-secrecy-is-low", dissect.Facts{
			Transport: dissect.TLS, TLS: &dissect.TLSFacts{Established: true, Cipher: "TLS_RSA_WITH_AES_128_CBC_SHA", Seen: seen},
		}, alerts.Protected},
		{"heartbleed", dissect.Facts{
			Transport: dissect.TLS, TLS: &dissect.TLSFacts{Established: true, Heartbleed: true, Seen: seen},
		}, alerts.Weak},
		{"expired", dissect.Facts{Transport: dissect.TLS, TLS: certified(dissect.Certificate{NotAfter: 1})}, alerts.Weak},
		{"soon-to-expire", dissect.Facts{Transport: dissect.TLS, TLS: certified(dissect.Certificate{NotAfter: 1e9 + 1})}, alerts.Protected},
		{"self-signed", dissect.Facts{Transport: dissect.TLS, TLS: certified(dissect.Certificate{SelfSigned: true})}, alerts.Weak},
		{"injected-then-tls", dissect.Facts{
			Transport: dissect.STARTTLS, TLS: established, Injected: &dissect.Quote{Text: "NOOP"},
		}, alerts.Weak},
		{"url-that-authorizes", dissect.Facts{
			Banner: "ready", Signs: &dissect.Signs{URLs: []dissect.Token{{Secret: dissect.NewSecret([]byte("sesame"))}}},
		}, alerts.Exposed},
		{"masked-probe", dissect.Facts{
			Banner: "ready", Protocol: dissect.SMTP, Offer: dissect.Offer{Complete: true, Masks: []string{"XXXXXXXA"}},
		}, alerts.Clear},
		{"tls-unread", dissect.Facts{Transport: dissect.TLS}, alerts.UnknownVerdict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name != "nothing" {
				tt.facts.Bytes = [2]uint64{6, 20}
			}
			tt.facts.Client = netip.MustParseAddrPort("10.0.0.5:40122")
			tt.facts.Server = netip.MustParseAddrPort("10.0.0.9:143")
			if got := judge.Session(&tt.facts).Session.Verdict; got != tt.want {
				t.Errorf("verdict %s, want %s", got, tt.want)
			}
			alerts.NewRedactor([32]byte{}).Redact(&tt.facts)
			if got := judge.Session(&tt.facts).Session.Verdict; got != tt.want {
				t.Errorf("verdict of redacted Facts %s, want %s", got, tt.want)
			}
		})
	}
}

// Between mail servers a self-signed certificate and an old version are no
// reason to call a session weak.
func TestVerdictBetweenServers(t *testing.T) {
	crossed := dissect.Stamp{Time: 1e18, Packet: 9}
	for _, tt := range []struct {
		name string
		tls  dissect.TLSFacts
		want alerts.Verdict
	}{
		{"old", dissect.TLSFacts{Version: "TLS 1.0"}, alerts.Protected},
		{"anonymous", dissect.TLSFacts{Cipher: "TLS_ECDH_anon_WITH_AES_256_CBC_SHA"}, alerts.Protected},
		{"self-signed", dissect.TLSFacts{Certificate: &dissect.Certificate{SelfSigned: true}}, alerts.Protected},
		{"expired", dissect.TLSFacts{Certificate: &dissect.Certificate{NotAfter: 1}}, alerts.Protected},
		{"rc4", dissect.TLSFacts{Cipher: "TLS_RSA_WITH_RC4_128_SHA"}, alerts.Weak},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.tls.Established = true
			tt.tls.Seen = dissect.TLSSeen{ServerHello: crossed, Certificate: crossed}
			f := &dissect.Facts{
				Protocol: dissect.SMTP, Transport: dissect.STARTTLS, TLS: &tt.tls,
				Client: netip.MustParseAddrPort("10.0.0.5:40122"), Server: netip.MustParseAddrPort("10.0.0.9:25"),
			}
			if got := judge.Session(f).Session.Verdict; got != tt.want {
				t.Errorf("verdict %s, want %s", got, tt.want)
			}
		})
	}
}
