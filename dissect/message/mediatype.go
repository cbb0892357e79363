package message

import "bytes"

// mediaType is what a Content-Type field (RFC 2045, section 5.1) says of
// protection. Its parts are slices of the field's value.
type mediaType struct {
	kind      []byte
	smimeType []byte // RFC 8551, section 3.2.2
	protocol  []byte // RFC 1847, section 2.2
	name      []byte // of a file: how it ends
}

// readMediaType reads as far as it can: what breaks the grammar declares
// nothing. Of a parameter that comes twice the first counts.
func readMediaType(b []byte) (t mediaType) {
	kind, b := cutParameter(b)
	t.kind = bytes.TrimLeft(kind, " \t")
	if i := bytes.IndexAny(t.kind, " \t("); i >= 0 {
		t.kind = t.kind[:i] // a comment, or nothing that is known
	}
	for len(b) > 0 {
		var one []byte
		one, b = cutParameter(b)
		key, value, _ := bytes.Cut(one, []byte{'='})
		// RFC 2231, sections 3 and 4: a star behind the name counts the parts
		// of a value, or says that it is encoded.
		key, _, _ = bytes.Cut(bytes.Trim(key, " \t"), []byte{'*'})
		value = bytes.Trim(value, " \t\"")
		switch {
		case t.smimeType == nil && bytes.EqualFold(key, []byte("smime-type")):
			t.smimeType = value
		case t.protocol == nil && bytes.EqualFold(key, []byte("protocol")):
			t.protocol = value
		case bytes.EqualFold(key, []byte("name")):
			t.name = value // the last part has the end
		}
	}
	return t
}

// cutParameter cuts b at the first semicolon that is not quoted.
func cutParameter(b []byte) (one, rest []byte) {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ';':
			if !quoted {
				return b[:i], b[i+1:]
			}
		}
	}
	return b, nil
}

func (t *mediaType) is(kind string) bool { return bytes.EqualFold(t.kind, []byte(kind)) }

// isSMIME tells the content type of S/MIME, also under its name before it was
// registered.
func (t *mediaType) isSMIME() bool {
	return t.is("application/pkcs7-mime") || t.is("application/x-pkcs7-mime")
}

// isCMS tells a content whose own bytes say what it is: S/MIME without a type,
// or known by its file name alone (RFC 8551, section 3.9).
func (t *mediaType) isCMS() bool {
	const ending = ".p7m"
	if t.isSMIME() {
		return len(t.smimeType) == 0
	}
	at := len(t.name) - len(ending)
	return t.is("application/octet-stream") && at >= 0 && bytes.EqualFold(t.name[at:], []byte(ending))
}
