//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestSensor lets a capture meet what it meets in months: signals, devices that
// come and go, a policy that changes, a full disk. It runs in a network
// namespace with the loopback device alone; TestSensorDevices needs ip(8).
func TestSensor(t *testing.T) {
	if testing.Short() {
		t.Skip("make e2e runs it")
	}
	if !inOwnNamespace(t) {
		return
	}
	t.Run("reload", sensorReload)
	t.Run("mail-ports", sensorMailPorts)
	t.Run("filter-note", sensorFilterNote)
	t.Run("full-disk", sensorFullDisk)
	t.Run("outputs", sensorOutputs)
	t.Run("outputs-away", sensorOutputsAway)
	t.Run("another-user", sensorBecomes)
	t.Run("receiver-returns", sensorDialsAgain)
	t.Run("database-gone", sensorDatabaseGone)
	t.Run("terminal-ui", sensorUI)
}

// SIGHUP reads the policy again. One with mistakes is told, and the one before
// stays.
func sensorReload(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy.toml")
	write := func(text string) {
		if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const strict = "[[host]]\nrequire = \"encryption\"\n"
	write("")
	live := startCapture(t, "--format", "jsonl", "--policy", policy)
	hup := func(said string, n int) {
		t.Helper()
		if err := live.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		live.wait(t, live.stderr, said, n)
	}
	play(t, 110, pop3Login)
	live.waitStdout(t, `"type":"session"`, 1)
	if live.stdout.count(`"rule":"policy-violation"`) > 0 {
		t.Fatalf("an empty policy is broken:\n%s", live.stdout)
	}
	write(strict)
	hup("was read again", 1)
	play(t, 110, pop3Login)
	live.waitStdout(t, `"rule":"policy-violation"`, 1)
	write("[[host]]\nrequire = \"perhaps\"\n")
	hup("SIGHUP: the policy stays as it was: ", 1)
	play(t, 110, pop3Login)
	live.waitStdout(t, `"rule":"policy-violation"`, 2)
	live.stop(t, syscall.SIGTERM, statusDone)
}

// With --mail-ports what is on another port is not seen, and that is said.
func sensorMailPorts(t *testing.T) {
	live := startCapture(t, "--mail-ports")
	play(t, 110, pop3Login)
	play(t, 8110, pop3Login)
	if err := live.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	live.exits(t, statusDone)
	if out := live.stdout.String(); !strings.Contains(out, "\n1 mail session: ") || !strings.Contains(out, "a filter was set: --mail-ports: ") {
		t.Errorf("got\n%s", out)
	}
}

func sensorFilterNote(t *testing.T) {
	live := startCapture(t, "--filter", "port 25")
	if err := live.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	live.exits(t, statusDone)
	if out := live.stdout.String(); !strings.Contains(out, `a filter was set: "port 25": what does not match it was not looked at`) {
		t.Errorf("the summary:\n%s", out)
	}
	if n := live.stderr.count("--filter: frames with VLAN tags are looked at as if they had none"); n != 1 {
		t.Errorf("explained %d times:\n%s", n, live.stderr)
	}
}

// The packets of a session with findings are kept, its findings are sent on,
// and all of it is counted.
func sensorOutputs(t *testing.T) {
	const address = "127.0.0.1:9167"
	dir, eve := filepath.Join(t.TempDir(), "evidence"), filepath.Join(t.TempDir(), "eve.json")
	live := startCapture(t, "--format", "jsonl", "--evidence", dir, "--eve", eve, "--metrics", address)
	play(t, 110, pop3Login)
	live.waitStdout(t, `"rule":"cleartext-password"`, 1)
	for path, wants := range map[string][]string{
		"/metrics": {`mailtap_findings_total{rule="cleartext-password",severity="critical"} 1`, `mailtap_evidence_sessions_total{outcome="kept"} 1`},
		"/healthz": {"ok"},
	} {
		answer, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		for _, want := range wants {
			if err != nil || !strings.Contains(string(text), want) {
				t.Errorf("%s: %v, no %s in\n%s", path, err, want, text)
			}
		}
	}
	live.stop(t, syscall.SIGTERM, statusDone)
	if b, err := os.ReadFile(eve); err != nil || !strings.Contains(string(b), "cleartext-password") {
		t.Errorf("EVE: %v, %s", err, b)
	}
	kept, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", dir)
	if !strings.Contains(kept, `"rule":"cleartext-password"`) {
		t.Errorf("the evidence holds\n%s", kept)
	}
}

// Each receiver that findings could not be delivered to is told on a line of its
// own, and the run has failed.
func sensorOutputsAway(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "log")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	const nobody = "tcp://127.0.0.1:9" // discard (RFC 863)
	live := startCapture(t, "--format", "jsonl", "--eve", filepath.Join(folder, "eve.json"), "--syslog", nobody)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	live.signal(t, syscall.SIGHUP)
	live.wait(t, live.stderr, "mailtap: --eve ", 1)
	play(t, 110, pop3Login)
	live.waitStdout(t, `"rule":"cleartext-password"`, 1)
	live.stop(t, syscall.SIGTERM, statusFailed)
	said := live.stderr.String()
	for _, begin := range []string{"--syslog " + nobody + ": 2 of 2 findings", "--eve " + folder} {
		if !regexp.MustCompile(`(?m)^mailtap: ` + regexp.QuoteMeta(begin) + `.* not delivered`).MatchString(said) {
			t.Errorf("no line %q in\n%s", begin, said)
		}
	}
}

// smallDisk is a file system of its own that is full but for what opening a
// database takes. It ends with the shell and what that becomes.
const smallDisk = `mount -t tmpfs -o size=2m none "$1" || exit 77
disk=$1; shift
dd if=/dev/zero of="$disk/filler" bs=4k count=350 2>/dev/null
exec "$@"`

// While the disk is full results wait, and are stored when there is room.
func sensorFullDisk(t *testing.T) {
	dir := t.TempDir()
	live := startSmallDisk(t, dir)
	fill := func(size string) {
		t.Helper()
		// The file system can be seen through the program that lives in it.
		path := fmt.Sprintf("/proc/%d/root%s/more", live.cmd.Process.Pid, dir)
		if out, err := exec.CommandContext(t.Context(), "dd", "if=/dev/zero", "of="+path, "bs=4k", "count="+size).CombinedOutput(); err != nil && size == "0" {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	play(t, 110, pop3Login)
	live.waitStdout(t, `"type":"session"`, 1)
	fill("1000")
	const sessions = 40 // more than the pages that the log has already
	for range sessions {
		play(t, 587, smtpLogin)
		if live.stderr.count("results are kept in memory") > 0 {
			break
		}
	}
	live.wait(t, live.stderr, "results are kept in memory", 1)
	fill("0")
	live.wait(t, live.stderr, "the database can be written again; 0 results were given up", 1)
	live.stop(t, syscall.SIGTERM, statusDone)
	if n := live.stdout.count(`"type":"session"`); n < 2 {
		t.Errorf("%d sessions", n)
	}
}

// startSmallDisk starts a capture whose database is on a small file system.
func startSmallDisk(t *testing.T, dir string) *liveProgram {
	t.Helper()
	probe := exec.CommandContext(t.Context(), "unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "none", dir)
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("no file system of our own: %v %s", err, out)
	}
	return startLive(t, "mailtap: capturing on lo", "unshare", "-m", "sh", "-c", smallDisk, "sh", dir,
		binaryInside(), "capture", "-i", "lo", "--format", "jsonl", "--db", filepath.Join(dir, "mailtap.db"))
}
