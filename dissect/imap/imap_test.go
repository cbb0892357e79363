package imap_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect/imap"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
)

func machine(late bool) dialogue.Machine { return imap.New([2]uint64{}, late) }

func TestDialogues(t *testing.T) {
	dialogue.Golden(t, "testdata", func() dialogue.Machine { return machine(false) })
}

func TestHurtDialogues(t *testing.T) {
	dialogue.Hurt(t, "testdata", machine)
}
