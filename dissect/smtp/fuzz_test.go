package smtp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/smtp"
)

// FuzzFeed: no dialogue makes a session panic, and how it is cut changes
// nothing, seen from the beginning or joined late.
func FuzzFeed(f *testing.F) {
	for i, seed := range dialogue.Seeds(f, "testdata") {
		f.Add(seed, uint8(i), i%2 == 1)
	}
	f.Fuzz(func(t *testing.T, text string, cut uint8, late bool) {
		turns, err := dialogue.ParseTurns(text)
		if err != nil {
			t.Skip()
		}
		run := func(cut int) []string { return dialogue.Run(smtp.New([2]uint64{}, late), turns, cut) }
		if diff := cmp.Diff(run(dialogue.Whole), run(1+int(cut))); diff != "" {
			t.Errorf("cut every %d bytes (-whole +cut):\n%s", 1+int(cut), diff)
		}
	})
}
