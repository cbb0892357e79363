package tls

import (
	"bytes"
	"crypto"
	_ "crypto/md5" // for crypto.MD5
	"crypto/rsa"
	_ "crypto/sha1"   // for crypto.SHA1
	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA384 and SHA512
	"crypto/x509"
	"crypto/x509/pkix"
	encoding "encoding/asn1"
	"math/big"
)

// The keys that a signature is checked with: larger ones would cost time, and
// crypto/rsa refuses smaller ones.
const (
	maxRSA    = 8192
	refuseRSA = 1024
)

// selfSigned tells whether a certificate is signed with its own key.
func selfSigned(p *parts) bool {
	if !bytes.Equal(p.issuer, p.subject) {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(p.key)
	if err != nil {
		return false
	}
	algorithm := signatureAlgorithm(p.algorithm)
	if pub, ok := key.(*rsa.PublicKey); ok {
		switch {
		case pub.N.BitLen() > maxRSA:
			return false
		case pub.N.BitLen() < refuseRSA || algorithm == x509.MD5WithRSA:
			return signedRSA(pub, algorithm, p.signed, p.signature.Bytes)
		}
	}
	// Unlike CheckSignatureFrom it accepts SHA-1, and asks for no CA.
	c := x509.Certificate{PublicKey: key}
	return c.CheckSignature(algorithm, p.signed, p.signature.Bytes) == nil
}

// digestInfo is what an RSA signature holds (RFC 8017, section 9.2).
type digestInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

// signedRSA checks an RSASSA-PKCS1-v1_5 signature (RFC 8017, section 8.2.2)
// that crypto/x509 refuses to check, because nobody should trust it. It is
// asked only who made it.
func signedRSA(pub *rsa.PublicKey, algorithm x509.SignatureAlgorithm, signed, signature []byte) bool {
	hash, id := digestOf(algorithm)
	size := pub.Size()
	if hash == 0 || len(signature) != size {
		return false
	}
	h := hash.New()
	h.Write(signed)
	info, err := encoding.Marshal(digestInfo{
		pkix.AlgorithmIdentifier{Algorithm: id, Parameters: encoding.NullRawValue}, h.Sum(nil),
	})
	if err != nil || len(info)+11 > size {
		return false
	}
	want := bytes.Repeat([]byte{0xff}, size)
	want[0], want[1], want[size-len(info)-1] = 0, 1, 0
	copy(want[size-len(info):], info)
	got := new(big.Int).Exp(new(big.Int).SetBytes(signature), big.NewInt(int64(pub.E)), pub.N)
	return bytes.Equal(got.FillBytes(make([]byte, size)), want)
}

func digestOf(algorithm x509.SignatureAlgorithm) (crypto.Hash, encoding.ObjectIdentifier) {
	switch algorithm {
	case x509.MD5WithRSA:
		return crypto.MD5, encoding.ObjectIdentifier{1, 2, 840, 113549, 2, 5}
	case x509.SHA1WithRSA:
		return crypto.SHA1, encoding.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	case x509.SHA256WithRSA:
		return crypto.SHA256, encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	case x509.SHA384WithRSA:
		return crypto.SHA384, encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	case x509.SHA512WithRSA:
		return crypto.SHA512, encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	}
	return 0, nil
}
