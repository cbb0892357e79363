package tls_test

import (
	cryptotls "crypto/tls"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

func TestServerHello(t *testing.T) {
	chosen := func(v uint16) []extension { return []extension{{43, []byte{byte(v >> 8), byte(v)}}} }
	tests := []struct {
		name            string
		hello           serverHello
		version, cipher string
	}{
		{"ssl-3.0", serverHello{0x0300, 0x0005, nil}, "SSL 3.0", "TLS_RSA_WITH_RC4_128_SHA"},
		{"tls-1.0-export", serverHello{0x0301, 0x0003, nil}, "TLS 1.0", "TLS_RSA_EXPORT_WITH_RC4_40_MD5"},
		{"tls-1.2-anonymous", serverHello{0x0303, 0xc018, empty(65281)}, "TLS 1.2", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"},
		{"tls-1.3", serverHello{0x0303, 0x1302, chosen(0x0304)}, "TLS 1.3", "TLS_AES_256_GCM_SHA384"},
		{"tls-1.3-draft", serverHello{0x0303, 0x1301, chosen(0x7f1c)}, "TLS 1.3", "TLS_AES_128_GCM_SHA256"},
		{"tls-1.3-broken-end", serverHello{0x0303, 0x1301, []extension{{43, []byte{3}}}}, "TLS 1.3", "TLS_AES_128_GCM_SHA256"},
		{"unknown", serverHello{0x0309, 0xabcd, nil}, "0x0309", "0xABCD"},
		{"gost", serverHello{0x0303, 0x0081, nil}, "TLS 1.2", "TLS_GOSTR341001_WITH_28147_CNT_IMIT"},
		{"shangmi", serverHello{0x0303, 0x00c6, chosen(0x0304)}, "TLS 1.3", "TLS_SM4_GCM_SM3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := factsOf(t, dissect.Server, tt.hello.record())
			if got.Version != tt.version || got.Cipher != tt.cipher {
				t.Errorf("%s %s, want %s %s", got.Version, got.Cipher, tt.version, tt.cipher)
			}
		})
	}
}

// Where crypto/tls knows a suite, its name is the registry's.
func TestSuiteNames(t *testing.T) {
	for _, suite := range slices.Concat(cryptotls.CipherSuites(), cryptotls.InsecureCipherSuites()) {
		got := factsOf(t, dissect.Server, serverHello{0x0303, suite.ID, nil}.record()).Cipher
		if got != suite.Name {
			t.Errorf("0x%04X: %s, want %s", suite.ID, got, suite.Name)
		}
	}
}

// A hello with a broken end still tells what stands before it, but has no
// fingerprint.
func TestBrokenClientHello(t *testing.T) {
	hello := browser()
	hello.extensions = append(hello.extensions, extension{10, []byte{0}})
	got := factsOf(t, dissect.Client, hello.record())
	if diff := cmp.Diff(dissect.TLSFacts{SNI: "example.net", Offered: "TLS 1.3"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// More than 64 KiB of a hello are not kept.
func TestLongClientHello(t *testing.T) {
	for _, tt := range []struct {
		suites, padding int
		whole           bool
	}{{16, 14 << 10, true}, {16, 62 << 10, true}, {8000, 62 << 10, false}} {
		hello := browser()
		hello.suites = slices.Repeat(hello.suites, tt.suites/16)
		hello.extensions = append(hello.extensions, extension{21, make([]byte, tt.padding)})
		turns := []turn{{dissect.Client, hello.record()}}
		got, _ := play(turns, 0)
		if got.SNI != "example.net" || (got.JA3 != "") != tt.whole {
			t.Errorf("%d suites, padding of %d bytes: name %q, JA3 %q", tt.suites, tt.padding, got.SNI, got.JA3)
		}
		sameForAnyCut(t, turns)
	}
}

func TestLongServerName(t *testing.T) {
	hello := clientHello{version: 0x0303, extensions: []extension{{0, serverName(strings.Repeat("a", 1000))}}}
	if got := len(factsOf(t, dissect.Client, hello.record()).SNI); got != dissect.MaxText {
		t.Errorf("%d bytes, want %d", got, dissect.MaxText)
	}
}

// A hello is read once: a second one, and one of the other side's, count for
// nothing.
func TestFirstHelloCounts(t *testing.T) {
	second := browser()
	second.extensions[2].data = serverName("other.example")
	got := words([]turn{
		{dissect.Client, browser().record()}, {dissect.Client, second.record()}, {dissect.Server, second.record()},
		{dissect.Client, serverHello{0x0303, 5, nil}.record()},
	})
	if diff := cmp.Diff([]string{"client client hello"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// 0-RTT data is no sign of a finished handshake (RFC 8446, section 2.3).
func TestEarlyData(t *testing.T) {
	data := plain(23, make([]byte, 100))
	turns := []turn{
		{dissect.Client, slices.Concat(browser().record(), plain(20, []byte{1}), data)},
		{dissect.Server, slices.Concat(serverHello{0x0303, 0x1301, []extension{{43, []byte{3, 4}}}}.record(), plain(20, []byte{1}), data)},
	}
	if got, _ := play(turns, 0); got.Established {
		t.Error("established by early data")
	}
	if got, _ := play(append(turns, turn{dissect.Client, data[:24]}), 0); got.Established {
		t.Error("established by half a record")
	}
	if got, _ := play(append(turns, turn{dissect.Client, plain(23, make([]byte, 19))}), 0); got.Established {
		t.Error("established by an alert")
	}
	if got, _ := play(append(turns, turn{dissect.Client, data}), 0); !got.Established {
		t.Error("not established")
	}
}

func TestAlertRecords(t *testing.T) {
	hello := browser().record()
	tests := []struct {
		name  string
		turns []turn
		want  dissect.TLSFacts
		said  string
	}{
		{
			"warning", []turn{{dissect.Server, plain(21, []byte{1, 112})}},
			dissect.TLSFacts{}, "server unrecognized_name",
		},
		{
			"fatal", []turn{{dissect.Server, plain(21, []byte{2, 40})}, {dissect.Client, plain(21, []byte{2, 80})}},
			dissect.TLSFacts{Alert: "handshake_failure", AlertSide: dissect.Server}, "client internal_error",
		},
		{
			"unknown", []turn{{dissect.Server, plain(21, []byte{2, 200})}},
			dissect.TLSFacts{Alert: "alert 200", AlertSide: dissect.Server}, "server alert 200",
		},
		{
			"encrypted", []turn{{dissect.Client, plain(20, []byte{1})}, {dissect.Client, plain(21, []byte{2, 40})}},
			dissect.TLSFacts{}, "client client hello",
		},
		{
			"level-means-nothing-in-tls-1.3",
			[]turn{
				{dissect.Server, serverHello{0x0303, 0x1301, []extension{{43, []byte{3, 4}}}}.record()},
				{dissect.Client, plain(20, []byte{1})}, {dissect.Client, plain(21, []byte{1, 42})},
			},
			dissect.TLSFacts{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Alert: "bad_certificate"}, "client bad_certificate",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			turns := append([]turn{{dissect.Client, hello}}, tt.turns...)
			got, _ := play(turns, 0)
			got.SNI, got.JA3, got.JA4, got.JA3S, got.Offered, got.Resumed = "", "", "", "", "", dissect.Unknown
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			said := words(turns)
			if last := said[len(said)-1]; last != tt.said {
				t.Errorf("last event %q, want %q", last, tt.said)
			}
			sameForAnyCut(t, turns)
		})
	}
}

// After a readable fatal alert nothing is established.
func TestAlertIsTheEnd(t *testing.T) {
	data := plain(23, make([]byte, 100))
	got, _ := play([]turn{{dissect.Server, plain(21, []byte{2, 40})}, {dissect.Client, data}, {dissect.Server, data}}, 0)
	if got.Established {
		t.Error("established")
	}
}
