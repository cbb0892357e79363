package tls_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
)

// x25519MLKEM768 is the group with a key of a kilobyte and more (RFC 8446,
// section 4.2.8): no hello with it fits in one segment of a usual path.
const x25519MLKEM768 = 0x11ec

// share is a key share of a group.
func share(group uint16, size int) []byte {
	var b cryptobyte.Builder
	b.AddUint16(group)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(make([]byte, size)) })
	return b.BytesOrPanic()
}

func TestPostQuantum(t *testing.T) {
	small := browser()
	hello := browser()
	shares := slices.Concat(share(0x2a2a, 1), share(x25519MLKEM768, 1184+32), share(29, 32))
	for i, e := range hello.extensions {
		if e.kind == 51 {
			hello.extensions[i].data = slices.Concat([]byte{byte(len(shares) >> 8), byte(len(shares))}, shares)
		}
	}
	turns := []turn{
		{dissect.Client, hello.record()},
		{dissect.Server, serverHello{0x0303, 0x1302, []extension{{43, []byte{3, 4}}, {51, share(x25519MLKEM768, 1088+32)}}}.record()},
	}
	got, _ := play(turns, 0)
	want, _ := play([]turn{{dissect.Client, small.record()}}, 0)
	if got.Group != "X25519MLKEM768" || got.JA3 != want.JA3 || got.JA4 != want.JA4 || got.SNI != want.SNI {
		t.Errorf("group %q, JA3 %s, JA4 %s, name %q; want as with small keys: %+v", got.Group, got.JA3, got.JA4, got.SNI, want)
	}
	sameForAnyCut(t, turns)
}

// An extension of Encrypted Client Hello, or what clients send to keep its place,
// is one like any other: the name in the outer hello is what an onlooker sees.
func TestEncryptedClientHello(t *testing.T) {
	plainHello, _ := play([]turn{{dissect.Client, browser().record()}}, 0)
	hello := browser()
	hello.extensions = append(hello.extensions, extension{0xfe0d, make([]byte, 250)})
	got, _ := play([]turn{{dissect.Client, hello.record()}}, 0)
	if got.SNI != "example.net" || got.JA4 == "" || got.JA4 == plainHello.JA4 {
		t.Errorf("name %q, JA4 %s, without %s", got.SNI, got.JA4, plainHello.JA4)
	}
}

// What is no TLS gives no facts, whatever it looks like, and none are lost that
// came before.
func TestStrangers(t *testing.T) {
	hello := browser().record()
	known, _ := play([]turn{{dissect.Client, hello}}, 0)
	dtls := slices.Concat([]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0, 52, 0xfe, 0xfd}, make([]byte, 60))
	for _, tt := range []struct {
		name  string
		turns []turn
		want  dissect.TLSFacts
	}{
		{"dtls-hello", []turn{{dissect.Client, dtls}}, dissect.TLSFacts{}},
		{"dtls-answer", []turn{{dissect.Client, hello}, {dissect.Server, dtls}}, known},
		{"greeting", []turn{{dissect.Client, hello}, {dissect.Server, []byte("220 mx.example ESMTP\r\n")}}, known},
		{"refusal", []turn{{dissect.Client, hello}, {dissect.Server, []byte("* BYE too many connections\r\n")}}, known},
		{"http", []turn{{dissect.Client, hello}, {dissect.Server, []byte("HTTP/1.1 400 Bad Request\r\n\r\n")}}, known},
		{"text-that-begins-like-a-record", []turn{{dissect.Client, hello}, {dissect.Server, []byte("\x15\x0d\x0a250 ok\r\n")}}, known},
		{"zeros", []turn{{dissect.Client, make([]byte, 5000)}, {dissect.Server, make([]byte, 5000)}}, dissect.TLSFacts{}},
		{"hello-of-the-wrong-side", []turn{{dissect.Client, serverHello{0x0303, 5, nil}.record()}}, dissect.TLSFacts{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := play(tt.turns, 0)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			sameForAnyCut(t, tt.turns)
		})
	}
}
