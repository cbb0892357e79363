package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// --no-content keeps no subject and no address of a message, in any output
// and in the database. Accounts are kept, so one that is an address stays.
func TestNoContent(t *testing.T) {
	needles, accounts := map[string]string{}, ""
	for _, o := range parseLines[trapObject](t, analyzed(t, samples)) {
		for _, a := range o.Auth {
			accounts += orDash(a.Account) + "\n"
		}
		for _, m := range o.Messages {
			for _, text := range append(slices.Clone(m.To), orDash(m.From), orDash(m.Subject)) {
				if len(text) >= leastSecret {
					needles["content "+text] = text
				}
			}
		}
	}
	for what, text := range needles {
		if strings.Contains(accounts, text) {
			delete(needles, what)
		}
	}
	if len(needles) < 10 {
		t.Fatalf("only %d addresses and subjects in the samples", len(needles))
	}
	dir := t.TempDir()
	db := filepath.Join(dir, "mailtap.db")
	for _, format := range []string{formatTable, formatJSONL} {
		out, diag := mailtap(t, statusDone, "analyze", "--db", db, "--no-content", "--format", format, samples)
		searchAll(t, needles, []trail{{"analyze --format " + format, []byte(out + diag)}})
	}
	searchAll(t, needles, append(lists(t, dir), files(t, dir)...))
}
