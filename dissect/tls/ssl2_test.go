package tls_test

import (
	"crypto/x509/pkix"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
)

// v2 puts a message into a record of SSL 2.0.
func v2(message []byte) []byte {
	return append([]byte{0x80 | byte(len(message)>>8), byte(len(message))}, message...)
}

func clientHelloV2(version uint16, kinds ...byte) []byte {
	var b cryptobyte.Builder
	b.AddUint8(1)
	b.AddUint16(version)
	b.AddUint16(uint16(len(kinds)))
	b.AddUint16(0)
	b.AddUint16(16)
	b.AddBytes(kinds)
	b.AddBytes(make([]byte, 16))
	return v2(b.BytesOrPanic())
}

func serverHelloV2(der []byte) []byte {
	var b cryptobyte.Builder
	b.AddBytes([]byte{4, 0, 1, 0, 2})
	b.AddUint16(uint16(len(der)))
	b.AddUint16(3)
	b.AddUint16(16)
	b.AddBytes(der)
	b.AddBytes([]byte{7, 0, 0xc0})
	b.AddBytes(make([]byte, 16))
	return v2(b.BytesOrPanic())
}

var (
	masterKey   = v2(append([]byte{2, 7, 0, 0xc0}, make([]byte, 70)...))
	encryptedV2 = append([]byte{0, 40, 4}, make([]byte, 40)...) // padded: three bytes of header
)

func TestSSL2(t *testing.T) {
	der := sign(t, template(), rsaKey()).Certificate[0]
	turns := []turn{
		{dissect.Client, clientHelloV2(2, 7, 0, 0xc0)},
		{dissect.Server, serverHelloV2(der)},
		{dissect.Client, slices.Concat(masterKey, encryptedV2)},
		{dissect.Server, slices.Concat(encryptedV2, encryptedV2)},
	}
	got, _ := play(turns, 0)
	want := dissect.TLSFacts{
		Version: "SSL 2.0", Cipher: "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", Established: true, Certificate: shown(der),
		Offered: "SSL 2.0", Resumed: dissect.No,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	said := []string{"client client hello", "server server hello", "server certificate", "server established"}
	if diff := cmp.Diff(said, words(turns)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sameForAnyCut(t, turns)
	if got, _ := play(turns[:3], 0); got.Established {
		t.Error("established by the client alone")
	}
}

// An old client offers TLS in the form of SSL 2.0 (RFC 5246, appendix E.2).
func TestSSL2HelloForTLS(t *testing.T) {
	turns := []turn{
		{dissect.Client, clientHelloV2(0x0301, 1, 0, 0x80, 0, 0, 5)},
		{dissect.Server, slices.Concat(serverHello{0x0301, 5, nil}.record(), plain(22, []byte{14, 0, 0, 0}))},
		{dissect.Client, slices.Concat(plain(22, message(16, func(*cryptobyte.Builder) {})), plain(20, []byte{1}), plain(22, make([]byte, 40)))},
		{dissect.Server, slices.Concat(plain(20, []byte{1}), plain(22, make([]byte, 40)))},
	}
	got, _ := play(turns, 0)
	if got.Version != "TLS 1.0" || got.Cipher != "TLS_RSA_WITH_RC4_128_SHA" || !got.Established ||
		got.Offered != "TLS 1.0" || got.Resumed != dissect.No {
		t.Errorf("%+v", got)
	}
	sameForAnyCut(t, turns)
}

func TestSSL2Error(t *testing.T) {
	turns := []turn{{dissect.Client, clientHelloV2(2, 7, 0, 0xc0)}, {dissect.Server, v2([]byte{0, 0, 1})}}
	got, _ := play(turns, 0)
	if diff := cmp.Diff(dissect.TLSFacts{Alert: "handshake_failure", AlertSide: dissect.Server, Offered: "SSL 2.0"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A session that is taken up again has no certificate.
func TestSSL2Resumed(t *testing.T) {
	server := v2(append([]byte{4, 1, 0, 0, 2, 0, 0, 0, 0, 0, 16}, make([]byte, 16)...))
	got, _ := play([]turn{{dissect.Client, clientHelloV2(2, 7, 0, 0xc0)}, {dissect.Server, server}}, 0)
	if diff := cmp.Diff(dissect.TLSFacts{Version: "SSL 2.0", Offered: "SSL 2.0", Resumed: dissect.Yes}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The certificate may be as long as a record of SSL 2.0 lets it.
func TestSSL2LongCertificate(t *testing.T) {
	tpl := template()
	tpl.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3}, Value: make([]byte, 30<<10)}}
	der := sign(t, tpl, rsaKey()).Certificate[0]
	turns := []turn{{dissect.Client, clientHelloV2(2, 7, 0, 0xc0)}, {dissect.Server, serverHelloV2(der)}}
	got, _ := play(turns, 0)
	if got.Certificate == nil || got.Certificate.SHA256 != shaOf(der) {
		t.Errorf("%+v", got.Certificate)
	}
	sameForAnyCut(t, turns)
}

// Hellos whose lengths do not add up, or of no version, are none.
func TestSSL2Broken(t *testing.T) {
	for _, in := range [][]byte{
		v2([]byte{1, 0, 2, 0, 3, 0, 0, 0, 1, 7, 0, 0xc0}), v2([]byte{1, 0, 2, 0, 2, 0, 0, 0, 0, 7, 0}),
		v2([]byte{1, 9, 9, 0, 3, 0, 0, 0, 0, 7, 0, 0xc0}), v2([]byte{1, 0}), v2(nil),
	} {
		if got := words([]turn{{dissect.Client, in}, {dissect.Client, browser().record()}}); got != nil && len(in) > 2 {
			t.Errorf("%x: %q", in, got)
		}
	}
}
