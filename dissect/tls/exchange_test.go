package tls_test

import (
	"bytes"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
)

// exchange makes a ServerKeyExchange.
func exchange(params ...[]byte) []byte {
	return plain(22, message(12, func(b *cryptobyte.Builder) {
		for _, p := range params {
			b.AddBytes(p)
		}
		b.AddBytes(make([]byte, 70)) // the signature
	}))
}

func opaque16(content []byte) []byte {
	return prefixed16(func(b *cryptobyte.Builder) { b.AddBytes(content) })
}

// number makes a big number that has so many bits, behind zeros.
func number(bits, zeros int) []byte {
	n := append(make([]byte, zeros), bytes.Repeat([]byte{0xff}, (bits+7)/8)...)
	if over := bits % 8; over != 0 {
		n[zeros] = 1<<over - 1
	}
	return opaque16(n)
}

func TestKeyExchange(t *testing.T) {
	const dhe, anon, ecdhe, rsa, export, dhePSK, ecdhePSK, psk = 0x0033, 0x0018, 0xc013, 0x002f, 0x0003, 0x0090, 0xc035, 0x008c
	hint := opaque16([]byte("hint"))
	tests := []struct {
		name   string
		suite  uint16
		params [][]byte
		group  string
		bits   int
	}{
		{"dhe-1024", dhe, [][]byte{number(1024, 0), {0, 1, 2}, number(1024, 0)}, "", 1024},
		{"dhe-1023", dhe, [][]byte{number(1023, 0)}, "", 1023},
		{"dhe-512-with-zeros-in-front", dhe, [][]byte{number(512, 64)}, "", 512},
		{"dhe-1025", dhe, [][]byte{number(1025, 1)}, "", 1025},
		{"dhe-export", 0x0014, [][]byte{number(512, 0)}, "", 512},
		{"dhe-export-1024", 0x0063, [][]byte{number(1024, 0)}, "", 1024},
		{"dh-anon", anon, [][]byte{number(768, 0)}, "", 768},
		{"dh-anon-export", 0x0017, [][]byte{number(512, 0)}, "", 512},
		{"dhe-psk", dhePSK, [][]byte{hint, number(2047, 0)}, "", 2047},
		{"prime-of-zeros", dhe, [][]byte{opaque16(make([]byte, 128))}, "", 0},
		{"prime-longer-than-the-message", dhe, [][]byte{{0xff, 0xff, 0xff}}, "", 0},
		{"prime-longer-than-what-is-kept", dhe, [][]byte{number(40000, 0)}, "", 0},
		{"x25519", ecdhe, [][]byte{{3, 0, 29, 32}}, "x25519", 0},
		{"secp160k1", ecdhe, [][]byte{{3, 0, 15, 32}}, "secp160k1", 0},
		{"brainpool", ecdhe, [][]byte{{3, 0, 28, 32}}, "brainpoolP512r1", 0},
		{"post-quantum", ecdhe, [][]byte{{3, 0x11, 0xec, 32}}, "X25519MLKEM768", 0},
		{"unknown-curve", ecdhe, [][]byte{{3, 0x77, 0x77, 32}}, "0x7777", 0},
		{"explicit-prime", ecdhe, [][]byte{{1, 24}}, "arbitrary_explicit_prime_curves", 0},
		{"explicit-char2", ecdhe, [][]byte{{2, 0, 163}}, "arbitrary_explicit_char2_curves", 0},
		{"no-kind-of-curve", ecdhe, [][]byte{{9, 0, 29}}, "", 0},
		{"ecdhe-psk", ecdhePSK, [][]byte{hint, {3, 0, 23}}, "secp256r1", 0},
		{"rsa-export", export, [][]byte{number(512, 0), {0, 3, 1, 0, 1}}, "RSA 512", 0},
		{"rsa-export-1024", 0x0062, [][]byte{number(1024, 0), {0, 3, 1, 0, 1}}, "RSA 1024", 0},
		{"rsa-that-should-send-none", rsa, [][]byte{number(512, 0)}, "RSA 512", 0},
		{"psk-has-only-a-hint", psk, [][]byte{hint}, "", 0},
		{"unknown-suite", 0xabcd, [][]byte{{3, 0, 29, 32}}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			turns := []turn{{dissect.Server, serverHello{0x0301, tt.suite, nil}.record()}, {dissect.Server, exchange(tt.params...)}}
			s := words(turns)
			got, _ := play(turns, 0)
			if got.Group != tt.group || got.DHBits != tt.bits {
				t.Errorf("group %q of %d bits, want %q of %d", got.Group, got.DHBits, tt.group, tt.bits)
			}
			if told := s[len(s)-1] == "server key exchange"; told != (tt.group != "" || tt.bits != 0) {
				t.Errorf("events: %q", s)
			}
			sameForAnyCut(t, turns)
		})
	}
}

// Without the server's hello nobody knows how to read its key exchange, and
// that of a client is none.
func TestKeyExchangeAlone(t *testing.T) {
	curve := exchange([]byte{3, 0, 29, 32})
	hello := serverHello{0x0301, 0xc013, nil}.record()
	for _, turns := range [][]turn{
		{{dissect.Server, curve}, {dissect.Server, hello}},
		{{dissect.Server, hello}, {dissect.Client, curve}},
	} {
		if got, _ := play(turns, 0); got.Group != "" {
			t.Errorf("%q", got.Group)
		}
	}
}

// The first key exchange counts.
func TestSecondKeyExchange(t *testing.T) {
	turns := []turn{
		{dissect.Server, serverHello{0x0301, 0x0033, nil}.record()},
		{dissect.Server, exchange(number(1024, 0))}, {dissect.Server, exchange(number(4096, 0))},
	}
	if got, _ := play(turns, 0); got.DHBits != 1024 {
		t.Errorf("%d bits", got.DHBits)
	}
}

func TestKeyShare(t *testing.T) {
	hello := func(share []byte, mark string) []byte {
		return serverHello{0x0303, 0x1301, []extension{{43, []byte{3, 4}}, {51, share}}}.with(rest{mark: mark})
	}
	for _, tt := range []struct {
		name  string
		share []byte
		group string
		bits  int
	}{
		{"curve", []byte{0, 30, 0, 1, 9}, "x448", 0},
		{"prime", []byte{1, 4, 0, 1, 9}, "ffdhe8192", 8192},
		{"retry", []byte{0, 24}, "secp384r1", 0},
		{"broken", []byte{0}, "", 0},
	} {
		got := factsOf(t, dissect.Server, hello(tt.share, ""))
		if got.Group != tt.group || got.DHBits != tt.bits {
			t.Errorf("%s: %q of %d bits, want %q of %d", tt.name, got.Group, got.DHBits, tt.group, tt.bits)
		}
	}
}
