package message

import (
	"bytes"
	"encoding/base64"

	"golang.org/x/crypto/cryptobyte"

	"github.com/mailtap/mailtap/dissect"
)

// endHeader decides by the content type what to look for in the body, which
// begins n bytes behind the offset.
func (r *Reader) endHeader(n int) {
	r.headerEnd = r.offset + uint32(n)
	t := readMediaType(r.text(contentType))
	switch {
	case len(t.kind) == 0, t.is("text/plain"):
		r.state = inText
	case t.isCMS():
		r.state = inCMS
	default:
		r.decide(t.declared())
	}
}

// likelyProtection is the protection as far as it can be told now.
func (r *Reader) likelyProtection() dissect.Protection {
	switch r.state {
	case inHeader:
		t := readMediaType(r.text(contentType))
		return t.declared()
	case inCMS:
		return cmsProtection(r.cms)
	}
	return r.protection
}

// declared is the protection that a content type declares: S/MIME with
// encryption (RFC 8551, section 3.2.2; signed data are readable), or PGP/MIME
// (RFC 3156, section 4).
func (t *mediaType) declared() dissect.Protection {
	switch {
	case t.isSMIME():
		if bytes.EqualFold(t.smimeType, []byte("enveloped-data")) || bytes.EqualFold(t.smimeType, []byte("authEnveloped-data")) {
			return dissect.SMIME
		}
	case t.is("multipart/encrypted"):
		if bytes.EqualFold(t.protocol, []byte("application/pgp-encrypted")) {
			return dissect.PGP
		}
	}
	return dissect.Unprotected
}

const pgpArmour = "-----BEGIN PGP MESSAGE-----" // RFC 9580, section 6.2.1

// takeText looks for an armoured message as the first words of the body. One
// that comes later is quoted or attached, and protects nothing else.
func (r *Reader) takeText(b []byte) int {
	for _, c := range b {
		all := int(r.matched) == len(pgpArmour)
		switch {
		case all && c == '\n':
			r.decide(dissect.PGP)
			return len(b)
		case isSpace(c) && (all || r.matched == 0):
		case !all && c == pgpArmour[r.matched]:
			r.matched++
		default:
			r.decide(dissect.Unprotected)
			return len(b)
		}
	}
	return len(b)
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// takeCMS collects the first bytes of an S/MIME body.
func (r *Reader) takeCMS(b []byte) {
	if len(r.cms) == 0 {
		rest := bytes.TrimLeft(b, "\r\n")
		r.blank += len(b) - len(rest)
		b = rest
	}
	if r.blank > maxBlank {
		r.decide(dissect.Unprotected)
		return
	}
	r.cms = append(r.cms, b[:min(len(b), maxCMS-len(r.cms))]...)
	if len(r.cms) == maxCMS {
		r.decide(cmsProtection(r.cms))
	}
}

// The content types that are encrypted, as DER: 1.2.840.113549.1.7.3
// enveloped-data (RFC 5652) and 1.2.840.113549.1.9.16.1.23 authEnveloped-data
// (RFC 5083).
var (
	envelopedData     = []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")
	authEnvelopedData = []byte("\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17")
)

// cmsProtection reads the beginning of a ContentInfo (RFC 5652, section 3), in
// BASE64 or as it is.
func cmsProtection(b []byte) dissect.Protection {
	der := cryptobyte.String(b)
	if len(b) > 0 && b[0] != sequence {
		der = decodeBase64(b)
	}
	var tag, length uint8
	if !der.ReadUint8(&tag) || tag != sequence || !der.ReadUint8(&length) {
		return dissect.Unprotected
	}
	if length >= 0x80 && !der.Skip(int(length&0x7f)) {
		return dissect.Unprotected
	}
	if bytes.HasPrefix(der, envelopedData) || bytes.HasPrefix(der, authEnvelopedData) {
		return dissect.SMIME
	}
	return dissect.Unprotected
}

const sequence = 0x30 // the DER tag

// decodeBase64 decodes as much of b as is whole. It ignores line ends.
func decodeBase64(b []byte) []byte {
	b = bytes.Join(bytes.Fields(b), nil)
	b = b[:len(b)/4*4]
	der := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	n, _ := base64.StdEncoding.Decode(der, b)
	return der[:n]
}
