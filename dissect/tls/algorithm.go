package tls

import (
	"crypto/x509"
	encoding "encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// keyName names a key and its strength, "RSA 2048"; a key of a kind that is
// not known by its object identifier.
func keyName(info cryptobyte.String) string {
	var outer, algorithm cryptobyte.String
	var id encoding.ObjectIdentifier
	if !info.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&id) {
		return ""
	}
	switch id.String() {
	case "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10": // RFC 3279, section 2.3.1; RFC 4055, section 1.2
		return sized("RSA", rsaBits(outer))
	case "1.2.840.10040.4.1": // RFC 3279, section 2.3.2
		return sized("DSA", dsaBits(algorithm))
	case "1.2.840.10045.2.1": // RFC 5480, section 2.1
		return curveName(algorithm)
	case "1.3.101.112": // RFC 8410, section 3
		return "Ed25519"
	case "1.3.101.113":
		return "Ed448"
	case "2.16.840.1.101.3.4.3.17": // RFC 9881, section 2
		return "ML-DSA-44"
	case "2.16.840.1.101.3.4.3.18":
		return "ML-DSA-65"
	case "2.16.840.1.101.3.4.3.19":
		return "ML-DSA-87"
	}
	return id.String()
}

func sized(kind string, bits int) string {
	if bits == 0 {
		return kind
	}
	return fmt.Sprintf("%s %d", kind, bits)
}

// rsaBits gives the length of the modulus, 0 if it cannot be read.
func rsaBits(b cryptobyte.String) int {
	var bits encoding.BitString
	var n big.Int
	if !b.ReadASN1BitString(&bits) {
		return 0
	}
	key := cryptobyte.String(bits.Bytes)
	if !key.ReadASN1(&key, asn1.SEQUENCE) || !key.ReadASN1Integer(&n) {
		return 0
	}
	return n.BitLen()
}

// dsaBits gives the length of the prime, 0 if it cannot be read.
func dsaBits(algorithm cryptobyte.String) int {
	var p big.Int
	if !algorithm.ReadASN1(&algorithm, asn1.SEQUENCE) || !algorithm.ReadASN1Integer(&p) {
		return 0
	}
	return p.BitLen()
}

// curveName names a curve, by its object identifier if it is not known.
func curveName(algorithm cryptobyte.String) string {
	var id encoding.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&id) {
		return "ECDSA" // an explicit curve
	}
	name := id.String()
	switch name {
	case "1.2.840.10045.3.1.1":
		name = "P-192"
	case "1.3.132.0.33":
		name = "P-224"
	case "1.2.840.10045.3.1.7":
		name = "P-256"
	case "1.3.132.0.34":
		name = "P-384"
	case "1.3.132.0.35":
		name = "P-521"
	case "1.3.132.0.8":
		name = "secp160r1"
	case "1.3.132.0.10":
		name = "secp256k1"
	case "1.3.36.3.3.2.8.1.1.7":
		name = "brainpoolP256r1"
	case "1.3.36.3.3.2.8.1.1.11":
		name = "brainpoolP384r1"
	case "1.3.36.3.3.2.8.1.1.13":
		name = "brainpoolP512r1"
	}
	return "ECDSA " + name
}

// signatureName names the algorithm of a signature as crypto/x509 does, and
// some that it does not know; any other by its object identifier.
func signatureName(algorithm cryptobyte.String) string {
	if a := signatureAlgorithm(algorithm); a != x509.UnknownSignatureAlgorithm {
		return a.String()
	}
	var id encoding.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&id) {
		return ""
	}
	switch id.String() {
	case "1.2.840.113549.1.1.2":
		return "MD2-RSA"
	case "1.2.840.113549.1.1.3":
		return "MD4-RSA"
	case "1.2.840.113549.1.1.10":
		return "RSAPSS"
	case "1.2.840.113549.1.1.14":
		return "SHA224-RSA"
	case "1.2.840.10045.4.3.1":
		return "ECDSA-SHA224"
	case "1.3.101.113":
		return "Ed448"
	}
	return id.String()
}

func signatureAlgorithm(algorithm cryptobyte.String) x509.SignatureAlgorithm {
	var id encoding.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&id) {
		return x509.UnknownSignatureAlgorithm
	}
	switch id.String() {
	case "1.2.840.113549.1.1.4":
		return x509.MD5WithRSA
	case "1.2.840.113549.1.1.5", "1.3.14.3.2.29":
		return x509.SHA1WithRSA
	case "1.2.840.113549.1.1.10":
		return pssAlgorithm(algorithm)
	case "1.2.840.113549.1.1.11":
		return x509.SHA256WithRSA
	case "1.2.840.113549.1.1.12":
		return x509.SHA384WithRSA
	case "1.2.840.113549.1.1.13":
		return x509.SHA512WithRSA
	case "1.2.840.10040.4.3":
		return x509.DSAWithSHA1
	case "2.16.840.1.101.3.4.3.2":
		return x509.DSAWithSHA256
	case "1.2.840.10045.4.1":
		return x509.ECDSAWithSHA1
	case "1.2.840.10045.4.3.2":
		return x509.ECDSAWithSHA256
	case "1.2.840.10045.4.3.3":
		return x509.ECDSAWithSHA384
	case "1.2.840.10045.4.3.4":
		return x509.ECDSAWithSHA512
	case "1.3.101.112":
		return x509.PureEd25519
	}
	return x509.UnknownSignatureAlgorithm
}

// pssAlgorithm reads the hash of RSASSA-PSS parameters (RFC 4055, section
// 3.1).
func pssAlgorithm(b cryptobyte.String) x509.SignatureAlgorithm {
	var hash cryptobyte.String
	var id encoding.ObjectIdentifier
	if !b.ReadASN1(&b, asn1.SEQUENCE) || !b.ReadASN1(&hash, asn1.Tag(0).ContextSpecific().Constructed()) ||
		!hash.ReadASN1(&hash, asn1.SEQUENCE) || !hash.ReadASN1ObjectIdentifier(&id) {
		return x509.UnknownSignatureAlgorithm
	}
	switch id.String() {
	case "2.16.840.1.101.3.4.2.1":
		return x509.SHA256WithRSAPSS
	case "2.16.840.1.101.3.4.2.2":
		return x509.SHA384WithRSAPSS
	case "2.16.840.1.101.3.4.2.3":
		return x509.SHA512WithRSAPSS
	}
	return x509.UnknownSignatureAlgorithm
}
