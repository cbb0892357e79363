package tls

import (
	"crypto/x509"
	encoding "encoding/asn1"
	"fmt"

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
	if !b.ReadASN1BitString(&bits) {
		return 0
	}
	key := cryptobyte.String(bits.Bytes)
	if !key.ReadASN1(&key, asn1.SEQUENCE) {
		return 0
	}
	return integerBits(key)
}

// dsaBits gives the length of the prime, 0 if it cannot be read.
func dsaBits(algorithm cryptobyte.String) int {
	if !algorithm.ReadASN1(&algorithm, asn1.SEQUENCE) {
		return 0
	}
	return integerBits(algorithm)
}

// integerBits gives the length of the INTEGER at the beginning of b, 0 if there
// is none. It is taken for positive, also where its maker forgot the zero in
// front, or wrote too many.
func integerBits(b cryptobyte.String) int {
	var n cryptobyte.String
	if !b.ReadASN1(&n, asn1.INTEGER) {
		return 0
	}
	return bitLen(n)
}

// curveName names a curve, by its object identifier if it is not known.
func curveName(algorithm cryptobyte.String) string {
	var id encoding.ObjectIdentifier
	if algorithm.PeekASN1Tag(asn1.SEQUENCE) {
		return sized("ECDSA explicit", explicitBits(algorithm))
	}
	if !algorithm.ReadASN1ObjectIdentifier(&id) {
		return "ECDSA"
	}
	name := id.String()
	switch {
	case name == "1.2.840.10045.3.1.1":
		name = "P-192"
	case name == "1.2.840.10045.3.1.7":
		name = "P-256"
	case len(id) == 5 && id[:4].Equal(certicom) && certicomCurves[id[4]] != "":
		name = certicomCurves[id[4]]
	case len(id) == 10 && id[:9].Equal(brainpool) && brainpoolCurves[id[9]] != "":
		name = brainpoolCurves[id[9]]
	}
	return "ECDSA " + name
}

// Where the curves of SEC 2 and of RFC 5639 stand, and their last numbers.
var (
	certicom       = encoding.ObjectIdentifier{1, 3, 132, 0}
	certicomCurves = map[int]string{
		1: "sect163k1", 2: "sect163r1", 3: "sect239k1", 6: "secp112r1", 7: "secp112r2", 8: "secp160r1", 9: "secp160k1",
		10: "secp256k1", 15: "sect163r2", 16: "sect283k1", 17: "sect283r1", 24: "sect193r1", 25: "sect193r2",
		26: "sect233k1", 27: "sect233r1", 28: "secp128r1", 29: "secp128r2", 30: "secp160r2", 31: "secp192k1",
		32: "secp224k1", 33: "P-224", 34: "P-384", 35: "P-521", 36: "sect409k1", 37: "sect409r1", 38: "sect571k1",
		39: "sect571r1",
	}
	brainpool       = encoding.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1}
	brainpoolCurves = map[int]string{
		1: "brainpoolP160r1", 3: "brainpoolP192r1", 5: "brainpoolP224r1", 7: "brainpoolP256r1", 9: "brainpoolP320r1",
		11: "brainpoolP384r1", 13: "brainpoolP512r1",
	}
)

// explicitBits gives the size of the field of a curve that is written out (RFC
// 3279, section 2.3.5), 0 if it is not over a prime.
func explicitBits(b cryptobyte.String) int {
	var field cryptobyte.String
	if !b.ReadASN1(&b, asn1.SEQUENCE) || !b.SkipASN1(asn1.INTEGER) || !b.ReadASN1(&field, asn1.SEQUENCE) ||
		!field.SkipASN1(asn1.OBJECT_IDENTIFIER) {
		return 0
	}
	return integerBits(field)
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
	case "1.3.14.3.2.3": // OIW: md5WithRSA
		return "MD5-RSA"
	case "1.3.36.3.3.1.2":
		return "RIPEMD160-RSA"
	case "1.2.840.113549.1.1.10":
		return pssName(algorithm)
	case "1.2.840.113549.1.1.14":
		return "SHA224-RSA"
	case "1.3.14.3.2.13", "1.3.14.3.2.27": // OIW: dsaWithSHA, dsaWithSHA1
		return "DSA-SHA1"
	case "2.16.840.1.101.3.4.3.1":
		return "DSA-SHA224"
	case "1.2.840.10045.4.3.1":
		return "ECDSA-SHA224"
	case "1.2.156.10197.1.501":
		return "SM2-SM3"
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

// pssAlgorithm tells those RSASSA-PSS algorithms that crypto/x509 knows.
func pssAlgorithm(b cryptobyte.String) x509.SignatureAlgorithm {
	switch pssHash(b) {
	case "2.16.840.1.101.3.4.2.1":
		return x509.SHA256WithRSAPSS
	case "2.16.840.1.101.3.4.2.2":
		return x509.SHA384WithRSAPSS
	case "2.16.840.1.101.3.4.2.3":
		return x509.SHA512WithRSAPSS
	}
	return x509.UnknownSignatureAlgorithm
}

func pssName(b cryptobyte.String) string {
	switch pssHash(b) {
	case "1.2.840.113549.2.5":
		return "MD5-RSAPSS"
	case "1.3.14.3.2.26":
		return "SHA1-RSAPSS"
	case "2.16.840.1.101.3.4.2.4":
		return "SHA224-RSAPSS"
	}
	return "RSAPSS"
}

// pssHash reads the hash of RSASSA-PSS parameters (RFC 4055, section 3.1). Where
// they name none, it is SHA-1; where there are no parameters, it is not known.
func pssHash(b cryptobyte.String) string {
	var hash cryptobyte.String
	var named bool
	var id encoding.ObjectIdentifier
	if !b.ReadASN1(&b, asn1.SEQUENCE) || !b.ReadOptionalASN1(&hash, &named, asn1.Tag(0).ContextSpecific().Constructed()) {
		return ""
	}
	if !named {
		return "1.3.14.3.2.26"
	}
	if !hash.ReadASN1(&hash, asn1.SEQUENCE) || !hash.ReadASN1ObjectIdentifier(&id) {
		return ""
	}
	return id.String()
}
