package tls_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

// shown feeds a chain and returns what was read of it.
func shown(ders ...[]byte) *dissect.Certificate {
	facts, _ := play([]turn{{dissect.Server, certificates(ders...)}}, 0)
	return facts.Certificate
}

func shaOf(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// What crypto/x509 reads is read the same.
func TestCertificate(t *testing.T) {
	small := func(bits int) *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	tests := []struct {
		name      string
		key       crypto.Signer
		algorithm x509.SignatureAlgorithm
		want      string
	}{
		{"rsa", rsaKey(), x509.SHA256WithRSA, "RSA 2048"},
		{"rsa-1024", small(1024), x509.SHA384WithRSA, "RSA 1024"},
		{"rsa-pss", rsaKey(), x509.SHA512WithRSAPSS, "RSA 2048"},
		{"rsa-sha1", rsaKey(), x509.SHA1WithRSA, "RSA 2048"},
		{"p-224", ecKey(t, elliptic.P224()), x509.ECDSAWithSHA256, "ECDSA P-224"},
		{"p-256", ecKey(t, elliptic.P256()), x509.ECDSAWithSHA256, "ECDSA P-256"},
		{"p-384", ecKey(t, elliptic.P384()), x509.ECDSAWithSHA384, "ECDSA P-384"},
		{"p-521", ecKey(t, elliptic.P521()), x509.ECDSAWithSHA512, "ECDSA P-521"},
		{"p-256-sha1", ecKey(t, elliptic.P256()), x509.ECDSAWithSHA1, "ECDSA P-256"},
		{"ed25519", edKey(t), x509.PureEd25519, "Ed25519"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tpl := template()
			tpl.SignatureAlgorithm = tt.algorithm
			der := sign(t, tpl, tt.key).Certificate[0]
			parsed, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			want := &dissect.Certificate{
				Subject: parsed.Subject.String(), Issuer: parsed.Issuer.String(),
				Names:     []string{"imap.example.net", "*.example.net", "192.0.2.1", "2001:db8::1"},
				NotBefore: notBefore.Unix(), NotAfter: notAfter.Unix(),
				Key: tt.want, Signature: parsed.SignatureAlgorithm.String(), SelfSigned: true, SHA256: shaOf(der),
			}
			if diff := cmp.Diff(want, shown(der)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			der[len(der)-1] ^= 1
			if shown(der).SelfSigned {
				t.Error("self-signed with a wrong signature")
			}
		})
	}
}

func TestCertificateOfAnAuthority(t *testing.T) {
	authority := template()
	authority.Subject = pkix.Name{CommonName: "Example CA"}
	key := ecKey(t, elliptic.P256())
	der, err := x509.CreateCertificate(rand.Reader, template(), authority, key.Public(), rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	other := sign(t, authority, rsaKey()).Certificate[0]
	got := shown(der, other)
	if got.Issuer != "CN=Example CA" || got.Key != "ECDSA P-256" || got.Signature != "SHA256-RSA" || got.SelfSigned {
		t.Errorf("%+v", got)
	}
	// The same name as the issuer is not enough.
	authority.Subject = template().Subject
	der, err = x509.CreateCertificate(rand.Reader, template(), authority, rsaKey().Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(der); got.Issuer != got.Subject || got.SelfSigned {
		t.Errorf("%+v", got)
	}
}

// tbs is a certificate's body, for those that crypto/x509 does not write.
type tbs struct {
	Version   int `asn1:"explicit,tag:0,default:0,optional"`
	Serial    *big.Int
	Algorithm pkix.AlgorithmIdentifier
	Issuer    asn1.RawValue
	Validity  struct{ NotBefore, NotAfter asn1.RawValue }
	Subject   asn1.RawValue
	Key       asn1.RawValue
}

type signed struct {
	Body      asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

var md5WithRSA = pkix.AlgorithmIdentifier{
	Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}, Parameters: asn1.NullRawValue,
}

// body gives a plain body that names and holds key.
func body(t *testing.T, key any) tbs {
	t.Helper()
	name := marshal(t, pkix.Name{CommonName: "old.example"}.ToRDNSequence())
	b := tbs{Serial: big.NewInt(1), Algorithm: md5WithRSA, Issuer: asn1.RawValue{FullBytes: name}, Subject: asn1.RawValue{FullBytes: name}}
	b.Validity.NotBefore = asn1.RawValue{Tag: asn1.TagUTCTime, Bytes: []byte("990102030405Z")}
	b.Validity.NotAfter = asn1.RawValue{Tag: asn1.TagGeneralizedTime, Bytes: []byte("20500102030405Z")}
	if info, ok := key.([]byte); ok {
		b.Key = asn1.RawValue{FullBytes: info}
		return b
	}
	info, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	b.Key = asn1.RawValue{FullBytes: info}
	return b
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// seal puts a signature behind a body.
func seal(t *testing.T, b tbs, signature func(body []byte) []byte) []byte {
	t.Helper()
	der := marshal(t, b)
	bits := signature(der)
	return marshal(t, signed{asn1.RawValue{FullBytes: der}, b.Algorithm, asn1.BitString{Bytes: bits, BitLength: 8 * len(bits)}})
}

func unsigned([]byte) []byte { return make([]byte, 64) }

// tiny is an RSA key of 512 bits, which crypto/rsa neither makes nor uses.
type tiny struct{ n, d *big.Int }

func newTiny(t *testing.T) tiny {
	t.Helper()
	for {
		p, err := rand.Prime(rand.Reader, 256)
		if err != nil {
			t.Fatal(err)
		}
		q, err := rand.Prime(rand.Reader, 256)
		if err != nil {
			t.Fatal(err)
		}
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(big.NewInt(65537), phi)
		if n := new(big.Int).Mul(p, q); d != nil && n.BitLen() == 512 {
			return tiny{n, d}
		}
	}
}

// sign makes an RSASSA-PKCS1-v1_5 signature with MD5.
func (k tiny) sign(body []byte) []byte {
	sum := md5.Sum(body)
	info := append([]byte{0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04, 0x10}, sum[:]...)
	block := bytes.Repeat([]byte{0xff}, 64)
	block[0], block[1], block[64-len(info)-1] = 0, 1, 0
	copy(block[64-len(info):], info)
	return new(big.Int).Exp(new(big.Int).SetBytes(block), k.d, k.n).FillBytes(make([]byte, 64))
}

func TestOldSelfSigned(t *testing.T) {
	key := newTiny(t)
	der := seal(t, body(t, &rsa.PublicKey{N: key.n, E: 65537}), key.sign)
	want := &dissect.Certificate{
		Subject: "CN=old.example", Issuer: "CN=old.example", NotBefore: 915246245, NotAfter: 2524705445,
		Key: "RSA 512", Signature: "MD5-RSA", SelfSigned: true, SHA256: shaOf(der),
	}
	if diff := cmp.Diff(want, shown(der)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	der[len(der)-1] ^= 1
	if shown(der).SelfSigned {
		t.Error("self-signed with a wrong signature")
	}
	key2048 := rsaKey()
	der = seal(t, body(t, key2048.Public()), func(body []byte) []byte {
		sum := md5.Sum(body)
		signature, err := rsa.SignPKCS1v15(rand.Reader, key2048, crypto.MD5, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return signature
	})
	if got := shown(der); !got.SelfSigned || got.Signature != "MD5-RSA" {
		t.Errorf("MD5 with a key of 2048 bits: %+v", got)
	}
}

// What crypto/x509 refuses as a whole is read as far as it goes.
func TestRefusedCertificate(t *testing.T) {
	key := func(id string, parameters, bits string) []byte {
		der, err := hex.DecodeString("30" + length(id+parameters) + id + parameters + bits)
		if err != nil {
			t.Fatal(err)
		}
		return marshal(t, asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: der})
	}
	tests := []struct {
		name   string
		key    any
		change func(*tbs)
		want   dissect.Certificate
	}{
		{
			"negative-serial", rsaKey().Public(), func(b *tbs) { b.Serial = big.NewInt(-5) },
			dissect.Certificate{Key: "RSA 2048", Signature: "MD5-RSA"},
		},
		{
			"brainpool", key("06072a8648ce3d0201", "06092b2403030208010107", "0303000400"), nil,
			dissect.Certificate{Key: "ECDSA brainpoolP256r1", Signature: "MD5-RSA"},
		},
		{
			"explicit-curve", key("06072a8648ce3d0201", "3000", "0303000400"), nil,
			dissect.Certificate{Key: "ECDSA", Signature: "MD5-RSA"},
		},
		{
			"unknown-curve", key("06072a8648ce3d0201", "06022a03", "0303000400"), nil,
			dissect.Certificate{Key: "ECDSA 1.2.3", Signature: "MD5-RSA"},
		},
		{
			"dsa", key("06072a8648ce380401", "300602011102011102", "0303000400"), nil,
			dissect.Certificate{Key: "DSA 5", Signature: "MD5-RSA"},
		},
		{
			"unknown-key", key("06022a03", "", "0303000400"), nil,
			dissect.Certificate{Key: "1.2.3", Signature: "MD5-RSA"},
		},
		{
			"md2", rsaKey().Public(), func(b *tbs) { b.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 2} },
			dissect.Certificate{Key: "RSA 2048", Signature: "MD2-RSA"},
		},
		{
			"bad-time", edKey(t).Public(), func(b *tbs) { b.Validity.NotAfter.Bytes = []byte("soon") },
			dissect.Certificate{Key: "Ed25519", Signature: "MD5-RSA", NotAfter: -1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := body(t, tt.key)
			if tt.change != nil {
				tt.change(&b)
			}
			der := seal(t, b, unsigned)
			want := tt.want
			want.Subject, want.Issuer, want.SHA256 = "CN=old.example", "CN=old.example", shaOf(der)
			want.NotBefore = 915246245
			if want.NotAfter == 0 {
				want.NotAfter = 2524705445
			} else {
				want.NotAfter = 0
			}
			if diff := cmp.Diff(&want, shown(der)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// length gives the DER length of a short hexadecimal text.
func length(text string) string { return fmt.Sprintf("%02x", len(text)/2) }

// Other strings than UTF-8 are names, too.
func TestNameStrings(t *testing.T) {
	name := func(tag byte, value string) asn1.RawValue {
		pair := "\x06\x03\x55\x04\x03" + string([]byte{tag, byte(len(value))}) + value
		set := "\x30" + string([]byte{byte(len(pair))}) + pair
		return asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: []byte("\x31" + string([]byte{byte(len(set))}) + set)}
	}
	for _, tt := range []struct {
		tag         byte
		value, want string
	}{
		{12, "B\u00fccher", "CN=B\u00fccher"}, {20, "B\xfccher", "CN=B\u00fccher"}, {30, "\x00B\x00\xfc\x01\x41", "CN=B\u00fc\u0141"},
		{19, "a, b", `CN=a\, b`}, {30, "odd", "CN=odd"},
	} {
		b := body(t, rsaKey().Public())
		b.Subject = name(tt.tag, tt.value)
		if got := shown(seal(t, b, unsigned)).Subject; got != tt.want {
			t.Errorf("tag %d, %q: %s, want %s", tt.tag, tt.value, got, tt.want)
		}
	}
}

// A certificate cut anywhere is read up to there; and nothing but its hash is
// claimed of what is none.
func TestBrokenCertificate(t *testing.T) {
	der := sign(t, template(), rsaKey()).Certificate[0]
	whole := shown(der)
	for n := range der {
		got := shown(der[:n])
		switch {
		case n == 0:
			if got != nil {
				t.Errorf("of nothing: %+v", got)
			}
		case got.SelfSigned || got.Signature != "" && got.Signature != whole.Signature ||
			got.Subject != "" && got.Subject != whole.Subject:
			t.Errorf("of %d bytes: %+v", n, got)
		}
	}
	if got := shown([]byte("hello")); got != nil {
		t.Errorf("of a word: %+v", got)
	}
}

func TestManyNames(t *testing.T) {
	tpl := template()
	tpl.DNSNames = nil
	tpl.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)}
	for i := range 1000 {
		tpl.DNSNames = append(tpl.DNSNames, fmt.Sprintf("host-%d.example.net", i))
	}
	if got := len(shown(sign(t, tpl, rsaKey()).Certificate[0]).Names); got != 256 {
		t.Errorf("%d names", got)
	}
	tpl.DNSNames = []string{strings.Repeat("a", 2000)}
	if got := len(shown(sign(t, tpl, rsaKey()).Certificate[0]).Names[0]); got != dissect.MaxText {
		t.Errorf("a name of %d bytes", got)
	}
}

// The first certificate is read without the rest of the chain, however long
// that is; but not one of more than 64 KiB.
func TestLongChain(t *testing.T) {
	der := sign(t, template(), rsaKey()).Certificate[0]
	turns := []turn{{dissect.Server, certificates(der, make([]byte, 200<<10))}, {dissect.Server, plain(21, []byte{2, 80})}}
	got, _ := play(turns, 0)
	if got.Certificate == nil || got.Certificate.SHA256 != shaOf(der) || got.Alert != "internal_error" {
		t.Errorf("%+v", got)
	}
	sameForAnyCut(t, turns)
	short := []turn{{dissect.Server, turns[0].data[:5+4+6+len(der)]}}
	if got, _ := play(short, 0); got.Certificate == nil {
		t.Error("not read without the rest of the chain")
	}
	if got, _ := play([]turn{{dissect.Server, short[0].data[:len(short[0].data)-1]}}, 0); got.Certificate != nil {
		t.Error("read before its end")
	}
	if got := shown(append(der[:4:4], make([]byte, 100<<10)...)); got != nil {
		t.Errorf("one of 100 KiB: %+v", got)
	}
}
