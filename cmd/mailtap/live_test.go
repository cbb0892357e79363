//go:build linux

package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestLive captures mail sessions while they happen, between Go programs that
// speak over real TCP on the loopback device of a network namespace.
// TestLiveSamples does it with real servers and clients.
func TestLive(t *testing.T) {
	if !inOwnNamespace(t) {
		return
	}
	t.Run("same-as-offline", liveSameAsOffline)
	t.Run("ends", liveEnds)
	t.Run("last-moment", liveLastMoment)
	t.Run("count", liveCount)
	t.Run("stored", liveStored)
	t.Run("no-such-device", liveNoDevice)
}

// liveWant is what the dialogues of live_dialogue_test.go must give, in the
// form of samples/want.txt.
const liveWant = `
session lo pop3 127.0.0.2 127.0.0.1:110 plain exposed
auth lo USER nina accepted
finding lo cleartext-password nina
finding lo message-in-clear -
session lo smtp 127.0.0.2 127.0.0.1:587 plain exposed
auth lo PLAIN olga accepted
finding lo auth-offered-in-clear -
finding lo base64-password olga
finding lo message-in-clear -
finding lo starttls-not-offered -
session lo imap 127.0.0.2 127.0.0.1:143 plain exposed
auth lo LOGIN-CMD vera rejected
finding lo auth-offered-in-clear -
finding lo cleartext-password vera
finding lo starttls-not-used -
session lo imap 127.0.0.2 127.0.0.1:993 tls protected
`

// What is found live is what must be found, and what is found afterwards in
// the file that tcpdump wrote at the same time.
func liveSameAsOffline(t *testing.T) {
	live := startCapture(t, "--format", "jsonl")
	tape := startTape(t)
	play(t, 110, pop3Login)
	play(t, 587, smtpLogin)
	play(t, 143, imapLogin)
	playTLS(t, 993)
	live.waitStdout(t, `"type":"session"`, 4)
	live.stop(t, syscall.SIGTERM, statusDone)

	if diff := cmp.Diff(strings.Split(strings.TrimSpace(liveWant), "\n"), found(objects(t, live.stdout.String()), "lo")); diff != "" {
		t.Errorf("live (-want +got):\n%s", diff)
	}
	for _, secret := range []string{livePassword, liveEncoded} {
		if strings.Contains(live.stdout.String()+live.stderr.String(), secret) {
			t.Errorf("%s stands in the output", secret)
		}
	}
	t.Run("tcpdump", func(t *testing.T) {
		offline, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", tape.end(t))
		if diff := cmp.Diff(sessionsAndFindings(t, live.stdout.String()), sessionsAndFindings(t, offline)); diff != "" {
			t.Errorf("(-live +offline):\n%s", diff)
		}
	})
}

// sessionsAndFindings reads sessions and findings, without what names the
// device or file that they were read from, and without times: the kernel
// stamps a packet anew for each program that captures it.
func sessionsAndFindings(t *testing.T, jsonl string) []map[string]any {
	var list []map[string]any
	for line := range strings.Lines(jsonl) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if o["type"] == "summary" {
			continue
		}
		withoutCapture(o)
		list = append(list, o)
	}
	return list
}

func withoutCapture(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"file", "files", "packet", "time", "start", "end", "id", "session"} {
			delete(v, key)
		}
		for _, inner := range v {
			withoutCapture(inner)
		}
	case []any:
		for _, inner := range v {
			withoutCapture(inner)
		}
	}
}

// shortCapture is a --duration in which a dialogue takes place.
const shortCapture = 2 * time.Second

// However a capture ends, it does so though nothing more may come, and says what
// it has found.
func liveEnds(t *testing.T) {
	tests := []struct {
		name   string
		args   []string
		steady bool // other packets keep coming, too few to be many
		signal syscall.Signal
		status int
	}{
		{"sigterm", nil, false, syscall.SIGTERM, statusDone},
		{"sigint", nil, false, syscall.SIGINT, statusDone},
		{"steady-traffic", nil, true, syscall.SIGTERM, statusDone},
		{"fail-on", []string{"--fail-on", "critical"}, false, syscall.SIGTERM, statusFound},
		{"duration", []string{"--duration", shortCapture.String()}, false, 0, statusDone},
		{"duration-steady-traffic", []string{"--duration", shortCapture.String()}, true, 0, statusDone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			live := startCapture(t, append(tt.args, "--format", "jsonl")...)
			if tt.steady {
				defer sendSteadily(t)()
			}
			play(t, 110, pop3Login)
			live.waitStdout(t, `"rule":"cleartext-password"`, 1)
			if tt.signal != 0 {
				live.stop(t, tt.signal, tt.status)
			} else {
				live.ends(t, tt.status)
			}
			if n := live.stdout.count(`"type":"summary"`); n != 1 {
				t.Errorf("%d summaries, want 1:\n%s", n, live.stdout)
			}
		})
	}
}

// What passed just before the end is found, also where other packets follow.
func liveLastMoment(t *testing.T) {
	for name, steady := range map[string]bool{"idle": false, "steady-traffic": true} {
		t.Run(name, func(t *testing.T) {
			live := startCapture(t, "--format", "jsonl")
			if steady {
				defer sendSteadily(t)()
			}
			play(t, 110, pop3Login)
			live.stop(t, syscall.SIGTERM, statusDone)
			if live.stdout.count(`"rule":"cleartext-password"`) != 1 {
				t.Errorf("the login was not found:\n%s", live.stdout)
			}
		})
	}
}

// With --count a capture ends by itself.
func liveCount(t *testing.T) {
	live := startCapture(t, "--format", "jsonl", "--count", "5")
	play(t, 110, pop3Login)
	live.ends(t, statusDone)
	var summary struct{ Packets int }
	lines := strings.Split(strings.TrimSpace(live.stdout.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil {
		t.Fatal(err)
	}
	if summary.Packets != 5 {
		t.Errorf("%d packets, want 5", summary.Packets)
	}
}

// What a capture has found is in the database while it still runs.
func liveStored(t *testing.T) {
	db := filepath.Join(t.TempDir(), "mailtap.db")
	live := startCapture(t, "--db", db, "--format", "jsonl")
	play(t, 587, smtpLogin)
	live.waitStdout(t, `"rule":"base64-password"`, 1)
	stored, _ := mailtap(t, statusDone, "findings", "--db", db, "--format", "jsonl", "--rule", "base64-password")
	live.stop(t, syscall.SIGINT, statusDone)
	list := objects(t, stored)
	if len(list) != 1 || orDash(list[0].Account) != "olga" {
		t.Errorf("stored %s, want one finding of olga", stored)
	}
}

// The error for a wrong device names those that there are.
func liveNoDevice(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), binaryInside(), "capture", "-i", "eht0", "--db", "none").CombinedOutput()
	if status := exitStatus(err); status != statusFailed {
		t.Errorf("exit status %d, want %d", status, statusFailed)
	}
	if text := string(out); !strings.HasPrefix(text, "mailtap: eht0: no such interface; there are: ") || !strings.Contains(text, " lo") {
		t.Errorf("it says %q, which does not name lo", text)
	}
}
