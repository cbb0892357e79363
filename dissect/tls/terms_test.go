package tls_test

import (
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

func TestOffered(t *testing.T) {
	offer := func(legacy uint16, numbers ...uint16) clientHello {
		c := clientHello{version: legacy, suites: []uint16{5}}
		if numbers != nil {
			c.extensions = []extension{{43, versions(numbers...)}}
		}
		return c
	}
	tests := []struct {
		name  string
		hello clientHello
		want  string
	}{
		{"legacy", offer(0x0301), "TLS 1.0"},
		{"ssl-3.0", offer(0x0300), "SSL 3.0"},
		{"list", offer(0x0303, 0x0304, 0x0303), "TLS 1.3"},
		{"list-in-any-order", offer(0x0303, 0x0301, 0x0303, 0x0302), "TLS 1.2"},
		{"list-counts-also-when-it-is-less", offer(0x0303, 0x0302), "TLS 1.1"},
		{"draft", offer(0x0303, 0x7f1c, 0x0303), "TLS 1.3"},
		{"grease", offer(0x0303, 0xfafa, 0x0303), "TLS 1.2"},
		{"legacy-never-means-1.3", offer(0x0304), "TLS 1.2"},
		{"nothing-known", offer(0x0303, 0xfafa), ""},
		{"broken-list", clientHello{version: 0x0303, extensions: []extension{{43, []byte{3, 3}}}}, ""},
		{
			"broken-behind-the-list",
			clientHello{version: 0x0303, extensions: []extension{{43, versions(0x0304)}, {10, []byte{1}}}}, "TLS 1.3",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := factsOf(t, dissect.Client, tt.hello.record()).Offered; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestFallback(t *testing.T) {
	for _, tt := range []struct {
		name  string
		hello []byte
		want  bool
	}{
		{"no", clientHello{version: 0x0303, suites: []uint16{0x0056, 0x00ff}}.record(), false},
		{"yes", clientHello{version: 0x0302, suites: []uint16{0x002f, 0x5600}}.record(), true},
		{"ssl-2.0-form", clientHelloV2(0x0301, 0, 0, 5, 0, 0x56, 0), true},
		{"ssl-2.0-form-other-kind", clientHelloV2(0x0301, 0, 0, 5, 1, 0x56, 0), false},
	} {
		if got := factsOf(t, dissect.Client, tt.hello).Fallback; got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestSentinel(t *testing.T) {
	chosen := []extension{{43, []byte{3, 4}}}
	for _, tt := range []struct {
		name  string
		hello []byte
		want  string
	}{
		{"tls-1.2", serverHello{0x0303, 5, nil}.with(rest{mark: "DOWNGRD\x01"}), "TLS 1.2"},
		{"tls-1.1-and-below", serverHello{0x0301, 5, nil}.with(rest{mark: "DOWNGRD\x00"}), "TLS 1.1"},
		{"other-value", serverHello{0x0301, 5, nil}.with(rest{mark: "DOWNGRD\x02"}), ""},
		{"not-at-the-end", serverHello{0x0301, 5, nil}.with(rest{mark: "DOWNGRD\x01\x00"}), ""},
		{"none", serverHello{0x0301, 5, nil}.record(), ""},
		{"means-nothing-in-tls-1.3", serverHello{0x0303, 0x1301, chosen}.with(rest{mark: "DOWNGRD\x01"}), ""},
	} {
		if got := factsOf(t, dissect.Server, tt.hello).Sentinel; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A client that offers drafts of TLS 1.3 only, as programs did before it was one,
// gets TLS 1.2 of a server that knows the standard.
func TestSentinelForDrafts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		versions []uint16
		want     string
	}{
		{"draft", []uint16{0x7f1c, 0x7f17, 0x0303}, ""},
		{"draft-and-standard", []uint16{0x0304, 0x7f1c, 0x0303}, "TLS 1.2"},
		{"standard", []uint16{0x0304, 0x0303}, "TLS 1.2"},
	} {
		client := clientHello{version: 0x0303, suites: []uint16{0x1301, 5}, extensions: []extension{{43, versions(tt.versions...)}}}
		turns := []turn{
			{dissect.Client, client.record()},
			{dissect.Server, serverHello{0x0303, 5, nil}.with(rest{mark: "DOWNGRD\x01"})},
		}
		if got, _ := play(turns, 0); got.Sentinel != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got.Sentinel, tt.want)
		}
		sameForAnyCut(t, turns)
	}
}

func TestCompression(t *testing.T) {
	chosen := []extension{{43, []byte{3, 4}}}
	for _, tt := range []struct {
		name  string
		hello []byte
		want  string
	}{
		{"none", serverHello{0x0303, 5, nil}.record(), ""},
		{"deflate", serverHello{0x0303, 5, nil}.with(rest{compression: 1}), "DEFLATE"},
		{"lzs", serverHello{0x0303, 5, nil}.with(rest{compression: 64}), "LZS"},
		{"unknown", serverHello{0x0303, 5, nil}.with(rest{compression: 9}), "method 9"},
		{"tls-1.3-has-none", serverHello{0x0303, 0x1301, chosen}.with(rest{compression: 1}), ""},
	} {
		if got := factsOf(t, dissect.Server, tt.hello).Compression; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRenegotiation(t *testing.T) {
	var (
		byExtension = clientHello{version: 0x0303, suites: []uint16{5}, extensions: empty(0xff01)}.record()
		bySuite     = clientHello{version: 0x0303, suites: []uint16{5, 0x00ff}}.record()
		never       = clientHello{version: 0x0303, suites: []uint16{5}}.record()
		with        = serverHello{0x0303, 5, empty(0xff01)}.record()
		without     = serverHello{0x0303, 5, empty(23)}.record()
		bare        = serverHello{0x0300, 5, nil}.record()
		broken      = serverHello{0x0303, 5, []extension{{16, []byte{1}}}}.record()
		tls13       = serverHello{0x0303, 0x1301, []extension{{43, []byte{3, 4}}}}.record()
	)
	for _, tt := range []struct {
		name           string
		client, server []byte
		want           dissect.Answer
	}{
		{"answered", byExtension, with, dissect.Yes},
		{"asked-by-suite", bySuite, with, dissect.Yes},
		{"not-answered", byExtension, without, dissect.No},
		{"not-answered-by-suite", bySuite, without, dissect.No},
		{"ssl-2.0-form", clientHelloV2(0x0301, 0, 0, 5, 0, 0, 0xff), bare, dissect.No},
		{"no-extensions-at-all", bySuite, bare, dissect.No},
		{"not-asked", never, without, dissect.Unknown},
		{"half-a-hello", byExtension, broken, dissect.Unknown},
		{"tls-1.3-has-none", byExtension, tls13, dissect.Unknown},
		{"client-not-seen", nil, without, dissect.Unknown},
		{"client-not-seen-but-answered", nil, with, dissect.Yes},
		{"server-not-seen", byExtension, nil, dissect.Unknown},
	} {
		for _, order := range [][]turn{
			{{dissect.Client, tt.client}, {dissect.Server, tt.server}},
			{{dissect.Server, tt.server}, {dissect.Client, tt.client}},
		} {
			if got, _ := play(order, 0); got.Renegotiation != tt.want {
				t.Errorf("%s, the %s first: %v, want %v", tt.name, order[0].side, got.Renegotiation, tt.want)
			}
		}
	}
}

func TestIsResumed(t *testing.T) {
	var (
		id      = []byte("a session of thirty-two bytes ..")
		asks    = clientHello{version: 0x0303, suites: []uint16{5}}.with(rest{session: id})
		new     = clientHello{version: 0x0303, suites: []uint16{5}}.record()
		echo    = serverHello{0x0303, 5, nil}.with(rest{session: id})
		other   = serverHello{0x0303, 5, nil}.with(rest{session: id[:31]})
		none    = serverHello{0x0303, 5, nil}.record()
		done    = plain(22, message(14, func(*cryptobyte.Builder) {}))
		ticket  = plain(22, message(4, func(b *cryptobyte.Builder) { b.AddBytes(make([]byte, 40)) }))
		ciphers = plain(20, []byte{1})
		secret  = plain(22, []byte{11, 0, 0, 36, 35: 0})
		by13    = func(kinds ...uint16) []byte {
			return serverHello{0x0303, 0x1301, append(empty(kinds...), extension{43, []byte{3, 4}})}.with(rest{session: id})
		}
	)
	for _, tt := range []struct {
		name           string
		client, server []byte
		want           dissect.Answer
	}{
		{"id-comes-back", asks, echo, dissect.Yes},
		{"id-comes-back-with-a-full-handshake", asks, slices.Concat(echo, done), dissect.No},
		{"other-id", asks, other, dissect.Unknown},
		{"other-id-and-full", asks, slices.Concat(other, done), dissect.No},
		{"no-ids", new, none, dissect.Unknown},
		{"ticket", new, slices.Concat(none, ticket, ciphers), dissect.Yes},
		{"straight-to-the-ciphers", asks, slices.Concat(other, ciphers, secret), dissect.Yes},
		{"joined-late", nil, slices.Concat(ciphers, secret), dissect.Unknown},
		{"joined-later", nil, secret, dissect.Unknown},
		{"client-not-seen", nil, echo, dissect.Unknown},
		{"client-not-seen-but-ciphers", nil, slices.Concat(echo, ciphers), dissect.Yes},
		{"tls-1.3", asks, by13(), dissect.No},
		{"tls-1.3-with-psk", asks, by13(41), dissect.Yes},
		{"tls-1.3-ciphers-mean-nothing", asks, slices.Concat(by13(), ciphers), dissect.No},
	} {
		turns := []turn{{dissect.Client, tt.client}, {dissect.Server, tt.server}, {dissect.Server, plain(21, []byte{1, 0})}}
		if got, _ := play(turns, 0); got.Resumed != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got.Resumed, tt.want)
		}
	}
}

// The client's hello may come last, or something be lost before the end.
func TestIsResumedOutOfOrder(t *testing.T) {
	id := []byte("a session")
	client := clientHello{version: 0x0303, suites: []uint16{5}}.with(rest{session: id})
	server := serverHello{0x0303, 5, nil}.with(rest{session: id})
	done := plain(22, message(14, func(*cryptobyte.Builder) {}))
	got, _ := play([]turn{{dissect.Server, slices.Concat(server, done)}, {dissect.Client, client}}, 0)
	if got.Resumed != dissect.No {
		t.Errorf("the client's hello came last: %v", got.Resumed)
	}
	s := tls.New([2]uint64{})
	facts := s.Feed(nil, dissect.Server, serverHello{0x0303, 5, nil}.record())[0].TLS
	s.Gap(nil, dissect.Server, 100)
	s.Feed(nil, dissect.Server, done)
	if facts.Resumed != dissect.Unknown {
		t.Errorf("behind a gap, where anything may look so: %v", facts.Resumed)
	}
}
