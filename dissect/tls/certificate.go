package tls

import (
	"crypto/sha256"
	encoding "encoding/asn1"
	"encoding/hex"
	"net/netip"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/mailtap/mailtap/dissect"
)

// How many names of a certificate are kept: of the server's own, and of those
// behind it, which are authorities.
const (
	maxNames      = 256
	maxChainNames = 8
)

// parts are the parts of a certificate (RFC 5280, section 4.1) that are read.
type parts struct {
	signed     cryptobyte.String // the element that the signature covers
	issuer     cryptobyte.String
	validity   cryptobyte.String
	subject    cryptobyte.String
	key        cryptobyte.String // the element SubjectPublicKeyInfo
	extensions cryptobyte.String
	algorithm  cryptobyte.String // of the signature
	signature  encoding.BitString
}

// parseCertificate reads what it can of a certificate, and at most so many
// names. crypto/x509 refuses
// many that servers still show: with negative serial numbers, odd names, old
// curves or the wrong version.
func parseCertificate(der []byte, most int) *dissect.Certificate {
	sum := sha256.Sum256(der)
	c := &dissect.Certificate{SHA256: hex.EncodeToString(sum[:])}
	p, ok := split(der)
	c.Issuer, c.Subject = nameString(p.issuer), nameString(p.subject)
	c.NotBefore, c.NotAfter = readValidity(p.validity)
	c.Key = keyName(p.key)
	c.Names = readNames(p.extensions, most)
	if ok {
		c.Signature = signatureName(p.algorithm)
		c.SelfSigned = selfSigned(&p)
	}
	return c
}

// split takes a certificate apart, as far as it goes, and reports whether it
// came to its end.
func split(der cryptobyte.String) (p parts, ok bool) {
	var whole, body cryptobyte.String
	if !der.ReadASN1(&whole, asn1.SEQUENCE) || !whole.ReadASN1Element(&p.signed, asn1.SEQUENCE) {
		return p, false
	}
	outer := p.signed
	version := asn1.Tag(0).ContextSpecific().Constructed()
	if !outer.ReadASN1(&body, asn1.SEQUENCE) || !body.SkipOptionalASN1(version) ||
		!body.SkipASN1(asn1.INTEGER) || !body.SkipASN1(asn1.SEQUENCE) || !body.ReadASN1(&p.issuer, asn1.SEQUENCE) ||
		!body.ReadASN1(&p.validity, asn1.SEQUENCE) || !body.ReadASN1(&p.subject, asn1.SEQUENCE) ||
		!body.ReadASN1Element(&p.key, asn1.SEQUENCE) {
		return p, false
	}
	p.extensions = readExtensionList(body)
	return p, whole.ReadASN1(&p.algorithm, asn1.SEQUENCE) && whole.ReadASN1BitString(&p.signature)
}

// readExtensionList finds the extensions behind the optional unique
// identifiers (RFC 5280, section 4.1).
func readExtensionList(b cryptobyte.String) (list cryptobyte.String) {
	var wrapped cryptobyte.String
	var tag asn1.Tag
	for !b.Empty() {
		if !b.ReadAnyASN1(&wrapped, &tag) {
			return nil
		}
		if tag == asn1.Tag(3).ContextSpecific().Constructed() {
			wrapped.ReadASN1(&list, asn1.SEQUENCE)
			return list
		}
	}
	return nil
}

func clip(s string) string { return s[:min(len(s), dissect.MaxText)] }

// readValidity reads the two times of Validity (RFC 5280, section 4.1.2.5).
// What cannot be read is 0.
func readValidity(b cryptobyte.String) (notBefore, notAfter int64) {
	return readTime(&b), readTime(&b)
}

// timeForms are the forms of a time. RFC 5280, section 4.1.2.5, allows the first
// only; certificates have them all. A fraction of a second fits where seconds
// are.
var timeForms = [...]string{"20060102150405Z0700", "200601021504Z0700", "20060102150405", "200601021504"}

// maxTime is the longest time that is read.
const maxTime = 32

func readTime(b *cryptobyte.String) (seconds int64) {
	var v cryptobyte.String
	var tag asn1.Tag
	if !b.ReadAnyASN1(&v, &tag) || len(v) < 2 || len(v) > maxTime {
		return 0
	}
	text := string(v)
	switch {
	case tag == asn1.UTCTime && text < "50":
		text = "20" + text
	case tag == asn1.UTCTime:
		text = "19" + text
	case tag != asn1.GeneralizedTime:
		return 0
	}
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			return t.Unix()
		}
	}
	return 0
}

var subjectAltName = encoding.ObjectIdentifier{2, 5, 29, 17}

// readNames reads the DNS names and addresses of subjectAltName (RFC 5280,
// section 4.2.1.6).
func readNames(extensions cryptobyte.String, most int) (names []string) {
	var extension, value, list, name cryptobyte.String
	for extensions.ReadASN1(&extension, asn1.SEQUENCE) {
		var id encoding.ObjectIdentifier
		if !extension.ReadASN1ObjectIdentifier(&id) || !extension.SkipOptionalASN1(asn1.BOOLEAN) ||
			!extension.ReadASN1(&value, asn1.OCTET_STRING) {
			return names
		}
		if !id.Equal(subjectAltName) || !value.ReadASN1(&list, asn1.SEQUENCE) {
			continue
		}
		var tag asn1.Tag
		for len(names) < most && list.ReadAnyASN1(&name, &tag) {
			names = appendName(names, name, tag)
		}
	}
	return names
}

func appendName(names []string, name []byte, tag asn1.Tag) []string {
	switch tag {
	case asn1.Tag(2).ContextSpecific():
		return append(names, clip(string(name)))
	case asn1.Tag(7).ContextSpecific():
		if ip, ok := netip.AddrFromSlice(name); ok {
			return append(names, ip.String())
		}
	}
	return names
}
