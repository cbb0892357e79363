package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/mailtap/mailtap/dissect"
)

// Two sessions of the same ports and time have the same id: what is shown of the
// one is not taken for the other.
func TestShownTwice(t *testing.T) {
	a, b := guess(0, dissect.Accepted), guess(0, dissect.Accepted)
	b.Auth = nil
	record(t, filepath.Join(t.TempDir(), "mailtap.db"), false, true, a, b)
}
