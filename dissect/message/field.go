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

func fieldOf(name []byte) field {
	switch {
	case bytes.EqualFold(name, []byte("Subject")):
		return subject
	case bytes.EqualFold(name, []byte("From")):
		return from
	case bytes.EqualFold(name, []byte("To")):
		return to
	case bytes.EqualFold(name, []byte("Content-Type")):
		return contentType
	}
	return otherField
}

// isFieldName follows RFC 5322, section 2.2: printable ASCII.
func isFieldName(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}
