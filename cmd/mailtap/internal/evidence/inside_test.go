package evidence

import "github.com/mailtap/mailtap/dissect"

// Overwrite lets tests outside have a look at overwrite.
func Overwrite(sent []byte, a *dissect.Attempt) []byte { return overwrite(sent, a) }

// Blot overwrites a secret wherever it stands in b.
func Blot(secret string, b []byte) []byte {
	n := newNeedles()
	n.add(secret)
	n.overwrite(b)
	return b
}
