package message

import "bytes"

// field is a header field that is kept.
type field uint8

const (
	otherField field = iota // one that is not
	subject
	from
	to
	contentType
	fieldCount
)

// maxValue is how much of a field's value is kept.
var maxValue = [fieldCount]int{subject: maxSubject, from: maxFrom, to: maxTo, contentType: maxContentType}

// nameRoom is as much of a name as tells those fields, and the first word of a
// PGP armour, from others.
const nameRoom = 16

func fieldOf(name []byte) field {
	switch len(name) {
	case len("To"):
		if bytes.EqualFold(name, []byte("To")) {
			return to
		}
	case len("From"):
		if bytes.EqualFold(name, []byte("From")) {
			return from
		}
	case len("Subject"):
		if bytes.EqualFold(name, []byte("Subject")) {
			return subject
		}
	case len("Content-Type"):
		if bytes.EqualFold(name, []byte("Content-Type")) {
			return contentType
		}
	}
	return otherField
}

// inName tells the bytes of a field's name (RFC 5322, section 2.2).
func inName(c byte) bool { return ' ' < c && c <= '~' && c != ':' }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
