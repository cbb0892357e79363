//go:build linux

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sampleTime bounds one scenario of samples/make.sh.
const sampleTime = 2 * time.Minute

// TestLiveSamples plays samples between real servers and clients, captures
// what passes with the built program and holds it against samples/want.txt.
// It runs when MAILTAP_E2E is 1, as root, and never installs anything.
func TestLiveSamples(t *testing.T) {
	if os.Getenv("MAILTAP_E2E") != "1" {
		t.Skip("MAILTAP_E2E is not 1")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, for network namespaces")
	}
	for _, program := range []string{"bash", "ip", "tcpdump", "dovecot", "postfix", "swaks", "fetchmail"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed; samples/make.sh installs all it needs", program)
		}
	}
	binary, want := buildMailtap(t), wanted(t)
	for _, name := range []string{"imap-login", "pop3-userpass", "starttls-ignored"} {
		t.Run(name, func(t *testing.T) {
			out := captureSample(t, binary, name)
			if diff := cmp.Diff(want[name+".pcap"], found(objects(t, out), name+".pcap")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// captureSample returns what 'mailtap capture' writes about a sample.
func captureSample(t *testing.T, binary, name string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sampleTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", filepath.Join(samples, "make.sh"), "--only", name, "--out", t.TempDir(),
		"--capture-with", binary+" capture -i {iface} --db none --format jsonl --quiet")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends what it has started
	cmd.WaitDelay = waitAtMost
	refused := filepath.Join(t.TempDir(), "refused")
	cmd.Env = append(os.Environ(), "PATH="+withoutInstaller(t, refused)+":"+os.Getenv("PATH"), "UNPACKED="+unpacked(t))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if asked, e := os.ReadFile(refused); e == nil {
		t.Skipf("packages are missing, samples/make.sh installs them: %s", asked)
	}
	if err != nil {
		t.Fatalf("make.sh: %v\n%s", err, &stderr)
	}
	return stdout.String()
}

// withoutInstaller returns a folder with an apt-get that installs nothing, but
// writes what it was asked to do.
func withoutInstaller(t *testing.T, refused string) string {
	t.Helper()
	folder := t.TempDir()
	script := "#!/bin/sh\necho \"$@\" >>'" + refused + "'\nexit 1\n"
	if err := os.WriteFile(filepath.Join(folder, "apt-get"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// unpacked returns a folder that looks as if Exim and qpsmtpd were unpacked in
// it, which only other samples need.
func unpacked(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"exim4-daemon-heavy", "qpsmtpd"} {
		if err := os.MkdirAll(filepath.Join(folder, "usr/share/doc", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
