package smtp_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/smtp"
)

func fresh() dialogue.Machine { return smtp.New([2]uint64{}, false) }

func TestDialogues(t *testing.T) { dialogue.Golden(t, "testdata", fresh) }

func TestOneSidedDialogues(t *testing.T) { dialogue.Golden(t, "testdata/one-sided", fresh) }

func TestLateDialogues(t *testing.T) {
	dialogue.Golden(t, "testdata/late", func() dialogue.Machine { return smtp.New([2]uint64{}, true) })
}

// Of these dialogues a part can mean something else than the whole, so nobody
// can read them when a part is missing.
func TestAmbiguousDialogues(t *testing.T) { dialogue.Golden(t, "testdata/ambiguous", fresh) }

func TestHurtDialogues(t *testing.T) {
	dialogue.Hurt(t, "testdata", func(late bool) dialogue.Machine { return smtp.New([2]uint64{}, late) })
}

func TestHurtLayers(t *testing.T) {
	dialogue.HurtFrames(t, "testdata", func(late bool) dialogue.Machine { return smtp.New([2]uint64{}, late) })
}
