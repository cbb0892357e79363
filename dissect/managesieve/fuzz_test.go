package managesieve_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect/internal/dialogue"
)

func FuzzFeed(f *testing.F) { dialogue.FuzzCuts(f, []string{"testdata"}, machine) }

func FuzzHurt(f *testing.F) { dialogue.FuzzHurt(f, "testdata", machine) }
