package main

import (
	"bytes"
	"errors"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be mailtap, for tests that need a process of
// their own: "mailtap" stands in PATH.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mailtap": main})
}

// ended is what a program has left behind.
type ended struct {
	status         int
	stdout, stderr string
}

// program runs mailtap as a process. prepare may change how it is started.
func program(t *testing.T, prepare func(*exec.Cmd), args ...string) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "mailtap", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if prepare != nil {
		prepare(cmd)
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
