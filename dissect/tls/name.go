package tls

import (
	encoding "encoding/asn1"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/mailtap/mailtap/dissect"
)

// nameString gives a Name in the form of RFC 4514: the last part first.
// Otherwise than there, a value of a type without a short name is readable,
// too.
func nameString(b cryptobyte.String) string {
	var name string
	var set cryptobyte.String
	for len(name) < dissect.MaxText && b.ReadASN1(&set, asn1.SET) {
		part := partString(set)
		if name != "" {
			part += ","
		}
		name = part + name
	}
	return clip(name)
}

// partString gives the pairs of one part of a Name: in most there is but one.
func partString(set cryptobyte.String) string {
	var b strings.Builder
	var pair, value cryptobyte.String
	for b.Len() < dissect.MaxText && set.ReadASN1(&pair, asn1.SEQUENCE) {
		var id encoding.ObjectIdentifier
		var tag asn1.Tag
		if !pair.ReadASN1ObjectIdentifier(&id) || !pair.ReadAnyASN1(&value, &tag) {
			break
		}
		if b.Len() > 0 {
			b.WriteByte('+')
		}
		b.WriteString(typeName(id))
		b.WriteByte('=')
		escape(&b, text(value[:min(len(value), 2*dissect.MaxText)], tag))
	}
	return b.String()
}

// typeNames are the short names of attribute types (RFC 4514, section 3; RFC
// 4519), and those that OpenSSL gives to others in use.
var typeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.13": "description",
	"2.5.4.15": "businessCategory", "2.5.4.17": "POSTALCODE", "2.5.4.42": "GN", "2.5.4.97": "organizationIdentifier",
	"0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "emailAddress",
	"1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
	"1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

// typeName names an attribute type, by its object identifier if it is not known.
func typeName(id encoding.ObjectIdentifier) string {
	number := id.String()
	if name := typeNames[number]; name != "" {
		return name
	}
	return number
}

// escape writes a value (RFC 4514, section 2.4).
func escape(b *strings.Builder, value string) {
	for i, r := range value {
		edge := i == 0 || i == len(value)-1
		switch {
		case strings.ContainsRune(`,+"\<>;`, r), edge && r == ' ', i == 0 && r == '#':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
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
