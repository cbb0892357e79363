//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLiveResilience takes from a capture what it needs: its life, its device,
// its database, the database to itself.
func TestLiveResilience(t *testing.T) {
	if testing.Short() {
		t.Skip("make e2e runs it")
	}
	if !inOwnNamespace(t) {
		return
	}
	t.Run("killed", liveKilled)
	t.Run("device-removed", liveDeviceRemoved)
	t.Run("database-damaged", liveDatabaseDamaged)
	t.Run("triage-meanwhile", liveTriage)
}

// killedRounds is how often a capture is killed, at moments left to chance.
const killedRounds = 8

// A capture that is killed among sessions leaves a database that is whole, and
// the next one goes on with it.
func liveKilled(t *testing.T) {
	db := filepath.Join(t.TempDir(), "mailtap.db")
	before := 0
	for range killedRounds {
		live := startCapture(t, "--db", db, "--format", "jsonl")
		play(t, 110, pop3Login)
		live.waitStdout(t, `"rule":"cleartext-password"`, 1) // and so it is stored
		kill := time.AfterFunc(rand.N(300*time.Millisecond), func() { live.cmd.Process.Kill() })
		defer kill.Stop()
		for alive := true; alive; {
			play(t, 587, smtpLogin)
			select {
			case <-live.ended:
				alive = false
			default:
			}
		}
		if out, _ := mailtap(t, statusDone, "db", "check", "--db", db); out != "ok\n" {
			t.Errorf("db check after the kill: %s", out)
		}
		stored := storedFindings(t, db, "cleartext-password")
		if stored <= before {
			t.Errorf("%d passwords are stored, as many as before the killed capture", stored)
		}
		before = stored
	}
}

func storedFindings(t *testing.T, db, rule string) int {
	t.Helper()
	out, _ := mailtap(t, statusDone, "findings", "--db", db, "--format", "jsonl", "--rule", rule, "--limit", "0")
	return strings.Count(out, "\n")
}

// A capture whose device goes away says so and keeps what it has found.
func liveDeviceRemoved(t *testing.T) {
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip (of iproute2) is not installed")
	}
	devicePair(t, replayDevice, watchedDevice)
	live := startCaptureOn(t, watchedDevice, "--format", "jsonl")
	if out, err := exec.CommandContext(t.Context(), "ip", "link", "del", replayDevice).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	live.ends(t, statusFailed)
	want := "mailtap: " + watchedDevice + ": the device is gone ("
	if got := lastLine(live.stderr.String()); !strings.HasPrefix(got, want) || !strings.Contains(got, "; start it again when the device is back") {
		t.Errorf("it says %q, not %q and what to do", got, want)
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// A damaged database is refused before anything is captured, in one line that
// names the file.
func liveDatabaseDamaged(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "mailtap.db")
	mailtap(t, statusDone, "analyze", "--db", whole, "--quiet", filepath.Join(samples, "imap-login.pcap"))
	file := readFile(t, whole)
	for name, damaged := range map[string][]byte{
		"no-database": bytes.Repeat([]byte("this is a letter, not a database\n"), 200),
		"cut":         file[:len(file)/2],
		"overwritten": append(bytes.Repeat([]byte{0xa5}, 4096), file[4096:]...),
	} {
		t.Run(name, func(t *testing.T) {
			db := writeFile(t, filepath.Join(t.TempDir(), "mailtap.db"), damaged)
			out, err := exec.CommandContext(t.Context(), binaryInside(), "capture", "-i", "lo", "--db", db, "--duration", "1s").CombinedOutput()
			if status := exitStatus(err); status != statusFailed {
				t.Errorf("exit status %d, want %d", status, statusFailed)
			}
			text := strings.TrimSpace(string(out))
			if !strings.HasPrefix(text, "mailtap: ") || !strings.Contains(text, db) || strings.Contains(text, "\n") {
				t.Errorf("it says %q, want one line that names the file", text)
			}
		})
	}
}

// Cases are triaged in a database that a capture writes to, and keep what was
// said of them.
func liveTriage(t *testing.T) {
	db := filepath.Join(t.TempDir(), "mailtap.db")
	live := startCapture(t, "--db", db, "--format", "jsonl")
	play(t, 110, pop3Login)
	live.waitStdout(t, `"rule":"cleartext-password"`, 1)
	var found struct{ Case string }
	for line := range strings.Lines(live.stdout.String()) {
		if strings.Contains(line, `"rule":"cleartext-password"`) {
			if err := json.Unmarshal([]byte(line), &found); err != nil {
				t.Fatal(err)
			}
		}
	}
	statuses := []string{"acknowledged", "false-positive"}
	const turns = 10
	for n := range turns {
		play(t, 587, smtpLogin)
		mailtap(t, statusDone, "case", found.Case, "--db", db, "--status", statuses[n%len(statuses)], "--note", "seen by the night shift")
	}
	play(t, 110, pop3Login) // the case gets another finding
	live.waitStdout(t, `"rule":"cleartext-password"`, 2)
	live.stop(t, syscall.SIGTERM, statusDone)
	out, _ := mailtap(t, statusDone, "cases", "--db", db, "--format", "jsonl", "--limit", "0")
	for line := range strings.Lines(out) {
		if strings.Contains(line, found.Case) {
			if want := `"status":"` + statuses[(turns-1)%len(statuses)] + `"`; !strings.Contains(line, want) {
				t.Errorf("%s, want %s", line, want)
			}
			return
		}
	}
	t.Errorf("%s is not listed:\n%s", found.Case, out)
}
