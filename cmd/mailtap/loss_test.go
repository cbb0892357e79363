package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestTrapsWithALoss plays every trap once more for each of its packets, with
// that packet missing. What was not seen must not be made up: no finding on
// what a server or a client did not do, and no password that nobody sent.
func TestTrapsWithALoss(t *testing.T) {
	files, err := filepath.Glob("testdata/traps/*.txtar")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d traps, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			whole := recordTrap(t, archive, 0)
			claims := claimsOf(analyzeTrap(t, whole))
			for n := 0; ; n++ {
				before, _ := splitCapture(whole.capture, n)
				_, after := splitCapture(whole.capture, n+1)
				if before == nil || after == nil {
					return
				}
				lossy := &wire{t: t, capture: append(before, after[24:]...)}
				for _, c := range claimsOf(analyzeTrap(t, lossy)) {
					if !slices.ContainsFunc(claims, c.within) {
						t.Errorf("without packet %d: %q", n+1, c)
					}
				}
			}
		})
	}
}

// claim is what a line says to have happened, in words that always stand in
// the same places: a login with its secret, whatever its outcome; a message;
// a finding, whatever its severity. "-" is what is not known.
type claim []string

// within tells whether a loss may leave c of whole: the same, or less of it.
func (c claim) within(whole claim) bool {
	if len(c) != len(whole) {
		return false
	}
	for i, word := range c {
		if word != "-" && word != whole[i] {
			return false
		}
	}
	return true
}

func claimsOf(list []trapObject) []claim {
	var claims []claim
	for i := range list {
		o := &list[i]
		for _, a := range o.Auth {
			claims = append(claims, claim{"auth", o.Protocol, a.Mechanism, quoted(a.Account), quoted(a.Secret)})
		}
		for _, m := range o.Messages {
			to := "-"
			if len(m.To) > 0 {
				to = strings.Join(m.To, " ") // no trap has more than one
			}
			claims = append(claims, claim{"message", o.Protocol, quoted(m.From), to, quoted(m.Subject)})
		}
		if o.Type == "finding" {
			claims = append(claims, claim{"finding", o.Protocol, o.Rule, quoted(o.Account)})
		}
	}
	return claims
}
