//go:build linux

package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sensorUser is whom root becomes: every system has this user.
const sensorUser = "nobody"

// Root becomes another user with everything open, also where a run as root has
// left files: what was found is stored, sent on and kept all the same.
func sensorBecomes(t *testing.T) {
	somebody, err := user.Lookup(sensorUser)
	if os.Geteuid() != 0 || err != nil {
		t.Skip("only root can become another user")
	}
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} { // testing's own are for root alone
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	in := func(folder, name string) string {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, folder, name)
	}
	db, eve, kept := in("state", "mailtap.db"), in("log", "eve.json"), filepath.Join(dir, "evidence")
	args := []string{"--format", "jsonl", "--db", db, "--eve", eve, "--evidence", kept}
	for i, more := range [][]string{nil, {"--user", sensorUser}, {"--user", sensorUser}} {
		live := startCapture(t, append(args, more...)...)
		if more != nil {
			runsAs(t, live, somebody.Uid)
		}
		play(t, 110, pop3Login)
		live.waitStdout(t, `"rule":"cleartext-password"`, 1)
		live.signal(t, syscall.SIGHUP) // which opens the file of EVE lines again
		live.wait(t, live.stderr, "SIGHUP: ", 1)
		play(t, 110, pop3Login)
		live.waitStdout(t, `"rule":"cleartext-password"`, 2)
		live.stop(t, syscall.SIGTERM, statusDone)
		if !strings.Contains(live.stderr.String(), "evidence: packets of 2 sessions kept, of 0 given up") {
			t.Errorf("run %d says\n%s", i, live.stderr)
		}
		want := 2 * (i + 1)
		if n := storedFindings(t, db, "cleartext-password"); n != want {
			t.Errorf("%d passwords are stored after run %d, want %d", n, i, want)
		}
		if n := strings.Count(string(readFile(t, eve)), `"cleartext-password"`); n < want {
			t.Errorf("%d EVE lines after run %d, want %d", n, i, want)
		}
		out, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", kept)
		if n := strings.Count(out, `"rule":"cleartext-password"`); n != want {
			t.Errorf("the evidence of %d log-ins after run %d, want %d", n, i, want)
		}
	}
	files, err := filepath.Glob(filepath.Join(kept, "*"))
	if err != nil || len(files) != 3 {
		t.Errorf("evidence %q, %v", files, err)
	}
	for _, path := range append(files, kept, db, db+".key", eve) {
		if info, err := os.Stat(path); err != nil || fmt.Sprint(ownerOf(info)) != somebody.Uid || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// runsAs expects all threads of a program to be a user's.
func runsAs(t *testing.T, p *liveProgram, uid string) {
	t.Helper()
	list, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", p.cmd.Process.Pid))
	if err != nil || len(list) == 0 {
		t.Fatalf("no threads: %v", err)
	}
	want := "\nUid:\t" + strings.Join([]string{uid, uid, uid, uid}, "\t") + "\n"
	for _, file := range list {
		if !strings.Contains(string(readFile(t, file)), want) {
			t.Errorf("%s is not user %s", file, uid)
		}
	}
}
