package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// judgeStored runs 'mailtap judge' on a database.
func judgeStored(t *testing.T, db string) string {
	t.Helper()
	var out, diag bytes.Buffer
	env := &environment{stdin: strings.NewReader(""), stdout: &out, stderr: &diag, getenv: func(string) string { return "" }}
	cmd := judgeCommand(env)
	cmd.SetArgs([]string{"--db", db})
	if err := cmd.ExecuteContext(t.Context()); err != nil || diag.Len() > 0 {
		t.Fatalf("%v\n%s", err, diag.String())
	}
	return out.String()
}

// guesses makes a capture of rejected logins, each a second after the one
// before, and other sessions.
func guesses(t *testing.T, name string, from, to int) string {
	t.Helper()
	w := newWire(t)
	for i := from; i < to; i++ {
		segments, err := parseDialogue(fmt.Sprintf("S: +OK ready\nC: USER tina\nS: +OK\nC: PASS secret%d\nS: -ERR no\nC: QUIT\nS: +OK\n", i))
		if err != nil {
			t.Fatal(err)
		}
		w.now = beginning.Add(time.Duration(i) * time.Second)
		w.add(&connection{port: 110, number: i, segments: segments})
	}
	return w.file(name)
}

// storedRows returns the sessions, findings and cases of a database.
func storedRows(t *testing.T, db string) (rows []string) {
	t.Helper()
	for _, list := range []string{"sessions", "findings", "cases"} {
		out, _ := mailtap(t, statusDone, list, "--db", db, "--format", "jsonl", "--limit", "0")
		rows = append(rows, sortedLines(out)...)
	}
	return rows
}

// Captures that were analysed out of order are, once judged again, as if they
// had come in order; judged once more they stay so.
func TestJudgeAfterDisorder(t *testing.T) {
	parts := []string{guesses(t, "a.pcap", 0, 4), guesses(t, "b.pcap", 4, 8), guesses(t, "c.pcap", 8, 12)}
	dir := t.TempDir()
	inOrder, outOfOrder := filepath.Join(dir, "in.db"), filepath.Join(dir, "out.db")
	mailtap(t, statusDone, append([]string{"analyze", "--quiet", "--db", inOrder}, parts...)...)
	want := storedRows(t, inOrder)
	if !strings.Contains(strings.Join(want, ""), "password-guessing") {
		t.Fatal("in order nothing was found that needs history")
	}
	for _, i := range []int{2, 0, 1} {
		mailtap(t, statusDone, "analyze", "--quiet", "--db", outOfOrder, parts[i])
	}
	if cmp.Equal(want, storedRows(t, outOfOrder)) {
		t.Fatal("the order made no difference, so nothing is proved")
	}
	out := judgeStored(t, outOfOrder)
	if diff := cmp.Diff(want, storedRows(t, outOfOrder)); diff != "" {
		t.Errorf("(-in order +out of order, judged again):\n%s", diff)
	}
	if want := "12 sessions judged again, 1 changed\n  password-guessing: 1 new\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
	for _, db := range []string{inOrder, outOfOrder} {
		if out := judgeStored(t, db); out != "12 sessions judged again, 0 changed\n" {
			t.Errorf("once more: %q", out)
		}
	}
	if diff := cmp.Diff(want, storedRows(t, inOrder)); diff != "" {
		t.Errorf("(-before +judged again without need):\n%s", diff)
	}
}

// All samples one by one, latest first, then judged, are as they are in one
// pass over the folder.
func TestJudgeSamples(t *testing.T) {
	dir := t.TempDir()
	inOrder, outOfOrder := filepath.Join(dir, "in.db"), filepath.Join(dir, "out.db")
	mailtap(t, statusDone, "analyze", "--quiet", "--db", inOrder, samples)
	files := sampleFiles(t)
	for i := range files {
		mailtap(t, statusDone, "analyze", "--quiet", "--db", outOfOrder, files[len(files)-1-i])
	}
	judgeStored(t, inOrder)
	judgeStored(t, outOfOrder)
	if diff := cmp.Diff(storedRows(t, inOrder), storedRows(t, outOfOrder)); diff != "" {
		t.Errorf("(-folder +one by one, judged again):\n%s", diff)
	}
}

func TestJudgeErrors(t *testing.T) {
	for _, args := range [][]string{{"--db", "none"}, {"--db", filepath.Join(t.TempDir(), "missing.db")}, {"more"}} {
		var out, diag bytes.Buffer
		cmd := judgeCommand(&environment{stdout: &out, stderr: &diag, getenv: func(string) string { return "" }})
		cmd.SetArgs(args)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		if err := cmd.ExecuteContext(t.Context()); err == nil || out.Len() > 0 {
			t.Errorf("judge %v: error %v, output %q", args, err, out.String())
		}
	}
}
