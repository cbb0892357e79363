package tls_test

import (
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

func clientHelloV2(version uint16) []byte {
	var b cryptobyte.Builder
	b.AddUint8(1)
	b.AddUint16(version)
	b.AddUint16(6)
	b.AddUint16(0)
	b.AddUint16(16)
	b.AddBytes([]byte{1, 0, 0x80, 0, 0, 5})
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
		{dissect.Client, clientHelloV2(2)},
		{dissect.Server, serverHelloV2(der)},
		{dissect.Client, slices.Concat(masterKey, encryptedV2)},
		{dissect.Server, slices.Concat(encryptedV2, encryptedV2)},
	}
	got, _ := play(turns, 0)
	want := dissect.TLSFacts{
		Version: "SSL 2.0", Cipher: "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", Established: true, Certificate: shown(der),
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
		{dissect.Client, clientHelloV2(0x0301)},
		{dissect.Server, slices.Concat(serverHello{0x0301, 5, nil}.record(), plain(22, []byte{14, 0, 0, 0}))},
		{dissect.Client, slices.Concat(plain(22, message(16, func(*cryptobyte.Builder) {})), plain(20, []byte{1}), plain(22, make([]byte, 40)))},
		{dissect.Server, slices.Concat(plain(20, []byte{1}), plain(22, make([]byte, 40)))},
	}
	got, _ := play(turns, 0)
	if got.Version != "TLS 1.0" || got.Cipher != "TLS_RSA_WITH_RC4_128_SHA" || !got.Established {
		t.Errorf("%+v", got)
	}
	sameForAnyCut(t, turns)
}

func TestSSL2Error(t *testing.T) {
	turns := []turn{{dissect.Client, clientHelloV2(2)}, {dissect.Server, v2([]byte{0, 0, 1})}}
	got, _ := play(turns, 0)
	if diff := cmp.Diff(dissect.TLSFacts{Alert: "handshake_failure", AlertSide: dissect.Server}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
