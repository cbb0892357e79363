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
	"time"

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
			dissect.Certificate{Key: "ECDSA explicit", Signature: "MD5-RSA"},
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
			"modulus-without-zero-in-front", key("06092a864886f70d010101", "0500", "030b0030080202ff0102020003"), nil,
			dissect.Certificate{Key: "RSA 16", Signature: "MD5-RSA"},
		},
		{
			"modulus-with-zeros-in-front", key("06092a864886f70d010101", "0500", "030d00300a02040000010102020003"[:30]), nil,
			dissect.Certificate{Key: "RSA 9", Signature: "MD5-RSA"},
		},
		{
			"explicit-prime", key("06072a8648ce3d0201", "300f020101300a06022a0302048000000f", "0303000400"), nil,
			dissect.Certificate{Key: "ECDSA explicit 32", Signature: "MD5-RSA"},
		},
		{
			"secp160r2", key("06072a8648ce3d0201", "06052b8104001e", "0303000400"), nil,
			dissect.Certificate{Key: "ECDSA secp160r2", Signature: "MD5-RSA"},
		},
		{
			"unknown-curve-of-certicom", key("06072a8648ce3d0201", "06052b81040063", "0303000400"), nil,
			dissect.Certificate{Key: "ECDSA 1.3.132.0.99", Signature: "MD5-RSA"},
		},
		{
			"pss-without-hash", rsaKey().Public(), func(b *tbs) { b.Algorithm = pss("3000") },
			dissect.Certificate{Key: "RSA 2048", Signature: "SHA1-RSAPSS"},
		},
		{
			"pss-md5", rsaKey().Public(), func(b *tbs) { b.Algorithm = pss("3010a00e300c06082a864886f70d02050500") },
			dissect.Certificate{Key: "RSA 2048", Signature: "MD5-RSAPSS"},
		},
		{
			"pss-unknown", rsaKey().Public(), func(b *tbs) { b.Algorithm = pss("3008a006300406022a03") },
			dissect.Certificate{Key: "RSA 2048", Signature: "RSAPSS"},
		},
		{
			"old-number-of-md5", rsaKey().Public(), func(b *tbs) { b.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 3} },
			dissect.Certificate{Key: "RSA 2048", Signature: "MD5-RSA"},
		},
		{
			"unknown-signature", rsaKey().Public(), func(b *tbs) { b.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 3} },
			dissect.Certificate{Key: "RSA 2048", Signature: "1.2.3"},
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

// pss makes RSASSA-PSS with these parameters.
func pss(parameters string) pkix.AlgorithmIdentifier {
	der, err := hex.DecodeString(parameters)
	if err != nil {
		panic(err)
	}
	return pkix.AlgorithmIdentifier{
		Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, Parameters: asn1.RawValue{FullBytes: der},
	}
}

// Times are read also where they are not as RFC 5280 wants them.
func TestTimes(t *testing.T) {
	const utc, general = asn1.TagUTCTime, asn1.TagGeneralizedTime
	noon := time.Date(2031, 2, 3, 12, 0, 0, 0, time.UTC).Unix()
	for _, tt := range []struct {
		tag  int
		text string
		want int64
	}{
		{utc, "310203120000Z", noon}, {utc, "3102031200Z", noon}, {utc, "310203140000+0200", noon},
		{utc, "3102030730-0430", noon}, {utc, "310203120000", noon}, {general, "20310203120000Z", noon},
		{general, "20310203120000.25Z", noon}, {general, "20310203120000,5", noon}, {general, "203102031200", noon},
		{utc, "491231235959Z", time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC).Unix()},
		{utc, "500101000000Z", time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC).Unix()},
		{general, "99991231235959Z", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()},
		{utc, "310231120000Z", 0}, {utc, "20310203120000Z", 0}, {utc, "", 0}, {utc, "3", 0}, {utc, "soon", 0},
		{general, "20310203120000." + strings.Repeat("1", 100) + "Z", 0}, {asn1.TagUTF8String, "310203120000Z", 0},
	} {
		b := body(t, rsaKey().Public())
		b.Validity.NotBefore = asn1.RawValue{Tag: tt.tag, Bytes: []byte(tt.text)}
		got := shown(seal(t, b, unsigned))
		if got.NotBefore != tt.want || got.NotAfter != 2524705445 {
			t.Errorf("tag %d, %q: %d, want %d; the other: %d", tt.tag, tt.text, got.NotBefore, tt.want, got.NotAfter)
		}
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

// A name is written as RFC 4514 has it: the last part first, several values of
// one part together, and nothing in a value can be taken for another part.
func TestNames(t *testing.T) {
	pair := func(id asn1.ObjectIdentifier, value string) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: id, Value: value}
	}
	type set = pkix.RelativeDistinguishedNameSET
	var cn, ou, dc = asn1.ObjectIdentifier{2, 5, 4, 3}, asn1.ObjectIdentifier{2, 5, 4, 11}, asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}
	email := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}
	for _, tt := range []struct {
		name pkix.RDNSequence
		want string
	}{
		{nil, ""},
		{pkix.RDNSequence{set{pair(dc, "example")}, set{pair(dc, "mx")}, set{pair(cn, "mail")}}, "CN=mail,DC=mx,DC=example"},
		{pkix.RDNSequence{set{pair(cn, "mail")}, set{pair(email, "root@mx.example")}}, "emailAddress=root@mx.example,CN=mail"},
		{pkix.RDNSequence{set{pair(cn, "mail"), pair(ou, "IT")}}, "OU=IT+CN=mail"},
		{pkix.RDNSequence{set{pair(asn1.ObjectIdentifier{1, 2, 3}, "what")}}, "1.2.3=what"},
		{pkix.RDNSequence{set{pair(cn, ` a,CN=b+OU=c"\<>; `)}}, `CN=\ a\,CN=b\+OU=c\"\\\<\>\;\ `},
		{pkix.RDNSequence{set{pair(cn, "#616263")}}, `CN=\#616263`},
		{pkix.RDNSequence{set{pair(cn, strings.Repeat("x", 2000))}, set{pair(ou, "IT")}}, "CN=" + strings.Repeat("x", dissect.MaxText-3)},
	} {
		b := body(t, rsaKey().Public())
		b.Subject = asn1.RawValue{FullBytes: marshal(t, tt.name)}
		if diff := cmp.Diff(tt.want, shown(seal(t, b, unsigned)).Subject); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
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
