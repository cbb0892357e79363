package sasl

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Tags of RFC 4120, sections 5.2.1, 5.3 and 5.5.1.
const (
	apRequest  = asn1.Tag(0x6e) // [APPLICATION 14]
	ticket     = asn1.Tag(0x61) // [APPLICATION 1]
	kerberosID = asn1.Tag(0x1b) // KerberosString: a GeneralString
)

// kerberosRequest reads the ticket of the AP-REQ that a token holds (RFC 4121,
// section 4.1): the realm, the service it is for, and how it is encrypted. Who
// the client is stands in the encrypted part.
func (x *Exchange) kerberosRequest(token []byte) {
	_, inner, _ := bytes.Cut(token, append(kerberosOID[:len(kerberosOID):len(kerberosOID)], 1, 0))
	request := cryptobyte.String(inner)
	var fields, field, names, name cryptobyte.String
	if !request.ReadASN1(&fields, apRequest) || !fields.ReadASN1(&fields, asn1.SEQUENCE) ||
		!skipTo(&fields, &field, 3) || // ticket
		!field.ReadASN1(&fields, ticket) || !fields.ReadASN1(&fields, asn1.SEQUENCE) ||
		!skipTo(&fields, &field, 1) || !field.ReadASN1(&name, kerberosID) {
		return
	}
	x.detail("realm", Text(name))
	if !skipTo(&fields, &field, 2) || !field.ReadASN1(&names, asn1.SEQUENCE) ||
		!skipTo(&names, &field, 1) || !field.ReadASN1(&names, asn1.SEQUENCE) {
		return
	}
	x.detail("service", principal(names))
	var etype int
	if skipTo(&fields, &field, 3) && field.ReadASN1(&fields, asn1.SEQUENCE) &&
		skipTo(&fields, &field, 0) && field.ReadASN1Integer(&etype) {
		x.detail("encryption", encryptionName(etype))
	}
}

// skipTo reads the fields of a sequence up to the one with a context tag.
func skipTo(fields, field *cryptobyte.String, tag uint8) bool {
	want := asn1.Tag(tag).ContextSpecific().Constructed()
	for !fields.Empty() {
		var got asn1.Tag
		if !fields.ReadAnyASN1(field, &got) {
			return false
		}
		if got == want {
			return true
		}
	}
	return false
}

// maxComponents is how many parts of a principal's name are read; a service has
// two or three (RFC 4120, section 6.2.1).
const maxComponents = 4

// principal joins the parts of a name: "imap/mail.example.org".
func principal(names cryptobyte.String) string {
	var parts [][]byte
	for len(parts) < maxComponents {
		var part cryptobyte.String
		if !names.ReadASN1(&part, kerberosID) {
			break
		}
		parts = append(parts, part)
	}
	return Text(bytes.Join(parts, []byte{'/'}))
}

// encryptionName names an encryption type as the registry does.
func encryptionName(etype int) string {
	switch etype {
	case 1:
		return "des-cbc-crc"
	case 2:
		return "des-cbc-md4"
	case 3:
		return "des-cbc-md5"
	case 16:
		return "des3-cbc-sha1-kd"
	case 17:
		return "aes128-cts-hmac-sha1-96"
	case 18:
		return "aes256-cts-hmac-sha1-96"
	case 19:
		return "aes128-cts-hmac-sha256-128"
	case 20:
		return "aes256-cts-hmac-sha384-192"
	case 23:
		return "rc4-hmac"
	case 24:
		return "rc4-hmac-exp"
	}
	return "etype " + strconv.Itoa(etype)
}

// unwrap returns what a wrap token holds that is signed and not encrypted.
func unwrap(message []byte) (plain []byte, ok bool) {
	if inner, ok := bytes.CutPrefix(gssToken(message), kerberosOID); ok {
		return unwrap1(inner)
	}
	return unwrap2(message)
}

// unwrap2 reads a wrap token of RFC 4121, section 4.2.6.2. Its checksum stands
// behind the text, and both are rotated.
func unwrap2(token []byte) (plain []byte, ok bool) {
	if len(token) < wrapHead || token[0] != 5 || token[1] != 4 || token[2]&isSealed != 0 {
		return nil, false
	}
	checksum := int(binary.BigEndian.Uint16(token[4:]))
	rotation := int(binary.BigEndian.Uint16(token[6:]))
	body := token[wrapHead:]
	if len(body) < checksum || len(body) == 0 {
		return nil, false
	}
	rotation %= len(body)
	text := append(bytes.Clone(body[rotation:]), body[:rotation]...)
	return text[:len(body)-checksum], true
}

// unwrap1 reads a wrap token of RFC 1964, section 1.2.2, or of RFC 4757,
// section 7.3: a confounder stands before the text, and padding behind it.
func unwrap1(token []byte) (plain []byte, ok bool) {
	if len(token) < oldFields || token[0] != 2 || token[1] != 1 || token[4] != 0xff || token[5] != 0xff {
		return nil, false
	}
	at := oldFields + oldSum + confounder
	if token[2] == longSumAlg {
		at += longOldSum - oldSum
	}
	if len(token) <= at {
		return nil, false
	}
	text := token[at:]
	padding := int(text[len(text)-1])
	if padding > len(text) {
		return nil, false
	}
	return text[:len(text)-padding], true
}

// kerberosV4 reads the realm of a request of Kerberos 4, whose layout is that
// of its first implementation: version, type, key version, realm, NUL.
func (x *Exchange) kerberosV4(message []byte) (hide bool) {
	const (
		version = 4
		request = 3 << 1 // the lowest bit tells the byte order
	)
	if len(message) > 3 && message[0] == version && message[1]&^1 == request {
		if realm, _, ok := bytes.Cut(message[3:], []byte{0}); ok && isName(realm) {
			x.detail("realm", Text(realm))
		}
	}
	return x.opaque(message)
}
