package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// An analysis that is killed at any moment leaves a database that is whole, and
// when it is run again it ends like one that nobody disturbed.
func TestKilledAnalysis(t *testing.T) {
	if testing.Short() {
		t.Skip("make e2e runs it")
	}
	stored := func(db string) (rows []string) {
		for _, list := range []string{"sessions", "findings", "cases"} {
			out, _ := mailtap(t, statusDone, list, "--db", db, "--format", "jsonl", "--limit", "0")
			rows = append(rows, sortedLines(out)...)
		}
		return rows
	}
	analyze := func(db string) []string { return []string{"analyze", "--db", db, "--quiet", samples} }
	undisturbed := filepath.Join(t.TempDir(), "mailtap.db")
	begun := time.Now()
	program(t, nil, analyze(undisturbed)...)
	whole := time.Since(begun)
	want := stored(undisturbed)
	rounds := 20
	if os.Getenv("MAILTAP_E2E") == "1" {
		rounds = 100
	}
	for range rounds {
		db := filepath.Join(t.TempDir(), "mailtap.db")
		cmd := exec.CommandContext(t.Context(), "mailtap", analyze(db)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(whole))
		cmd.Process.Kill()
		cmd.Wait()
		// It may have been killed before there was a database, or its key.
		left := program(t, nil, "db", "check", "--db", db)
		if left.status != statusDone && !strings.Contains(left.stderr, "no database") &&
			!strings.Contains(left.stderr, "empty database") && !strings.Contains(left.stderr, "key of fingerprints is missing") {
			t.Errorf("after the kill: %s", left.stderr)
		}
		program(t, nil, analyze(db)...)
		if diff := cmp.Diff(want, stored(db)); diff != "" {
			t.Errorf("(-undisturbed +killed and run again):\n%s", diff)
		}
		if out, _ := mailtap(t, statusDone, "db", "check", "--db", db); out != "ok\n" {
			t.Errorf("check: %s", out)
		}
	}
}
