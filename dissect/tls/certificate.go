package tls

import (
	"crypto/sha256"
	"crypto/x509/pkix"
	encoding "encoding/asn1"
	"encoding/hex"
	"net/netip"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/mailtap/mailtap/dissect"
)

// maxNames is how many names of a certificate are kept.
const maxNames = 256

// readCertificates reads the first certificate of the server's chain (RFC
// 5246, section 7.4.2): its own.
func (s *Session) readCertificates(dst []dissect.Event, h *half, m *message) []dissect.Event {
	b := cryptobyte.String(m.body)
	var der cryptobyte.String
	if !b.Skip(3) || !b.ReadUint24LengthPrefixed(&der) || !der.PeekASN1Tag(asn1.SEQUENCE) {
		return dst
	}
	s.facts.Certificate = parseCertificate(der)
	return append(dst, s.hello(h, m.start, "certificate"))
}

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

// parseCertificate reads what it can of a certificate. crypto/x509 refuses
// many that servers still show: with negative serial numbers, odd names, old
// curves or the wrong version.
func parseCertificate(der []byte) *dissect.Certificate {
	sum := sha256.Sum256(der)
	c := &dissect.Certificate{SHA256: hex.EncodeToString(sum[:])}
	p, ok := split(der)
	c.Issuer, c.Subject = nameString(p.issuer), nameString(p.subject)
	c.NotBefore, c.NotAfter = readValidity(p.validity)
	c.Key = keyName(p.key)
	c.Names = readNames(p.extensions)
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

// nameString gives a Name in the form of RFC 4514.
func nameString(b cryptobyte.String) string {
	var list pkix.RDNSequence
	var set, pair, value cryptobyte.String
	for b.ReadASN1(&set, asn1.SET) {
		var together pkix.RelativeDistinguishedNameSET
		for set.ReadASN1(&pair, asn1.SEQUENCE) {
			var a pkix.AttributeTypeAndValue
			var tag asn1.Tag
			if !pair.ReadASN1ObjectIdentifier(&a.Type) || !pair.ReadAnyASN1(&value, &tag) {
				break
			}
			a.Value = text(value, tag)
			together = append(together, a)
		}
		list = append(list, together)
	}
	var name pkix.Name
	name.FillFromRDNSequence(&list)
	return clip(name.String())
}

// text gives the value of an attribute, whatever kind of string it is.
func text(b []byte, tag asn1.Tag) string {
	switch {
	case tag == bmpString && len(b)%2 == 0:
		units := make([]uint16, 0, len(b)/2)
		for i := 0; i < len(b); i += 2 {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		}
		return string(utf16.Decode(units))
	case !utf8.Valid(b): // a T61String, which everybody takes for Latin 1
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes)
	}
	return string(b)
}

const bmpString = asn1.Tag(30)

func clip(s string) string { return s[:min(len(s), dissect.MaxText)] }

// readValidity reads the two times of Validity (RFC 5280, section 4.1.2.5).
// What cannot be read is 0.
func readValidity(b cryptobyte.String) (notBefore, notAfter int64) {
	notBefore, ok := readTime(&b)
	if !ok {
		return 0, 0
	}
	notAfter, _ = readTime(&b)
	return notBefore, notAfter
}

func readTime(b *cryptobyte.String) (seconds int64, ok bool) {
	var t time.Time
	if b.PeekASN1Tag(asn1.UTCTime) {
		ok = b.ReadASN1UTCTime(&t)
	} else {
		ok = b.ReadASN1GeneralizedTime(&t)
	}
	if !ok {
		return 0, false
	}
	return t.Unix(), true
}

var subjectAltName = encoding.ObjectIdentifier{2, 5, 29, 17}

// readNames reads the DNS names and addresses of subjectAltName (RFC 5280,
// section 4.2.1.6).
func readNames(extensions cryptobyte.String) (names []string) {
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
		for len(names) < maxNames && list.ReadAnyASN1(&name, &tag) {
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
