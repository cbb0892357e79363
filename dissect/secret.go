package dissect

import "fmt"

// Secret is a password, a token or a challenge response that crossed readable.
// Printing one gives its length only; the text sits behind a pointer because
// fmt prints unexported fields without calling their methods.
type Secret struct{ text *string }

// NewSecret keeps a copy of b. An empty secret is not the zero Secret: an
// empty password was sent, too.
func NewSecret(b []byte) Secret {
	s := string(b)
	return Secret{&s}
}

// Present tells whether a secret was seen.
func (s Secret) Present() bool { return s.text != nil }

// Len returns its length in bytes.
func (s Secret) Len() int {
	if s.text == nil {
		return 0
	}
	return len(*s.text)
}

// Reveal returns the text. Every place that may show a secret calls it, so
// that a search for the name finds them all.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String gives the length only.
func (s Secret) String() string {
	if s.text == nil {
		return "none"
	}
	return fmt.Sprintf("secret of %d bytes", len(*s.text))
}

// GoString gives the length only.
func (s Secret) GoString() string { return s.String() }

// MarshalText gives the length only, so that no encoder writes the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
